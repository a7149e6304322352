import Messages
import Protein

/// One record of a FASTA file: a target, or the reason why it cannot be one.
public struct FASTARecord: Sendable, Hashable {
  /// Name for files and folders, the first word of the header, unique within the file.
  public var id: String
  /// Header without `>`.
  public var header: String
  /// Line of the header, counted from 1; 0 for a bare sequence.
  public var line: Int
  /// The sequence, or what is wrong with it: one bad record does not affect the others.
  public var sequence: Result<ProteinSequence, InputError>
  /// What was changed while reading, one line each.
  public var warnings: [String]
  /// How an ambiguous file was understood, one line each.
  public var notes: [String] = []
}

/// Reader of FASTA files with one target per record, of ColabFold's tables `id,sequence` with one per line, and of bare sequences.
///
/// Tolerant: lower case, CRLF, blanks inside lines, a `*` at the end. Digits, gaps, chain separators and any
/// other byte are errors with line and column.
public enum FASTA {
  /// Longest sequence accepted.
  public static let maximumResidues = 100_000

  /// A file of only a few letters may be any word.
  private static let fewLetters = 10

  /// Records in file order; throws if the file as a whole holds no sequences.
  public static func records(in text: InputText) throws(InputError) -> [FASTARecord] {
    switch SequenceLayout(text) {
    case .records: return named(try records(of: text), in: text)
    case .table: return named(try rows(of: text), in: text)
    case .bare:
      try requireOneSequence(text)
      var draft = Draft(header: TargetName.oneWord(TargetName.stem(of: text.name)), line: 0)
      for line in text.lines { draft.append(text.bytes, line, in: text) }
      var records = named([draft], in: text)
      if draft.letters.count < fewLetters {
        records[0].warnings.append(
          "the file holds nothing but '\(String(decoding: draft.letters, as: UTF8.self))', which is taken for a sequence"
        )
      }
      return records
    }
  }

  /// Throws unless the lines can be one sequence: all but the last are as long as the first.
  private static func requireOneSequence(_ text: InputText) throws(InputError) {
    let lengths = text.lines.map { text.string($0.range).count { $0.isLetter } }.filter { $0 > 0 }
    guard let first = lengths.first, let last = lengths.last, lengths.count > 1 else { return }
    if lengths.dropLast().allSatisfy({ $0 == first }) && last <= first { return }
    throw .content(
      file: text.name,
      problem:
        "holds \(lengths.count) lines of letters of different lengths; begin each sequence with a line '>name'"
    )
  }

  private static func records(of text: InputText) throws(InputError) -> [Draft] {
    var drafts: [Draft] = []
    for line in text.lines {
      let content = text.string(line.range)
      if content.isEmpty { continue }
      if content.hasPrefix(">") {
        let header = text.string(line.range).dropFirst()
        drafts.append(Draft(header: String(header.drop(while: \.isWhitespace)), line: line.number))
      } else if content.hasPrefix(";") {
        continue
      } else if drafts.isEmpty {
        try text.refuseStructure(content)
        if InputFolder.isTable(text.name) {
          throw text.problem(
            "the first line of a table must be id,sequence, found \(describe(content))",
            line: line.number)
        }
        throw text.problem(
          "a FASTA record must begin with '>' and a name, found \(describe(content))",
          line: line.number, column: 1)
      } else {
        drafts[drafts.count - 1].append(text.bytes, line, in: text)
      }
    }
    guard !drafts.isEmpty else {
      throw .content(file: text.name, problem: "is empty, expected FASTA ('>name', sequence)")
    }
    return drafts
  }

  /// The rows of a table as named records.
  private static func rows(of text: InputText) throws(InputError) -> [Draft] {
    var drafts: [Draft] = []
    var separator: UInt8?
    for line in text.lines {
      let content = text.string(line.range)
      if content.isEmpty { continue }
      guard let mark = separator else {
        separator = UInt8(ascii: content.contains("\t") ? "\t" : ",")
        continue
      }
      if let place = line.range.first(where: { text.bytes[$0] == mark }) {
        let name = unquoted(text.string(line.range.lowerBound..<place))
        var draft = Draft(header: TargetName.oneWord(name), line: line.number)
        draft.append(text.bytes, line, from: place + 1, skipping: UInt8(ascii: "\""), in: text)
        drafts.append(draft)
      } else {
        var draft = Draft(header: TargetName.oneWord(content), line: line.number)
        draft.error = text.problem(
          "a line must hold a name and a sequence as the first line says, found \(describe(content))",
          line: line.number)
        drafts.append(draft)
      }
    }
    guard !drafts.isEmpty else {
      throw .content(file: text.name, problem: "is empty below its first line, expected sequences")
    }
    return drafts
  }

