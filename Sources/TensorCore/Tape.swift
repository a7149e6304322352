import NumericArrays

/// A record of coarse operations, to be replayed backwards for their derivatives.
///
/// An operation whose context carries a tape leaves a closure on it with its hand-written derivative. Derivatives
/// run in reverse order of recording, each on all workers of the replaying context, so the order of every sum is fixed.
/// Tapes of forked branches are separate and replay side by side.
///
/// The streams m and z are updated in place. The tape copies such a tensor before it changes (`record(updating:)`,
/// `saved`), once per value however many operations read it; derivatives must not write to such copies.
///
/// One thread at a time records; a fork gives each branch a tape of its own, hence `@unchecked`.
public final class Tape: @unchecked Sendable {
  /// The derivative of one operation.
  public typealias Step = (ExecutionContext) -> Void

  /// Whether `checkpoint` keeps only the inputs of a block and runs it again for its derivatives.
  public let recomputes: Bool
  /// Block format in which `checkpoint` keeps inputs; nil to keep their own type.
  public let checkpointFormat: BlockFormat?
  /// Whether anything is kept; see ``discarding()``.
  let isKeeping: Bool
  /// Bytes of all inputs that `checkpoint` has kept.
  public private(set) var checkpointBytes = 0
  /// Whether a block runs again: only what it leaves on the tape matters, not its results.
  let isRecomputation: Bool
  private var steps: [Step] = []
  private var copies: [ObjectIdentifier: (original: Tensor, copy: Tensor)] = [:]

  /// An empty tape.
  public convenience init(recomputes: Bool = true, checkpointFormat: BlockFormat? = nil) {
    self.init(recomputes, checkpointFormat, isRecomputation: false)
  }

  private init(
    _ recomputes: Bool, _ checkpointFormat: BlockFormat?, isRecomputation: Bool,
    isKeeping: Bool = true
  ) {
    self.recomputes = recomputes
    self.checkpointFormat = checkpointFormat
    self.isRecomputation = isRecomputation
    self.isKeeping = isKeeping
  }

  /// A tape that keeps nothing, for a pass that needs losses but no derivatives.
  ///
  /// Whenever there is a tape, modules return what the losses read, the trace of the structure module above all.
  public static func discarding() -> Tape {
    Tape(true, nil, isRecomputation: false, isKeeping: false)
  }

  /// Adds the derivative of an operation.
  public func record(_ step: @escaping Step) {
    if isKeeping { steps.append(step) }
  }

  /// Runs the derivatives, newest first, and empties the tape.
  ///
  /// Gradients of the results must have been written to `context.gradients` before.
  public func replay(_ context: ExecutionContext) {
    copies = [:]
    let context = context.unrecorded
    while let step = steps.popLast() { step(context) }
  }

  /// The value that a tensor has now, safe from later updates in place.
  fileprivate func saved(_ x: Tensor, _ context: ExecutionContext) -> Tensor {
    if !isKeeping { return x }
    let key = ObjectIdentifier(x.storage)
    if let known = copies[key], known.original.offset == x.offset, known.copy.count == x.count {
      return known.copy.reshaped(x.shape)
    }
    let copy = context.copyShared(x)
    copies[key] = (x, copy)
    return copy
  }

  /// Notes that a tensor is about to change.
  fileprivate func changes(_ x: Tensor) { copies[ObjectIdentifier(x.storage)] = nil }

  /// Tapes of two branches, both of which reuse the copies made so far.
  func branched() -> (first: Tape, second: Tape) {
    func branch() -> Tape {
      Tape(recomputes, checkpointFormat, isRecomputation: isRecomputation, isKeeping: isKeeping)
    }
    let result = (first: branch(), second: branch())
    result.0.copies = copies
    result.1.copies = copies
    copies = [:]
    return result
  }

  /// The values of streams before a block changes them.
  fileprivate func checkpoint(_ streams: [Tensor], _ context: ExecutionContext) -> [Checkpoint] {
    let kept = streams.map { stream -> Checkpoint in
      if let checkpointFormat { return .blocks(context.encodedShared(stream, checkpointFormat)) }
      return .copy(saved(stream, context))
    }
    for stream in streams { changes(stream) }
    checkpointBytes += kept.reduce(0) { $0 + $1.byteCount }
    return kept
  }

  /// A tape for a block that runs again; its derivatives reuse the copies of its inputs that already exist.
  ///
  /// Deliberately not tied to its parent tape: a step that captured its own tape would form a retain cycle and leak if it is never
  /// replayed.
  fileprivate static func inner(
    _ recomputes: Bool, _ format: BlockFormat?, streams: [Tensor], _ checkpoints: [Checkpoint]
  ) -> Tape {
    let result = Tape(recomputes, format, isRecomputation: true)
    for (stream, checkpoint) in zip(streams, checkpoints) {
      guard case .copy(let copy) = checkpoint else { continue }
      result.copies[ObjectIdentifier(stream.storage)] = (stream, copy)
    }
    return result
  }
}

/// An input of a block that runs again for its derivatives.
private enum Checkpoint {
  case copy(Tensor)
  case blocks(EncodedMatrix)

  var byteCount: Int {
    switch self {
    case .copy(let tensor): tensor.byteCount
    case .blocks(let blocks): blocks.byteCount
    }
  }

  /// Restores the value that a stream had.
  func restore(_ stream: Tensor, _ context: ExecutionContext) {
    switch self {
    case .copy(let tensor): context.copyShared(tensor, into: stream)
    case .blocks(let blocks): context.decodeShared(blocks, into: stream)
    }
  }
}

extension ExecutionContext {
  /// The gradient of a tensor while a tape is replayed.
  public func gradient(of tensor: Tensor) -> Tensor {
    guard let gradients else {
      programmingError("derivatives need a context that accumulates gradients")
    }
    return gradients[tensor]
  }

  /// Whether a checkpointed block runs again for its derivatives, so that the last update of a stream may be skipped.
  public var isRecomputing: Bool { tape?.isRecomputation ?? false }

  /// Records the derivative of an operation, if there is a tape.
  public func record(_ step: @escaping Tape.Step) { tape?.record(step) }

  /// Records the derivative of an operation that is about to update `x` in place, if there is a tape.
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

  /// Records the derivative of an operation that is about to add to `x` a term that does not depend on `x`, if there is a tape.
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
  /// Both runs take the same path and draw the same dropout masks, so gradients have the same bits with and without recomputing,
  /// unless the tape keeps inputs in blocks: then the second run starts from rounded ones.
  public func checkpoint(_ streams: [Tensor], _ block: @escaping (ExecutionContext) -> Void) {
    guard let tape, tape.recomputes else { return block(self) }
    guard tape.isKeeping else { return block(unrecorded) }
    let checkpoints = tape.checkpoint(streams, self)
    let (key, recomputes, format) = (dropoutKey, tape.recomputes, tape.checkpointFormat)
    block(unrecorded)
    tape.record { context in
      let start = context.pool.serial
      for (stream, checkpoint) in zip(streams, checkpoints) { checkpoint.restore(stream, context) }
      let inner = Tape.inner(recomputes, format, streams: streams, checkpoints)
      block(context.accumulating(in: nil).recording(on: inner).droppingOut(by: key))
      inner.replay(context)
      context.gradients?.forget(madeAfter: start, by: context.pool)
    }
  }
}
