extension [Float] {
  /// The mean, summed in Double; 0 without elements.
  public var mean: Double {
    isEmpty ? 0 : reduce(0) { $0 + Double($1) } / Double(count)
  }
}

extension [Double] {
  /// The mean; 0 without elements.
  public var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }

  /// The middle element, or the mean of the two in the middle; 0 without elements.
  public var median: Double {
    let sorted = sorted()
    let middle = sorted.count / 2
    if sorted.isEmpty { return 0 }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// The middle element, or the upper of the two middle ones if the count is even: always a measured value.
  ///
  /// - Precondition: not empty.
  public var upperMedian: Double { sorted()[count / 2] }
}
