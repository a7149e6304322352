import NeuralNet
import TensorCore

extension MSAColumnGlobalAttention {
  /// Derivative of `update`; everything is computed again from m, in bands of residues.
  ///
  /// Projections and their derivatives are products over all rows of a band; between them each worker takes whole columns.
  ///
  /// - Parameters:
  ///   - m: before the update. `[N_extra, N_res, c_e]`
  ///   - mask: per residue, over sequences.
  ///   - gradient: of m after the update; overwritten with that of m before it. `[N_extra, N_res, c_e]`
  func backward(
    _ m: Tensor, mask: PositionMask, _ gradient: Tensor, _ context: ExecutionContext
  ) {
    let (sequences, residues) = (m.shape[0], m.shape[1])
    let size = max(8, 2 * ExecutionContext.chunkRows / sequences)
    context.chunks(context.axialShare(of: residues), of: size) { band in
      let x = gathered(m, band, context)
      let dy = gathered(gradient, band, context)
      let normed = norm(x, as: .float32, context)
      let state = State(self, normed, dy, columns: band.count, sequences: sequences, context)
      average(normed, band, mask, into: state, context)
      attendBackward(band, mask, state, context)
      let dNormed = context.empty(normed.shape, .float32)
      backwardProjections(normed, dy, state, into: dNormed, context)
      backwardAverage(band, mask, state, into: dNormed, context)
      norm.backward(
        input: Matrix(x), outputGradient: Matrix(dNormed), into: Matrix(dy), context)
      for (index, residue) in band.enumerated() {
        context.copyShared(
          Matrix(dy[index * sequences..<(index + 1) * sequences]),
          into: column(residue, of: gradient))
      }
    }
  }

  private func column(_ residue: Int, of m: Tensor) -> Matrix {
    Matrix(
      m, offset: residue * m.channels, rows: m.shape[0], columns: m.channels,
      rowStride: m.shape[1] * m.channels)
  }

  /// Columns of m one after the other, fp32. `[residues · N_extra, c_e]`
  private func gathered(_ m: Tensor, _ band: Range<Int>, _ context: ExecutionContext) -> Tensor {
    let sequences = m.shape[0]
    let result = context.empty([band.count * sequences, m.channels], .float32)
    for (index, residue) in band.enumerated() {
      context.copyShared(
        column(residue, of: m), into: Matrix(result[index * sequences..<(index + 1) * sequences]))
    }
    return result
  }

  /// What the derivative of one band computes; rows are `residues · N_extra`, all fp32.
  ///
  /// Four members first hold values and later the gradients of the same.
  private struct State {
    /// `[rows, channels]`, later their gradients.
    let keys, values: Tensor
    /// `[rows, heads · channels]`, later the gradient before the sigmoid.
    let gate: Tensor
    /// The gradient of what output_w multiplies, later the value. `[rows, heads · channels]`
    let gated: Tensor
    /// Mean of the normed rows, divided by the root of the head's channels. `[residues, c]`
    let mean: Tensor
    /// `[residues, heads · channels]`, later its gradient.
    let query: Tensor

    init(
      _ layer: MSAColumnGlobalAttention, _ normed: Tensor, _ dy: Tensor, columns: Int,
      sequences: Int, _ context: ExecutionContext
    ) {
      let (rows, width) = (columns * sequences, layer.gateBias.count)
      keys = context.empty([rows, layer.key.channels], .float32)
      values = context.empty([rows, layer.value.channels], .float32)
      gate = context.empty([rows, width], .float32)
      gated = context.empty([rows, width], .float32)
      mean = context.zeros([columns, normed.channels], .float32)
      query = context.empty([columns, width], .float32)
      let x = Matrix(normed)
      context.multiplyShared(x, context.pack(Matrix(layer.key)), into: Matrix(keys))
      context.multiplyShared(x, context.pack(Matrix(layer.value)), into: Matrix(values))
      var gating = Epilogue.bias(layer.gateBias.reshaped([width]))
      gating.activation = .sigmoid
      context.multiplyShared(x, context.pack(layer.gateWeight), into: Matrix(gate), gating)
      context.multiplyShared(
        Matrix(dy), context.pack(layer.outputWeight.transposed), into: Matrix(gated))
    }
  }

