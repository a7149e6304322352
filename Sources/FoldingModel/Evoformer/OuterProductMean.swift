import FoldingCore
import NeuralNet
import TensorCore

/// Outer product mean: writes what the MSA learned about residue pairs into the pair representation.
///
/// Algorithm 10 (Jumper et al. 2021, Suppl. 1.6.4).
///
/// The outer products of a few residues with a few others are one matrix product; they are projected to `c_z`
/// while in cache, so `[N_res, N_res, c · c]` is never formed.
///
/// - Shapes: m `[N_seq, N_res, c_m]`, mask `[N_seq, N_res]` → `[N_res, N_res, c_z]`; N_seq may be 0
/// - Departure: as in the released code the bias is added before the mean is taken, and 10⁻³ is added to the count;
///   without any valid row the result is 1000 times the bias. `OuterProductKind.covariance` is our own.
struct OuterProductMean: Sendable {
  let norm: LayerNorm
  let left, right: Linear  // c_m → c
  let output: Tensor  // [c, c, c_z]
  let outputBias: Tensor  // [c_z]
  let kind: OuterProductKind

  init(
    _ scope: ParameterScope, msa: Int, pair: Int, channels: Int, kind: OuterProductKind = .mean
  ) throws {
    let scope = scope.scope("outer_product_mean")
    self.norm = try LayerNorm(scope.scope("layer_norm_input"), msa)
    self.left = try Linear(scope.scope("left_projection"), msa, channels)
    self.right = try Linear(scope.scope("right_projection"), msa, channels)
    self.output = try scope.matrix("output_w", [channels, channels, pair])
    self.outputBias = try scope.vector("output_b", [pair])
    self.kind = kind
  }

  /// `z += outerProductMean(m)`, in place.
  ///
  /// If the branches run apart, each process adds to half of the rows, and the one with the MSA branch differentiates.
  ///
  /// - Parameter isLast: whether nothing of a checkpointed block reads `z` afterwards; the sum is then skipped when the block runs
  ///   again for its derivatives.
  func update(
    _ z: Tensor, from m: Tensor, mask: PositionMask, isLast: Bool = false,
    _ context: ExecutionContext
  ) {
    let input = context.saved(m)
    let residues = z.shape[0]
    context.recordAxial { context in
      if context.ownsBranch(.first) {
        context.allGather(context.gradient(of: m), count: m.shape[0])
      }
    }
    context.record(addingTo: z) { gradient, context in
      if !context.ownsBranch(.first) { return }
      backward(
        input, mask: mask, resultGradient: gradient, into: context.gradient(of: m), context)
    }
    if isLast && context.isRecomputing { return }
    let (rows, others) = context.branchShares(of: context.axialShare(of: residues))
    let (a, b) = project(m, mask: mask, context)  // lines 1–2
    let weight = context.pack(
      Matrix(
        output, rows: output.shape[0] * output.shape[1], columns: output.shape[2],
        rowStride: output.shape[2]))
    let tiles = (residues + Self.tileRight - 1) / Self.tileRight
    let bands = (rows.count + Self.bandLeft - 1) / Self.bandLeft
    context.tiles(bands * tiles, tile: 1, scratch: { Scratch(self, context) }) { task, scratch in
      let (band, tile) = task.lowerBound.quotientAndRemainder(dividingBy: tiles)
      let start = tile * Self.tileRight
      let j = start..<min(start + Self.tileRight, residues)
      let packed = context.pack(columns(b, j))
      let first = rows.lowerBound + band * Self.bandLeft
      let last = min(first + Self.bandLeft, rows.upperBound)
      for start in stride(from: first, to: last, by: Self.tileLeft) {
        let i = start..<min(start + Self.tileLeft, last)
        outer(a, i, packed, j, into: { scratch.outer[$0] }, context)  // line 3
        inverseCounts(mask, sequences: m.shape[0], i, j, into: scratch.counts)
        for (row, residue) in i.enumerated() {
          var residual = Epilogue.bias(outputBias)
          residual.rowScale = scratch.counts[row]
          residual.accumulates = true
          let target = Matrix(z[residue][j])
          context.multiply(
            Matrix(scratch.outer[row][0..<j.count]), weight, into: target, residual)  // line 4
        }
      }
    }
    context.exchangeBranches(sending: z[rows], receiving: z[others])
    context.allGather(z, count: residues)
  }

  /// Residues of one tile on either side; any value gives the same bits.
  static let tileLeft = 8
  static let tileRight = 32
  /// Residues on the left that one worker combines with one packed tile of the right.
  private static let bandLeft = 64

  private struct Scratch {
    let outer: Tensor  // [tileLeft, tileRight, c · c]
    let counts: Tensor  // [tileLeft, tileRight]

