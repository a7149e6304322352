import NeuralNet
import TensorCore

extension OuterProductMean {
  /// Derivative of `update` with respect to m and the parameters.
  ///
  /// Bands of a few residues `i` are processed one after the other, all workers sharing each, so that every sum over pairs has one
  /// order and only the outer products of a band, `[i, N_res, c · c]`, exist at a time.
  ///
  /// - Parameters:
  ///   - m: the representation that was read. `[N_seq, N_res, c_m]`
  ///   - dz: gradient of z. `[N_res, N_res, c_z]`
  ///   - dm: increased by the gradient of m. `[N_seq, N_res, c_m]`
  func backward(
    _ m: Tensor, mask: PositionMask, resultGradient dz: Tensor, into dm: Tensor,
    _ context: ExecutionContext
  ) {
    let (a, b) = project(m, mask: mask, context)
    let da = context.zeros(a.shape, .float32)
    let db = context.zeros(b.shape, .float32)
    let square = left.outputs * right.outputs
    let dw = Matrix(context.gradient(of: output).reshaped([square, outputBias.count]))
    let transposed = context.pack(Matrix(output.reshaped([square, outputBias.count])).transposed)
    let residues = dz.shape[0]
    context.chunks(context.axialShare(of: residues), of: Self.tileLeft) { i in
      let scaled = meanGradient(dz, i, mask: mask, sequences: m.shape[0], context)
      let pairs = Matrix(scaled)
      context.addColumnSums(of: pairs, into: context.gradient(of: outputBias))
      if m.shape[0] == 0 { return }
      let products = context.empty([i.count, residues, square])
      outer(a, b, i, into: products, context)
      context.addProduct(transposed: Matrix(products), pairs, into: dw)
      let dProducts = products.reshaped([i.count, left.outputs, residues * right.outputs])
      spread(scaled, transposed, into: dProducts, context)
      backwardLeft(dProducts, b, i, into: da, context)
      backwardRight(dProducts, a, i, into: db, context)
    }
    context.allReduce(da)
    context.allReduce(db)
    for gradient in [da, db] {
      if !mask.isFull { apply(mask, to: gradient, context) }
      if kind == .covariance { centre(gradient, mask: mask, context) }
    }
    backwardProjections(m, da, db, into: dm, context)
  }

  /// The gradient of the sums before the mean, rows `i`. `[i · N_res, c_z]`
  private func meanGradient(
    _ dz: Tensor, _ i: Range<Int>, mask: PositionMask, sequences: Int, _ context: ExecutionContext
  ) -> Tensor {
    let (residues, channels) = (dz.shape[1], dz.channels)
    let result = context.empty([i.count, residues, channels], .float32)
    context.tiles(i.count, tile: 1, scratch: { context.empty([1, residues], .float32) }) {
      row, factors in
      let residue = i.lowerBound + row.lowerBound
      inverseCounts(mask, sequences: sequences, residue..<residue + 1, 0..<residues, into: factors)
      let (source, target) = (dz[residue].floats, result[row.lowerBound].floats)
      for j in 0..<residues {
        let factor = factors.floats[j]
        for c in j * channels..<(j + 1) * channels { target[c] = factor * source[c] }
      }
    }
    return result.reshaped([i.count * residues, channels])
  }

  /// Recomputes the outer products of residues `i` with all. `[i, N_res, c · c]`
  private func outer(
    _ a: Tensor, _ b: Tensor, _ i: Range<Int>, into products: Tensor, _ context: ExecutionContext
  ) {
    eachTile(products.shape[1], context) { j in
      outer(a, i, context.pack(columns(b, j)), j, into: { products[$0][j] }, context)
    }
  }

