/// Distinguishes a prediction from others.
struct PredictionFingerprint: Hashable, Sendable {
  /// A digest of everything that determines the numbers: runs with equal digests give the same bits.
  let bits: String
  /// The same without version, instruction set, library of products and its build, which decide the last digits; nil in files of earlier builds.
  let calculation: String?

  /// Whether both have the same inputs, weights and options, though perhaps not the same bits.
  func isOfSameCalculation(as other: PredictionFingerprint) -> Bool {
    bits == other.bits || (calculation != nil && calculation == other.calculation)
  }
}
