import CKernels
import NumericArrays

/// Added to the variance in every layer norm of the network.
public let layerNormEpsilon: Float = 1e-5

extension ExecutionContext {
  /// Layer norm of rows: `result[i, :] = (x − mean) / √(var + 1e-5) · scale + offset`.
  ///
  /// Statistics are fp32 whatever the storage type. Rows may be strided; the columns of a row must be contiguous.
  public func layerNorm(_ x: Matrix, scale: Tensor, offset: Tensor, into result: Matrix) {
    withExtendedLifetime((x, scale, offset, result)) {
      checkNorm(x, scale, offset, result, rows: x.rows, columns: x.columns)
      hf_layer_norm(
        Int64(x.rows), Int64(x.columns), x.base, x.dtype.kernel, Int64(x.rowStride), scale.floats,
        offset.floats, layerNormEpsilon, result.base, result.dtype.kernel, Int64(result.rowStride))
    }
  }

  /// Layer norm over the rows of a channel-major slice `x [channels, points]`; writes `[points, channels]`.
  public func layerNormChannels(_ x: Matrix, scale: Tensor, offset: Tensor, into result: Matrix) {
    withExtendedLifetime((x, scale, offset, result)) {
      checkNorm(x, scale, offset, result, rows: x.columns, columns: x.rows)
      hf_layer_norm_channels(
        Int64(x.columns), Int64(x.rows), x.base, x.dtype.kernel, Int64(x.rowStride), scale.floats,
        offset.floats, layerNormEpsilon, result.base, result.dtype.kernel, Int64(result.rowStride))
    }
  }

  /// Ends the program unless the operands of a norm that writes `[rows, columns]` fit: the kernel trusts their sizes.
  private func checkNorm(
    _ x: Matrix, _ scale: Tensor, _ offset: Tensor, _ result: Matrix, rows: Int, columns: Int
  ) {
    programmingError(
      unless: x.columnStride == 1 && result.columnStride == 1, "layer norm needs whole rows")
    programmingError(
      unless: scale.count == columns && offset.count == columns && result.rows == rows
        && result.columns == columns,
      "layer norm of \(x.description) with a scale of \(scale.shape), an offset of \(offset.shape) into \(result.description)"
    )
  }

  /// Rows whose partial sums for scale and offset are formed side by side; a constant, so that sums have one order.
  private static let normGradientRows = 256

  /// Derivative of layer norm: `dx`, `scaleGradient` and `offsetGradient` are increased.
  ///
  /// - Shapes: x, dy, dx `[rows, channels]`, dx fp32; scale and both gradients `[channels]` fp32
  public func addLayerNormGradient(
    _ x: Matrix, _ dy: Matrix, scale: Tensor, into dx: Matrix, scaleGradient: Tensor,
    offsetGradient: Tensor
  ) {
    if dx.dtype != .float32 { programmingError("gradients of norms accumulate in float32") }
    if x.columnStride != 1 || dy.columnStride != 1 || dx.columnStride != 1 {
      programmingError("layer norm needs whole rows")
    }
    programmingError(
      unless: [dy, dx].allSatisfy { $0.rows == x.rows && $0.columns == x.columns }
        && [scale, scaleGradient, offsetGradient].allSatisfy { $0.count == x.columns },
      "the gradient of a norm of \(x.description) with \(dy.description) into \(dx.description)")
    addPartialSums(
      rows: x.rows, step: Self.normGradientRows, into: [scaleGradient, offsetGradient]
    ) { range, sums in
      let (x, dy, dx) = (x.rows(range), dy.rows(range), dx.rows(range))
      withExtendedLifetime((x, dy, dx)) {
        hf_layer_norm_backward(
          Int64(x.rows), Int64(x.columns), x.base, x.dtype.kernel, Int64(x.rowStride), dy.base,
          dy.dtype.kernel, Int64(dy.rowStride), scale.floats, layerNormEpsilon,
          dx.base.assumingMemoryBound(to: Float.self), Int64(dx.rowStride), sums[0].floats,
          sums[1].floats)
      }
    }
  }

  /// Adds sums over rows to tensors: each chunk of `step` rows has sums of its own, which are added in the order of the chunks.
  func addPartialSums(
    rows: Int, step: Int, into results: [Tensor],
    _ addChunk: (_ rows: Range<Int>, _ sums: [Tensor]) -> Void
  ) {
    let chunks = (rows + step - 1) / step
    if chunks == 1 { return addChunk(0..<rows, results) }
    let partial = results.map { zeros([chunks, $0.count], .float32) }
    workers.split(chunks) { range in
      for chunk in range {
        addChunk(chunk * step..<min((chunk + 1) * step, rows), partial.map { $0[chunk] })
      }
    }
    for (result, partial) in zip(results, partial) {
      hf_add_column_sums(
        Int64(chunks), Int64(result.count), partial.base, HF_F32, Int64(result.count), result.floats
      )
    }
  }
}
