import TensorCore

extension Linear {
  /// Derivative of `y = x W + b`: adds to the gradients of W and b, and gives the gradient of x.
  ///
  /// All workers share the work; the order of every sum is fixed.
  ///
  /// - Parameters:
  ///   - x: `[rows, in]`
  ///   - dy: gradient of y. `[rows, out]`
  ///   - dx: receives `dy Wᵀ`, or is increased by it; nil where x needs no gradient. `[rows, in]`
  public func backward(
    input x: Matrix, outputGradient dy: Matrix, into dx: Matrix?, accumulates: Bool = false,
    _ context: ExecutionContext
  ) {
    context.addProduct(transposed: x, dy, into: Matrix(context.gradient(of: weight)))
    if let bias { context.addColumnSums(of: dy, into: context.gradient(of: bias)) }
    guard let dx else { return }
    let transposed = context.pack(Matrix(weight).transposed)
    var epilogue = Epilogue()
    epilogue.accumulates = accumulates
    context.multiplyShared(dy, transposed, into: dx, epilogue)
  }

  /// Records the derivative of `result = activation(x W + b)`, if there is a tape.
  func record(
    _ x: Tensor, _ result: Tensor, _ activation: Epilogue.Activation, _ context: ExecutionContext
  ) {
    if context.tape == nil { return }
    let input = context.saved(x)
    let output = activation == .none ? nil : context.saved(result)
    context.record { context in
      let upstream = Matrix(context.gradient(of: result))
      if let output {
        context.tiles(upstream.rows, tile: upstream.rows, scratch: {}) { rows, _ in
          context.applyDerivative(
            of: activation, result: Matrix(output).rows(rows), to: upstream.rows(rows))
        }
      }
      backward(
        input: Matrix(input), outputGradient: upstream, into: Matrix(context.gradient(of: x)),
        accumulates: true, context)
    }
  }
}
