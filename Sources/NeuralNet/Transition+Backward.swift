import TensorCore

extension Transition {
  /// Rows whose activations are computed again at a time; a constant, so that sums have one order.
  private static let chunkRows = 1024

  /// Derivative of `x += transition(x)`: adds to the gradients of the parameters and turns `gradient`, that of the new
  /// `x`, into that of the old one.
  func backward(_ x: Matrix, _ gradient: Matrix, _ context: ExecutionContext) {
    let count = max(1, min(Self.chunkRows, x.rows))
    let chunk = (
      normed: context.empty([count, x.columns]),
      normedGradient: context.empty([count, x.columns], .float32),
      hidden: context.empty([count, widen.outputs]),
      hiddenGradient: context.empty([count, widen.outputs])
    )
    let weights = (
      widen: widen.packed(context), narrowTransposed: context.pack(Matrix(narrow.weight).transposed)
    )
    var middle = Epilogue.bias(widen.bias)
    middle.activation = .relu
    context.chunks(x.rows, of: Self.chunkRows) { rows in
      let (input, upstream) = (x.rows(rows), gradient.rows(rows))
      let normed = Matrix(chunk.normed[0..<rows.count])
      let hidden = Matrix(chunk.hidden[0..<rows.count])
      let hiddenGradient = Matrix(chunk.hiddenGradient[0..<rows.count])
      context.tiles(rows.count, tile: max(64, context.tileRows), scratch: {}) { tile, _ in
        norm.apply(to: input.rows(tile), into: normed.rows(tile), context)
        context.multiply(normed.rows(tile), weights.widen, into: hidden.rows(tile), middle)
        context.multiply(
          upstream.rows(tile), weights.narrowTransposed, into: hiddenGradient.rows(tile))
        context.applyDerivative(
          of: .relu, result: hidden.rows(tile), to: hiddenGradient.rows(tile))
      }
      let normedGradient = Matrix(chunk.normedGradient[0..<rows.count])
      narrow.backward(input: hidden, outputGradient: upstream, into: nil, context)
      widen.backward(
        input: normed, outputGradient: hiddenGradient, into: normedGradient, context)
      norm.backward(input: input, outputGradient: normedGradient, into: upstream, context)
    }
  }
}
