import CKernels
import NumericArrays

/// A contiguous row-major array in pooled memory.
///
/// Copies share their memory. Operations that write say so in their names; two tensors made apart never share.
public struct Tensor: Sendable {
  /// Extent of each axis, outermost first.
  public let shape: [Int]
  /// How elements are stored.
  public let dtype: DType
  @usableFromInline let storage: Storage
  @usableFromInline let offset: Int

  init(storage: Storage, offset: Int, shape: [Int], dtype: DType) {
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.dtype = dtype
  }

  /// A tensor with undefined contents.
  public init(uninitialized shape: [Int], _ dtype: DType, pool: BufferPool) {
    let count = shape.reduce(1, *)
    self.init(
      storage: Storage(byteCount: max(1, count) * dtype.byteCount, pool: pool), offset: 0,
      shape: shape, dtype: dtype)
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int], _ dtype: DType, pool: BufferPool) {
    self.init(uninitialized: shape, dtype, pool: pool)
    if !storage.isZero { clear() }
  }

  /// A tensor with the given values, rounded to `dtype`.
  public init(_ array: NDArray<Float>, _ dtype: DType = .float32, pool: BufferPool) {
    self.init(uninitialized: array.shape, dtype, pool: pool)
    array.values.withUnsafeBufferPointer { values in
      if let source = values.baseAddress {
        hf_convert(Int64(count), source, HF_F32, base, dtype.kernel)
      }
    }
  }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// Number of bytes.
  public var byteCount: Int { count * dtype.byteCount }
  /// Size of the last axis.
  public var channels: Int { shape.last ?? 1 }

  /// First element.
  ///
  /// Valid while the tensor, or a copy of it, is alive.
  @inlinable
  public var base: UnsafeMutableRawPointer { storage.base + offset * dtype.byteCount }

  /// First element as `Float`.
  ///
  /// Valid while the tensor, or a copy of it, is alive. The compiler may end a local tensor after its last use: where a pointer is
  /// kept beyond it, `withExtendedLifetime` must name the tensor after the pointer's last use.
  ///
  /// - Precondition: the dtype is float32.
  @inlinable
  public var floats: UnsafeMutablePointer<Float> {
    if dtype != .float32 { programmingError("expected a float32 tensor, got \(dtype)") }
    return base.assumingMemoryBound(to: Float.self)
  }

  /// The values as an array of `Float`.
  public func array() -> NDArray<Float> {
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, used in
      if let target = buffer.baseAddress {
        hf_convert(Int64(count), base, dtype.kernel, target, HF_F32)
      }
      used = count
    }
    return NDArray(shape: shape, values: values)
  }

  /// The same memory under another shape of the same size.
  public func reshaped(_ shape: [Int]) -> Tensor {
    if shape.reduce(1, *) != count { programmingError("cannot view \(self.shape) as \(shape)") }
    return Tensor(storage: storage, offset: offset, shape: shape, dtype: dtype)
  }

  /// Slice `index` of the first axis, sharing memory.
  public subscript(index: Int) -> Tensor {
    if shape.isEmpty || !(0..<shape[0]).contains(index) {
      programmingError("slice \(index) of a tensor of \(shape)")
    }
    let size = shape.dropFirst().reduce(1, *)
    return Tensor(
      storage: storage, offset: offset + index * size, shape: Array(shape.dropFirst()), dtype: dtype
    )
  }

  /// Slices `range` of the first axis, sharing memory.
  public subscript(range: Range<Int>) -> Tensor {
    if shape.isEmpty || range.lowerBound < 0 || range.upperBound > shape[0] {
      programmingError("slices \(range) of a tensor of \(shape)")
    }
    let size = shape.dropFirst().reduce(1, *)
    return Tensor(
      storage: storage, offset: offset + range.lowerBound * size,
      shape: [range.count] + shape.dropFirst(), dtype: dtype)
  }
}

extension Tensor {
  /// Replaces the contents by those of a tensor of the same size, on the calling thread.
  public func assign(_ other: Tensor) {
    if other.count != count { programmingError("cannot assign \(other.shape) to \(shape)") }
    hf_convert(Int64(count), other.base, other.dtype.kernel, base, dtype.kernel)
  }

  /// Replaces the contents by the given values, one per element, on the calling thread.
  public func assign(_ values: UnsafeBufferPointer<Float>) {
    if values.count != count { programmingError("cannot assign \(values.count) to \(shape)") }
    guard let source = values.baseAddress else { return }
    hf_convert(Int64(count), source, HF_F32, base, dtype.kernel)
  }
}

extension Tensor {
  /// A bfloat16 tensor with the given values.
  public init(_ array: NDArray<BFloat16>, pool: BufferPool) {
    self.init(uninitialized: array.shape, .bfloat16, pool: pool)
    array.values.withUnsafeBytes { source in
      if let start = source.baseAddress { base.copyMemory(from: start, byteCount: source.count) }
    }
  }
}

extension Tensor {
  /// The values of a bfloat16 tensor as they are stored.
  ///
  /// - Precondition: the dtype is bfloat16.
  public func bfloat16Array() -> NDArray<BFloat16> {
    if dtype != .bfloat16 { programmingError("expected a bfloat16 tensor, got \(dtype)") }
    let source = UnsafeBufferPointer(
      start: base.assumingMemoryBound(to: BFloat16.self), count: count)
    return NDArray(shape: shape, values: Array(source))
  }
}

extension Tensor {
  /// Makes all elements 0.
  public func clear() { base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
}

extension Tensor {
  /// The memory of the elements, valid as long as the tensor lives; for sending and receiving.
  public var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: count * dtype.byteCount)
  }
}
