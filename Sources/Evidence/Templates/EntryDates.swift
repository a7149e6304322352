import FeaturePipeline
import Protein

/// What is known about entries of the PDB without opening them: release dates and successors.
public struct EntryDates: Hashable, Sendable {
  /// Release date by entry, `YYYY-MM-DD`.
  public var released: [String: String] = [:]
  /// Successor by obsolete entry; an empty text if there is none.
  public var successors: [String: String] = [:]
  /// Lines that were skipped.
  public var skipped: [SkippedRecord] = []

  /// Nothing is known.
  public init() {}

  /// Adds release dates from lines `1abc:2000-01-31`.
  public mutating func addReleaseDates(_ text: InputText) {
    for (place, line) in text.byteLines.enumerated() where !line.words.isEmpty {
      let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1)
      let entry = parts.first?.words.first?.text.lowercased()
      let date = parts.count == 2 ? parts[1].words.first?.prefix(10).text : nil
      if let entry, let date, ReleaseDate.isValid(date) {
        released[entry] = date
      } else {
        skipped.append(
          SkippedRecord(
            file: text.name, line: place + 1,
            reason: "expected an entry and a date such as 1abc:2000-01-31, found \(excerpt(line))"))
      }
    }
  }

  /// Adds successors from the list `obsolete.dat` of the PDB: `OBSLTE    31-JUL-94 116L     216L`.
  ///
  /// Columns: entry 21–24, first successor 30–33. An entry without successor was withdrawn.
  public mutating func addObsolete(_ text: InputText) {
    for line in text.byteLines where line.begins(with: "OBSLTE") {
      let words = line.words
      guard words.count > 2 else { continue }
      successors[words[2].text.lowercased()] = words.count > 3 ? words[3].text.lowercased() : ""
    }
  }

  /// The current entry for a hit's, possibly its successor; throws if it was withdrawn.
  func current(_ entry: String) throws(TemplateRejection) -> String {
    guard let successor = successors[entry] else { return entry }
    if successor.isEmpty { throw .obsolete(entry: entry) }
    return released[entry] == nil ? successor : entry
  }
}
