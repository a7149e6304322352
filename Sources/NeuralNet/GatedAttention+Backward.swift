import TensorCore

/// Derivative of `GatedAttention.update`, in chunks of batch elements.
///
/// All of the chunk's activations are computed again. Sums that cross batch elements run in their order: within a chunk
/// workers share heads where a bias gathers from all elements, and the elements of the result in weight gradients.
struct GatedAttentionBackward {
  let layer: GatedAttention
  let norm: LayerNorm
  let axes: AttentionAxes
  let bias: Tensor?
  let mask: PositionMask
  let intervals: AttentionIntervals?
  let dropoutFactors: Tensor?

  /// Rows of a chunk, about; a constant, so that sums have one order.
  private static let chunkRows = 1024

  /// Adds to the gradients of parameters and bias, and turns `gradient`, that of the new `x`, into that of the old one.
  func run(_ x: Tensor, _ gradient: Tensor, _ context: ExecutionContext) {
    let weights = Weights(layer, context)
    let merged = context.zeros([layer.inputs, 4 * layer.width], .float32)
    let mergedBias = context.zeros([4 * layer.width], .float32)
    let step = max(1, Self.chunkRows / max(1, axes.positions))
    context.chunks(context.axialShare(of: axes.batch), of: step) { batches in
      let chunk = Chunk(layer, rows: batches.count * axes.positions, context)
      let input = rows(of: x, batches, context)
      let upstream = rows(of: gradient, batches, scaledBy: dropoutFactors, context)
      recompute(input, upstream, weights, chunk, context)
      attend(batches, chunk, context)
      context.addProduct(
        transposed: Matrix(chunk.attended), upstream,
        into: Matrix(context.gradient(of: layer.output).reshaped([layer.width, layer.inputs])))
      context.addColumnSums(of: upstream, into: context.gradient(of: layer.outputBias))
      let projected = Matrix(chunk.projectedGradient)
      context.addProduct(transposed: Matrix(chunk.normed), projected, into: Matrix(merged))
      context.addColumnSums(of: projected, into: mergedBias)
      addInputGradient(input, weights, chunk, batches, into: gradient, context)
    }
    distribute(merged, mergedBias, context)
  }

  /// Weights as the products of this pass need them.
  private struct Weights {
    let projection, projectionTransposed, outputTransposed: PackedMatrix
    let projectionBias: Tensor

    init(_ layer: GatedAttention, _ context: ExecutionContext) {
      let merged = layer.mergedProjection(context)
      projection = context.pack(merged)
      projectionTransposed = context.pack(merged.transposed)
      projectionBias = layer.mergedBias(context)
      let output = Matrix(layer.output.reshaped([layer.width, layer.inputs]))
      outputTransposed = context.pack(output.transposed)
    }
  }

  /// Activations and gradients of the rows of a chunk.
  private struct Chunk {
    let normed: Tensor  // [rows, c]
    let projected, projectedGradient: Tensor  // [rows, 4 · heads · channels]
    let attended, attendedGradient: Tensor  // [rows, heads · channels]
    let normedGradient: Tensor  // [rows, c]

    init(_ layer: GatedAttention, rows: Int, _ context: ExecutionContext) {
      normed = context.empty([rows, layer.inputs])
      projected = context.empty([rows, 4 * layer.width])
      projectedGradient = context.empty([rows, 4 * layer.width])
      attended = context.empty([rows, layer.width])
      attendedGradient = context.empty([rows, layer.width])
      normedGradient = context.empty([rows, layer.inputs], .float32)
    }
  }

  /// The rows of some batch elements one after the other: a view if they are contiguous in memory, else a copy.
  private func rows(
    of x: Tensor, _ batches: Range<Int>, scaledBy factors: Tensor? = nil,
    _ context: ExecutionContext
  ) -> Matrix {
    let count = batches.count * axes.positions
    if axes.isContiguous(in: x) && factors == nil {
      return Matrix(
        x, offset: batches.lowerBound * axes.batchStride, rows: count, columns: x.channels,
        rowStride: x.channels)
    }
    let result = context.empty([batches.count, axes.positions, x.channels], x.dtype)
    context.tiles(batches.count, tile: 1, scratch: {}) { index, _ in
      let target = Matrix(result[index.lowerBound])
      context.copy(axes.slice(x, batches.lowerBound + index.lowerBound), into: target)
      if let factors { context.multiplyElements(Matrix(factors), into: target) }
    }
    return Matrix(result)
  }

