import FoldingCore
import NeuralNet
import TensorCore

extension ExtraMSAStack {
  /// Sequences whose features are computed at a time; a constant, so that sums have one order.
  private static let tileSequences = 32

  /// Derivative of `embed` with respect to its parameters.
  ///
  /// - Parameter gradient: `[N_extra, N_res, c_e]` fp32
  func backwardEmbedding(
    _ draw: AlignmentDraw, _ gradient: Tensor, _ context: ExecutionContext
  ) {
    let context = context.storing(.float32)
    let (sequences, residues) = (gradient.shape[0], gradient.shape[1])
    let (classes, inputs) = (Self.classes, Self.inputs)
    context.chunks(sequences, of: Self.tileSequences) { rows in
      let features = context.zeros([rows.count * residues, inputs])
      for index in 0..<rows.count * residues {
        let cell = rows.lowerBound * residues + index
        let row = features.floats + index * inputs
        row[min(Int(draw.extraMSA.values[cell]), classes - 1)] = 1
        row[classes] = draw.extraHasDeletion.values[cell]
        row[classes + 1] = draw.extraDeletionValue.values[cell]
      }
      embedding.backward(
        input: Matrix(features), outputGradient: Matrix(gradient[rows]), into: nil, context)
    }
  }
}
