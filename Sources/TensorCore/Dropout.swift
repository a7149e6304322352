import NumericArrays

extension ExecutionContext {
  /// Factors that drop a share `rate` of elements and scale up the others: 0 or 1 / (1 − rate), fp32.
  ///
  /// - Returns: nil without dropout.
  public func dropoutMask(_ site: String, rate: Float, _ shape: [Int]) -> Tensor? {
    guard let key = dropout?.child(site), rate > 0 else { return nil }
    let mask = empty(shape, .float32)
    let kept = 1 / (1 - rate)
    for index in 0..<mask.count { mask.floats[index] = key.uniform(index) < rate ? 0 : kept }
    return mask
  }
}