  private func recompute(
    _ input: Matrix, _ upstream: Matrix, _ weights: Weights, _ chunk: Chunk,
    _ context: ExecutionContext
  ) {
    context.tiles(input.rows, tile: max(64, context.tileRows), scratch: {}) { rows, _ in
      let normed = Matrix(chunk.normed).rows(rows)
      norm.apply(to: input.rows(rows), into: normed, context)
      context.multiply(
        normed, weights.projection, into: Matrix(chunk.projected).rows(rows),
        .bias(weights.projectionBias))
      context.multiply(
        upstream.rows(rows), weights.outputTransposed,
        into: Matrix(chunk.attendedGradient).rows(rows))
    }
  }

  /// Attention and its derivative.
  ///
  /// Pairs of batch element and head are independent except for the gradient of a bias, which gathers from all elements in their
  /// order: each worker takes some heads of all elements in turn, or, where workers outnumber heads, each element has a gradient of
  /// its own and these are added afterwards, which gives the same bits.
  private func attend(_ batches: Range<Int>, _ chunk: Chunk, _ context: ExecutionContext) {
    let biasGradient = bias.map { context.gradient(of: $0) }
    func attend(_ index: Int, heads: Range<Int>, _ biasGradient: Tensor?) {
      let rows = index * axes.positions..<(index + 1) * axes.positions
      let operands = layer.operands(
        in: Matrix(chunk.projected).rows(rows), bias: bias,
        keyMask: mask[batches.lowerBound + index], intervals)
      let parts = layer.parts(of: Matrix(chunk.projectedGradient).rows(rows))
      var gradients = AttentionGradients(
        query: parts[0], key: parts[1], value: parts[2], gate: parts[3])
      gradients.bias = biasGradient
      context.attendBackward(
        operands, outputGradient: Matrix(chunk.attendedGradient).rows(rows), heads: heads,
        result: Matrix(chunk.attended).rows(rows), into: gradients)
    }
    func attendAll(_ biasGradient: (Int) -> Tensor?) {
      context.workers.split(batches.count * layer.heads) { units in
        for unit in units {
          let (index, head) = unit.quotientAndRemainder(dividingBy: layer.heads)
          attend(index, heads: head..<head + 1, biasGradient(index))
        }
      }
    }
    guard let biasGradient else { return attendAll { _ in nil } }
    if context.workers.count <= layer.heads || batches.count == 1 {
      context.workers.split(layer.heads) { heads in
        for index in 0..<batches.count { attend(index, heads: heads, biasGradient) }
      }
    } else {
      let parts = context.zeros([batches.count] + biasGradient.shape, .float32)
      attendAll { parts[$0] }
      let (sums, values, count) = (biasGradient.floats, parts.floats, biasGradient.count)
      context.workers.split(count) { range in
        for index in 0..<batches.count {
          for place in range { sums[place] += values[index * count + place] }
        }
      }
      withExtendedLifetime((biasGradient, parts)) {}
    }
  }

  private func addInputGradient(
    _ input: Matrix, _ weights: Weights, _ chunk: Chunk, _ batches: Range<Int>,
    into gradient: Tensor, _ context: ExecutionContext
  ) {
    let normed = Matrix(chunk.normedGradient)
    context.tiles(input.rows, tile: max(64, context.tileRows), scratch: {}) { rows, _ in
      context.multiply(
        Matrix(chunk.projectedGradient).rows(rows), weights.projectionTransposed,
        into: normed.rows(rows))
    }
    if axes.isContiguous(in: gradient) {
      let target = rows(of: gradient, batches, context)
      return norm.backward(input: input, outputGradient: normed, into: target, context)
    }
    let change = context.zeros([batches.count, axes.positions, layer.inputs], .float32)
    norm.backward(input: input, outputGradient: normed, into: Matrix(change), context)
    context.tiles(batches.count, tile: 1, scratch: {}) { index, _ in
      let slice = axes.slice(gradient, batches.lowerBound + index.lowerBound)
      context.add(Matrix(change[index.lowerBound]), into: slice)
    }
  }

  /// Adds the gradients of the merged projection to those of its parts.
  private func distribute(_ merged: Tensor, _ mergedBias: Tensor, _ context: ExecutionContext) {
    let targets = [layer.query, layer.key, layer.value, layer.gate]
    for (part, target) in zip(layer.parts(of: Matrix(merged)), targets) {
      let gradient = context.gradient(of: target).reshaped([layer.inputs, layer.width])
      context.add(part, into: Matrix(gradient))
    }
    let gateBias = Matrix(mergedBias).columns(3 * layer.width..<4 * layer.width)
    let gradient = context.gradient(of: layer.gateBias).reshaped([1, layer.width])
    context.add(gateBias, into: Matrix(gradient))
  }
}
