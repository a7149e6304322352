/// A chain of known structure that a search program aligned to the target.
public struct TemplateHit: Hashable, Sendable {
  /// Place in the file, counted from 1.
  public var index: Int
  /// Name in the database; begins with `PDBID_chain` in the databases of AlphaFold, with `STEM_chain` for a user's own file.
  public var name: String
  /// Number of aligned columns that the program reports.
  public var alignedColumns: Int
  /// Sum of the posterior probabilities of the aligned pairs; nil when the program computes none.
  public var sumOfProbabilities: Double?
  /// Aligned part of the target, gaps as `-`; in hits of hmmsearch the whole target.
  public var query: [UInt8]
  /// Aligned part of the template, gaps as `-`, insertions included, in upper case.
  public var template: [UInt8]
  /// Position in the target of each column, from 0; −1 for a gap.
  public var queryIndices: [Int]
  /// Position in the template of each column, from 0; −1 for a gap.
  public var templateIndices: [Int]
  /// Line of the file where the hit begins, from 1.
  public var line: Int

  /// A hit.
  public init(
    index: Int, name: String, alignedColumns: Int, sumOfProbabilities: Double?, query: [UInt8],
    template: [UInt8], queryIndices: [Int], templateIndices: [Int], line: Int = 0
  ) {
    self.index = index
    self.name = name
    self.alignedColumns = alignedColumns
    self.sumOfProbabilities = sumOfProbabilities
    self.query = query
    self.template = template
    self.queryIndices = queryIndices
    self.templateIndices = templateIndices
    self.line = line
  }

  /// Letters of the template without gaps.
  public var templateResidues: [UInt8] { template.filter { $0 != UInt8(ascii: "-") } }
}

/// The hits of a file and the records that could not be read.
public struct HitFile: Hashable, Sendable {
  /// Hits in file order.
  public var hits: [TemplateHit]
  /// Records that were skipped.
  public var skipped: [SkippedRecord]

  /// Hits of a file.
  public init(hits: [TemplateHit] = [], skipped: [SkippedRecord] = []) {
    self.hits = hits
    self.skipped = skipped
  }
}

/// A record of a file that was skipped, and why.
public struct SkippedRecord: Hashable, Sendable, CustomStringConvertible {
  /// Name of the file.
  public let file: String
  /// Line, counted from 1.
  public let line: Int
  /// What is wrong with it.
  public let reason: String

  /// `file:line: reason`.
  public var description: String { "\(file):\(line): \(reason)" }

  /// A skipped record.
  public init(file: String, line: Int, reason: String) {
    self.file = file
    self.line = line
    self.reason = reason
  }
}
