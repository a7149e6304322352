import NumericArrays

/// Size of one sample's gradient.
public struct SampleNorm: Hashable, Sendable {
  /// The norm before clipping.
  public var value: Double
  /// Whether it was scaled down by a limit for single samples.
  public var isClipped: Bool

  /// A norm, and whether it was scaled down.
  public init(value: Double, isClipped: Bool) {
    self.value = value
    self.isClipped = isClipped
  }

  /// Whether the gradient can be used.
  public var isFinite: Bool { value.isFinite }
}

/// Adds up the gradients of a batch as a balanced tree over its samples, `(0 + 1) + (2 + 3)`: the order in which processes that
/// share the batch add theirs, so that their number changes no bit.
///
/// Holds at most one partial sum per level of the tree.
public struct GradientAccumulator: Sendable {
  /// Partial sums, each of a whole subtree, leftmost first.
  private var sums: [[Float]] = []
  /// How many subtrees each sample completes. `[samples]`
  private let completions: [Int]
  private let count: Int
  /// Samples added.
  public private(set) var samples = 0
  let maxSampleNorm: Double?
  private let ignored: [Range<Int>]

  /// An empty sum for buffers of a layout.
  ///
  /// - Parameters:
  ///   - samples: how many will be added.
  ///   - ignored: parts of the buffers that are treated as 0, also in norms (``Optimizer/heldStill``).
  public init(
    layout: ParameterLayout, method: ClipMethod, samples: Int, ignoring ignored: [Range<Int>] = []
  ) {
    count = layout.count
    self.ignored = ignored
    var completions = [Int](repeating: 0, count: max(samples, 1))
    func visit(_ range: Range<Int>) {
      if range.count < 2 { return }
      let middle = range.lowerBound + range.count / 2
      visit(range.lowerBound..<middle)
      visit(middle..<range.upperBound)
      completions[range.upperBound - 1] += 1
    }
    visit(0..<samples)
    self.completions = completions
    if case .perSample(let maxNorm) = method {
      maxSampleNorm = maxNorm
    } else {
      maxSampleNorm = nil
    }
  }

  /// Adds a sample's gradient, clipped by its own norm if the method says so.
  ///
  /// - Returns: its norm; if that is not finite, zeros are added.
  @discardableResult
  public mutating func add(_ gradient: [Float]) -> SampleNorm {
    programmingError(unless: gradient.count == count, "GradientAccumulator: another layout")
    programmingError(unless: samples < completions.count, "GradientAccumulator: too many samples")
    var part = gradient
    for range in ignored { for index in range { part[index] = 0 } }
    let norm = part.withUnsafeBufferPointer { sumOfSquares($0) }.squareRoot()
    if !norm.isFinite { part = [Float](repeating: 0, count: count) }
    var factor = 1.0
    if norm.isFinite, let maxSampleNorm {
      factor = globalClipFactor(norm: norm, maxNorm: maxSampleNorm)
      scale(&part, in: part.indices, by: factor)
    }
    for _ in 0..<completions[samples] {
      var sum = sums.removeLast()
      sum.withUnsafeMutableBufferPointer { sum in
        part.withUnsafeBufferPointer { part in
          for k in 0..<sum.count { sum[k] += part[k] }
        }
      }
      part = sum
    }
    sums.append(part)
    samples += 1
    return SampleNorm(value: norm, isClipped: factor < 1)
  }

  /// The sum over the samples; the accumulator is left empty.
  ///
  /// - Precondition: all samples were added.
  public mutating func takeSum() -> [Float] {
    programmingError(
      unless: samples == completions.count, "GradientAccumulator: samples are missing")
    samples = 0
    return sums.removeLast()
  }

  /// The mean of a batch from its sum.
  public static func mean(of sum: [Float], samples: Int) -> [Float] {
    var mean = sum
    scale(&mean, in: mean.indices, by: 1 / Double(max(samples, 1)))
    return mean
  }
}