  private var gateWeight: Matrix { Matrix(gate.reshaped([gate.shape[0], gateBias.count])) }
  private var queryWeight: Matrix { Matrix(query.reshaped([query.shape[0], gateBias.count])) }
  private var outputWeight: Matrix { Matrix(output.reshaped([gateBias.count, outputBias.count])) }

  /// Masked means over sequences, and the queries computed from them.
  private func average(
    _ normed: Tensor, _ band: Range<Int>, _ mask: PositionMask, into state: State,
    _ context: ExecutionContext
  ) {
    let sequences = normed.shape[0] / band.count
    context.tiles(band.count, tile: 1, scratch: {}) { column, _ in
      let index = column.lowerBound
      let weights = meanWeights(mask[band.lowerBound + index], sequences, context)
      for s in 0..<sequences where weights.floats[s] != 0 {
        normed.add(
          row: index * sequences + s, times: weights.floats[s], to: state.mean[index].floats)
      }
    }
    context.multiplyShared(Matrix(state.mean), context.pack(queryWeight), into: Matrix(state.query))
  }

  /// The factors of the masked mean of one column, the queries' scale included. `[N_extra]`
  private func meanWeights(
    _ mask: Tensor, _ sequences: Int, _ context: ExecutionContext
  ) -> Tensor {
    let result = context.empty([sequences], .float32)
    var total: Float = 1e-10
    for s in 0..<sequences { total += mask.floats[s] }
    let factor = 1 / (total * Float(headChannels).squareRoot())
    for s in 0..<sequences { result.floats[s] = mask.floats[s] * factor }
    return result
  }

  /// Attention and gate of every column, forwards and backwards.
  private func attendBackward(
    _ band: Range<Int>, _ mask: PositionMask, _ state: State, _ context: ExecutionContext
  ) {
    let sequences = state.keys.shape[0] / band.count
    context.tiles(
      band.count, tile: 1,
      scratch: { ColumnScratch(sequences, state.keys.channels, context) }
    ) { column, scratch in
      let rows = column.lowerBound * sequences..<(column.lowerBound + 1) * sequences
      let visible = mask[band.lowerBound + column.lowerBound]
      let hasVisible = (0..<sequences).contains { visible.floats[$0] != 0 }
      scratch.clear()
      for head in 0..<self.query.shape[1] {
        attendBackward(
          head, rows, visible, hasVisible: hasVisible, state, column.lowerBound, scratch)
      }
      state.keys[rows].assign(scratch.dKeys)
      state.values[rows].assign(scratch.dValues)
    }
  }

  private struct ColumnScratch {
    let weights, dWeights: Tensor  // [N_extra]
    let dKeys, dValues: Tensor  // [N_extra, channels], sums over heads
    let attended, dAttended: Tensor  // [channels]

    init(_ sequences: Int, _ channels: Int, _ context: ExecutionContext) {
      weights = context.empty([sequences], .float32)
      dWeights = context.empty([sequences], .float32)
      dKeys = context.empty([sequences, channels], .float32)
      dValues = context.empty([sequences, channels], .float32)
      attended = context.empty([channels], .float32)
      dAttended = context.empty([channels], .float32)
    }

    func clear() {
      for index in 0..<dKeys.count { (dKeys.floats[index], dValues.floats[index]) = (0, 0) }
    }
  }

  /// One head of one column.
  ///
  /// Replaces gate, gated and query by what the projections need, adds to the gradients of keys and values.
  private func attendBackward(
    _ head: Int, _ rows: Range<Int>, _ visible: Tensor, hasVisible: Bool, _ state: State,
    _ column: Int, _ scratch: ColumnScratch
  ) {
    let (sequences, channels, width) = (rows.count, headChannels, state.gate.channels)
    let keys = state.keys.floats + rows.lowerBound * channels
    let values = state.values.floats + rows.lowerBound * channels
    let query = state.query.floats + column * width + head * channels
    let (p, dp) = (scratch.weights, scratch.dWeights.floats)
    for s in 0..<sequences {
      var sum: Float = 0
      for d in 0..<channels { sum += query[d] * keys[s * channels + d] }
      p.floats[s] = sum + 1e9 * (visible.floats[s] - 1)
    }
    softmaxInPlace(p)
    weightedMean(p, values, into: scratch.attended.floats)
    backwardGate(head, rows, state, scratch)
    let dAttended = scratch.dAttended.floats
    var mean: Float = 0
    for s in 0..<sequences {
      dp[s] = 0
      for d in 0..<channels {
        dp[s] += dAttended[d] * values[s * channels + d]
        scratch.dValues.floats[s * channels + d] += p.floats[s] * dAttended[d]
      }
      mean += p.floats[s] * dp[s]
    }
    // The logits of a fully masked column are constant.
    for s in 0..<sequences { dp[s] = hasVisible ? p.floats[s] * (dp[s] - mean) : 0 }
    for s in 0..<sequences {
      for d in 0..<channels { scratch.dKeys.floats[s * channels + d] += dp[s] * query[d] }
    }
    weightedMean(scratch.dWeights, keys, into: query)
  }

