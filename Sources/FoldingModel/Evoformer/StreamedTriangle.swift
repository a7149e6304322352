import NeuralNet
import TensorCore

/// Triangle multiplication of long sequences: one operand is kept whole, the other computed for a few lines at a time.
///
/// The products go back to the same lines of the pair tensor. This takes one pair-sized buffer instead of two, or half of one in
/// blocks.
///
/// A line is a row of z for outgoing edges, `o_ij = Σ_k a_ik b_jk`: lines i need only rows i of `a`. It is a column for incoming
/// edges, `o_ij = Σ_k a_kj b_ki`: lines j need only columns j of `a`. Lines that are not yet done still hold the input of `a`, so z
/// can be updated in place.
struct StreamedTriangle {
  private let layer: TriangleMultiplication
  private let z: Tensor
  private let mask: PositionMask
  private let dropoutFactors: Tensor?  // [N_res, c_z]
  private let lines: Int
  private let context: ExecutionContext
  private let kept: KeptOperand

  /// Columns of the product that are computed at a time: a multiple of the block and of the kernels' column unit.
  static let productColumns = 512

  private var residues: Int { z.shape[0] }
  private var channels: Int { layer.normCenter.scale.count }

  init(
    _ layer: TriangleMultiplication, _ z: Tensor, _ mask: PositionMask, dropoutFactors: Tensor?,
    lines: Int, _ format: BlockFormat?, _ context: ExecutionContext
  ) {
    self.layer = layer
    self.z = z
    self.mask = mask
    self.dropoutFactors = dropoutFactors
    self.lines = max(1, min(lines, z.shape[0]))
    self.context = context
    kept = KeptOperand(
      channels: layer.normCenter.scale.count, residues: z.shape[0], format, context)
  }

  /// `z += multiplication(z)`, in place.
  func update() {
    keepRightOperand()
    let left = layer.weights(of: .left, context)
    let weights = TriangleMultiplication.OutputWeights(layer, context)
    let product = context.empty([channels, lines, residues])
    for start in stride(from: 0, to: residues, by: lines) {
      let range = start..<min(start + lines, residues)
      project(left, range, into: product)
      multiply(range.count, in: product)
      addOutput(of: product, range, weights)
    }
  }

  /// `b`, row by row of z.
  private func keepRightOperand() {
    let weights = layer.weights(of: .right, context)
    let tile = TriangleMultiplication.tilePairs
    context.tiles(residues, tile: 1, scratch: { PairScratch(self, tile) }) { row, scratch in
      for start in stride(from: 0, to: residues, by: tile) {
        let columns = start..<min(start + tile, residues)
        let result = Matrix(
          scratch.projected, rows: channels, columns: columns.count, rowStride: tile)
        projectTile(
          weights, Matrix(z[row.lowerBound][columns]), scratch,
          mask: { mask.value(row.lowerBound, columns.lowerBound + $0) }, into: result)
        kept.store(result, row: row.lowerBound, columns, context)
      }
    }
  }

  /// `a` of some lines. `[c, lines, N_res]`
  private func project(
    _ weights: TriangleMultiplication.OperandWeights, _ range: Range<Int>, into product: Tensor
  ) {
    let tile = TriangleMultiplication.tilePairs
    context.tiles(range, tile: 1, scratch: { PairScratch(self, tile) }) { line, scratch in
      let line = line.lowerBound
      for start in stride(from: 0, to: residues, by: tile) {
        let positions = start..<min(start + tile, residues)
        let result = Matrix(
          product, offset: (line - range.lowerBound) * residues + start, rows: channels,
          columns: positions.count, rowStride: lines * residues)
        projectTile(
          weights, pairs(line).rows(positions), scratch,
          mask: {
            let position = positions.lowerBound + $0
            return isOutgoing ? mask.value(line, position) : mask.value(position, line)
          }, into: result)
      }
    }
  }

  private func projectTile(
    _ weights: TriangleMultiplication.OperandWeights, _ pairs: Matrix, _ scratch: PairScratch,
    mask value: (Int) -> Float, into result: Matrix
  ) {
    let normed = Matrix(scratch.normed[0..<pairs.rows])
    layer.normInput.apply(to: pairs, into: normed, context)
    if !mask.isFull {
      for index in 0..<pairs.rows { scratch.mask.floats[index] = value(index) }
    }
    layer.projectTile(
      weights, context.pack(normed.transposed), mask: mask.isFull ? nil : scratch.mask,
      into: result, context)
  }

