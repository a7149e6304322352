import TensorCore

/// Logits of the heads on the trunk's representations, fp32.
public struct HeadLogits: Sendable {
  /// Binned distances between pseudo-β atoms: Cβ, Cα for glycine. `[N_res, N_res, bins]`
  public let distogram: Tensor
  /// Classes of the masked MSA cells. `[N_clust, N_res, 23]`
  public let maskedMSA: Tensor
  /// Whether an experiment would resolve each atom. `[N_res, 37]`
  public let experimentallyResolved: Tensor
  /// Binned aligned errors; nil without that head. `[N_res, N_res, bins]`
  public let alignedError: Tensor?
}

/// What the losses need from a pass that was recorded on a tape.
///
/// Once the gradient of the loss with respect to each tensor is in `context.gradient(of:)`, replaying the tape gives the gradient
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
