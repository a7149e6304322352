import AtomicFiles
import Foundation
import Messages
import NumericArrays
import TrainingData

/// Builds a training store for the command.
public struct DatasetRequest {
  /// Files and folders of structures.
  public var sources: [String]
  /// Further folders with alignments or feature files.
  public var evidence: [String] = []
  /// Table of clusters; chains that it does not name are grouped by sequence, as are all chains if there is no table.
  public var clusters: String?
  /// Limits.
  public var filter = DatasetFilter()
  /// The store to write.
  public var output: String
  /// The report to write; nil puts it beside the store.
  public var report: String?

  /// A store at `output` from `sources`.
  public init(sources: [String], output: String) {
    self.sources = sources
    self.output = output
  }

  /// Builds the store, writes the report and returns it.
  public func run(_ reporter: ProgressReporter) throws -> DatasetReport {
    for path in [output, reportPath] { try AtomicFile.requirePlace(forFile: path) }
    var builder = DatasetBuilder(program: "helixfold \(helixFoldVersion)")
    builder.filter = filter
    if let clusters { builder.clusters = try ClusterTable(path: clusters) }
    let found = try sources.flatMap { try ChainSource.find(at: $0, evidence: evidence) }
    let inputs = found.map(\.path) + evidence + [clusters].compactMap { $0 }
    try OutputPlace.require(output, apartFrom: inputs)
    try OutputPlace.require(reportPath, apartFrom: inputs + [output])
    let result = try build(builder, found, reporter)
    try AtomicFile.write(result.table, to: reportPath)
    try warnOfStrays(result, reporter)
    try warnOfUnlisted(found, reporter)
    if let clusters, result.unlistedCount > 0 {
      reporter.warn(
        "\(result.unlistedCount) of \(counted(result.keptCount, "chain")) are not in \(clusters): one with the sequence of a chain in it joins its cluster, of the others only chains of identical sequence are kept together, and relatives may fall into both training and test"
      )
    }
    if clusters == nil {
      reporter.warn(
        "without --clusters only chains of identical sequence are kept together; relatives may fall into both training and test"
      )
    }
    return result
  }

  /// Builds the store; if no chain is left, the report says why.
  private func build(
    _ builder: DatasetBuilder, _ found: [ChainSource], _ reporter: ProgressReporter
  ) throws -> DatasetReport {
    let time = RemainingTime()
    do {
      return try builder.build(found, to: output) { source, done in
        try Interruption.check(.beginsAnew)
        let share = Double(done) / Double(max(found.count, 1))
        reporter.progress(source.id, share, remaining: time.seconds(done: share, left: 1 - share))
      }
    } catch let error as EmptyDatasetError {
      try AtomicFile.write(error.report.table, to: reportPath)
      try warnOfStrays(error.report, reporter)
      try warnOfUnlisted(found, reporter)
      reporter.note("\(reportPath) gives the reason for each chain")
      throw error
    }
  }

  /// Warns of given files that belong to no chain.
  private func warnOfStrays(_ report: DatasetReport, _ reporter: ProgressReporter) throws {
    let strays = try StrayEvidence(in: evidence, chains: Set(report.rows.map(\.id)))
    if let caution = strays.caution(report: reportPath) { reporter.warn(caution) }
  }

  /// Warns of structures that lie beside a table which does not name them, with their number.
  private func warnOfUnlisted(_ found: [ChainSource], _ reporter: ProgressReporter) throws {
    for place in sources {
      let unlisted = try ChainSource.unlisted(at: place, among: found)
      guard let first = unlisted.first else { continue }
      reporter.warn(
        "\(place)/chains.tsv does not name \(counted(unlisted.count, "structure")) of \(place)/pdb, which \(unlisted.count == 1 ? "is" : "are") left out, such as \(first)"
      )
    }
  }

  /// Where the report goes.
  public var reportPath: String {
    report ?? (output.hasSuffix(".h5") ? String(output.dropLast(3)) : output) + ".report.tsv"
  }
}
