import NeuralNet
import NumericArrays
import TensorCore

extension TriangleMultiplication {
  /// Derivative of `update`; projections, gates and norms are computed again from z, pairs in chunks.
  ///
  /// The buffers of `a`, `b` and their product hold the gradients of the three as soon as the values are used up.
  ///
  /// - Parameters:
  ///   - z: before the update. `[N_res, N_res, c_z]`
  ///   - dropoutFactors: those of the update. `[N_res, c_z]`
  ///   - gradient: of z after the update; overwritten with that of z before it. `[N_res, N_res, c_z]`
  func backward(
    _ z: Tensor, mask: PositionMask, dropoutFactors: Tensor?, _ gradient: Tensor,
    _ context: ExecutionContext
  ) {
    let residues = z.shape[0]
    let (a, b) = projections(z, mask: mask, context)
    let o = context.empty(a.shape)
    multiplyEdges(a, b, into: o, residues: residues, context)
    backwardOutput(o, z, dropoutFactors: dropoutFactors, gradient, context)
    backwardEdges(a, b, productGradient: o, residues: residues, context)
    backwardProjections(a, b, z, mask: mask, gradient, context)
  }

  /// From the gradient of z to that of the product, which replaces the product, and through the output gate back to z.
  private func backwardOutput(
    _ product: Tensor, _ z: Tensor, dropoutFactors: Tensor?, _ gradient: Tensor,
    _ context: ExecutionContext
  ) {
    let channelMajor = Matrix(product)
    eachChunk(z, gradient, context) { pairs, z, gradient in
      let o = context.empty([pairs.count, product.shape[0]], .float32)
      context.copyShared(channelMajor.columns(pairs).transposed, into: Matrix(o))
      let center = normCenter(o, context)
      let x = normInput(z, context)
      let (du, dp) = GatedProduct(
        gate: outputGate(x, activation: .sigmoid, as: .float32, context),
        value: outputProjection(center, as: .float32, context)
      ).backward(gradient, scaledBy: dropoutFactors, from: pairs.lowerBound, context)
      let dCenter = context.empty(o.shape, .float32)
      outputProjection.backward(
        input: Matrix(center), outputGradient: Matrix(dp), into: Matrix(dCenter), context)
      let dO = context.zeros(o.shape, .float32)
      normCenter.backward(
        input: Matrix(o), outputGradient: Matrix(dCenter), into: Matrix(dO), context)
      context.copyShared(Matrix(dO), into: channelMajor.columns(pairs).transposed)
      let dx = context.empty(x.shape, .float32)
      outputGate.backward(
        input: Matrix(x), outputGradient: Matrix(du), into: Matrix(dx), context)
      normInput.backward(
        input: Matrix(z), outputGradient: Matrix(dx), into: Matrix(gradient), context)
    }
  }

  /// Replaces `a` and `b` by their gradients, channel by channel.
  private func backwardEdges(
    _ a: Tensor, _ b: Tensor, productGradient: Tensor, residues: Int, _ context: ExecutionContext
  ) {
    let square = [residues, residues]
    let rows = context.axialShare(of: residues)
    let isShared = rows.count < residues
    context.tiles(a.shape[0], tile: 1, scratch: { context.empty(square) }) { channel, da in
      let (aTensor, bTensor) = (a[channel.lowerBound], b[channel.lowerBound])
      let (a, b) = (Matrix(aTensor.reshaped(square)), Matrix(bTensor.reshaped(square)))
      let g = Matrix(productGradient[channel.lowerBound].reshaped(square)).rows(rows)
      switch edges {
      case .outgoing:  // o_ij = Σ_k a_ik b_jk
        context.multiply(g, context.pack(b), into: Matrix(da).rows(rows))
        context.multiply(g.transposed, context.pack(a.rows(rows)), into: b)
      case .incoming:  // o_ij = Σ_k b_ki a_kj
        context.multiply(b.columns(rows), context.pack(g), into: Matrix(da))
        let packed = context.pack(g.transposed)
        if isShared { bTensor.clear() }
        context.multiply(a, packed, into: b.columns(rows))
      }
      aTensor.assign(da)
    }
    // Sums over rows that other processes hold; for outgoing edges the rows of `a` are complete.
    if edges == .incoming { context.allReduce(a) }
    context.allReduce(b)
  }

