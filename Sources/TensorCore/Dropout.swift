import NumericArrays

extension ExecutionContext {
  /// Factors that drop a share `rate` of elements and scale up the others: 0 or 1 / (1 − rate), fp32.
  ///
  /// A function of the context's key, the site and the element, so that recomputation and all processes drop the same elements.
  ///
  /// - Returns: nil without dropout.
  public func dropoutFactors(_ site: String, rate: Float, _ shape: [Int]) -> Tensor? {
    guard let key = dropoutKey?.child(site), rate > 0 else { return nil }
    let result = empty(shape, .float32)
    let (factors, kept) = (result.floats, 1 / (1 - rate))
    for index in 0..<result.count { factors[index] = key.uniform(index) < rate ? 0 : kept }
    return result
  }
}
