import TensorCore

extension LayerNorm {
  /// Derivative of the norm: adds to the gradients of scale and offset, and to that of x.
  ///
  /// With `x̂ = (x − mean) / σ` and `g = dy ⊙ scale`: `dx += (g − mean(g) − x̂ mean(g ⊙ x̂)) / σ`,
  /// means over channels.
  ///
  /// - Parameters:
  ///   - x: `[rows, channels]`
  ///   - dy: gradient of the result. `[rows, channels]`
  ///   - dx: increased by the gradient of x. `[rows, channels]`
  public func backward(
    input x: Matrix, outputGradient dy: Matrix, into dx: Matrix, _ context: ExecutionContext
  ) {
    context.addLayerNormGradient(
      x, dy, scale: scale, into: dx, scaleGradient: context.gradient(of: scale),
      offsetGradient: context.gradient(of: offset))
  }

  /// Records the derivative of `result = norm(x)`, if there is a tape.
  func record(_ x: Tensor, _ result: Tensor, _ context: ExecutionContext) {
    if context.tape == nil { return }
    let input = context.saved(x)
    context.record { context in
      backward(
        input: Matrix(input), outputGradient: Matrix(context.gradient(of: result)),
        into: Matrix(context.gradient(of: x)), context)
    }
  }
}
