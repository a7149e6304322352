import FoldingCore
import NeuralNet
import TensorCore

/// Torsion angles of all residues as sines and cosines: omega, phi, psi, chi1 … chi4.
struct Torsions {
  /// Of unit length. `[N_res, 7, 2]`
  let sinCos: Tensor
  /// Before normalisation, for the loss on their norm. `[N_res, 7, 2]`
  let unnormalized: Tensor
}

/// The torsion network: predicts the seven torsion angles of each residue.
///
/// Lines 11–14 of Algorithm 20 (Jumper et al. 2021, Suppl. 1.8): a small residual network on the current and the
/// initial single representation.
struct SideChainTorsions: Sendable {
  let inputs: [Linear]
  let residualBlocks: [(first: Linear, second: Linear)]
  let angles: Linear

  init(_ scope: ParameterScope, single: Int, _ config: StructureConfig) throws {
    let channels = config.sidechainChannels
    func name(_ base: String, _ index: Int) -> String { index == 0 ? base : "\(base)_\(index)" }
    self.inputs = try (0..<2).map {
      try Linear(scope.scope(name("input_projection", $0)), single, channels)
    }
    self.residualBlocks = try (0..<config.sidechainBlocks).map {
      (
        try Linear(scope.scope(name("resblock1", $0)), channels, channels),
        try Linear(scope.scope(name("resblock2", $0)), channels, channels)
      )
    }
    self.angles = try Linear(scope.scope("unnormalized_angles"), channels, 14)
  }

  /// - Shapes: s, initial `[N_res, c_s]` fp32
  func callAsFunction(_ s: Tensor, _ initial: Tensor, _ context: ExecutionContext) -> Torsions {
    let hidden = inputs[0](rectified(s, context), context)
    context.add(inputs[1](rectified(initial, context), context), into: hidden)
    for block in residualBlocks {
      let middle = block.first(rectified(hidden, context), activation: .relu, context)
      context.add(block.second(middle, context), into: hidden)
    }
    let unnormalized = angles(rectified(hidden, context), context).reshaped([s.shape[0], 7, 2])
    let sinCos = context.copy(unnormalized)
    for pair in 0..<s.shape[0] * 7 {
      let values = sinCos.floats + pair * 2
      let length = max(values[0] * values[0] + values[1] * values[1], 1e-12).squareRoot()
      values[0] /= length
      values[1] /= length
    }
    return Torsions(sinCos: sinCos, unnormalized: unnormalized)
  }

  private func rectified(_ x: Tensor, _ context: ExecutionContext) -> Tensor {
    let result = context.copy(x)
    for index in 0..<result.count { result.floats[index] = max(result.floats[index], 0) }
    return result
  }
}
