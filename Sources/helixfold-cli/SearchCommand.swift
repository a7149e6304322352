import ArgumentParser
import AtomicFiles
import Evidence
import FeaturePipeline
import Foundation
import HelixFold
import Messages
import Protein

/// `helixfold search`: alignments and template hits from sequence databases.
struct SearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Search sequence databases for relatives and templates of each target.",
    discussion: """
      Runs jackhmmer, hhblits, hhsearch, hmmsearch or mmseqs with AlphaFold's parameters and leaves OUT/TARGET/msas as \
      AlphaFold does; predict, prepare (--msa OUT) and store import read them there. Results are kept and used again while \
      sequence, database and parameters are the same. Ctrl-C, SIGTERM and SIGHUP stop the program that runs, a second one at once. \
      Exit status: 0 all found, 65 bad sequence, 66 database missing, 69 program missing, 70 a search failed, \
      130 interrupted.
      """)

  @Argument(
    help: "FASTA file of targets, or a table id,sequence (CSV or TSV), - for standard input.")
  var fasta: String

  @Option(name: [.customShort("o"), .long], help: "Folder for results.")
  var output: String

  @OptionGroup(title: "Searching")
  var search: SearchArguments

  @OptionGroup var reporting: ProgressOptions

  func run() throws {
    guard search.asksForSearch else {
      throw ValidationError(
        "name at least one database: --database NAME=PATH or --database-set NAME")
    }
    let options = try search.options(output: output)
    let reporter = ProgressReporter(style: reporting.style)
    let records = try FASTA.records(in: InputText(path: fasta))
    Interruption.listen()
    let interruption = SearchInterruption(orWhen: { Interruption.isRequested })
    let versions = ToolVersions()
    var status = ExitStatus.success
    for record in records {
      switch record.sequence {
      case .failure(let error):
        StandardStreams.writeError("helixfold: \("\(error)".printable)\n")
        if status == .success { status = error.exitStatus }
      case .success(let sequence):
        do {
          let found = try find(record.id, sequence, options, versions, interruption, reporter)
          if status == .success { status = found }
        } catch {
          StandardStreams.writeError("helixfold: \(record.id): \("\(error)".printable)\n")
          if status == .success { status = ExitStatus(error) }
        }
      }
      if interruption.isInterrupted { throw ExitCode(.interrupted) }
    }
    throw ExitCode(status)
  }

  /// Searches for one target, after removing the results of an earlier search from its folder.
  private func find(
    _ id: String, _ sequence: ProteinSequence, _ options: SearchOptions,
    _ versions: ToolVersions, _ interruption: SearchInterruption, _ reporter: ProgressReporter
  ) throws -> ExitStatus {
    let folder = "\(output)/\(id)"
    try AtomicFile.createFolder(folder)
    EarlierSearch.remove(from: folder)
    unlink(folder + "/msa_coverage.svg")
    // If this run is killed, the table tells a later one which files it left.
    try AtomicFile.write(SearchReport().text, to: folder + "/searches.tsv")
    let report = SearchRunner(options: options, interruption: interruption, versions: versions) {
      reporter.report($0, of: id)
    }.run(sequence: sequence, into: folder + "/msas")
    try AtomicFile.write(report.text, to: folder + "/searches.tsv")
    let rows = report.alignments.map(\.rows).reduce(0, +)
    print(
      "\(id)\t\(counted(sequence.count, "residue"))\t\(counted(rows, "row"))\t\(report.failures.count) failed"
    )
    try Self.writeCoverage(id, sequence, report, to: folder)
    return report.exitStatus
  }

  /// Depth and coverage of everything found, as a prediction would use it.
  private static func writeCoverage(
    _ id: String, _ sequence: ProteinSequence, _ report: SearchReport, to folder: String
  ) throws {
    let alignments = try report.usedAlignments()
    if alignments.isEmpty { return }
    let raw = try RawFeatures(id: id, sequence: sequence, alignments: alignments)
    let statistics = MSAStatistics(raw.msa)
    try AtomicFile.write(statistics.drawing(of: id), to: folder + "/msa_coverage.svg")
    StandardStreams.writeError("\(id)  \(statistics.summary)\n")
  }
}
