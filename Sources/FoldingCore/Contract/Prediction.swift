import NumericArrays

/// What a network predicts for one target: the network's half of the contract.
public struct Prediction: Sendable, Hashable {
  /// Atom coordinates in the atom37 order, Å. `[N_res, 37, 3]`
  public var positions: NDArray<Float>
  /// 1 for atoms that the residue type has. `[N_res, 37]`
  public var atomMask: NDArray<Float>
  /// Predicted lDDT-Cα, 0 … 100. `[N_res]`
  public var plddt: [Float]
  /// Expected position error of residue j when aligned on residue i, Å; nil without that head. `[N_res, N_res]`
  public var alignedError: NDArray<Float>?
  /// Largest error that `alignedError` can express, Å.
  public var maxAlignedError: Float?
  /// Predicted TM-score; nil without the aligned error head.
  public var ptm: Float?
  /// Probability that the pseudo-β atoms of two residues (Cβ, Cα for glycine) are within 8 Å, from the distogram. `[N_res, N_res]`
  public var contactProbability: NDArray<Float>?
  /// Passes that were run.
  public var passes: Int

  /// A prediction.
  public init(
    positions: NDArray<Float>, atomMask: NDArray<Float>, plddt: [Float],
    alignedError: NDArray<Float>?, maxAlignedError: Float?, ptm: Float?,
    contactProbability: NDArray<Float>?, passes: Int
  ) {
    self.positions = positions
    self.atomMask = atomMask
    self.plddt = plddt
    self.alignedError = alignedError
    self.maxAlignedError = maxAlignedError
    self.ptm = ptm
    self.contactProbability = contactProbability
    self.passes = passes
  }

  /// Mean of `plddt`, the score by which predictions are ranked.
  public var meanPLDDT: Float { Float(plddt.mean) }
}
