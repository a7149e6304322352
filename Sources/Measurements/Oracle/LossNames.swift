import FoldingModel
import Training

extension LossReport {
  /// The terms under the names of the oracle's dumps: the released code's heads and metrics.
  var namedTerms: [(name: String, value: Double)] {
    [
      ("loss", total),
      ("loss/distogram/loss", distogram),
      ("loss/experimentally_resolved/loss", experimentallyResolved),
      ("loss/masked_msa/loss", maskedMSA),
      ("loss/predicted_aligned_error/loss", alignedError),
      ("loss/predicted_lddt/loss", confidence),
      ("loss/structure_module/angle_norm_loss", angleNorm),
      ("loss/structure_module/chi_loss", chi),
      ("loss/structure_module/fape", fape),
      ("loss/structure_module/loss", structure),
      ("loss/structure_module/sidechain_fape", sideChainFAPE),
    ]
  }
}
