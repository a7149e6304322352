import NumericArrays

/// Exponential moving average of the weights, which validation and the final model use.
///
/// Suppl. 1.11.7.
public struct MovingAverage: Sendable, Hashable {
  /// Largest decay: 0.999.
  public let decay: Double
  /// Averaged weights, always `Float`.
  public internal(set) var values: [Float]
  /// Updates made.
  public internal(set) var updates: Int

  /// An average that starts at the given weights.
  public init(_ parameters: [Float], decay: Double = 0.999) {
    self.decay = decay
    values = parameters
    updates = 0
  }

  /// `a ← d a + (1 − d) w` with `d = min(decay, (1 + t) / (10 + t))`: short memory at the start, as HelixFold does.
  public mutating func update(_ parameters: [Float]) {
    programmingError(unless: parameters.count == values.count, "MovingAverage: another layout")
    let decay = min(self.decay, Double(1 + updates) / Double(10 + updates))
    updates += 1
    let weight = Float(1 - decay)
    values.withUnsafeMutableBufferPointer { values in
      parameters.withUnsafeBufferPointer { parameters in
        for k in 0..<values.count { values[k] += weight * (parameters[k] - values[k]) }
      }
    }
  }
}
