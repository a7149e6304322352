import FeaturePipeline
import Messages

/// Reader of `hhr` files, the result of HHsearch and HHblits.
///
/// A file holds a table of hits, then a paragraph for each, which begins with a line `No 1`, names the hit after `>`, summarises it
/// (`Probab=… Sum_probs=…`) and shows the alignment in blocks of lines that start with `Q` and `T`. Only the paragraphs are read.
/// Departure from AlphaFold: a malformed paragraph is skipped and listed instead of ending the run, and names of any width are
/// accepted.
public enum HHRFile {
  /// Reads the hits of a file.
  public static func parse(_ text: InputText) throws(InputError) -> HitFile {
    let lines = text.byteLines
    let starts = lines.indices.filter { isParagraphStart(lines[$0]) }
    if starts.isEmpty { try requireHeader(text, lines) }
    var result = HitFile()
    for (place, start) in starts.enumerated() {
      let end = place + 1 < starts.count ? starts[place + 1] : lines.count
      do {
        result.hits.append(try HHRParagraph(lines, start..<end).hit)
      } catch {
        result.skipped.append(
          SkippedRecord(file: text.name, line: error.line + 1, reason: error.reason))
      }
    }
    if let table = listed(lines), table.count > starts.count {
      result.skipped.append(
        SkippedRecord(
          file: text.name, line: table.line,
          reason: "the table lists \(counted(table.count, "hit")), \(starts.count) follow;"
            + " the file was perhaps cut short, or the search shows fewer (-B)"))
    }
    return result
  }

  /// The number of hits in the table ` No Hit …`, which a blank line ends, and its line in the file; nil if there is no table.
  private static func listed(_ lines: [ArraySlice<UInt8>]) -> (count: Int, line: Int)? {
    guard let start = lines.firstIndex(where: { $0.begins(with: " No Hit") }) else { return nil }
    let rows = lines[(start + 1)...].prefix { $0.words.first?.integer != nil }
    return (rows.count, start + 1)
  }

  private static func isParagraphStart(_ line: ArraySlice<UInt8>) -> Bool {
    line.begins(with: "No ") && line.words.count == 2 && line.words[1].integer != nil
  }

  /// Even a search without hits leaves a file with a header.
  private static func requireHeader(
    _ text: InputText, _ lines: [ArraySlice<UInt8>]
  ) throws(InputError) {
    let first = lines.firstIndex { !$0.words.isEmpty }
    if let first, lines[first].begins(with: "Query ") { return }
    if let first, MMseqsTable.isLikely(lines[first]) {
      throw .content(
        file: text.name,
        problem: "is a table of hits without their alignments (m8), which is not read;"
          + " give the structures that it names with --template")
    }
    throw text.expected("an hhr file that begins with 'Query'", at: first, in: lines)
  }
}

/// One paragraph of an hhr file while it is being read.
private struct HHRParagraph {
  struct Problem: Error {
    let line: Int
    let reason: String
  }

  var hit: TemplateHit

  init(_ lines: [ArraySlice<UInt8>], _ range: Range<Int>) throws(Problem) {
    let start = range.lowerBound
    guard range.count >= 3 else { throw Problem(line: start, reason: "the hit is cut short") }
    guard lines[start + 1].first == UInt8(ascii: ">") else {
      throw Problem(
        line: start + 1, reason: "expected '>' and a name, found \(excerpt(lines[start + 1]))")
    }
    let summary = try Summary(lines[start + 2], line: start + 2)
    hit = TemplateHit(
      index: lines[start].words.last?.integer ?? 0, name: lines[start + 1].dropFirst().text,
      alignedColumns: summary.alignedColumns, sumOfProbabilities: summary.sumOfProbabilities,
      query: [], template: [], queryIndices: [], templateIndices: [], line: start + 1)
    for place in (start + 3)..<max(start + 3, range.upperBound) {
      try read(lines[place], line: place)
    }
    guard hit.query.count == hit.template.count else {
      throw Problem(
        line: start,
        reason: "target and template are aligned over \(hit.query.count) and"
          + " \(hit.template.count) columns; the file seems to be cut short")
    }
    guard !hit.query.isEmpty else { throw Problem(line: start, reason: "the hit has no alignment") }
  }

  private mutating func read(_ line: ArraySlice<UInt8>, line number: Int) throws(Problem) {
    guard line.begins(with: "Q ") || line.begins(with: "T ") else { return }
    let words = line.words
    let annotations: Set = ["ss_dssp", "ss_pred", "ss_conf", "Consensus"]
    guard words.count > 1, !annotations.contains(words[1].text) else { return }
    let block = try Block(words, line: number)
    if line.first == UInt8(ascii: "Q") {
      hit.query += block.letters
      hit.queryIndices += block.indices
    } else {
      hit.template += block.letters
      hit.templateIndices += block.indices
      guard hit.template.count == hit.query.count else {
        throw Problem(
          line: number,
          reason: "the template line ends at column \(hit.template.count), the target line above"
            + " at \(hit.query.count)")
      }
    }
  }

  /// The summary line of a hit.
  ///
  /// `Probab=99.84  E-value=2.1e-25  Score=158.41  Aligned_cols=141 … Sum_probs=133.6`
  private struct Summary {
    let alignedColumns: Int
    let sumOfProbabilities: Double

    init(_ line: ArraySlice<UInt8>, line number: Int) throws(Problem) {
      var values: [String: String] = [:]
      for word in line.words {
        let parts = word.split(separator: UInt8(ascii: "="), maxSplits: 1)
        if parts.count == 2 { values[parts[0].text] = parts[1].text }
      }
      guard let columns = values["Aligned_cols"].flatMap({ Int($0) }), columns >= 0,
        let sum = values["Sum_probs"].flatMap({ Double($0) }), sum.isFinite
      else {
        throw Problem(
          line: number,
          reason: "expected 'Probab=… Aligned_cols=… Sum_probs=…', found \(excerpt(line))")
      }
      alignedColumns = columns
      sumOfProbabilities = sum
    }
  }

  /// The last four words of `Q query   1 VLSPADKTNVK  80 (141)`: start, letters, end, whole length.
  private struct Block {
    let letters: [UInt8]
    let indices: [Int]

    init(_ words: [ArraySlice<UInt8>], line: Int) throws(Problem) {
      let fields = words.suffix(4)
      guard words.count >= 5, let start = fields[fields.startIndex].integer, start >= 1,
        let end = fields[fields.startIndex + 2].integer, end < Int(Int32.max)
      else {
        throw Problem(line: line, reason: "expected 'start LETTERS end (length)' after the name")
      }
      letters = [UInt8](fields[fields.startIndex + 1])
      if let bad = letters.first(where: {
        !($0 == UInt8(ascii: "-") || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0))
      }) {
        throw Problem(line: line, reason: "\(excerpt([bad])) is no letter of an aligned sequence")
      }
      let residues = letters.count { $0 != UInt8(ascii: "-") }
      guard end - start + 1 == residues else {
        throw Problem(
          line: line, reason: "\(residues) letters stand between places \(start) and \(end)")
      }
      var next = start - 1
      indices = letters.map { letter in
        guard letter != UInt8(ascii: "-") else { return -1 }
        defer { next += 1 }
        return next
      }
    }
  }
}
