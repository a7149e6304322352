import NumericArrays
import PlainTensors

/// How far an array is from its reference: the largest difference of any element, over the largest reference value.
public struct Deviation: CustomStringConvertible {
  /// Largest absolute difference divided by the largest absolute reference value (or by 1e-6 if that is larger).
  public let relative: Double
  /// Largest absolute reference value.
  public let scale: Double
  /// Where the largest difference is, and what was found and expected there.
  public let description: String

  /// Compares every element; different shapes and NaN are infinitely far.
  public init<Real: RealNumber>(_ found: NDArray<Float>, from reference: PlainTensor<Real>) {
    guard found.shape == reference.shape else {
      (relative, scale) = (.infinity, 0)
      description = "shape \(found.shape) instead of \(reference.shape)"
      return
    }
    scale = max(1e-6, reference.values.map { abs(Double($0)) }.max() ?? 0)
    var worst = (difference: -1.0, index: 0)
    for (index, (x, y)) in zip(found.values, reference.values).enumerated() {
      let difference = abs(Double(x) - Double(y))
      if !(difference <= worst.difference) {
        worst = (difference.isNaN ? .infinity : difference, index)
        if difference.isNaN { break }
      }
    }
    relative = max(0, worst.difference) / scale
    description =
      found.count == 0
      ? "empty"
      : """
      \(relative) of \(scale) at \(Self.indices(worst.index, found.shape)): \
      \(found.values[worst.index]), expected \(reference.values[worst.index])
      """
  }

  private static func indices(_ flat: Int, _ shape: [Int]) -> [Int] {
    var (rest, result) = (flat, [Int]())
    for extent in shape.reversed() {
      result.insert(rest % extent, at: 0)
      rest /= extent
    }
    return result
  }
}
