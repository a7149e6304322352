import Messages
import NumericArrays
import Protein

/// An alignment as read from a file: letters in the columns of the query, and counts of letters inserted between them.
public struct Alignment: Sendable, Hashable {
  /// Name of the file, for messages and provenance.
  public var source: String
  /// Number of columns, `N_res` of the query.
  public let columns: Int
  /// Header of each row without `>`.
  public var names: [String]
  /// Upper-case letters and `-`, ASCII. `[rows, columns]`
  public var letters: [UInt8]
  /// Letters inserted before each column, at most 65,535. `[rows, columns]`
  public var deletions: [UInt16]
  /// Remarks about how the file was read, one line each.
  public var warnings: [String]

  /// An alignment of rows with equally many columns.
  ///
  /// - Precondition: `letters` and `deletions` hold `names.count · columns` values.
  public init(
    source: String, columns: Int, names: [String], letters: [UInt8], deletions: [UInt16],
    warnings: [String] = []
  ) {
    programmingError(
      unless: letters.count == names.count * columns && deletions.count == letters.count,
      "\(names.count) rows of \(columns) columns with \(letters.count) letters and"
        + " \(deletions.count) deletion counts")
    self.source = source
    self.columns = columns
    self.names = names
    self.letters = letters
    self.deletions = deletions
    self.warnings = warnings
  }

  /// Number of rows, the query included.
  public var rows: Int { names.count }

  /// Letters of one row.
  public func row(_ index: Int) -> ArraySlice<UInt8> {
    letters[index * columns..<(index + 1) * columns]
  }

  /// The first rows only.
  public func prefix(_ maximum: Int) -> Alignment {
    guard maximum < rows else { return self }
    let count = max(1, maximum)
    return Alignment(
      source: source, columns: columns, names: Array(names.prefix(count)),
      letters: Array(letters.prefix(count * columns)),
      deletions: Array(deletions.prefix(count * columns)), warnings: warnings)
  }

  /// Reads a file in A3M, aligned FASTA or Stockholm format, recognised by content; `-` is standard input.
  public static func read(path: String) throws(InputError) -> Alignment {
    try parse(InputText(path: path))
  }

  /// Parses A3M, aligned FASTA or Stockholm; only the first rows of a search result that AlphaFold2 truncates.
  public static func parse(_ text: InputText) throws(InputError) -> Alignment {
    guard text.bytes.contains(where: { $0 > 0x20 }) else {
      throw .content(file: text.name, problem: "is empty, expected an alignment (A3M or Stockholm)")
    }
    return try (isStockholm(text) ? Stockholm.parse(text) : A3M.parse(text)).usedRows
  }

  /// The rows that AlphaFold2 uses from a result of the database in the file's name.
  private var usedRows: Alignment {
    guard let maximum = DatabaseRole(file: source)?.maximumRows, maximum < rows else {
      return self
    }
    var used = prefix(maximum)
    used.warnings.append("the first \(maximum) of \(rows) rows are used, as in AlphaFold2")
    return used
  }

  /// Whether a text is Stockholm and not A3M, by its first letter, its name or its first line.
  package static func isStockholm(_ text: InputText) -> Bool {
    if text.bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: ">") { return false }
    return [".sto", ".stk", ".sto.gz", ".stk.gz"].contains { text.name.hasSuffix($0) }
      || text.string(0..<min(200, text.bytes.count)).contains("STOCKHOLM")
  }

  /// Whether the first row is the query; `X` on either side matches anything.
  package func belongs(to sequence: ProteinSequence) -> Bool {
    columns == sequence.count && firstDifference(from: sequence) == nil
  }

  /// Throws unless the alignment belongs to the sequence: its first row is the query, `X` on either side matching anything.
  public func checkQuery(is sequence: ProteinSequence) throws(InputError) {
    guard columns == sequence.count else {
      throw .content(
        file: source,
        problem:
          "the first row has \(counted(columns, "residue")), the target has \(sequence.count);"
          + " the first row must be the target's sequence")
    }
    guard let column = firstDifference(from: sequence) else { return }
    throw .content(
      file: source,
      problem: "the first row has \(InputText.quoted(letters[column])) at residue \(column + 1),"
        + " the target has '\(sequence.residues[column].letter)';"
        + " the first row must be the target's sequence")
  }

  /// The first column in which the first row is not a sequence of the same length.
  private func firstDifference(from sequence: ProteinSequence) -> Int? {
    sequence.residues.indices.first { column in
      let residue = sequence.residues[column]
      let found = HHblitsAlphabet.index(of: letters[column]).map {
        HHblitsAlphabet.networkIndex[Int($0)]
      }
      let unknown = AminoAcid.unknown.rawValue
      return found != residue.rawValue && found != unknown && residue != .unknown
    }
  }
}
