import FoldingCore
import Foundation
import NeuralNet
import Protein
import TensorCore

/// Torsion angles of all residues as sines and cosines: omega, phi, psi, chi1 … chi4.
public struct Torsions: Sendable {
  /// Of unit length. `[N_res, 7, 2]`
  public let sinCos: Tensor
  /// Before normalisation, for the loss on their norm. `[N_res, 7, 2]`
  public let unnormalized: Tensor

  /// Those of the backbone, as constants.
  var backbone: [BackboneTorsions] {
    BackboneTorsions.list(sinCos.array().values.map { Double($0) })
  }
}

extension BackboneTorsions {
  /// Backbone torsions among the sines and cosines of all seven. `[N_res, 7, 2]`
  static func list(_ sinCos: [Double]) -> [BackboneTorsions] {
    stride(from: 0, to: sinCos.count, by: 14).map { row -> BackboneTorsions in
      func angle(_ k: Int) -> Double { atan2(sinCos[row + 2 * k], sinCos[row + 2 * k + 1]) }
      return BackboneTorsions(omega: angle(0), phi: angle(1), psi: angle(2))
    }
  }
}

/// The torsion network: predicts the seven torsion angles of each residue.
///
/// Lines 11–14 of Algorithm 20 (Jumper et al. 2021, Suppl. 1.8): a small residual network on the current and the
/// initial single representation.
///
/// - Departure: as in the released code both representations are rectified before line 11.
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
    let recorder = context
    let context = context.unrecorded
    let rectified = [s, initial].map { context.rectified($0) }
    let hidden = inputs[0](rectified[0], context)
    context.addShared(inputs[1](rectified[1], context), into: hidden)
    var blocks: [(first: Tensor, second: Tensor)] = []
    for block in residualBlocks {
      let start = context.rectified(hidden)
      let middle = block.first(start, activation: .relu, context)
      context.addShared(block.second(middle, context), into: hidden)
      blocks.append((start, middle))
    }
    let last = context.rectified(hidden)
    let unnormalized = angles(last, context).reshaped([s.shape[0], 7, 2])
    let sinCos = context.copyShared(unnormalized)
    for pair in 0..<s.shape[0] * 7 {
      let values = sinCos.floats + pair * 2
      let length = max(values[0] * values[0] + values[1] * values[1], 1e-12).squareRoot()
      values[0] /= length
      values[1] /= length
    }
    let torsions = Torsions(sinCos: sinCos, unnormalized: unnormalized)
    let trace = SideChainTrace(inputs: rectified, blocks: blocks, last: last)
    recorder.record { context in backward(s, initial, trace, torsions, context) }
    return torsions
  }
}
