import NeuralNet
import TensorCore

extension TemplatePairStack {
  /// Rows of pairs whose features are computed at a time; a constant, so that sums have one order.
  private static let tileRows = 16

  /// Derivative of the linear layer on the pair features with respect to its parameters.
  ///
  /// - Parameter gradient: `[N_res, N_res, c_t]` fp32
  func backwardEmbedding(
    _ features: TemplatePairFeatures, _ gradient: Tensor, _ context: ExecutionContext
  ) {
    let residues = gradient.shape[0]
    context.chunks(residues, of: Self.tileRows) { rows in
      let input = context.empty([rows.count, residues, embedding.inputs], .float32)
      context.tiles(rows.count, tile: 1, scratch: {}) { row, _ in
        features.write(row: rows.lowerBound + row.lowerBound, into: input[row.lowerBound])
      }
      embedding.backward(
        input: Matrix(input), outputGradient: Matrix(gradient[rows]), into: nil, context)
    }
  }
}
