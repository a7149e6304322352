/// What tells a prediction from others.
struct PredictionFingerprint: Hashable, Sendable {
  /// A digest of everything that decides the numbers: two runs with the same one give the same bits.
  let bits: String
  /// The same without version, instruction set and library of products, which decide the last digits; nil in files of earlier builds.
  let calculation: String?

  /// Whether both are of the same inputs, weights and options, if perhaps not of the same bits.
  func isOfSameCalculation(as other: PredictionFingerprint) -> Bool {
    bits == other.bits || (calculation != nil && calculation == other.calculation)
  }
}
