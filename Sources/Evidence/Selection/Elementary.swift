import CLibrary

/// Natural logarithm.
func logarithm(_ x: Double) -> Double { log(x) }

/// Exponential function.
func exponential(_ x: Double) -> Double { exp(x) }