  /// Replaces `a` of some lines by their products with `b`, channel by channel, a few columns at a time.
  private func multiply(_ count: Int, in product: Tensor) {
    let width = Self.productColumns
    context.tiles(
      channels, tile: 1,
      scratch: { context.empty([min(width, residues) * residues]) }
    ) { channel, scratch in
      let lines = Matrix(product[channel.lowerBound]).rows(0..<count)
      let left = Matrix(context.contiguous(lines, as: context.operandType))
      for start in stride(from: 0, to: residues, by: width) {
        let columns = start..<min(start + width, residues)
        let right = kept.matrix(
          channel.lowerBound, columns, isOutgoing: isOutgoing, scratch, context)
        context.multiply(left, context.pack(right), into: lines.columns(columns))
      }
    }
  }

  private func addOutput(
    of product: Tensor, _ range: Range<Int>, _ weights: TriangleMultiplication.OutputWeights
  ) {
    let tile = TriangleMultiplication.tilePairs
    context.tiles(range, tile: 1, scratch: { layer.outputScratch(tile, context) }) {
      line, scratch in
      let line = line.lowerBound
      for start in stride(from: 0, to: residues, by: tile) {
        let positions = start..<min(start + tile, residues)
        let part = Matrix(
          product, offset: (line - range.lowerBound) * residues + start, rows: channels,
          columns: positions.count, rowStride: lines * residues)
        layer.addOutput(
          of: part, into: pairs(line).rows(positions), dropoutFactors: factors(line, positions),
          weights, scratch, context)
      }
    }
  }

  /// Dropout factors of some pairs of a line: those of their columns of z. `[pairs, c_z]`
  private func factors(_ line: Int, _ positions: Range<Int>) -> Matrix? {
    dropoutFactors.map {
      isOutgoing
        ? Matrix($0[positions])
        : Matrix(
          $0, offset: line * $0.channels, rows: positions.count, columns: $0.channels, rowStride: 0)
    }
  }

  private var isOutgoing: Bool { layer.edges == .outgoing }

  /// The pairs of a line. `[N_res, c_z]`
  private func pairs(_ line: Int) -> Matrix {
    let c = z.channels
    return isOutgoing
      ? Matrix(z[line])
      : Matrix(z, offset: line * c, rows: residues, columns: c, rowStride: residues * c)
  }

  /// What one worker needs to project a tile of pairs.
  private struct PairScratch {
    let normed: Tensor  // [pairs, c_z]
    let mask: Tensor  // [pairs]
    let projected: Tensor  // [c, pairs]

    init(_ triangle: StreamedTriangle, _ pairs: Int) {
      let context = triangle.context
      normed = context.empty([pairs, triangle.z.channels])
      mask = context.empty([pairs], .float32)
      projected = context.empty([triangle.channels, pairs])
    }
  }
}

/// An operand of a triangle product, `[c, N_res, N_res]`, in the storage type or in blocks.
private struct KeptOperand {
  private enum Memory {
    case whole(Tensor)
    case blocks(EncodedMatrix)
  }

  private let memory: Memory
  private let residues: Int

  init(channels: Int, residues: Int, _ format: BlockFormat?, _ context: ExecutionContext) {
    self.residues = residues
    if let format {
      memory = .blocks(
        EncodedMatrix(uninitialized: format, rows: channels * residues, columns: residues, context))
    } else {
      memory = .whole(context.empty([channels, residues, residues]))
    }
  }

  /// Stores a few columns, from a multiple of 32, of one row of every channel. `[c, columns]`
  func store(_ x: Matrix, row: Int, _ columns: Range<Int>, _ context: ExecutionContext) {
    switch memory {
    case .whole(let tensor):
      let target = Matrix(
        tensor, offset: row * residues + columns.lowerBound, rows: x.rows, columns: columns.count,
        rowStride: residues * residues)
      context.copy(x, into: target)
    case .blocks(let blocks):
      context.encode(x, into: blocks, row: row, rowStep: residues, column: columns.lowerBound)
    }
  }

  /// The right operand `[k, columns]` of some columns of a channel's product; blocks are decoded into `scratch`.
  func matrix(
    _ channel: Int, _ columns: Range<Int>, isOutgoing: Bool, _ scratch: Tensor,
    _ context: ExecutionContext
  ) -> Matrix {
    let all = 0..<residues
    let (rows, columns) = isOutgoing ? (columns, all) : (all, columns)
    let part: Matrix
    switch memory {
    case .whole(let tensor): part = Matrix(tensor[channel]).rows(rows).columns(columns)
    case .blocks(let blocks):
      part = Matrix(
        scratch, rows: rows.count, columns: columns.count, rowStride: columns.count)
      let first = channel * residues
      context.decode(
        blocks, rows: first + rows.lowerBound..<first + rows.upperBound, columns: columns,
        into: part)
    }
    return isOutgoing ? part.transposed : part
  }
}
