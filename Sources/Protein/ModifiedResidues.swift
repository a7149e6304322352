extension AminoAcid {
  /// The amino acid of a component's name in a structure file; modified residues count as their parent, others as unknown.
  public init(component code: String) {
    self = AminoAcid(code: code) ?? AminoAcid(parentOfModifiedResidue: code) ?? .unknown
  }

  /// The amino acid from which a modified residue was made, such as methionine for `MSE`; nil if not known.
  ///
  /// Parents as in the wwPDB Chemical Component Dictionary (`_chem_comp.mon_nstd_parent_comp_id`), the
  /// components met most often in protein chains.
  public init?(parentOfModifiedResidue code: String) {
    guard let parent = Self.parents[code] else { return nil }
    self = parent
  }

  private static let parents: [String: AminoAcid] = {
    let codes: [(AminoAcid, [String])] = [
      (.alanine, ["AIB", "DAL", "ORN"]),
      (.arginine, ["AGM", "ARM", "DAR", "HAR", "2MR"]),
      (.asparagine, ["MEN", "DSG", "AHB"]),
      (.asparticAcid, ["ASX", "BHD", "DAS", "IAS", "PHD", "ASA"]),
      (
        .cysteine,
        [
          "CAF", "CAS", "CME", "CSD", "CSO", "CSS", "CSX", "CYG", "DCY", "OCS", "SCH", "SCY",
          "SEC", "SMC", "YCM", "CSW", "CCS", "CSU",
        ]
      ),
      (.glutamine, ["DGN", "MGN", "GHG"]),
      (.glutamicAcid, ["CGU", "DGL", "GLX", "PCA", "GMA"]),
      (.glycine, ["GL3", "SAR", "MGY"]),
      (.histidine, ["DHI", "HIC", "HIP", "MHS", "NEP"]),
      (.isoleucine, ["DIL", "IIL"]),
      (.leucine, ["DLE", "MLE", "NLE"]),
      (
        .lysine,
        ["ALY", "DLY", "KCX", "LLP", "LYR", "LYZ", "M3L", "MLY", "MLZ", "PYL", "SHR", "SLZ"]
      ),
      (.methionine, ["CXM", "FME", "MED", "MHO", "MME", "MSE", "OMT", "SME"]),
      (.phenylalanine, ["DPN", "PHI", "MEA", "PHL"]),
      (.proline, ["DPR", "HYP", "HY3"]),
      (.serine, ["DSN", "OAS", "SAC", "SEP", "SVA"]),
      (.threonine, ["ALO", "BMT", "DTH", "TPO"]),
      (.tryptophan, ["DTR", "HTR", "LTR", "TRO", "TRQ", "TRF"]),
      (.tyrosine, ["DTY", "IYR", "PAQ", "PTR", "STY", "TPQ", "TYS", "TYI"]),
      (.valine, ["DVA", "MVA"]),
    ]
    var table: [String: AminoAcid] = [:]
    for (parent, names) in codes {
      for name in names { table[name] = parent }
    }
    return table
  }()
}
