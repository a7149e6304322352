import FoldingCore
import NumericArrays
import Protein
import TensorCore

extension RecyclingInference {
  /// The full output of the network after a pass: logits of the heads, and the representations that they read.
  ///
  /// Named as in AlphaFold2's `result_MODEL.pkl`, the levels of its dictionaries joined by `/`.
  ///
  /// - Shapes: `distogram/logits [N_res, N_res, bins]`, `distogram/bin_edges [bins − 1]`, `predicted_lddt/logits [N_res, bins]`,
  ///   `predicted_aligned_error/logits [N_res, N_res, bins]`, `experimentally_resolved/logits [N_res, 37]`,
  ///   `representations/pair [N_res, N_res, c_z]`, `representations/single [N_res, c_s]`,
  ///   `representations/msa_first_row [N_res, c_m]`
  public func rawOutputs(
    _ state: RecyclingState, _ context: ExecutionContext
  ) -> [String: NDArray<Float>] {
    network.rawOutputs(state.recycled, lddtLogits: state.lddtLogits, context)
  }

  /// Bytes of all of them.
  public static func rawOutputBytes(_ config: FoldingConfig, residues n: Int) -> Int {
    let perPair =
      config.heads.distogramBins + (config.heads.alignedError?.bins ?? 0) + config.channels.pair
    let perResidue =
      config.channels.single + config.channels.msa + config.heads.confidenceBins + AtomName.count
    return 4 * n * (n * perPair + perResidue)
  }
}

extension FoldingNetwork {
  fileprivate func rawOutputs(
    _ recycled: PreviousPass, lddtLogits: NDArray<Float>, _ context: ExecutionContext
  ) -> [String: NDArray<Float>] {
    let single = singleProjection(recycled.msaFirstRow, context.storing(.float32))
    let edges = config.heads.distogramBreaks.values(Float.self)
    var result = [
      "distogram/logits": distogram(recycled.pair, context).array(),
      "distogram/bin_edges": NDArray(shape: [edges.count], values: edges),
      "predicted_lddt/logits": lddtLogits,
      "experimentally_resolved/logits": experimentallyResolved(single, context).array(),
      "representations/pair": recycled.pair.array(),
      "representations/single": single.array(),
      "representations/msa_first_row": recycled.msaFirstRow.array(),
    ]
    result["predicted_aligned_error/logits"] = alignedError.map {
      $0(recycled.pair, context).array()
    }
    return result
  }
}