  /// The gradients of the outer products, laid out `[i, c, N_res, d]` so that sums over `j, d` and over `i, c` are products.
  private func spread(
    _ scaled: Tensor, _ weight: PackedMatrix, into result: Tensor, _ context: ExecutionContext
  ) {
    let (width, d) = (result.shape[2], right.outputs)
    let residues = width / d
    eachTile(residues, context) { j in
      for row in 0..<result.shape[0] {
        let target = Matrix(
          result[row], offset: j.lowerBound * d, rows: j.count, columns: weight.columns,
          rowStride: d)
        let start = row * residues
        context.multiply(
          Matrix(scaled[start + j.lowerBound..<start + j.upperBound]), weight, into: target,
          columnBlock: (d, width))
      }
    }
  }

  /// `da[s, i, c] = Σ_jd b[s, j, d] do[i, c, j, d]` for the residues `i`.
  private func backwardLeft(
    _ dProducts: Tensor, _ b: Tensor, _ i: Range<Int>, into da: Tensor, _ context: ExecutionContext
  ) {
    let rowTile = 128
    let rowTiles = (b.shape[0] + rowTile - 1) / rowTile
    context.tiles(i.count * rowTiles, tile: 1, scratch: {}) { task, _ in
      let (row, part) = task.lowerBound.quotientAndRemainder(dividingBy: rowTiles)
      let sequences = part * rowTile..<min((part + 1) * rowTile, b.shape[0])
      let packed = context.pack(Matrix(dProducts[row]).transposed)
      let residue = i.lowerBound + row
      context.multiply(
        Matrix(b[sequences]), packed,
        into: columns(da, residue..<residue + 1).rows(sequences))
    }
  }

  /// `db[s, j, d] += Σ_ic a[s, i, c] do[i, c, j, d]` over the residues `i`.
  private func backwardRight(
    _ dProducts: Tensor, _ a: Tensor, _ i: Range<Int>, into db: Tensor, _ context: ExecutionContext
  ) {
    let d = right.outputs
    let rows = Matrix(dProducts)
    let left = columns(a, i)
    var adding = Epilogue()
    adding.accumulates = true
    eachTile(rows.columns / d, context) { j in
      let range = j.lowerBound * d..<j.upperBound * d
      context.multiply(
        left, context.pack(rows.columns(range)), into: Matrix(db).columns(range), adding)
    }
  }

  /// From the gradients of the projections to m.
  private func backwardProjections(
    _ m: Tensor, _ da: Tensor, _ db: Tensor, into dm: Tensor, _ context: ExecutionContext
  ) {
    let (sequences, residues, channels) = (m.shape[0], m.shape[1], m.channels)
    let size = max(1, ExecutionContext.chunkRows / max(1, residues))
    context.chunks(context.axialShare(of: sequences), of: size) { rows in
      let normed = norm(m[rows], context)
      let dx = context.zeros([rows.count * residues, channels], .float32)
      for (layer, gradient) in [(left, da), (right, db)] {
        let dy = gradient[rows].reshaped([rows.count * residues, layer.outputs])
        layer.backward(
          input: Matrix(normed), outputGradient: Matrix(dy), into: Matrix(dx), accumulates: true,
          context)
      }
      norm.backward(
        input: Matrix(m[rows]), outputGradient: Matrix(dx), into: Matrix(dm[rows]), context)
    }
  }

  /// Multiplies the cells of x, `[N_seq, N_res · c]` fp32, by the mask.
  private func apply(_ mask: PositionMask, to x: Tensor, _ context: ExecutionContext) {
    let width = x.shape[1]
    context.workers.split(x.shape[0]) { rows in
      for row in rows {
        let (factors, values) = (mask[row].floats, x.floats + row * width)
        for column in 0..<width { values[column] *= factors[column / left.outputs] }
      }
    }
  }

  /// Calls `body` with tiles of residues, all workers sharing them.
  private func eachTile(
    _ residues: Int, _ context: ExecutionContext, _ body: (Range<Int>) -> Void
  ) {
    let tiles = (residues + Self.tileRight - 1) / Self.tileRight
    context.tiles(tiles, tile: 1, scratch: {}) { tile, _ in
      let start = tile.lowerBound * Self.tileRight
      body(start..<min(start + Self.tileRight, residues))
    }
  }
}
