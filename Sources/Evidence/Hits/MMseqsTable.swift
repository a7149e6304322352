import FeaturePipeline

/// Checks result tables of MMseqs2 (`m8`, BLAST tabular), from which nothing else is read.
///
/// The twelve columns are those of `convertalis`: query, target, identity, length, mismatches, gap openings, query start and end,
/// target start and end, E-value, bits. A thirteenth is taken to be the CIGAR string, as ColabFold writes it.
public enum MMseqsTable {
  /// Counts the hits of a table; malformed lines are listed with the reason.
  public static func examine(_ text: InputText) -> (hitCount: Int, skipped: [SkippedRecord]) {
    var hitCount = 0
    var skipped: [SkippedRecord] = []
    for (place, line) in text.byteLines.enumerated() {
      if line.words.isEmpty || line.first == UInt8(ascii: "#") { continue }
      if isHit(line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)) {
        hitCount += 1
      } else {
        skipped.append(
          SkippedRecord(
            file: text.name, line: place + 1,
            reason: "expected 12 or 13 columns of a BLAST table with tabs, found \(excerpt(line))"))
      }
    }
    return (hitCount, skipped)
  }

  /// Whether a line has the columns of such a table.
  static func isLikely(_ line: ArraySlice<UInt8>) -> Bool {
    line.count(where: { $0 == UInt8(ascii: "\t") }) >= 11
  }

  private static func isHit(_ fields: [ArraySlice<UInt8>]) -> Bool {
    guard fields.count == 12 || fields.count == 13 else { return false }
    let numbers = [2, 10, 11].map { Double(fields[$0].text) }
    return numbers.allSatisfy { $0?.isFinite == true } && isRange(fields[6], fields[7])
      && isRange(fields[8], fields[9])
  }

  private static func isRange(_ first: ArraySlice<UInt8>, _ last: ArraySlice<UInt8>) -> Bool {
    guard let first = first.integer, let last = last.integer else { return false }
    return first >= 1 && last >= first && last < Int(Int32.max)
  }
}
