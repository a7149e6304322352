import NumericArrays
import Synchronization

/// Derivatives of a loss with respect to tensors, in fp32.
///
/// A tensor has one gradient for all its views: that of a slice is the slice of the gradient. A tensor that
/// operations update in place has the gradient of its newest value; replaying a tape turns it, step by step, into that
/// of older values.
public final class Gradients: Sendable {
  private struct Slot {
    /// Keeps the memory, and with it the identity, that the gradient belongs to.
    let owner: Storage
    let gradient: Tensor
  }

  private let slots = Mutex<[ObjectIdentifier: Slot]>([:])
  private let pool: BufferPool

  /// No gradients yet; those made on demand take their memory from `pool`.
  public init(pool: BufferPool) { self.pool = pool }

  /// Makes the gradient of the whole `tensor` accumulate in `gradient`, fp32 and of the same size: part of a fused buffer, say.
  public func bind(_ tensor: Tensor, to gradient: Tensor) {
    let elements = tensor.storage.usedBytes / tensor.dtype.byteCount
    if tensor.offset != 0 || gradient.dtype != .float32 || gradient.count != elements {
      programmingError("cannot bind a gradient of \(gradient.shape) to a tensor of \(tensor.shape)")
    }
    slots.withLock {
      $0[ObjectIdentifier(tensor.storage)] = Slot(owner: tensor.storage, gradient: gradient)
    }
  }

  /// The gradient of a tensor or of a view of one: zeros at first, the same memory every time.
  public subscript(tensor: Tensor) -> Tensor {
    let key = ObjectIdentifier(tensor.storage)
    let whole = slots.withLock { $0[key]?.gradient } ?? made(for: tensor.storage, tensor.dtype)
    return Tensor(
      storage: whole.storage, offset: whole.offset + tensor.offset, shape: tensor.shape,
      dtype: .float32)
  }

  /// A new gradient, made outside the lock, so that the other branch need not wait while it is zeroed.
  private func made(for owner: Storage, _ dtype: DType) -> Tensor {
    let elements = owner.usedBytes / dtype.byteCount
    let gradient = Tensor(zeros: [elements], .float32, pool: pool)
    return slots.withLock { slots in
      let key = ObjectIdentifier(owner)
      if let slot = slots[key] { return slot.gradient }
      slots[key] = Slot(owner: owner, gradient: gradient)
      return gradient
    }
  }

  /// Whether a tensor has a gradient, bound or made on demand.
  public func contains(_ tensor: Tensor) -> Bool {
    slots.withLock { $0[ObjectIdentifier(tensor.storage)] != nil }
  }

  /// Forgets the gradients of tensors that `pool` made after number `serial`; other pools number theirs separately.
  func forget(madeAfter serial: Int, by pool: BufferPool) {
    slots.withLock { slots in
      slots = slots.filter { $0.value.owner.serial <= serial || !$0.value.owner.isMade(by: pool) }
    }
  }
}
