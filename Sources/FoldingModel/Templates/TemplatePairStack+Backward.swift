import NeuralNet
import TensorCore

extension TemplatePairStack {
  /// Rows of pairs whose features are formed at a time; a constant, so that sums have one order.
  private static let tileRows = 16

  /// Derivative of the linear layer on the pair features with respect to its parameters.
  ///
  /// - Parameter gradient: `[N_res, N_res, c_t]` fp32
  func backwardEmbedding(
    _ features: TemplatePairFeatures, _ gradient: Tensor, _ context: ExecutionContext
  ) {
    let residues = gradient.shape[0]
    for start in stride(from: 0, to: residues, by: Self.tileRows) {
      let rows = start..<min(start + Self.tileRows, residues)
      let input = context.empty([rows.count, residues, embedding.inputs], .float32)
      context.tiles(rows.count, tile: 1, scratch: {}) { row, _ in
        features.write(row: start + row.lowerBound, into: input[row.lowerBound])
      }
      embedding.backward(
        input: Matrix(input), outputGradient: Matrix(gradient[rows]), into: nil, context)
    }
  }
}
