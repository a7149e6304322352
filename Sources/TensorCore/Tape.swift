/// A record of coarse operations, to be replayed backwards for their derivatives.
///
/// An operation whose context carries a tape leaves a closure on it with its hand-written derivative. Derivatives
/// run in reverse order of recording, each on all workers of the replaying context, so the order of every sum is fixed.
/// Tapes of forked branches are separate and replay side by side.
///
/// The streams m and z are updated in place. The tape copies such a tensor before it changes (`record(updating:)`,
/// `saved`), once per value however many operations read it; derivatives must not write to such copies.
public final class Tape: @unchecked Sendable {  // one thread at a time records; fork gives each branch its own tape
  /// The derivative of one operation.
  public typealias Step = (ExecutionContext) -> Void

  /// Whether `checkpoint` keeps only the inputs of a block and runs it again for its derivatives.
  public let recomputes: Bool
  /// Whether a block runs again: only what it leaves on the tape matters, not its results.
  let isRecomputation: Bool
  private var steps: [Step] = []
  private var copies: [ObjectIdentifier: (original: Tensor, copy: Tensor)] = [:]

  /// An empty tape.
  public convenience init(recomputes: Bool = true) {
    self.init(recomputes: recomputes, isRecomputation: false)
  }

  private init(recomputes: Bool, isRecomputation: Bool) {
    self.recomputes = recomputes
    self.isRecomputation = isRecomputation
  }

  /// Adds the derivative of an operation.
  public func record(_ step: @escaping Step) { steps.append(step) }

  /// Runs the derivatives, newest first, and empties the tape.
  ///
  /// Gradients of the results must have been written to `context.gradients` before.
  public func replay(_ context: ExecutionContext) {
    copies = [:]
    let context = context.recording(on: nil)
    while let step = steps.popLast() { step(context) }
  }

  /// The value that a tensor has now, safe from later updates in place.
  fileprivate func saved(_ x: Tensor, _ context: ExecutionContext) -> Tensor {
    let key = ObjectIdentifier(x.storage)
    if let known = copies[key], known.original.offset == x.offset, known.copy.count == x.count {
      return known.copy.reshaped(x.shape)
    }
    let copy = context.copy(x)
    copies[key] = (x, copy)
    return copy
  }

  /// Says that a tensor is about to change.
  fileprivate func changes(_ x: Tensor) { copies[ObjectIdentifier(x.storage)] = nil }

  /// Tapes of two branches that know the copies made so far.
  func branched() -> (first: Tape, second: Tape) {
    let result = (
      Tape(recomputes: recomputes, isRecomputation: isRecomputation),
      Tape(recomputes: recomputes, isRecomputation: isRecomputation)
    )
    result.0.copies = copies
    result.1.copies = copies
    copies = [:]
    return result
  }

  fileprivate func inner(streams: [Tensor], copies: [Tensor]) -> Tape {
    let result = Tape(recomputes: recomputes, isRecomputation: true)
    for (stream, copy) in zip(streams, copies) {
      result.copies[ObjectIdentifier(stream.storage)] = (stream, copy)
    }
    return result
  }
}

extension ExecutionContext {
  /// The gradient of a tensor while a tape is replayed.
  public func gradient(of tensor: Tensor) -> Tensor {
    guard let gradients else { shapeError("derivatives need a context that accumulates gradients") }
    return gradients[tensor]
  }

  /// Whether a checkpointed block runs again for its derivatives, so that the last update of a stream may be left out.
  public var isRecomputing: Bool { tape?.isRecomputation ?? false }

  /// Records the derivative of an operation, if a tape runs.
  public func record(_ step: @escaping Tape.Step) { tape?.record(step) }

  /// Records the derivative of an operation that is about to update `x` in place, if a tape runs.
  ///
  /// - Parameter derivative: given the value of `x` before the update and the gradient of its new value, turns the gradient into
  ///   that of the old value, in place; for `x += f(x)` it adds `Jᵀ` times the gradient.
  public func record(
    updating x: Tensor,
    _ derivative:
      @escaping (_ input: Tensor, _ gradient: Tensor, _ context: ExecutionContext) -> Void
  ) {
    guard let tape else { return }
    let input = tape.saved(x, self)
    tape.changes(x)
    tape.record { context in derivative(input, context.gradient(of: x), context) }
  }

  /// Records the derivative of an operation that is about to add to `x` what does not depend on `x`, if a tape runs.
  ///
  /// - Parameter derivative: given the gradient of the sum, which is that of `x` too, propagates it to what the addend was
  ///   computed from.
  public func record(
    addingTo x: Tensor,
    _ derivative: @escaping (_ gradient: Tensor, _ context: ExecutionContext) -> Void
  ) {
    guard let tape else { return }
    tape.changes(x)
    tape.record { context in derivative(context.gradient(of: x), context) }
  }

  /// The value that a tensor has now for use in a derivative, safe from later updates in place; `x` itself without a tape.
  public func saved(_ x: Tensor) -> Tensor { tape?.saved(x, self) ?? x }

  /// Runs a block that updates `streams` in place; with a tape, keeps only their values before it and runs the block again when its
  /// derivatives are due.
  ///
  /// Both runs take the same path and draw the same dropout masks, so gradients have the same bits with and without recomputing.
  public func checkpoint(_ streams: [Tensor], _ block: @escaping (ExecutionContext) -> Void) {
    guard let tape, tape.recomputes else { return block(self) }
    let copies = streams.map { tape.saved($0, self) }
    let key = dropout
    for stream in streams { tape.changes(stream) }
    block(recording(on: nil))
    tape.record { context in
      let start = context.pool.serial
      for (stream, copy) in zip(streams, copies) { context.copy(copy, into: stream) }
      let inner = tape.inner(streams: streams, copies: copies)
      block(context.accumulating(in: nil).recording(on: inner).dropping(by: key))
      inner.replay(context)
      context.gradients?.forget(madeAfter: start, by: context.pool)
    }
  }
}