    init(_ layer: OuterProductMean, _ context: ExecutionContext) {
      let square = layer.output.shape[0] * layer.output.shape[1]
      outer = context.empty([tileLeft, tileRight, square])
      counts = context.empty([tileLeft, tileRight], .float32)
    }
  }

  /// `a` and `b`, `[N_seq, N_res · c]`, masked, and centred for the covariance.
  func project(
    _ m: Tensor, mask: PositionMask, _ context: ExecutionContext
  ) -> (Tensor, Tensor) {
    let (sequences, residues) = (m.shape[0], m.shape[1])
    let a = context.empty([sequences, residues * left.outputs])
    let b = context.empty([sequences, residues * right.outputs])
    let (leftWeight, rightWeight) = (left.packed(context), right.packed(context))
    context.tiles(sequences, tile: 1, scratch: { context.empty([residues, m.channels]) }) {
      row, normed in
      norm.apply(to: Matrix(m[row.lowerBound]), into: Matrix(normed), context)
      for (weight, linear, target) in [(leftWeight, left, a), (rightWeight, right, b)] {
        var epilogue = Epilogue.bias(linear.bias)
        epilogue.rowScale = mask.isFull ? nil : mask[row.lowerBound]
        let result = Matrix(target[row.lowerBound].reshaped([residues, linear.outputs]))
        context.multiply(Matrix(normed), weight, into: result, epilogue)
      }
    }
    if kind == .covariance {
      for x in [a, b] { centre(x, mask: mask, context) }
    }
    return (a, b)
  }

  /// Subtracts from each column of a masked x `[N_seq, N_res · c]` its mean over the visible rows, in place: `x[s, i] − mask[s, i]
  /// Σ_t x[t, i] / Σ_t mask[t, i]`.
  ///
  /// The map is linear and symmetric, so it is its own derivative.
  func centre(_ x: Tensor, mask: PositionMask, _ context: ExecutionContext) {
    let (sequences, width) = (x.shape[0], x.shape[1])
    if sequences == 0 || width == 0 { return }
    let residues = width / left.outputs
    let means = context.zeros([width], .float32)
    context.addColumnSums(of: Matrix(x), into: means)
    let sums = means.floats
    for residue in 0..<residues {
      var count: Float = 0
      for s in 0..<sequences { count += mask.value(s, residue) }
      let factor = count == 0 ? 0 : -1 / count
      for column in residue * left.outputs..<(residue + 1) * left.outputs {
        sums[column] *= factor
      }
    }
    context.tiles(sequences, tile: 1, scratch: { context.empty([width], .float32) }) {
      row, shift in
      let visible = mask[row.lowerBound].floats
      for column in 0..<width {
        shift.floats[column] = visible[column / left.outputs] * sums[column]
      }
      context.add(
        Matrix(shift.reshaped([1, width])), into: Matrix(x[row.lowerBound].reshaped([1, width])))
    }
    withExtendedLifetime(means) {}
  }

  /// The columns of some residues. `[N_seq, residues · c]`
  func columns(_ x: Tensor, _ residues: Range<Int>) -> Matrix {
    let c = left.outputs
    return Matrix(x).columns(residues.lowerBound * c..<residues.upperBound * c)
  }

  /// `o[i, j, c, d] = Σ_s a[s, i, c] b[s, j, d]`; `result` gives the tensor `[j, c, d]` of each `i`, counted from 0.
  func outer(
    _ a: Tensor, _ i: Range<Int>, _ b: PackedMatrix, _ j: Range<Int>, into result: (Int) -> Tensor,
    _ context: ExecutionContext
  ) {
    let (c, d) = (left.outputs, right.outputs)
    let left = columns(a, i).transposed
    for row in 0..<i.count {
      let target = Matrix(result(row), rows: c, columns: j.count * d, rowStride: d)
      context.multiply(
        left.rows(row * c..<(row + 1) * c), b, into: target, columnBlock: (d, c * d))
    }
  }

  /// `1 / (10⁻³ + Σ_s mask[s, i] mask[s, j])` for the residues `i` and `j`; 0.001⁻¹ without sequences.
  ///
  /// - Parameter result: overwritten. `[i, j or more]` fp32
  func inverseCounts(
    _ mask: PositionMask, sequences: Int, _ i: Range<Int>, _ j: Range<Int>, into result: Tensor
  ) {
    mask.countPairs(i, j, rows: sequences, into: result)
    let (counts, width) = (result.floats, result.shape[1])
    for row in 0..<i.count {
      for k in row * width..<row * width + j.count { counts[k] = 1 / (1e-3 + counts[k]) }
    }
  }
}
