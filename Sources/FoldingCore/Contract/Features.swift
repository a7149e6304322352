import NumericArrays

/// What a network is given about one target: the data's half of the contract.
///
/// Constant over passes. Sizes are the real ones; nothing is padded. Names and meanings as in the released
/// feature pipeline (Suppl. Table 1).
public struct TargetFeatures: Sendable, Hashable {
  /// Residue types, 0 … 19 in the order `ARNDCQEGHILKMFPSTWYV`, 20 unknown. `[N_res]`
  public var aatype: [Int]
  /// Residue numbers, from 0; gaps mean chain breaks. `[N_res]`
  public var residueIndex: [Int]
  /// 1 where a residue takes part, 0 where it is masked. `[N_res]`
  public var residueMask: [Float]
  /// `target_feat`: chain-break flag and one-hot residue type, then what `TargetFeatureKind` adds. `[N_res, width]`
  public var targetFeature: NDArray<Float>
  /// Templates, nil when the network uses none; may hold zero templates.
  public var templates: TemplateFeatures?

  /// Features of a target.
  public init(
    aatype: [Int], residueIndex: [Int], residueMask: [Float], targetFeature: NDArray<Float>,
    templates: TemplateFeatures?
  ) {
    self.aatype = aatype
    self.residueIndex = residueIndex
    self.residueMask = residueMask
    self.targetFeature = targetFeature
    self.templates = templates
  }

  /// Number of residues.
  public var residueCount: Int { aatype.count }
}

/// Template structures aligned to the target.
///
/// Suppl. 1.2.3.
public struct TemplateFeatures: Sendable, Hashable {
  /// Residue types, 0 … 20, 21 gap. `[N_templ, N_res]`
  public var aatype: NDArray<Int32>
  /// Atom coordinates in the atom37 order, Å; 0 where missing. `[N_templ, N_res, 37, 3]`
  public var positions: NDArray<Float>
  /// 1 where the atom is known. `[N_templ, N_res, 37]`
  public var mask: NDArray<Float>
  /// Coordinates of the pseudo-β atoms, Cβ or for glycine Cα, Å. `[N_templ, N_res, 3]`
  public var pseudoBeta: NDArray<Float>
  /// 1 where the pseudo-β atom is known. `[N_templ, N_res]`
  public var pseudoBetaMask: NDArray<Float>
  /// 1 for a real template. `[N_templ]`
  public var templateMask: [Float]

  /// Template features.
  public init(
    aatype: NDArray<Int32>, positions: NDArray<Float>, mask: NDArray<Float>,
    pseudoBeta: NDArray<Float>, pseudoBetaMask: NDArray<Float>, templateMask: [Float]
  ) {
    self.aatype = aatype
    self.positions = positions
    self.mask = mask
    self.pseudoBeta = pseudoBeta
    self.pseudoBetaMask = pseudoBetaMask
    self.templateMask = templateMask
  }

  /// Number of templates.
  public var count: Int { templateMask.count }
}

/// One draw from the alignment: what changes from pass to pass.
///
/// Suppl. 1.2.6–1.2.7.
public struct AlignmentDraw: Sendable, Hashable {
  /// `msa_feat`. `[N_clust, N_res, 49]`
  public var msaFeature: NDArray<Float>
  /// 1 where an MSA cell counts. `[N_clust, N_res]`
  public var msaMask: NDArray<Float>
  /// Classes of the extra rows, 0 … 22.
  ///
  /// `[N_extra, N_res]`; N_extra may be 0.
  public var extraMSA: NDArray<UInt8>
  /// 1 where an extra cell counts. `[N_extra, N_res]`
  public var extraMask: NDArray<Float>
  /// 1 where the sequence has residues before this cell that the target lacks (`has_deletion`). `[N_extra, N_res]`
  public var extraHasDeletion: NDArray<Float>
  /// Their number, squashed: 2/π · atan(deletions / 3). `[N_extra, N_res]`
  public var extraDeletionValue: NDArray<Float>
  /// 1 where a cell was hidden (`bert_mask`), for the masked-MSA loss. `[N_clust, N_res]`
  public var bertMask: NDArray<Float>
  /// Classes before hiding, 0 … 21. `[N_clust, N_res]`
  public var trueMSA: NDArray<UInt8>

  /// One draw.
  public init(
    msaFeature: NDArray<Float>, msaMask: NDArray<Float>, extraMSA: NDArray<UInt8>,
    extraMask: NDArray<Float>, extraHasDeletion: NDArray<Float>, extraDeletionValue: NDArray<Float>,
    bertMask: NDArray<Float>, trueMSA: NDArray<UInt8>
  ) {
    self.msaFeature = msaFeature
    self.msaMask = msaMask
    self.extraMSA = extraMSA
    self.extraMask = extraMask
    self.extraHasDeletion = extraHasDeletion
    self.extraDeletionValue = extraDeletionValue
    self.bertMask = bertMask
    self.trueMSA = trueMSA
  }

  /// Number of cluster rows.
  public var clusterCount: Int { msaMask.shape[0] }
  /// Number of extra rows.
  public var extraCount: Int { extraMask.shape[0] }
}

/// All inputs of the network for one target: fixed features, and a draw from the alignment per pass, made on demand.
///
/// Draws are pure functions of their indices, so that a resumed run gets the same ones.
public protocol Features: Sendable {
  /// The constant part.
  var target: TargetFeatures { get }
  /// The draw for a pass (0 = first) and a member of the ensemble.
  func draw(pass: Int, ensemble: Int) throws -> AlignmentDraw
}
