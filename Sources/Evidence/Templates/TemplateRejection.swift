import Foundation
import Messages

/// Why a hit does not become a template, in the order of AlphaFold's checks.
public enum TemplateRejection: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name does not begin with `PDBID_chain`.
  case nameNotUnderstood(String)
  /// The entry was withdrawn and has no successor.
  case obsolete(entry: String)
  /// The entry was released after the cut-off date.
  case tooNew(released: String, cutoff: String)
  /// The hit covers too little of the target.
  case alignsTooLittle(columns: Int, targetLength: Int)
  /// The hit is a part of the target itself that covers nearly all of it.
  case duplicateOfTarget(length: Int, targetLength: Int)
  /// The hit has fewer residues than a template needs.
  case tooShort(length: Int, minimum: Int)
  /// The aligned part of the target does not occur in the target.
  case notOfThisTarget
  /// There is no structure file for the entry.
  case structureMissing(entry: String, folder: String)
  /// The structure file cannot be read.
  case structureUnreadable(String)
  /// A cut-off date was given, but the structure has no release date.
  case noReleaseDate(entry: String)
  /// The structure holds no protein.
  case noProteinChain
  /// The chain is not in the structure, and there are several others.
  case chainMissing(chain: String, present: [String])
  /// The chain's sequence differs too much from the searched one.
  case sequenceDiffers(identical: Int, length: Int)
  /// The chain is too long to be aligned.
  case alignmentTooLarge(String)
  /// Neighbours are farther apart than any chain allows; the residue is counted from 1.
  case brokenCoordinates(residue: Int, distance: Double)
  /// An atom lies impossibly far out; the residue is counted from 1.
  case coordinatesTooLarge(residue: Int)
  /// Hardly any aligned residue has coordinates.
  case tooFewAtoms(Int)
  /// The chain is not similar enough to the target to be aligned by sequence alone.
  case notSimilar(identical: Int, aligned: Int)
  /// Unrelated proteins often align equally well.
  case byChance(identical: Int, aligned: Int, expected: Double, maximum: Double)
  /// An earlier template has the same aligned sequence.
  case duplicateOfTemplate(String)
  /// Enough templates were found already.
  case notNeeded(maximum: Int)

  /// One line for the table of templates.
  public var description: String {
    switch self {
    case .nameNotUnderstood(let name):
      "the name '\(name.prefix(40))' does not begin with PDBID_chain"
    case .obsolete(let entry): "entry \(entry) is obsolete and has no successor"
    case .tooNew(let released, let cutoff): "released \(released), after the cut-off \(cutoff)"
    case .alignsTooLittle(let columns, let length):
      "aligns \(columns) of the target's \(length) residues, more than 10 % are needed"
    case .duplicateOfTarget(let length, let target):
      "is a part of the target itself: \(length) of \(target) residues"
    case .tooShort(let length, let minimum):
      "has \(counted(length, "aligned residue")), at least \(minimum) are needed"
    case .notOfThisTarget: "the aligned sequence is not part of the target; is the file another's?"
    case .structureMissing(let entry, let folder):
      "no structure file of entry \(entry) in \(folder)"
    case .structureUnreadable(let reason): reason
    case .noReleaseDate(let entry):
      "entry \(entry) states no release date, which the cut-off date needs"
    case .noProteinChain: "the structure has no protein chain"
    case .chainMissing(let chain, let present):
      "chain \(chain) is not a protein chain of the structure, which has"
        + " \(present.prefix(12).joined(separator: ", "))"
    case .sequenceDiffers(let identical, let length):
      "the chain has \(counted(identical, "residue")) in common with the \(length) of the hit, 90 % are needed"
    case .alignmentTooLarge(let reason): reason
    case .brokenCoordinates(let residue, let distance):
      "CA of residues \(residue) and \(residue + 1) are \(Int(distance)) Å apart"
    case .coordinatesTooLarge(let residue):
      "residue \(residue) has an atom more than 1,000,000 Å from the origin"
    case .tooFewAtoms(let count):
      "the aligned residues have \(counted(count, "atom")), 5 are needed"
    case .notSimilar(let identical, let aligned):
      "\(identical) identical of \(aligned) aligned residues is too little to align by sequence;"
        + " give a search result (hhr) for remote relatives"
    case .byChance(let identical, let aligned, let expected, let maximum):
      "\(identical) identical of \(aligned) aligned residues may be chance (E \(Self.brief(expected)), at most \(Self.brief(maximum)) is needed);"
        + " give a search result (hhr) for remote relatives"
    case .duplicateOfTemplate(let name): "has the same aligned sequence as \(name)"
    case .notNeeded(let maximum): "comes after the \(counted(maximum, "template")) that are needed"
    }
  }

  /// The reason in words that are the same for every hit that has it, for counts.
  public var kind: String {
    switch self {
    case .nameNotUnderstood: "name not understood"
    case .obsolete: "obsolete entry"
    case .tooNew: "released after the cut-off"
    case .alignsTooLittle: "aligned to too little of the target"
    case .duplicateOfTarget: "part of the target itself"
    case .tooShort: "too short"
    case .notOfThisTarget: "found for another target"
    case .structureMissing: "no structure file"
    case .structureUnreadable: "structure not readable"
    case .noReleaseDate: "no release date"
    case .noProteinChain, .chainMissing: "chain not in the structure"
    case .sequenceDiffers: "other sequence in the structure"
    case .alignmentTooLarge: "too long to align"
    case .brokenCoordinates, .coordinatesTooLarge: "broken coordinates"
    case .tooFewAtoms: "too few atoms"
    case .notSimilar, .byChance: "not similar enough"
    case .duplicateOfTemplate: "same as another template"
    case .notNeeded: "more than are needed"
    }
  }

  /// Two digits, such as `0.042` or `1.3e-05`.
  private static func brief(_ value: Double) -> String { String(format: "%.2g", value) }
}
