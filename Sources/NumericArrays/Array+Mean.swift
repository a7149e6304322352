extension [Float] {
  /// The mean, summed in Double; 0 without elements.
  public var mean: Double {
    isEmpty ? 0 : reduce(0) { $0 + Double($1) } / Double(count)
  }
}
