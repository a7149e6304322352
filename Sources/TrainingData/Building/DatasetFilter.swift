import Messages
import NumericArrays
import Protein

/// Which chains are worth training on.
///
/// Resolution and the share of one residue type as in AlphaFold2, Suppl. 1.2.5; the rest rejects broken chains.
public struct DatasetFilter: Sendable, Hashable {
  /// Fewest residues.
  public var minimumLength = 16
  /// Most residues.
  public var maximumLength = 2048
  /// Worst resolution, Å; structures without one pass.
  public var maximumResolution: Float = 9
  /// Largest share of one residue type.
  public var maximumResidueShare = 0.8
  /// Smallest share of residues with N, CA and C.
  public var minimumResolvedShare = 0.5
  /// Fewest rows of the alignment, the chain included.
  public var minimumRows = 1
  /// Last day of release, `YYYY-MM-DD`, which also rejects structures of unknown release; nil for any.
  public var lastRelease: String?

  /// The default limits.
  public init() {}

  /// What is wrong with the limits; nil if nothing is.
  public var problem: String? {
    if minimumLength < 1 || maximumLength < minimumLength {
      return "lengths of \(minimumLength) to \(maximumLength) residues leave nothing"
    }
    if !maximumResolution.isFinite || maximumResolution <= 0 {
      return "worst resolution of \(maximumResolution) Å, expected a positive number"
    }
    if let lastRelease, !ReleaseDate.isValid(lastRelease) {
      return "--max-release-date is '\(lastRelease.printable)', expected a day YYYY-MM-DD"
    }
    let shares = [("largest", maximumResidueShare), ("smallest", minimumResolvedShare)]
    for (name, share) in shares where !(0...1).contains(share) {
      return "\(name) share of \(share), expected a number of 0 … 1"
    }
    return nil
  }

  /// Why a chain is rejected; nil if it is kept.
  public func objection(
    aatype: [UInt8], rows: Int, mask: NDArray<Float>, resolution: Float?, release: String? = nil
  ) -> RejectionReason? {
    let count = aatype.count
    if count < minimumLength || count > maximumLength { return .length(count) }
    if let resolution, resolution > maximumResolution { return .resolution(resolution) }
    if let lastRelease, release.map({ $0 > lastRelease }) ?? true { return .release(release) }
    if rows < minimumRows { return .rows(rows) }
    var counts = [Int](repeating: 0, count: 21)
    for type in aatype { counts[min(Int(type), 20)] += 1 }
    let largest = Double(counts.max() ?? 0) / Double(count)
    if largest > maximumResidueShare { return .residueShare(largest) }
    let resolved = (0..<count).count { residue in
      [AtomName.n, .ca, .c].allSatisfy { mask.values[residue * AtomName.count + $0.index] > 0 }
    }
    let share = Double(resolved) / Double(count)
    return share < minimumResolvedShare ? .missingAtoms(share) : nil
  }
}

/// Why a chain is not in a training store.
public enum RejectionReason: Error, Hashable, Sendable, CustomStringConvertible {
  /// Too short or too long.
  case length(Int)
  /// Resolution too low, Å.
  case resolution(Float)
  /// Released too late or at an unknown date.
  case release(String?)
  /// Too few alignment rows.
  case rows(Int)
  /// One residue type dominates.
  case residueShare(Double)
  /// Too few residues with a backbone.
  case missingAtoms(Double)
  /// The cluster table bars it.
  case excluded
  /// A chain with that name is already in the store.
  case duplicate
  /// The structure has another sequence than the alignment.
  case sequence(identical: Int, residues: Int)
  /// The structure holds no protein.
  case noProtein
  /// A file cannot be read; the reader's message.
  case unreadable(String)

  /// One word under which reasons are counted.
  public var kind: String {
    switch self {
    case .length: "length"
    case .resolution: "resolution"
    case .release: "release"
    case .rows: "rows"
    case .residueShare: "residue_share"
    case .missingAtoms: "missing_atoms"
    case .excluded: "excluded"
    case .duplicate: "duplicate"
    case .sequence: "sequence"
    case .noProtein: "no_protein"
    case .unreadable: "unreadable"
    }
  }

  /// The reason in words, with the number that decided.
  public var description: String {
    switch self {
    case .length(let count): "\(counted(count, "residue"))"
    case .resolution(let value): "resolution \(value) Å"
    case .release(let date): date.map { "released \($0)" } ?? "day of release unknown"
    case .rows(let count): "\(counted(count, "alignment row"))"
    case .residueShare(let share): "one residue type makes up \(percent(share))"
    case .missingAtoms(let share): "only \(percent(share)) of the residues have N, CA and C"
    case .excluded: "barred by the cluster table"
    case .duplicate: "a chain of this name came before"
    case .sequence(let identical, let residues):
      "\(identical) of \(residues) residues of the structure fit the alignment's first row"
    case .noProtein: "no amino acids"
    case .unreadable(let message): message
    }
  }

  private func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
}