  /// The content of a cell that spreadsheets put in quotes.
  private static func unquoted(_ cell: String) -> String {
    cell.hasPrefix("\"") && cell.hasSuffix("\"") && cell.count > 1
      ? String(cell.dropFirst().dropLast()) : cell
  }

  private static func describe(_ content: String) -> String {
    let shown = content.unicodeScalars.prefix(12).map { $0.isASCII && $0.value > 31 ? $0 : "?" }
    return "'\(String(String.UnicodeScalarView(shown)))'"
  }

  private static func named(_ drafts: [Draft], in text: InputText) -> [FASTARecord] {
    var words: Set<String> = []
    var lines: [String: Int] = [:]
    var names = TargetNames()
    return drafts.map { draft in
      let word = draft.header.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
      let plain = TargetName.sanitized(draft.header)
      let id = names.claim(plain)
      var sequence = draft.sequence(in: text)
      var warnings = (try? sequence.get())?.warnings ?? []
      let record = word + "\n" + String(decoding: draft.letters, as: UTF8.self)
      if let earlier = lines[record], !word.isEmpty, draft.error == nil {
        sequence = .failure(
          text.problem(
            "target '\(word)' is already in line \(earlier); give each record its own name",
            line: draft.line))
      } else if id != plain {
        let isCut = words.contains(word) && draft.header != word
        let name = isCut ? String(draft.header.prefix(40)).printable : word
        let cause =
          TargetNames.isReserved(plain)
          ? "helixfold writes a file of that name" : "'\(plain)' is taken"
        warnings.append(
          (isCut ? "names end at the first blank: " : "")
            + "'\(name)' is called '\(id)', because \(cause)")
      } else if plain == TargetName.fallback, !word.isEmpty, word != plain {
        warnings.append(
          "'\(word.printable)' is called '\(id)': names of folders have letters A to Z, digits, '_', '.' and '-'"
        )
      }
      words.insert(word)
      if lines[record] == nil { lines[record] = draft.line }
      return FASTARecord(
        id: id, header: draft.header, line: draft.line, sequence: sequence, warnings: warnings)
    }
  }
}

/// A record whose lines are being collected.
private struct Draft {
  var header: String
  var line: Int
  var letters: [UInt8] = []
  var stop: (line: Int, column: Int)?
  var error: InputError?

  init(header: String, line: Int) {
    self.header = header
    self.line = line
  }

  /// Adds the letters of a line; in a table, those from `start` on, without quotes.
  mutating func append(
    _ bytes: [UInt8], _ line: InputText.Line, from start: Int? = nil, skipping quote: UInt8? = nil,
    in text: InputText
  ) {
    let range = (start ?? line.range.lowerBound)..<line.range.upperBound
    for index in range where error == nil && bytes[index] != quote {
      let byte = bytes[index]
      let column = index - line.range.lowerBound + 1
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), 0x0B, 0x0C: continue
      case UInt8(ascii: "*"):
        if stop == nil { stop = (line.number, column) }
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        if let stop {
          error = text.problem(
            "'*' in the middle of a sequence; a stop is only allowed at the end",
            line: stop.line, column: stop.column)
        }
        letters.append(byte & 0xDF)
      default:
        error = text.problem(Self.explanation(of: byte), line: line.number, column: column)
      }
    }
    if letters.count > FASTA.maximumResidues, error == nil {
      error = text.problem(
        "the sequence is longer than \(FASTA.maximumResidues) residues", line: self.line)
    }
  }

  private static func explanation(of byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: ":"):
      "':' separates chains, but only single chains are supported; give each its own record"
    case UInt8(ascii: "-"), UInt8(ascii: "."):
      "\(InputText.quoted(byte)) is a gap; the target must not be aligned (alignments go to --msa)"
    default:
      "\(InputText.quoted(byte)) is not an amino acid (ACDEFGHIKLMNPQRSTVWY, X for unknown)"
    }
  }

  func sequence(in text: InputText) -> Result<ProteinSequence, InputError> {
    if let error { return .failure(error) }
    do throws(ProteinSequenceError) {
      return .success(try ProteinSequence(String(decoding: letters, as: UTF8.self)))
    } catch {
      return .failure(text.problem("\(error)", line: line))
    }
  }
}
