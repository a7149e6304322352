import NeuralNet
import TensorCore

extension TemplatePointwiseAttention {
  /// Pairs whose weight gradients are summed at once; a constant, so that sums have one order.
  private static let chunkPairs = 1024
  private static let tilePairs = 64

  /// Derivative of `update`: pairs are independent, so the gradient of z changes in place, some pairs at a time.
  ///
  /// Projections and softmax are computed again from the saved z; queries, keys and values turn into their gradients in place.
  ///
  /// - Parameters:
  ///   - z: the pair tensor before the update. `[N_res, N_res, c_z]`
  ///   - gradient: that of the pair tensor. `[N_res, N_res, c_z]` fp32
  func backward(
    _ z: Tensor, _ templates: [Tensor], mask: [Float], _ gradient: Tensor,
    _ context: ExecutionContext
  ) {
    let width = query.shape[1] * query.shape[2]
    func projection(_ weight: Tensor, _ inputs: Int, _ outputs: Int) -> Projection {
      Projection(weight.reshaped([inputs, outputs]), context)
    }
    let parts = (
      query: projection(query, z.channels, width), key: projection(key, key.shape[0], width),
      value: projection(value, value.shape[0], width),
      output: projection(output, width, z.channels)
    )
    let chunk = Self.chunkPairs
    let scratch = Scratch(templates: templates.count) { context.empty([chunk, width], .float32) }
    let (pairs, dz) = (Matrix(z), Matrix(gradient))
    let sources = templates.map { (value: Matrix($0), gradient: Matrix(context.gradient(of: $0))) }
    context.chunks(pairs.rows, of: chunk) { range in
      let part = 0..<range.count
      context.tiles(range.count, tile: Self.tilePairs, scratch: {}) { tile, _ in
        let rows = range.lowerBound + tile.lowerBound..<range.lowerBound + tile.upperBound
        parts.query.apply(to: pairs.rows(rows), into: scratch.query[tile], context)
        for (index, source) in sources.enumerated() {
          parts.key.apply(to: source.value.rows(rows), into: scratch.keys[index][tile], context)
          parts.value.apply(to: source.value.rows(rows), into: scratch.values[index][tile], context)
        }
        context.multiply(
          dz.rows(rows), parts.output.transposed, into: Matrix(scratch.gradient[tile]))
        for row in tile { differentiate(scratch, mask, row: row) }
      }
      context.addColumnSums(of: dz.rows(range), into: context.gradient(of: outputBias))
      parts.output.addWeightGradient(Matrix(scratch.attended[part]), dz.rows(range), context)
      parts.query.backward(pairs.rows(range), scratch.query[part], into: dz.rows(range), context)
      for (index, source) in sources.enumerated() {
        let (t, dt) = (source.value.rows(range), source.gradient.rows(range))
        parts.key.backward(t, scratch.keys[index][part], into: dt, context)
        parts.value.backward(t, scratch.values[index][part], into: dt, context)
      }
    }
  }

  private struct Scratch {
    let query, attended, gradient: Tensor  // [chunk, heads · channels]
    let keys, values: [Tensor]

    init(templates: Int, _ make: () -> Tensor) {
      (query, attended, gradient) = (make(), make(), make())
      keys = (0..<templates).map { _ in make() }
      values = (0..<templates).map { _ in make() }
    }
  }

  /// One pair: recomputes what it attended to, then replaces query, keys and values by their gradients.
  ///
  /// With weights a and `da_t = do · v_t`: `dl_t = a_t (da_t − Σ a da)`, `dq = Σ dl_t k_t`, `dk_t = dl_t q`, `dv_t = a_t do`.
  private func differentiate(_ scratch: Scratch, _ mask: [Float], row: Int) {
    let (heads, channels) = (query.shape[1], query.shape[2])
    let count = scratch.keys.count
    let scale = 1 / Float(channels).squareRoot()
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * count + channels) { memory in
      let weights = UnsafeMutableBufferPointer(rebasing: memory[0..<count])
      let weightGradients = UnsafeMutableBufferPointer(rebasing: memory[count..<2 * count])
      let queryGradient = UnsafeMutableBufferPointer(rebasing: memory[(2 * count)...])
      for head in 0..<heads {
        let start = (row * heads + head) * channels
        let (q, o) = (scratch.query.floats + start, scratch.attended.floats + start)
        let d = scratch.gradient.floats + start
        for t in 0..<count {
          let k = scratch.keys[t].floats + start
          weights[t] = dot(q, k, channels) * scale + 1e9 * (mask[t] - 1)
        }
        softmaxInPlace(weights)
        var mean: Float = 0
        for t in 0..<count {
          weightGradients[t] = dot(d, scratch.values[t].floats + start, channels)
          mean += weights[t] * weightGradients[t]
        }
        for c in 0..<channels { (o[c], queryGradient[c]) = (0, 0) }
        for t in 0..<count {
          let (k, v) = (scratch.keys[t].floats + start, scratch.values[t].floats + start)
          let logitGradient = weights[t] * (weightGradients[t] - mean) * scale
          for c in 0..<channels {
            o[c] += weights[t] * v[c]
            queryGradient[c] += logitGradient * k[c]
            k[c] = logitGradient * q[c]
            v[c] = weights[t] * d[c]
          }
        }
        for c in 0..<channels { q[c] = queryGradient[c] }
      }
    }
  }

  private func dot(
    _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, _ n: Int
  ) -> Float {
    var sum: Float = 0
    for c in 0..<n { sum += a[c] * b[c] }
    return sum
  }
}

/// A weight matrix as right operand, and its transpose.
private struct Projection {
  let weight: Tensor  // [in, out]
  let packed, transposed: PackedMatrix

  init(_ weight: Tensor, _ context: ExecutionContext) {
    self.weight = weight
    packed = context.pack(Matrix(weight))
    transposed = context.pack(Matrix(weight).transposed)
  }

  /// `y = x W`, on the calling thread.
  func apply(to x: Matrix, into y: Tensor, _ context: ExecutionContext) {
    context.multiply(x, packed, into: Matrix(y))
  }

  /// `dW += xᵀ dy`, on all workers.
  func addWeightGradient(_ x: Matrix, _ dy: Matrix, _ context: ExecutionContext) {
    context.addProduct(transposed: x, dy, into: Matrix(context.gradient(of: weight)))
  }

  /// `dW += xᵀ dy`, `dx += dy Wᵀ`, on all workers.
  func backward(_ x: Matrix, _ dy: Tensor, into dx: Matrix, _ context: ExecutionContext) {
    let dy = Matrix(dy)
    addWeightGradient(x, dy, context)
    var epilogue = Epilogue()
    epilogue.accumulates = true
    context.multiplyShared(dy, transposed, into: dx, epilogue)
  }
}
