import Messages
import Protein

extension ScoreReport {
  /// The report as a table for people.
  public func text(perResidue: Bool = false) -> String {
    var lines = [
      "\(Chain.title(modelChain)) of the model against \(Chain.title(referenceChain)) of the reference",
      Self.row([
        "", "residues", "matched", "lDDT", "lDDT-CA", "TM-score", "GDT-TS", "GDT-HA", "RMSD",
        "RMSD95",
      ]),
      Self.row(["whole"] + Self.columns(whole)),
    ]
    for domain in domains {
      lines.append(Self.row([domain.domain.name] + Self.columns(domain.scores)))
    }
    lines.append(
      "chirality: \(quality.wrongHand.count) of \(quality.chiralCount) residues have the wrong hand"
        + Self.list(quality.wrongHand, of: quality.wrongHand.count))
    lines.append(
      "peptide bonds: \(quality.brokenBonds.count) of \(quality.bondCount) are broken"
        + Self.list(quality.brokenBonds, of: quality.brokenBonds.count))
    lines.append(
      "clashes: \(counted(quality.clashCount, "overlap")) over \(ModelQuality.overlapTolerance) Å among "
        + "\(counted(quality.atomCount, "atom"))"
        + Self.list(
          quality.worstClashes.map {
            "\($0.first)–\($0.second) \(fixed($0.distance, decimals: 2)) Å"
          }, of: quality.clashCount))
    lines += warnings.map { "note: \($0)" }
    // Names come from files and may contain line ends and terminal commands.
    lines = lines.map(\.printable)
    if perResidue { lines += perResidueLines }
    return lines.joined(separator: "\n") + "\n"
  }

  private var perResidueLines: [String] {
    let header = "reference\tmodel\tlDDT\tlDDT-CA"
    return [header]
      + matching.reference.indices.map { index in
        let residue = matching.reference[index]
        let partner = matching.model[index].map { "\($0.name) \($0.label)" } ?? "-"
        let all = whole.lddt.perResidue[index].map { fixed($0, decimals: 4) } ?? "-"
        let alpha = whole.lddtAlpha.perResidue[index].map { fixed($0, decimals: 4) } ?? "-"
        return ["\(residue.name) \(residue.label)", partner, all, alpha].map(\.printable)
          .joined(separator: "\t")
      }
  }

  private static func columns(_ scores: ScoreSet) -> [String] {
    [
      "\(scores.referenceResidues)", "\(scores.matchedResidues)",
      scores.lddt.score.map { fixed($0, decimals: 4) } ?? "-",
      scores.lddtAlpha.score.map { fixed($0, decimals: 4) } ?? "-",
      fixed(scores.superposed.tmScore.value, decimals: 4),
      fixed(scores.superposed.gdtTS, decimals: 4), fixed(scores.superposed.gdtHA, decimals: 4),
      scores.rmsd.map { fixed($0.value, decimals: 3) } ?? "-",
      scores.rmsd95.map { fixed($0.value, decimals: 3) } ?? "-",
    ]
  }

  private static func row(_ cells: [String]) -> String {
    cells.enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, (index == 0 ? 8 : 9) - cell.count))
      return index == 0 ? cell + padding : padding + cell
    }.joined(separator: " ")
  }

  /// The first of all items.
  private static func list(_ items: [String], of count: Int) -> String {
    guard !items.isEmpty else { return "" }
    return ": " + items.prefix(ModelQuality.listed).joined(separator: ", ")
      + (count > ModelQuality.listed ? ", …" : "")
  }
}
