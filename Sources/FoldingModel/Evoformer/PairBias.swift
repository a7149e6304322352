import NeuralNet
import TensorCore

/// The bias that the pair representation gives to attention logits, one number per head and pair.
///
/// Line 3 of Algorithms 7, 13 and 14, with the norm that is line 1 of the last two: `b^h_ij = LinearNoBias(LayerNorm(z_ij))`.
struct PairBias: Sendable {
  let norm: LayerNorm
  let weights: Tensor  // [c_z, heads]

  /// Which residue of `z_ij` is the query.
  enum Orientation { case queryFirst, keyFirst }

  /// - Shapes: z `[N_res, N_res, c_z]` → `[heads, N_res, N_res]` in the storage type
  func callAsFunction(
    _ z: Tensor, _ orientation: Orientation, _ context: ExecutionContext
  ) -> Tensor {
    let (residues, heads) = (z.shape[0], weights.shape[1])
    let bias = context.empty([heads, residues, residues])
    write(z, orientation, into: bias, at: 0, context)
    return bias
  }

  /// Writes the bias of a protein that begins at `place` along both axes of `bias`, `[heads, positions, positions]`.
  func write(
    _ z: Tensor, _ orientation: Orientation, into bias: Tensor, at place: Int,
    _ context: ExecutionContext
  ) {
    let (residues, channels) = (z.shape[0], z.shape[2])
    let input = context.saved(z)
    context.recordAxial { context in context.allGather(context.gradient(of: z), count: residues) }
    context.record { context in
      backward(
        input, orientation, biasGradient: context.gradient(of: bias), at: place,
        into: context.gradient(of: z), context)
    }
    let packed = context.pack(Matrix(weights))
    let rows = Matrix(z)
    context.tiles(residues, tile: 1, scratch: { context.empty([residues, channels]) }) {
      i, normed in
      let row = i.lowerBound
      norm.apply(
        to: rows.rows(row * residues..<(row + 1) * residues), into: Matrix(normed), context)
      context.multiply(
        Matrix(normed), packed, into: slice(bias, at: place, of: row, residues, orientation))
    }
  }

  /// The part of a bias, or of its gradient, that comes from row `i` of the z of a protein at `place`. `[residues, heads]`
  func slice(
    _ bias: Tensor, at place: Int, of i: Int, _ residues: Int, _ orientation: Orientation
  ) -> Matrix {
    let (heads, positions) = (bias.shape[0], bias.shape[1])
    let (start, row) = (place * (positions + 1), orientation == .queryFirst ? positions : 1)
    return Matrix(
      bias, offset: start + i * row, rows: residues, columns: heads,
      rowStride: orientation == .queryFirst ? 1 : positions, columnStride: positions * positions)
  }
}
