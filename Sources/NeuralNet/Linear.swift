import TensorCore

/// A linear layer `y = x W + b` in the official orientation, weights `[in, out]`.
public struct Linear: Sendable {
  /// Factors of the inputs. `[in, out]`
  public let weight: Tensor
  /// `[out]`, fp32; nil for layers without bias.
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
    apply(to: Matrix(x), into: Matrix(result), activation: activation, context)
    record(x, result, activation, context)
    return result
  }

  /// The layer applied to the rows of `x`, all workers sharing them.
  public func apply(
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

/// Layer norm over the last axis with scale and offset; statistics in fp32.
public struct LayerNorm: Sendable {
  /// Factor of each channel. `[channels]`
  public let scale: Tensor
  /// What is added to each channel. `[channels]`
  public let offset: Tensor

  /// The norm under `scope`, arrays `scale` and `offset`.
  public init(_ scope: ParameterScope, _ channels: Int) throws {
    self.scale = try scope.vector("scale", [channels])
    self.offset = try scope.vector("offset", [channels])
  }

  /// Normalises the rows of `x` on the calling thread.
  public func apply(to x: Matrix, into result: Matrix, _ context: ExecutionContext) {
    context.layerNorm(x, scale: scale, offset: offset, into: result)
  }

  /// Normalises every row, all workers sharing them, as a new tensor.
  public func callAsFunction(
    _ x: Tensor, as dtype: DType? = nil, _ context: ExecutionContext
  ) -> Tensor {
    let result = context.empty(x.shape, dtype)
    let (source, target) = (Matrix(x), Matrix(result))
    context.workers.split(source.rows) { rows in
      apply(to: source.rows(rows), into: target.rows(rows), context)
    }
    record(x, result, context)
    return result
  }
}
