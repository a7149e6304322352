import Messages
import Protein

/// Why a model cannot be compared with a reference.
public enum ScoringError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// Which of the two structures an error is about.
  public enum Role: String, Sendable {
    case model, reference
  }

  /// The requested chain is not present; lists those that are.
  case noSuchChain(Role, wanted: String, present: [String])
  /// No chain, or the chosen one, holds an amino acid.
  case noAminoAcid(Role, chain: String?)
  /// There are amino acids, but none with a C-alpha.
  case noAlphaCarbon(Role, chain: String)
  /// A coordinate is not a number.
  case notFinite(Role, residue: String, atom: String)
  /// Too few residues find a partner of their type.
  case differentSequences(
    byNumber: Int, byAlignment: Int, modelResidues: Int, referenceResidues: Int)
  /// More residues than the aligner's memory allows.
  case tooLongToAlign(models: Int, references: Int)
  /// The text is not a list of residue ranges.
  case badRange(String)
  /// A domain that holds no residue of the reference; which numbers these have, in the file or, without a chain, along the model.
  case emptyDomain(DomainRange, chain: String?, numbers: ClosedRange<Int>)

  /// One line: what was found, what was expected.
  public var description: String { text.printable }

  private var text: String {
    switch self {
    case .noSuchChain(let role, let wanted, let present):
      "the \(role.rawValue) has no chain '\(wanted)'; it has \(present.joined(separator: ", "))"
    case .noAminoAcid(let role, let chain):
      "the \(role.rawValue)\(chain.map { "'s \(Chain.title($0))" } ?? "") has no amino acid"
    case .noAlphaCarbon(let role, let chain):
      "the \(role.rawValue)'s \(Chain.title(chain)) has no C-alpha (atom CA); all scores need them"
    case .notFinite(let role, let residue, let atom):
      "the \(role.rawValue)'s atom \(atom) of \(residue) has a coordinate that is no number below 10⁶ Å"
    case .differentSequences(let byNumber, let byAlignment, let models, let references):
      "different sequences: of \(models) residues of the model and \(references) of the reference "
        + "only \(byNumber) correspond by number and \(byAlignment) by alignment; were the right files and chains chosen?"
    case .tooLongToAlign(let models, let references):
      "\(models) × \(references) residues are too many to align; number both alike instead"
    case .badRange(let text):
      "'\(text)' is not a list of domains such as 2-194,203-406 or 2-50+80-194"
    case .emptyDomain(let domain, let chain, let numbers):
      "domain \(domain.name) (\(domain.label)) holds no residue of the reference; "
        + (chain.map { "its \(Chain.title($0)) is numbered " } ?? "along the model it has ")
        + "\(numbers.lowerBound) to \(numbers.upperBound)"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .badInput }
}
