extension ExecutionContext {
  /// Rows whose partial sums for scale and offset are formed side by side; a constant, so that sums have one order.
  private static let normGradientRows = 256

  /// Derivative of layer norm: `dx`, `scaleGradient` and `offsetGradient` are increased.
  ///
  /// - Shapes: x, dy, dx `[rows, channels]`; scale and both gradients `[channels]` fp32
  public func addLayerNormGradient(
    _ x: Matrix, _ dy: Matrix, scale: Tensor, into dx: Matrix, scaleGradient: Tensor,
    offsetGradient: Tensor
  ) {
    let channels = x.columns
    let chunks = (x.rows + Self.normGradientRows - 1) / Self.normGradientRows
    let partial = zeros([chunks, 2, channels], .float32)
    tiles(chunks, tile: 1, scratch: { empty([2, channels], .float32) }) { chunk, scratch in
      let start = chunk.lowerBound * Self.normGradientRows
      let sums = partial[chunk.lowerBound].floats
      for row in start..<min(start + Self.normGradientRows, x.rows) {
        let (normed, gradient) = (scratch.floats, scratch.floats + channels)
        let width = Float(channels)
        var (mean, variance): (Float, Float) = (0, 0)
        for c in 0..<channels { mean += x.float(row, c) }
        mean /= width
        for c in 0..<channels {
          normed[c] = x.float(row, c) - mean
          variance += normed[c] * normed[c]
        }
        let inverse = 1 / (variance / width + layerNormEpsilon).squareRoot()
        var (sum, projection): (Float, Float) = (0, 0)
        for c in 0..<channels {
          normed[c] *= inverse
          let upstream = dy.float(row, c)
          sums[c] += upstream * normed[c]
          sums[channels + c] += upstream
          gradient[c] = upstream * scale.floats[c]
          sum += gradient[c]
          projection += gradient[c] * normed[c]
        }
        for c in 0..<channels {
          let change = (gradient[c] - sum / width - normed[c] * projection / width) * inverse
          dx.addFloat(change, row, c)
        }
      }
    }
    for chunk in 0..<chunks {
      let sums = partial[chunk].floats
      for c in 0..<channels {
        scaleGradient.floats[c] += sums[c]
        offsetGradient.floats[c] += sums[channels + c]
      }
    }
  }
}

extension Matrix {
  fileprivate func float(_ row: Int, _ column: Int) -> Float {
    let index = row * rowStride + column * columnStride
    switch dtype {
    case .float32: return base.assumingMemoryBound(to: Float.self)[index]
    case .bfloat16:
      let bits = base.assumingMemoryBound(to: UInt16.self)[index]
      return Float(bitPattern: UInt32(bits) << 16)
    }
  }

  fileprivate func addFloat(_ value: Float, _ row: Int, _ column: Int) {
    if dtype != .float32 { shapeError("gradients of norms accumulate in float32") }
    base.assumingMemoryBound(to: Float.self)[row * rowStride + column * columnStride] += value
  }
}
