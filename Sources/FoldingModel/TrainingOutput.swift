import TensorCore

/// Logits of the heads that read the trunk, fp32.
public struct HeadLogits: Sendable {
  /// Distances of pseudo-betas. `[N_res, N_res, bins]`
  public let distogram: Tensor
  /// Masked cells of the MSA. `[N_clust, N_res, 23]`
  public let maskedMSA: Tensor
  /// Atoms that an experiment would have seen. `[N_res, 37]`
  public let experimentallyResolved: Tensor
  /// Aligned errors; nil without that head. `[N_res, N_res, bins]`
  public let alignedError: Tensor?
}

/// What the losses read of a pass that was recorded on a tape.
///
/// Once the gradient of the loss with respect to each tensor stands in `context.gradient(of:)`, replaying the tape gives that
/// of every parameter.
public struct TrainingOutput: Sendable {
  /// Frames, torsions and atoms.
  public let structure: StructureTrace
  /// Heads on the trunk.
  public let heads: HeadLogits
  /// Predicted lDDT. `[N_res, bins]`
  public let confidence: Tensor

  /// Predicted lDDT-Cα, 0 … 100. `[N_res]`
  public var plddt: [Float] { PredictedLDDTHead.expectation(confidence.array()) }
}
