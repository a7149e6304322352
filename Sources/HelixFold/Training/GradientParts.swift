import FoldingCore
import FoldingModel
import TensorCore
import Training

/// The parts of the flat gradient that processes of one sample must exchange; all compute the same bits outside them.
///
/// Neighbours in the buffer are joined, so that a few long messages suffice (tensor fusion, arXiv:2207.05477).
struct GradientParts {
  /// Parts that only the process of the first branch differentiates, in blocks of parallel order.
  let first: [Range<Int>]
  /// Parts that only the process of the second branch differentiates.
  let second: [Range<Int>]
  /// Parts to be summed over the processes that share operations: parameters of every block, including the template stack.
  let shared: [Range<Int>]

  /// The parts of a network's gradient in its layout.
  init(_ config: FoldingConfig, _ layout: ParameterLayout) {
    let specs = Dictionary(
      config.parameterManifest.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    func joined(_ belongs: (ParameterSpec) -> Bool) -> [Range<Int>] {
      var result: [Range<Int>] = []
      for segment in layout.segments where specs[segment.name].map(belongs) ?? false {
        if let last = result.last, last.upperBound == segment.range.lowerBound {
          result[result.count - 1] = last.lowerBound..<segment.range.upperBound
        } else {
          result.append(segment.range)
        }
      }
      return result
    }
    first = joined { $0.part?.branch == .first }
    second = joined { $0.part?.branch == .second }
    shared = joined(\.isStacked)
  }
}
