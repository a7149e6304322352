import FeaturePipeline

/// Template hits in the Stockholm files of hmmsearch and jackhmmer.
///
/// The multimer pipeline of AlphaFold searches the sequences of the PDB (`pdb_seqres`) with a profile of the target. Upper case and
/// `-` are columns of the target, lower case insertions, `.` padding. A row is called `4pqx_A/2-217` and described as `mol:protein
/// length:217`. Rows of nucleic acids are skipped. Departures from AlphaFold: a malformed row is skipped and listed, and a
/// description without `mol:` counts as protein.
public enum HmmsearchHits {
  /// Reads the hits for a target; `skipsFirstRow` if the first row is the target (jackhmmer).
  public static func parse(
    _ text: InputText, target: String, skipsFirstRow: Bool = false
  ) throws(InputError) -> HitFile {
    let target = Array(target.utf8)
    let found = try StockholmRows(hmmer: text)
    let rows = found.rows
    var result = HitFile()
    if let last = rows.last, !found.isClosed {
      result.skipped.append(
        SkippedRecord(
          file: text.name, line: last.line,
          reason: "the line // at the end is missing; the file was perhaps cut short"))
    }
    for (place, row) in rows.dropFirst(skipsFirstRow ? 1 : 0).enumerated() {
      do {
        if let hit = try self.hit(row, index: place + 1, target: target) { result.hits.append(hit) }
      } catch {
        result.skipped.append(
          SkippedRecord(file: text.name, line: row.line, reason: error.reason))
      }
    }
    return result
  }

  private struct Problem: Error { let reason: String }

  /// Nil for a row that is not a protein.
  private static func hit(
    _ row: StockholmRows.Row, index: Int, target: [UInt8]
  ) throws(Problem) -> TemplateHit? {
    if row.description.contains("mol:"), !row.description.contains("mol:protein") { return nil }
    let (name, start) = try nameAndStart(row.name)
    var indices: [Int] = []
    var columns = 0
    var next = start - 1
    var letters: [UInt8] = []
    for letter in row.letters where letter != UInt8(ascii: ".") {
      switch letter {
      case UInt8(ascii: "-"): indices.append(-1)
      case UInt8(ascii: "a")...UInt8(ascii: "z"): next += 1
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        indices.append(next)
        next += 1
        columns += 1
      default: throw Problem(reason: "\(excerpt([letter])) is no letter of an aligned sequence")
      }
      letters.append(letter & ~0x20 | (letter == UInt8(ascii: "-") ? 0x20 : 0))
    }
    guard indices.count == target.count else {
      throw Problem(
        reason: "\(name) has \(indices.count) columns, the target \(target.count) residues;"
          + " was this file made for another sequence?")
    }
    guard columns > 0 else { throw Problem(reason: "\(name) has no aligned residue") }
    return TemplateHit(
      index: index, name: name, alignedColumns: columns, sumOfProbabilities: nil, query: target,
      template: letters, queryIndices: Array(target.indices), templateIndices: indices,
      line: row.line)
  }

  /// `4pqx_A/2-217` → `4pqx_A` and 2.
  ///
  /// If a database has a name twice, HMMER numbers all rows: `000|4pqx_A/2-217`.
  private static func nameAndStart(_ label: String) throws(Problem) -> (String, Int) {
    let label = label.replacing(/^[0-9]+\|/, with: "")
    if let slash = label.lastIndex(of: "/") {
      let range = label[label.index(after: slash)...].split(separator: "-")
      if range.count == 2, let start = Int(range[0]), let end = Int(range[1]), start >= 1,
        end >= start, end < Int(Int32.max)
      {
        return (String(label[..<slash]), start)
      }
    }
    throw Problem(reason: "expected a name such as 4pqx_A/2-217, found \(excerpt(label.utf8))")
  }
}

extension StockholmRows {
  /// The rows of a file that HMMER wrote: it begins with `# STOCKHOLM`, or is empty if nothing was found.
  init(hmmer text: InputText) throws(InputError) {
    let lines = text.byteLines
    if let first = lines.firstIndex(where: { !$0.words.isEmpty }),
      !lines[first].begins(with: "# STOCKHOLM")
    {
      throw text.expected("'# STOCKHOLM 1.0'", at: first, in: lines)
    }
    self.init(text)
  }
}
