import NumericArrays

/// Where each parameter tensor lies in one flat buffer.
///
/// Weights, gradients, moments and averages all use the same layout, so that the optimizer runs over a few large buffers
/// instead of thousands of small ones (tensor fusion, arXiv:2207.05477).
public struct ParameterLayout: Codable, Hashable, Sendable {
  /// One tensor.
  public struct Segment: Codable, Hashable, Sendable {
    /// Official key, `scope//name`.
    public let name: String
    /// Extent of each axis.
    public let shape: [Int]
    /// First element.
    public let offset: Int
    /// Number of elements.
    public let count: Int

    /// Its elements in the buffer.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// The tensors, in buffer order.
  public let segments: [Segment]
  /// Number of elements of the buffer.
  public let count: Int

  /// Tensors one after the other.
  ///
  /// - Precondition: sizes fit an `Int`, as those of arrays in memory do.
  public init(_ tensors: [(name: String, shape: [Int])]) {
    var offset = 0
    segments = tensors.map { tensor in
      let size = tensor.shape.reduce(1, *)
      defer { offset += size }
      return Segment(name: tensor.name, shape: tensor.shape, offset: offset, count: size)
    }
    count = offset
  }

  /// Euclidean norm of each tensor's part of a buffer; NaN or infinite if an element is.
  public func norms(of buffer: [Float]) -> [Double] {
    programmingError(unless: buffer.count == count, "norms: the buffer has another layout")
    return buffer.withUnsafeBufferPointer { pointer in
      segments.map { sumOfSquares(UnsafeBufferPointer(rebasing: pointer[$0.range])).squareRoot() }
    }
  }
}

extension ParameterLayout {
  /// The first tensor with a value that is not finite; nil if there is none.
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
