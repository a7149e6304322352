import TensorCore

/// Layer norm over the last axis with scale and offset; statistics in fp32.
public struct LayerNorm: Sendable {
  /// Learned factor of each channel (γ). `[channels]`
  public let scale: Tensor
  /// Learned offset of each channel (β). `[channels]`
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
