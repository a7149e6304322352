import NeuralNet
import TensorCore

/// The bias that the pair representation gives to attention logits, one number per head and pair.
///
/// Line 3 of Algorithms 7, 13 and 14: `b^h_ij = LinearNoBias(LayerNorm(z_ij))`.
struct PairBias: Sendable {
  let norm: LayerNorm
  let weights: Tensor  // [c_z, heads]

  /// Which residue of `z_ij` is the query.
  enum Orientation { case queryFirst, keyFirst }

  /// - Shapes: z `[N_res, N_res, c_z]` → `[heads, N_res, N_res]` in the storage type
  func callAsFunction(
    _ z: Tensor, _ orientation: Orientation, _ context: ExecutionContext
  ) -> Tensor {
    let (residues, channels, heads) = (z.shape[0], z.shape[2], weights.shape[1])
    let bias = context.empty([heads, residues, residues])
    let input = context.saved(z)
    context.recordAxial { context in context.gather(context.gradient(of: z), count: residues) }
    context.record { context in
      backward(
        input, orientation, biasGradient: context.gradient(of: bias),
        into: context.gradient(of: z), context)
    }
    let packed = context.pack(Matrix(weights))
    let rows = Matrix(z)
    context.tiles(residues, tile: 1, scratch: { context.empty([residues, channels]) }) {
      i, normed in
      let row = i.lowerBound
      norm.apply(
        to: rows.rows(row * residues..<(row + 1) * residues), into: Matrix(normed), context)
      context.multiply(Matrix(normed), packed, into: slice(bias, of: row, orientation))
    }
    return bias
  }

  /// What row `i` of z gives to a bias, or to its gradient. `[N_res, heads]`
  func slice(_ bias: Tensor, of i: Int, _ orientation: Orientation) -> Matrix {
    let (heads, residues) = (bias.shape[0], bias.shape[1])
    return switch orientation {
    case .queryFirst:
      Matrix(
        bias, offset: i * residues, rows: residues, columns: heads, rowStride: 1,
        columnStride: residues * residues)
    case .keyFirst:
      Matrix(
        bias, offset: i, rows: residues, columns: heads, rowStride: residues,
        columnStride: residues * residues)
    }
  }
}
