import FeaturePipeline

/// One line of a result table of MMseqs2.
public struct MMseqsHit: Hashable, Sendable {
  /// Name of the searched sequence.
  public var query: String
  /// Name of the sequence found.
  public var target: String
  /// Share of identical pairs, 0 … 1.
  public var identity: Double
  /// First and last place in the query, from 0.
  public var queryRange: ClosedRange<Int>
  /// First and last place in the target, from 0.
  public var targetRange: ClosedRange<Int>
  /// Number of such hits that chance would give.
  public var eValue: Double
  /// Score in bits.
  public var bits: Double
  /// Alignment as runs such as `40M2I37M` (I: only in the query, D: only in the target); nil if not given.
  public var cigar: String?
  /// Line of the file, from 1.
  public var line: Int
}

/// Reader of MMseqs2 result tables (`m8`, BLAST tabular).
///
/// The twelve columns are those of `convertalis`: query, target, identity, length, mismatches, gap openings, query
/// start and end, target start and end, E-value, bits. A thirteenth is taken for the CIGAR string, as ColabFold
/// writes it. Identity may be a share or a percentage.
public enum MMseqsTable {
  /// Reads a table; malformed lines are listed with the reason.
  public static func parse(_ text: InputText) -> (hits: [MMseqsHit], skipped: [SkippedRecord]) {
    var hits: [MMseqsHit] = []
    var skipped: [SkippedRecord] = []
    for (place, line) in text.byteLines.enumerated() {
      if line.words.isEmpty || line.first == UInt8(ascii: "#") { continue }
      let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
      if let hit = hit(fields, line: place + 1) {
        hits.append(hit)
      } else {
        skipped.append(
          SkippedRecord(
            file: text.name, line: place + 1,
            reason: "expected 12 or 13 columns of a BLAST table with tabs, found \(excerpt(line))"))
      }
    }
    return (hits, skipped)
  }

  private static func hit(_ fields: [ArraySlice<UInt8>], line: Int) -> MMseqsHit? {
    guard fields.count == 12 || fields.count == 13, let identity = Double(fields[2].text),
      let queryRange = range(fields[6], fields[7]), let targetRange = range(fields[8], fields[9]),
      let eValue = Double(fields[10].text), let bits = Double(fields[11].text),
      identity.isFinite, eValue.isFinite, bits.isFinite
    else { return nil }
    return MMseqsHit(
      query: fields[0].text, target: fields[1].text,
      identity: identity > 1 ? identity / 100 : identity, queryRange: queryRange,
      targetRange: targetRange, eValue: eValue, bits: bits,
      cigar: fields.count == 13 ? fields[12].text : nil, line: line)
  }

  private static func range(
    _ first: ArraySlice<UInt8>, _ last: ArraySlice<UInt8>
  ) -> ClosedRange<Int>? {
    guard let first = first.integer, let last = last.integer, first >= 1, last >= first,
      last < Int(Int32.max)
    else { return nil }
    return first - 1...last - 1
  }
}
