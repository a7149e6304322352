import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

// Derivatives with respect to parameters only: features are data, and what a pass recycles is a constant (Algorithm 31, Suppl.
// 1.10).

extension InputEmbedder {
  /// Derivative of `embedMSA`.
  ///
  /// - Parameters:
  ///   - firstRow: the recycled first row. `[N_res, c_m]`
  ///   - gradient: that of the cluster rows. `[N_clust, N_res, c_m]` fp32
  func backwardMSA(
    _ features: TargetFeatures, _ draw: AlignmentDraw, firstRow: Tensor, _ gradient: Tensor,
    _ context: ExecutionContext
  ) {
    if draw.clusterCount == 0 { return }
    let context = context.storing(.float32)
    let residues = features.residueCount
    let input = Tensor(draw.msaFeature, pool: context.pool)
    msa.backward(input: Matrix(input), outputGradient: Matrix(gradient), into: nil, context)
    let shared = context.zeros([residues, gradient.channels])
    context.addRows(of: gradient, into: shared) { $0 % residues }
    backward(target, features, shared, context)
    let unused = context.zeros(firstRow.shape)
    recycling.firstRowNorm.backward(
      input: Matrix(firstRow), outputGradient: Matrix(gradient[0]), into: Matrix(unused), context)
  }

  /// Derivative of `embedPair`.
  ///
  /// - Parameters:
  ///   - recycled: the pair tensor before it became the new one. `[N_res, N_res, c_z]`
  ///   - gradient: that of the new one. `[N_res, N_res, c_z]` fp32
  func backwardPair(
    _ features: TargetFeatures, positions: NDArray<Float>, recycled: Tensor, _ gradient: Tensor,
    _ context: ExecutionContext
  ) {
    let context = context.storing(.float32)
    let (residues, channels) = (features.residueCount, gradient.channels)
    let rowSums = context.zeros([residues, channels])
    let columnSums = context.zeros([residues, channels])
    context.addRows(of: gradient, into: rowSums) { $0 / residues }
    context.addRows(of: gradient, into: columnSums) { $0 % residues }
    backward(left, features, rowSums, context)
    backward(right, features, columnSums, context)
    for bias in [relativePosition.linear.bias, recycling.positionLinear.bias].compactMap({ $0 }) {
      context.addColumnSums(of: Matrix(rowSums), into: context.gradient(of: bias))
    }
    context.addRows(of: gradient, into: context.gradient(of: relativePosition.linear.weight)) {
      relativePosition.bin(
        features.residueIndex[$0 / residues], features.residueIndex[$0 % residues])
    }
    let beta = pseudoBeta(aatype: features.aatype, positions: positions)
    context.addRows(of: gradient, into: context.gradient(of: recycling.positionLinear.weight)) {
      let d = beta[$0 / residues] - beta[$0 % residues]
      return recycling.bins.bin((d * d).sum())
    }
    recycling.backwardNorm(recycled, gradient, context)
  }

  /// Derivative of a linear layer of the target features.
  private func backward(
    _ layer: Linear, _ features: TargetFeatures, _ gradient: Tensor, _ context: ExecutionContext
  ) {
    let input = Tensor(features.targetFeature, pool: context.pool)
    layer.backward(input: Matrix(input), outputGradient: Matrix(gradient), into: nil, context)
  }
}

extension RecyclingEmbedder {
  /// Rows of pairs at a time: their gradient is never read but still needs memory.
  private static let tileRows = 16

  /// Derivative of the norm of the recycled pair tensor.
  fileprivate func backwardNorm(_ z: Tensor, _ gradient: Tensor, _ context: ExecutionContext) {
    context.chunks(z.shape[0], of: Self.tileRows) { rows in
      let unused = context.zeros(z[rows].shape)
      pairNorm.backward(
        input: Matrix(z[rows]), outputGradient: Matrix(gradient[rows]), into: Matrix(unused),
        context)
    }
  }
}
