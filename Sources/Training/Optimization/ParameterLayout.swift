import FoldingCore
import NumericArrays

/// Where each parameter tensor lies in one flat buffer.
///
/// Weights, gradients, moments and averages all use the same layout, so that the optimizer runs over a few large buffers
/// instead of thousands of small ones (tensor fusion, arXiv:2207.05477).
///
/// A segment is an array of the official files. A segment of a stack holds the tensors of all blocks, one after the other.
public struct ParameterLayout: Codable, Hashable, Sendable {
  /// One array.
  public struct Segment: Codable, Hashable, Sendable {
    /// Official key, `scope//name`.
    public let name: String
    /// Extent of each axis.
    public let shape: [Int]
    /// First element.
    public let offset: Int
    /// Number of elements.
    public let count: Int
    /// Blocks of the stack whose tensors it holds; 1 for other arrays.
    public let blocks: Int

    /// Its elements in the buffer.
    public var range: Range<Int> { offset..<offset + count }

    /// The elements of the tensor of each block.
    var tensorRanges: [Range<Int>] {
      let size = count / blocks
      return (0..<blocks).map { offset + $0 * size..<offset + ($0 + 1) * size }
    }

    /// The name of the tensor of each block: the official key, with the number of the block in a stack.
    var tensorNames: [String] {
      blocks > 1 ? (0..<blocks).map { "\(name)[\($0)]" } : [name]
    }
  }

  /// The arrays, in buffer order.
  public let segments: [Segment]
  /// Number of elements of the buffer.
  public let count: Int

  /// Arrays one after the other; the first axis of stacked ones counts blocks.
  ///
  /// - Precondition: sizes fit an `Int`, as those of arrays in memory do.
  public init(_ arrays: [(name: String, shape: [Int], isStacked: Bool)]) {
    var offset = 0
    segments = arrays.map { array in
      let size = array.shape.reduce(1, *)
      defer { offset += size }
      return Segment(
        name: array.name, shape: array.shape, offset: offset, count: size,
        blocks: array.isStacked ? max(1, array.shape.first ?? 1) : 1)
    }
    count = offset
  }

  /// The arrays of a network.
  public init(_ specs: [ParameterSpec]) {
    self.init(specs.map { ($0.key, $0.shape, $0.isStacked) })
  }

  /// Arrays, none of them stacked.
  public init(_ arrays: [(name: String, shape: [Int])]) {
    self.init(arrays.map { ($0.name, $0.shape, false) })
  }

  /// The elements of the tensors of all layers, the parameters as optimisers see them, in buffer order.
  var tensorRanges: [Range<Int>] { segments.flatMap(\.tensorRanges) }

  /// Names of the tensors of all layers, in buffer order.
  public var tensorNames: [String] { segments.flatMap(\.tensorNames) }

  /// Euclidean norm of each array's part of a buffer; NaN or infinite if an element is.
  public func norms(of buffer: [Float]) -> [Double] { norms(of: buffer, in: segments.map(\.range)) }

  /// The same for the tensors of all layers.
  func tensorNorms(of buffer: [Float]) -> [Double] { norms(of: buffer, in: tensorRanges) }

  private func norms(of buffer: [Float], in ranges: [Range<Int>]) -> [Double] {
    programmingError(unless: buffer.count == count, "norms: the buffer has another layout")
    return buffer.withUnsafeBufferPointer { pointer in
      ranges.map { sumOfSquares(UnsafeBufferPointer(rebasing: pointer[$0])).squareRoot() }
    }
  }
}

extension ParameterLayout {
  /// The first array with a value that is not finite; nil if there is none.
  public func firstNotFinite(_ buffer: [Float]) -> String? {
    segments.first { !buffer[$0.range].allSatisfy(\.isFinite) }?.name
  }
}

/// Sum of squares in `Double`, in eight interleaved lanes that are added in order: independent of threads.
func sumOfSquares(_ values: UnsafeBufferPointer<Float>) -> Double {
  var lanes = SIMD8<Double>()
  let whole = values.count / 8 * 8
  for start in stride(from: 0, to: whole, by: 8) {
    var x = SIMD8<Float>()
    for lane in 0..<8 { x[lane] = values[start + lane] }
    let wide = SIMD8<Double>(x)
    lanes += wide * wide
  }
  var sum = lanes.sum()
  for k in whole..<values.count { sum += Double(values[k]) * Double(values[k]) }
  return sum
}

/// Multiplies a range of a buffer; a factor of exactly 1 leaves it untouched.
func scale(_ buffer: inout [Float], in range: Range<Int>, by factor: Double) {
  guard factor != 1 else { return }
  let factor = Float(factor)
  buffer.withUnsafeMutableBufferPointer { pointer in
    for k in range { pointer[k] *= factor }
  }
}
