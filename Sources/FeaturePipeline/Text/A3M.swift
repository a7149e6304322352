import Messages

/// A3M: FASTA-like rows in which lower-case letters are insertions relative to the first row.
///
/// Reading is tolerant: wrapped lines, CRLF, blank lines, NUL bytes, `.` for padding, `#` lines (ColabFold), secondary-structure
/// rows of HH-suite, a `*` at the end of a row or (read as `X`) within a row other than the query, and a query entirely in lower
/// case. Insertions in the query and rows of unequal width are errors. Writing is strict: one line per row, upper case and `-` in
/// columns, lower case between them.
public enum A3M {
  /// Parses A3M; the first row is the query and sets the number of columns.
  public static func parse(_ text: InputText) throws(InputError) -> Alignment {
    var rows = RowCollector(text)
    for line in text.lines { try rows.take(line) }
    return try rows.finish()
  }

  /// The alignment in A3M, ending with a newline.
  ///
  /// Inserted letters are only counted in memory and are written as `x`.
  public static func write(_ alignment: Alignment) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(alignment.letters.count + alignment.rows * 16)
    for row in 0..<alignment.rows {
      bytes.append(UInt8(ascii: ">"))
      for byte in alignment.names[row].utf8 { bytes.append(byte < 0x20 ? UInt8(ascii: " ") : byte) }
      bytes.append(UInt8(ascii: "\n"))
      for cell in row * alignment.columns..<(row + 1) * alignment.columns {
        for _ in 0..<alignment.deletions[cell] { bytes.append(UInt8(ascii: "x")) }
        bytes.append(alignment.letters[cell])
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Collects the rows of an A3M file line by line.
private struct RowCollector {
  private let text: InputText
  private var names: [String] = []
  private var letters: [UInt8] = []
  private var deletions: [UInt16] = []
  private var columns = 0
  private var headerLine = 0
  private var rowStart = 0
  private var pending = 0
  private var isAnnotation = false
  private var annotations = 0
  /// Lower-case letters of the first row: the whole query if it has no others.
  private var lowered: [UInt8] = []
  /// Position of the first of them.
  private var firstLowered: (line: Int, column: Int)?
  private var warnings: [String] = []

  init(_ text: InputText) {
    self.text = text
    letters.reserveCapacity(text.bytes.count)
    deletions.reserveCapacity(text.bytes.count)
  }

  mutating func take(_ line: InputText.Line) throws(InputError) {
    guard let first = line.range.first(where: { text.bytes[$0] > 0x20 }) else { return }
    switch text.bytes[first] {
    case UInt8(ascii: "#"): try refuseComplex(line)
    case UInt8(ascii: ">"):
      try closeRow()
      begin(text.string(first + 1..<line.range.upperBound), at: line.number)
    default:
      guard headerLine > 0 else {
        try text.refuseStructure(text.string(line.range))
        throw text.problem(
          "an A3M row must begin with '>' and a name, found \(InputText.quoted(text.bytes[first]))",
          line: line.number, column: first - line.range.lowerBound + 1)
      }
      if !isAnnotation { try append(line) }
    }
  }

  /// ColabFold's first line `#lengths<TAB>copies` names several chains in a complex.
  private func refuseComplex(_ line: InputText.Line) throws(InputError) {
    guard headerLine == 0 else { return }
    let parts = text.string(line.range).dropFirst().split(separator: "\t")
    guard let lengths = parts.first, lengths.allSatisfy({ $0.isNumber || $0 == "," }) else {
      return
    }
    if !lengths.contains(","), parts.count > 1, let copies = Int(parts[1]), copies > 1 {
      throw text.problem(
        "this alignment is of \(copies) copies of one chain; remove this line to predict one of them alone",
        line: line.number)
    }
    if lengths.contains(",") || (parts.count > 1 && parts[1] != "1") {
      throw text.problem(
        "this alignment is of a complex ('#\(lengths)'), but only single chains are supported",
        line: line.number)
    }
  }

  private mutating func begin(_ name: String, at line: Int) {
    headerLine = line
    rowStart = letters.count
    pending = 0
    let annotationNames = ["ss_pred", "ss_conf", "ss_dssp", "sa_dssp", "aa_pred", "aa_conf"]
    isAnnotation = annotationNames.contains { name == $0 || name.hasPrefix($0 + " ") }
    if isAnnotation { annotations += 1 } else { names.append(name) }
  }

  private mutating func append(_ line: InputText.Line) throws(InputError) {
    for index in line.range {
      let byte = text.bytes[index]
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"): appendColumn(byte)
      case UInt8(ascii: "a")...UInt8(ascii: "z"):
        pending += 1
        if names.count > 1 { continue }
        lowered.append(byte)
        firstLowered = firstLowered ?? (line.number, index - line.range.lowerBound + 1)
      case 0...0x20, UInt8(ascii: "."): continue
      case UInt8(ascii: "*")
      where text.bytes[index + 1..<line.range.upperBound].allSatisfy({ $0 <= 0x20 }):
        continue
      case UInt8(ascii: "*") where names.count > 1: appendColumn(UInt8(ascii: "X"))
      default:
        throw text.problem(
          "\(InputText.quoted(byte)) is not an alignment letter (A-Z, a-z for insertions, '-')",
          line: line.number, column: index - line.range.lowerBound + 1)
      }
    }
  }

  private mutating func appendColumn(_ letter: UInt8) {
    letters.append(letter)
    deletions.append(UInt16(clamping: pending))
    pending = 0
  }

  private mutating func closeRow() throws(InputError) {
    guard headerLine > 0, !isAnnotation else { return }
    if names.count == 1, let place = firstLowered {
      guard letters.isEmpty else {
        throw text.problem(
          "\(InputText.quoted(lowered[0])) is an insertion, but the first row must be the target:"
            + " write it in upper case, or remove it", line: place.line, column: place.column)
      }
      letters = lowered.map { $0 - 0x20 }
      deletions = [UInt16](repeating: 0, count: letters.count)
      warnings.append("the first row is in lower case and was read as upper case")
    }
    let width = letters.count - rowStart
    if names.count == 1 {
      columns = width
      if width == 0 {
        throw text.problem("the first row has no letters", line: headerLine)
      }
    } else if width != columns {
      throw text.problem(
        "row \(names.count) ('\(names[names.count - 1].prefix(40))') has \(counted(width, "column")),"
          + " the first row has \(columns)", line: headerLine)
    }
  }

  mutating func finish() throws(InputError) -> Alignment {
    try closeRow()
    guard !names.isEmpty else {
      throw .content(file: text.name, problem: "holds no alignment rows ('>name', letters)")
    }
    if annotations > 0 { warnings.append("\(annotations) secondary-structure rows were left out") }
    return Alignment(
      source: text.name, columns: columns, names: names, letters: letters, deletions: deletions,
      warnings: warnings)
  }
}