  /// From the gradients of `a` and `b` through projections and gates to z.
  private func backwardProjections(
    _ da: Tensor, _ db: Tensor, _ z: Tensor, mask: PositionMask, _ gradient: Tensor,
    _ context: ExecutionContext
  ) {
    let residues = z.shape[0]
    eachChunk(z, gradient, context) { pairs, z, gradient in
      let x = normInput(z, context)
      let dx = context.zeros(x.shape, .float32)
      let d = context.empty([pairs.count, da.shape[0]], .float32)
      for (channelMajor, projection, gate) in [
        (da, leftProjection, leftGate), (db, rightProjection, rightGate),
      ] {
        context.copyShared(Matrix(channelMajor).columns(pairs).transposed, into: Matrix(d))
        if !mask.isFull { apply(mask, residues: residues, to: d, pairs, context) }
        let (du, dp) = GatedProduct(
          gate: gate(x, activation: .sigmoid, as: .float32, context),
          value: projection(x, as: .float32, context)
        ).backward(d, context)
        for (layer, dy) in [(projection, dp), (gate, du)] {
          layer.backward(
            input: Matrix(x), outputGradient: Matrix(dy), into: Matrix(dx), accumulates: true,
            context)
        }
      }
      normInput.backward(
        input: Matrix(z), outputGradient: Matrix(dx), into: Matrix(gradient), context)
    }
  }

  /// Calls `body` with a range of pairs and these rows of z and of its gradient, `[pairs, c_z]`.
  private func eachChunk(
    _ z: Tensor, _ gradient: Tensor, _ context: ExecutionContext,
    _ body: (Range<Int>, Tensor, Tensor) -> Void
  ) {
    let shape = [z.shape[0] * z.shape[1], z.channels]
    let share = Self.pairs(z, context)
    let (z, gradient) = (z.reshaped(shape), gradient.reshaped(shape))
    context.chunks(share) { pairs in body(pairs, z[pairs], gradient[pairs]) }
  }

  private func apply(
    _ mask: PositionMask, residues: Int, to d: Tensor, _ pairs: Range<Int>,
    _ context: ExecutionContext
  ) {
    let channels = d.channels
    context.workers.split(pairs.count) { rows in
      for row in rows {
        let (i, j) = (pairs.lowerBound + row).quotientAndRemainder(dividingBy: residues)
        let factor = mask.value(i, j)
        let values = d.floats + row * channels
        for c in 0..<channels { values[c] *= factor }
      }
    }
  }
}

/// Backward pass of `y = sigmoid(u) ⊙ v` for some rows.
private struct GatedProduct {
  /// sigmoid(u). `[rows, c]`
  let gate: Tensor
  /// v. `[rows, c]`
  let value: Tensor

  /// Replaces gate and value by the gradients of u and v.
  ///
  /// - Parameters:
  ///   - dy: gradient of y. `[rows, c]`
  ///   - factors: factors by which rows of y are multiplied afterwards, cyclically; nil for none. `[n, c]`
  ///   - first: index of the first row among all rows over which the factors cycle.
  func backward(
    _ dy: Tensor, scaledBy factors: Tensor? = nil, from first: Int = 0, _ context: ExecutionContext
  ) -> (du: Tensor, dv: Tensor) {
    let channels = gate.channels
    let factors =
      factors ?? Tensor(NDArray(repeating: 1, shape: [1, channels]), pool: context.pool)
    context.workers.split(gate.shape[0]) { rows in
      for row in rows {
        let (g, v) = (gate.floats + row * channels, value.floats + row * channels)
        let dy = dy.floats + row * channels
        let factor = factors.floats + (first + row) % factors.shape[0] * channels
        for c in 0..<channels {
          let dv = dy[c] * factor[c] * g[c]
          g[c] = dv * v[c] * (1 - g[c])
          v[c] = dv
        }
      }
    }
    return (gate, value)
  }
}
