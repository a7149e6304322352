import TensorCore

/// A linear layer `y = x W + b` in the official orientation, weights `[in, out]`.
public struct Linear: Sendable {
  /// The matrix W. `[in, out]`
  public let weight: Tensor
  /// The vector b, fp32; nil for layers without bias. `[out]`
  public let bias: Tensor?

  /// The layer under `scope`, arrays `weights` and `bias`.
  public init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int, hasBias: Bool = true) throws {
    self.weight = try scope.matrix("weights", [inputs, outputs])
    self.bias = hasBias ? try scope.vector("bias", [outputs]) : nil
  }

  /// Number of input channels.
  public var inputs: Int { weight.shape[0] }
  /// Number of output channels.
  public var outputs: Int { weight.shape[1] }

  /// The weights as right operand of products.
  public func packed(_ context: ExecutionContext) -> PackedMatrix { context.pack(Matrix(weight)) }

  /// The layer applied to every row, as a new tensor in the storage type unless another is given.
  public func callAsFunction(
    _ x: Tensor, activation: Epilogue.Activation = .none, as dtype: DType? = nil,
    _ context: ExecutionContext
  ) -> Tensor {
    let result = context.empty(Array(x.shape.dropLast()) + [outputs], dtype)
    applyShared(to: Matrix(x), into: Matrix(result), activation: activation, context)
    record(x, result, activation, context)
    return result
  }

  /// The layer applied to the rows of `x`, all workers sharing them.
  public func applyShared(
    to x: Matrix, into result: Matrix, activation: Epilogue.Activation = .none,
    accumulates: Bool = false, _ context: ExecutionContext
  ) {
    let weight = packed(context)
    var epilogue = Epilogue.bias(bias)
    epilogue.activation = activation
    epilogue.accumulates = accumulates
    context.tiles(x.rows, tile: max(context.tileRows, 64), scratch: {}) { rows, _ in
      context.multiply(x.rows(rows), weight, into: result.rows(rows), epilogue)
    }
  }
}
