import FoldingCore
import TensorCore

/// Representations that the trunk makes of one draw; with a tape their gradients lead to those of its parameters.
package struct TrunkRepresentations: Sendable {
  /// Cluster rows. `[N_clust, N_res, c_m]`
  package let msa: Tensor
  /// The pair representation z. `[N_res, N_res, c_z]`
  package let pair: Tensor
  /// fp32. `[N_res, c_s]`
  package let single: Tensor
}

extension FoldingNetwork {
  /// The trunk alone, from an empty state: no structure module, no heads.
  ///
  /// For benchmarks of the stacks.
  package func representations(
    _ target: TargetFeatures, _ draw: AlignmentDraw, _ context: ExecutionContext
  ) throws -> TrunkRepresentations {
    let input = PassInput(target, draw, initialState(target, context))
    let output = try trunk([input], context, PassMonitor())[0]
    return TrunkRepresentations(msa: output.msa, pair: output.pair, single: output.single)
  }
}
