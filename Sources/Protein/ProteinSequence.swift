/// A protein chain as a sequence of residue types, made from validated letters.
public struct ProteinSequence: Sendable, Hashable {
  /// A letter outside the twenty that was replaced.
  public struct Substitution: Sendable, Hashable {
    /// Position in the sequence, counted from 1.
    public let position: Int
    /// The original letter.
    public let letter: Character
    /// The residue type that replaces it.
    public let standIn: AminoAcid
  }

  /// Residue types. `[N_res]`
  public let residues: [AminoAcid]
  /// Letters that were replaced; `X` itself is not listed.
  public let substitutions: [Substitution]

  /// A sequence of residue types.
  public init(_ residues: [AminoAcid]) {
    self.residues = residues
    substitutions = []
  }

  /// Reads one-letter codes.
  ///
  /// Lower case counts as upper case, white space is skipped, and so is one `*` (stop) at the end. Unusual letters are replaced:
  /// `U` → `C`, `B` → `D`, `Z` → `E`, `O` and `J` → `X`, as HHblits maps them.
  public init(_ letters: some StringProtocol) throws(ProteinSequenceError) {
    var kept = letters.filter { !$0.isWhitespace }
    if kept.last == "*" { kept.removeLast() }
    guard !kept.isEmpty else { throw .empty }
    var residues: [AminoAcid] = []
    var substitutions: [Substitution] = []
    for (offset, character) in kept.enumerated() {
      let upper = character.isASCII ? Character(character.uppercased()) : character
      if let residue = AminoAcid(letter: upper) {
        residues.append(residue)
      } else if let standIn = Self.standIns[upper] {
        residues.append(standIn)
        substitutions.append(.init(position: offset + 1, letter: upper, standIn: standIn))
      } else {
        throw .notAnAminoAcid(letter: character, position: offset + 1)
      }
    }
    self.residues = residues
    self.substitutions = substitutions
  }

  /// Number of residues.
  public var count: Int { residues.count }

  /// One-letter codes after substitution.
  public var letters: String { String(residues.map(\.letter)) }

  /// Residue types as the network counts them. `[N_res]`
  public var aatype: [Int] { residues.map(\.index) }

  /// One line for each kind of substituted letter, naming its positions; empty if there was none.
  public var warnings: [String] {
    let byLetter = Dictionary(grouping: substitutions, by: \.letter)
    return byLetter.sorted { $0.key < $1.key }.map { letter, found in
      let shown = found.prefix(10).map { String($0.position) }.joined(separator: ", ")
      let more = found.count > 10 ? " and \(found.count - 10) more" : ""
      return "'\(letter)' is read as '\(found[0].standIn.letter)' at position \(shown)\(more)"
    }
  }

  private static let standIns: [Character: AminoAcid] = [
    "U": .cysteine, "B": .asparticAcid, "Z": .glutamicAcid, "O": .unknown, "J": .unknown,
  ]
}

/// Why letters are not a protein sequence.
public enum ProteinSequenceError: Error, Hashable, CustomStringConvertible {
  /// There are no letters.
  case empty
  /// A character that is not a residue, at a position counted from 1.
  case notAnAminoAcid(letter: Character, position: Int)

  /// One line that says what was found and what was expected.
  public var description: String {
    switch self {
    case .empty:
      "the sequence is empty, expected at least one amino acid letter"
    case .notAnAminoAcid(let letter, let position):
      "position \(position): \(Self.quoted(letter)) is not an amino acid"
        + " (ACDEFGHIKLMNPQRSTVWY, X for unknown)"
    }
  }

  private static func quoted(_ letter: Character) -> String {
    if letter.isASCII, let value = letter.asciiValue, value < 0x20 || value == 0x7F {
      return "control character \(value)"
    }
    return "'\(letter)'"
  }
}
