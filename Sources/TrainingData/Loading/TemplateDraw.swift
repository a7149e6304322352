import FeaturePipeline
import NumericArrays

extension TemplateStructures {
  /// Templates of a training sample: `min(Uniform[0, n], limit)` of the first `n`, at most 20, in random order.
  ///
  /// So that the network sees poor templates and none at all, and does not learn to copy (Suppl. 1.2.3).
  func drawn(limit: Int, key: RandomKey) -> TemplateStructures {
    let available = min(count, Self.mostDrawnFrom)
    let taken = min(key.child(0).integer(0, below: available + 1), limit)
    return selecting(Array(key.child(1).shuffled(0..<available).prefix(taken)))
  }

  /// The templates of these numbers, in this order.
  private func selecting(_ indices: [Int]) -> TemplateStructures {
    TemplateStructures(
      names: indices.map { names[$0] },
      sequences: indices.map { sequences[$0] },
      aatype: aatype.rows(indices), positions: positions.rows(indices), mask: mask.rows(indices),
      sumProbabilities: indices.map { sumProbabilities[$0] })
  }

  /// Best templates that training draws from.
  private static var mostDrawnFrom: Int { 20 }
}

extension NDArray {
  /// Rows of these numbers, in this order.
  fileprivate func rows(_ indices: [Int]) -> NDArray {
    let size = shape.dropFirst().reduce(1, *)
    return NDArray(
      shape: [indices.count] + shape.dropFirst(),
      values: indices.flatMap { values[$0 * size..<($0 + 1) * size] })
  }
}
