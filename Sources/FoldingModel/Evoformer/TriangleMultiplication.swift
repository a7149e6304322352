import NeuralNet
import TensorCore

/// Triangle multiplication: updates each edge from the two other edges of all triangles it is part of.
///
/// Algorithm 11 (Jumper et al. 2021, Suppl. 1.6.5), outgoing edges `Σ_k a_ik b_jk`, and
/// Algorithm 12 (Jumper et al. 2021, Suppl. 1.6.5), incoming edges `Σ_k a_kj b_ki` with the released names left = a, right = b.
///
/// Projections are written channel-major, so that the sum over `k` is one matrix product per channel and
/// no tensor is ever transposed. The product replaces `a`: two pair-sized buffers in all.
///
/// - Shapes: z `[N_res, N_res, c_z]` → z; `a`, `b` `[c, N_res, N_res]`
struct TriangleMultiplication: Sendable {
  /// Which edges of a triangle are combined.
  enum Edges: String {
    case outgoing = "triangle_multiplication_outgoing"
    case incoming = "triangle_multiplication_incoming"
  }

  let edges: Edges
  let normInput: LayerNorm
  let leftProjection, rightProjection, leftGate, rightGate: Linear
  let normCenter: LayerNorm
  let outputProjection, outputGate: Linear
  let dropoutRate: Float

  init(
    _ scope: ParameterScope, _ edges: Edges, pair: Int, channels: Int, dropoutRate: Float
  ) throws {
    let scope = scope.scope(edges.rawValue)
    self.edges = edges
    self.normInput = try LayerNorm(scope.scope("layer_norm_input"), pair)
    self.leftProjection = try Linear(scope.scope("left_projection"), pair, channels)
    self.rightProjection = try Linear(scope.scope("right_projection"), pair, channels)
    self.leftGate = try Linear(scope.scope("left_gate"), pair, channels)
    self.rightGate = try Linear(scope.scope("right_gate"), pair, channels)
    self.normCenter = try LayerNorm(scope.scope("center_layer_norm"), channels)
    self.outputProjection = try Linear(scope.scope("output_projection"), channels, pair)
    self.outputGate = try Linear(scope.scope("gating_linear"), pair, pair)
    self.dropoutRate = dropoutRate
  }

  /// `z += multiplication(z)`, in place; dropout masks `[N_res, c_z]` are shared over the first axis.
  func update(_ z: Tensor, mask: PositionMask, _ context: ExecutionContext) {
    let residues = z.shape[0]
    let dropoutFactors = context.dropoutFactors(
      edges.rawValue, rate: dropoutRate, [residues, z.channels])
    if context.tape == nil, context.axial == nil,
      case .streamed(let lines, let format) = context.pairOperands
    {
      return StreamedTriangle(
        self, z, mask, dropoutFactors: dropoutFactors, lines: lines, format, context
      ).update()
    }
    context.recordAxial { context in context.allGather(context.gradient(of: z), count: residues) }
    context.record(updating: z) { input, gradient, context in
      backward(input, mask: mask, dropoutFactors: dropoutFactors, gradient, context)
    }
    let (a, b) = projections(z, mask: mask, context)  // lines 1–2
    multiplyEdges(a, b, into: a, residues: residues, context)  // line 4, sum
    addOutput(of: a, into: z, dropoutFactors: dropoutFactors, context)  // lines 3–4
    context.allGather(z, count: residues)
  }

  /// `a` and `b`, channel-major; for outgoing edges only this process's rows of `a`, which are all it needs.
  func projections(
    _ z: Tensor, mask: PositionMask, _ context: ExecutionContext
  ) -> (Tensor, Tensor) {
    let shape = [normCenter.scale.count, z.shape[0] * z.shape[0]]
    let (a, b) = (context.empty(shape), context.empty(shape))
    project(z, mask: mask, into: [a, b], context)
    if edges == .incoming { context.allGather(a, outer: shape[0], count: z.shape[0]) }
    context.allGather(b, outer: shape[0], count: z.shape[0])
    return (a, b)
  }

  /// Pairs of one tile of a pass over the pair tensor.
  static let tilePairs = 128

  /// Weights of one operand, as left operands `[out, in]`, and their biases.
  struct OperandWeights {
    let projection, gate: Matrix
    let projectionBias, gateBias: Tensor?
  }

  /// Which of the two operands, in the order in which they are made.
  enum Operand { case left, right }

  func weights(of operand: Operand, _ context: ExecutionContext) -> OperandWeights {
    let (projection, gate) =
      operand == .left ? (leftProjection, leftGate) : (rightProjection, rightGate)
    func matrix(_ linear: Linear) -> Matrix {
      Matrix(context.contiguous(Matrix(linear.weight).transposed, as: context.operandType))
    }
    return OperandWeights(
      projection: matrix(projection), gate: matrix(gate), projectionBias: projection.bias,
      gateBias: gate.bias)
  }

  /// An operand at a few pairs, given their packed norms `[c_z, pairs]`; the result is channel-major.
  func projectTile(
    _ weights: OperandWeights, _ normed: PackedMatrix, mask: Tensor?, into result: Matrix,
    _ context: ExecutionContext
  ) {
    var gate = Epilogue()
    gate.rowBias = weights.gateBias
    gate.activation = .sigmoid
    context.multiply(weights.gate, normed, into: result, gate)
    var projection = Epilogue()
    projection.rowBias = weights.projectionBias
    projection.columnScale = mask
    projection.multiplier = result
    context.multiply(weights.projection, normed, into: result, projection)
  }

