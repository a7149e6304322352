import NeuralNet
import TensorCore

extension PairBias {
  /// Derivative of the bias with respect to z, norm and weights, rows of z in chunks.
  ///
  /// - Parameters:
  ///   - z: the pair tensor that was read. `[N_res, N_res, c_z]`
  ///   - db: gradient of the bias, in which the protein begins at `place`. `[heads, positions, positions]`
  ///   - dz: increased by the gradient of z. `[N_res, N_res, c_z]`
  func backward(
    _ z: Tensor, _ orientation: Orientation, biasGradient db: Tensor, at place: Int = 0,
    into dz: Tensor, _ context: ExecutionContext
  ) {
    let (residues, channels) = (z.shape[0], z.shape[2])
    let transposed = context.pack(Matrix(weights).transposed)
    let dw = Matrix(context.gradient(of: weights))
    let share = context.axialShare(of: residues)
    context.chunks(share, of: max(1, ExecutionContext.chunkRows / max(1, residues))) { i in
      let dy = gathered(db, at: place, i, residues, orientation, context)
      let normed = norm(z[i], context)
      context.addProduct(transposed: Matrix(normed), Matrix(dy), into: dw)
      let dx = context.empty([i.count * residues, channels], .float32)
      context.multiplyShared(Matrix(dy), transposed, into: Matrix(dx))
      norm.backward(
        input: Matrix(z[i]), outputGradient: Matrix(dx), into: Matrix(dz[i]), context)
    }
  }

  /// The gradient of the bias of some rows of z, heads last. `[rows · N_res, heads]`
  private func gathered(
    _ db: Tensor, at place: Int, _ rows: Range<Int>, _ residues: Int, _ orientation: Orientation,
    _ context: ExecutionContext
  ) -> Tensor {
    let heads = db.shape[0]
    let result = context.empty([rows.count, residues, heads], .float32)
    context.tiles(rows.count, tile: 1, scratch: {}) { row, _ in
      let i = rows.lowerBound + row.lowerBound
      context.copy(
        slice(db, at: place, of: i, residues, orientation), into: Matrix(result[row.lowerBound]))
    }
    return result.reshaped([rows.count * residues, heads])
  }
}
