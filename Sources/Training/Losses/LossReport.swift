/// Value of every term, before weighting, and the weighted total.
///
/// Names are those of the released code where it has one.
public struct LossReport: Codable, Hashable, Sendable {
  /// Weighted sum of all terms.
  public var total = 0.0
  /// The structure module's loss: backbone, side chains, torsions and violations, weighted.
  public var structure = 0.0
  /// Backbone error, mean over layers.
  public var backboneFAPE = 0.0
  /// Backbone error of the last layer (`fape`).
  public var fape = 0.0
  /// One minus the smooth lDDT; 0 if its weight is 0, since it is then not computed.
  public var smoothLDDT = 0.0
  /// Side-chain error (`sidechain_fape`).
  public var sideChainFAPE = 0.0
  /// Torsions (`chi_loss`).
  public var chi = 0.0
  /// Torsions of the backbone; 0 if their weight is 0, since they are then not computed.
  public var backboneTorsions = 0.0
  /// Length of torsion vectors (`angle_norm_loss`).
  public var angleNorm = 0.0
  /// Violations; 0 if their weight is 0, since they are then not computed.
  public var violation = 0.0
  /// Distogram.
  public var distogram = 0.0
  /// Masked alignment cells.
  public var maskedMSA = 0.0
  /// Experimentally resolved atoms.
  public var experimentallyResolved = 0.0
  /// Predicted lDDT.
  public var confidence = 0.0
  /// Predicted aligned error.
  public var alignedError = 0.0
  /// Contacts, if enabled.
  public var contacts = 0.0

  /// A report of zeros.
  public init() {}
}

extension LossReport {
  /// Every term, in a fixed order.
  package static let terms: [WritableKeyPath<LossReport, Double> & Sendable] = [
    \.total, \.structure, \.backboneFAPE, \.fape, \.smoothLDDT, \.sideChainFAPE, \.chi,
    \.backboneTorsions, \.angleNorm, \.violation, \.distogram, \.maskedMSA,
    \.experimentallyResolved, \.confidence, \.alignedError, \.contacts,
  ]

  /// Adds the terms of another report.
  package mutating func add(_ other: LossReport) {
    for term in Self.terms { self[keyPath: term] += other[keyPath: term] }
  }

  /// Every term times a factor.
  package func scaled(by factor: Double) -> LossReport {
    var result = self
    for term in Self.terms { result[keyPath: term] *= factor }
    return result
  }
}