  private func project(
    _ z: Tensor, mask: PositionMask, into targets: [Tensor], _ context: ExecutionContext
  ) {
    let pairs = Matrix(z)
    let channels = normCenter.scale.count
    let tile = Self.tilePairs
    let parts = [weights(of: .left, context), weights(of: .right, context)]
    context.tiles(
      Self.pairs(z, context), tile: tile,
      scratch: {
        (normed: context.empty([tile, pairs.columns]), mask: context.empty([tile], .float32))
      }
    ) { range, scratch in
      let normed = Matrix(scratch.normed[0..<range.count])
      normInput.apply(to: pairs.rows(range), into: normed, context)
      let packed = context.pack(normed.transposed)
      let pairMask = mask.isFull ? nil : gather(mask, range, side: z.shape[1], into: scratch.mask)
      for (part, target) in zip(parts, targets) {
        let result = Matrix(
          target, offset: range.lowerBound, rows: channels, columns: range.count,
          rowStride: pairs.rows)
        projectTile(part, packed, mask: pairMask, into: result, context)
      }
    }
  }

  /// Pairs of the rows that this process computes.
  static func pairs(_ z: Tensor, _ context: ExecutionContext) -> Range<Int> {
    let (rows, width) = (context.axialShare(of: z.shape[0]), z.shape[1])
    return rows.lowerBound * width..<rows.upperBound * width
  }

  private func gather(
    _ mask: PositionMask, _ pairs: Range<Int>, side: Int, into result: Tensor
  ) -> Tensor {
    for (index, pair) in pairs.enumerated() {
      result.floats[index] = mask.value(pair / side, pair % side)
    }
    return result
  }

  /// The sum over `k`, channel by channel, for the rows of this process; `product` may be `a`.
  func multiplyEdges(
    _ a: Tensor, _ b: Tensor, into product: Tensor, residues: Int, _ context: ExecutionContext
  ) {
    let rows = context.axialShare(of: residues)
    context.tiles(a.shape[0], tile: 1, scratch: {}) { channel, _ in
      let left = Matrix(a[channel.lowerBound].reshaped([residues, residues]))
      let right = Matrix(b[channel.lowerBound].reshaped([residues, residues]))
      let result = Matrix(product[channel.lowerBound].reshaped([residues, residues]))
      switch edges {
      case .outgoing:  // o_ij = Σ_k a_ik b_jk
        let copy = context.contiguous(left.rows(rows), as: context.operandType)
        context.multiply(Matrix(copy), context.pack(right.transposed), into: result.rows(rows))
      case .incoming:  // o_ij = Σ_k b_ki a_kj
        let packed = context.pack(left)
        context.multiply(right.columns(rows).transposed, packed, into: result.rows(rows))
      }
    }
  }

  /// Packed weights of the last lines.
  struct OutputWeights {
    let gateWeight, outputWeight: PackedMatrix

    init(_ layer: TriangleMultiplication, _ context: ExecutionContext) {
      gateWeight = layer.outputGate.packed(context)
      outputWeight = layer.outputProjection.packed(context)
    }
  }

  /// Scratch of one worker for the last lines of a tile of pairs.
  struct OutputScratch {
    let normed, center, gate: Tensor
  }

  func outputScratch(_ pairs: Int, _ context: ExecutionContext) -> OutputScratch {
    OutputScratch(
      normed: context.empty([pairs, outputGate.inputs]),
      center: context.empty([pairs, normCenter.scale.count]),
      gate: context.empty([pairs, outputGate.outputs]))
  }

  /// Gate, norm and projection of the products `[c, pairs]` of a few pairs, added to these.
  func addOutput(
    of product: Matrix, into pairs: Matrix, dropoutFactors: Matrix?, _ weights: OutputWeights,
    _ scratch: OutputScratch, _ context: ExecutionContext
  ) {
    let count = 0..<pairs.rows
    let (normed, center, gate) = (
      Matrix(scratch.normed[count]), Matrix(scratch.center[count]), Matrix(scratch.gate[count])
    )
    normInput.apply(to: pairs, into: normed, context)
    var gating = Epilogue.bias(outputGate.bias)
    gating.activation = .sigmoid
    gating.multiplier = dropoutFactors
    context.multiply(normed, weights.gateWeight, into: gate, gating)
    context.layerNormChannels(
      product, scale: normCenter.scale, offset: normCenter.offset, into: center)
    var residual = Epilogue.bias(outputProjection.bias)
    residual.multiplier = gate
    residual.accumulates = true
    context.multiply(center, weights.outputWeight, into: pairs, residual)
  }

  private func addOutput(
    of product: Tensor, into z: Tensor, dropoutFactors: Tensor?, _ context: ExecutionContext
  ) {
    let pairs = Matrix(z)
    let product = Matrix(product)
    let tile = Self.tilePairs
    let weights = OutputWeights(self, context)
    context.tiles(
      Self.pairs(z, context), tile: tile,
      scratch: {
        (
          outputScratch(tile, context),
          dropoutFactors: dropoutFactors.map { _ in context.empty([tile, pairs.columns], .float32) }
        )
      }
    ) { range, scratch in
      var rows: Matrix?
      if let dropoutFactors, let factors = scratch.dropoutFactors {
        let (source, target, channels) = (dropoutFactors.floats, factors.floats, pairs.columns)
        for (row, pair) in range.enumerated() {
          (target + row * channels).update(
            from: source + pair % z.shape[1] * channels, count: channels)
        }
        rows = Matrix(factors[0..<range.count])
      }
      addOutput(
        of: product.columns(range), into: pairs.rows(range), dropoutFactors: rows, weights,
        scratch.0, context)
    }
  }
}