  /// `result[d] = Σ_s weights[s] x[s, d]`.
  private func weightedMean(
    _ weights: Tensor, _ x: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>
  ) {
    for d in 0..<headChannels { result[d] = 0 }
    for s in 0..<weights.count {
      let weight = weights.floats[s]
      for d in 0..<headChannels { result[d] += weight * x[s * headChannels + d] }
    }
  }

  /// `gated = gate ⊙ attended` of one head: values, and gradients of both factors.
  private func backwardGate(
    _ head: Int, _ rows: Range<Int>, _ state: State, _ scratch: ColumnScratch
  ) {
    let (channels, width) = (headChannels, state.gate.channels)
    let (attended, dAttended) = (scratch.attended.floats, scratch.dAttended.floats)
    for d in 0..<channels { dAttended[d] = 0 }
    for row in rows {
      let gate = state.gate.floats + row * width + head * channels
      let gated = state.gated.floats + row * width + head * channels
      for d in 0..<channels {
        let (g, dGated) = (gate[d], gated[d])
        dAttended[d] += g * dGated
        gated[d] = g * attended[d]
        gate[d] = dGated * attended[d] * g * (1 - g)
      }
    }
  }

  /// Gradients of all weights except the query's, and of the normed rows through them.
  private func backwardProjections(
    _ normed: Tensor, _ dy: Tensor, _ state: State, into dNormed: Tensor,
    _ context: ExecutionContext
  ) {
    let x = Matrix(normed)
    let width = gateBias.count
    context.addProduct(
      transposed: Matrix(state.gated), Matrix(dy),
      into: Matrix(context.gradient(of: output).reshaped([width, outputBias.count])))
    context.addColumnSums(of: Matrix(dy), into: context.gradient(of: outputBias))
    context.addColumnSums(
      of: Matrix(state.gate), into: context.gradient(of: gateBias).reshaped([width]))
    var epilogue = Epilogue()
    for (weight, parameter, gradient) in [
      (gateWeight, gate, state.gate), (Matrix(key), key, state.keys),
      (Matrix(value), value, state.values),
    ] {
      let dw = context.gradient(of: parameter).reshaped([weight.rows, weight.columns])
      context.addProduct(transposed: x, Matrix(gradient), into: Matrix(dw))
      context.multiplyShared(
        Matrix(gradient), context.pack(weight.transposed), into: Matrix(dNormed), epilogue)
      epilogue.accumulates = true
    }
  }

  /// Gradients of the query's weights, and of the normed rows through their mean.
  private func backwardAverage(
    _ band: Range<Int>, _ mask: PositionMask, _ state: State, into dNormed: Tensor,
    _ context: ExecutionContext
  ) {
    let dw = context.gradient(of: query).reshaped([query.shape[0], gateBias.count])
    context.addProduct(transposed: Matrix(state.mean), Matrix(state.query), into: Matrix(dw))
    let dMean = context.empty(state.mean.shape, .float32)
    context.multiplyShared(
      Matrix(state.query), context.pack(queryWeight.transposed), into: Matrix(dMean))
    let (sequences, channels) = (dNormed.shape[0] / band.count, dNormed.channels)
    context.tiles(band.count, tile: 1, scratch: {}) { column, _ in
      let index = column.lowerBound
      let weights = meanWeights(mask[band.lowerBound + index], sequences, context)
      for s in 0..<sequences where weights.floats[s] != 0 {
        dMean.add(
          row: index, times: weights.floats[s],
          to: dNormed.floats + (index * sequences + s) * channels)
      }
    }
  }
}
