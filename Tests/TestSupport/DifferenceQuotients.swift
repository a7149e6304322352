import NumericArrays
import PlainTensors

/// How far derivatives are from 4-point central differences, for every leaf that a tensor was computed from.
///
/// The loss is the sum of the result with fixed random weights. Of each leaf some elements are moved alone, then all together
/// along two random directions, so that an error in any element shows. Step 10⁻⁴: the error of the formula is of fourth
/// order (10⁻¹⁶), that of rounding about 10⁻¹² of the loss; both are far below the 10⁻⁶ that tests ask for. Where a rectifier
/// has its kink within that step a quotient of step 10⁻⁵ counts; a wrong derivative is wrong by both.
///
/// - Returns: the worst relative error and where it is. Errors are relative to the largest derivative of the leaf (of a
///   direction: to the length of the gradient), or to 10⁻³ of the loss's scale where derivatives vanish.
public func worstGradientError(
  samples: Int = 12, of result: () -> PlainTensor<Double>
) -> (error: Double, place: String) {
  let first = result()
  let weights = PlainTensor<Double>(randomArray(first.shape, "loss weights"), isVariable: false)
  func loss() -> PlainTensor<Double> { (result() * weights).sum() }
  let value = loss()
  let leaves = value.leaves
  var worst = (error: 0.0, place: leaves.isEmpty ? "no leaves" : "none")
  if leaves.isEmpty { return (first.count == 0 ? 0 : .infinity, worst.place) }
  let floor = 1e-3 * max(1e-3, first.values.reduce(0) { max($0, abs($1)) })
  for (index, (leaf, gradient)) in zip(leaves, gradient(of: value, withRespectTo: leaves))
    .enumerated()
  {
    var stream = RandomStream("leaf \(index)")
    let count = leaf.count
    var directions: [[Int: Double]] = []
    for sample in 0..<min(samples, count) {
      directions.append([count <= samples ? sample : Int(stream.next() % UInt64(count)): 1])
    }
    for _ in 0..<(count > 1 ? 2 : 0) {
      directions.append(
        Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, stream.next() % 2 == 0 ? 1 : -1) }))
    }
    let largest = gradient.values.reduce(0) { max($0, abs($1)) }
    let length = gradient.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for direction in directions {
      let expected = direction.reduce(0) { $0 + gradient.values[$1.key] * $1.value }
      let scale = max(direction.count == 1 ? largest : length, floor)
      var (found, error) = (0.0, Double.infinity)
      for step in [1e-4, 1e-5] where !(error <= 1e-7) {
        let value = quotient(leaf, along: direction, step: step) { loss().values[0] }
        let distance = abs(value - expected) / scale
        if !(error <= distance) { (found, error) = (value, distance) }
      }
      if !(error <= worst.error) {
        let element = direction.count == 1 ? "element \(direction.keys.first ?? 0)" : "all"
        worst = (
          error.isNaN ? .infinity : error,
          "leaf \(index) \(leaf.shape), \(element): \(expected), differences give \(found)"
        )
      }
    }
  }
  return worst
}

/// Derivative from four points: `(f(x − 2h) − 8 f(x − h) + 8 f(x + h) − f(x + 2h)) / 12h`.
private func quotient(
  _ leaf: PlainTensor<Double>, along direction: [Int: Double], step: Double, _ f: () -> Double
) -> Double {
  let original = leaf.values
  defer { leaf.values = original }
  func value(_ steps: Double) -> Double {
    leaf.values = original
    for (index, amount) in direction { leaf.values[index] += steps * step * amount }
    return f()
  }
  return (value(-2) - 8 * value(-1) + 8 * value(1) - value(2)) / (12 * step)
}
