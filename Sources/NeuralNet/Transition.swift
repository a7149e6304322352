import TensorCore

/// Transition: widens every position, ReLU, narrows again; added to the input.
///
/// Algorithms 9 and 15 (Jumper et al. 2021, Suppl. 1.6.3 and 1.6.7): MSA and pair transition are the same function.
///
/// - Shapes: x `[…, c]` → `[…, c]`
public struct Transition: Sendable {
  let norm: LayerNorm
  let widen: Linear
  let narrow: Linear

  /// The layer under `scope` for `channels` channels.
  public init(_ scope: ParameterScope, channels: Int, factor: Int) throws {
    self.norm = try LayerNorm(scope.scope("input_layer_norm"), channels)
    self.widen = try Linear(scope.scope("transition1"), channels, channels * factor)
    self.narrow = try Linear(scope.scope("transition2"), channels * factor, channels)
  }

  /// `x += transition(x)`, in place, streamed through tiles of rows.
  ///
  /// - Parameter isLast: whether nothing of a checkpointed block reads `x` afterwards; the sum is then skipped when the block runs
  ///   again for its derivatives.
  public func update(_ x: Tensor, isLast: Bool = false, _ context: ExecutionContext) {
    let count = x.count / max(1, x.channels)
    context.recordAxial { context in context.allGather(context.gradient(of: x), count: count) }
    context.record(updating: x) { input, gradient, context in
      let rows = context.axialShare(of: count)
      backward(Matrix(input).rows(rows), Matrix(gradient).rows(rows), context)
    }
    if isLast && context.isRecomputing { return }
    let stream = x
    let x = Matrix(x)
    let (first, second) = (widen.packed(context), narrow.packed(context))
    var middle = Epilogue.bias(widen.bias)
    middle.activation = .relu
    var last = Epilogue.bias(narrow.bias)
    last.accumulates = true
    let tile = context.tileRows
    context.tiles(
      context.axialShare(of: count), tile: tile,
      scratch: { (context.empty([tile, x.columns]), context.empty([tile, widen.outputs])) }
    ) { rows, scratch in
      let normed = Matrix(scratch.0[0..<rows.count])
      let hidden = Matrix(scratch.1[0..<rows.count])
      norm.apply(to: x.rows(rows), into: normed, context)  // line 1
      context.multiply(normed, first, into: hidden, middle)  // line 2
      context.multiply(hidden, second, into: x.rows(rows), last)  // line 3
    }
    context.allGather(stream, count: count)
  }
}
