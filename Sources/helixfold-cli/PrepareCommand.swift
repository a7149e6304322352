import ArgumentParser
import AtomicFiles
import FeaturePipeline
import Foundation
import HelixFold
import Messages

/// `helixfold prepare`: sequences and alignments in, one HDF5 feature file per target out.
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Write the features of sequences and alignments to HDF5 files.",
    discussion: """
      Each target becomes OUT/ID.h5, which 'predict --features' and 'store' read; OUT/ID_msa_coverage.svg shows depth \
      and coverage of its alignment. With templates, OUT/ID/templates.tsv says what became of each hit and structure. A target that fails does not \
      stop the others; the exit status is then 1, or that of the failure where there is only one target.
      """)

  @Argument(
    help:
      "FASTA file with one or more records, a table id,sequence (CSV or TSV), an alignment, or a folder of them; - is the standard input."
  )
  var fasta: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: "Alignments in A3M or Stockholm format, or folders with ID.a3m, ID/*.a3m or ID/msas.")
  var msa: [String] = []

  @Option(name: [.short, .long], help: "Folder for the feature files.")
  var output: String

  @OptionGroup(title: "Templates") var templates: TemplateArguments

  func run() throws {
    try AtomicFile.requirePlace(forFolder: output)
    let asked = try templates.options()
    try EvidenceCollector.requireTemplates(asked)
    let preparation = try TargetPreparation(fasta: fasta, alignments: msa)
    try AtomicFile.createFolder(output)
    let collector =
      asked.isEmpty
      ? nil
      : try EvidenceCollector(asked, output: output, reporter: ProgressReporter(style: .lines))
    var failures: [any Error] = []
    for index in 0..<preparation.count {
      let outcome = try outcome(index, of: preparation, collector)
      for note in preparation.notes(index) { StoreOutput.note("\(outcome.id): \(note)") }
      for warning in outcome.warnings { StoreOutput.note("\(outcome.id): warning: \(warning)") }
      switch outcome.features {
      case .success(let raw):
        let path = "\(output)/\(raw.id).h5"
        try FeatureStore.write([TargetRecord(raw, madeBy: "prepare")], to: path)
        let statistics = MSAStatistics(raw.msa)
        try AtomicFile.write(
          statistics.drawing(of: raw.id), to: "\(output)/\(raw.id)_msa_coverage.svg")
        StoreOutput.note("\(raw.id): \(statistics.summary)")
        print(
          "\(raw.id)\t\(counted(raw.residueCount, "residue"))\t\(counted(raw.rowCount, "row"))\t\(path)"
        )
      case .failure(let error):
        failures.append(error)
        StoreOutput.note("\(outcome.id): \(error)")
      }
    }
    if failures.isEmpty { return }
    throw ExitCode(preparation.count == 1 ? ExitStatus(failures[0]) : .someFailed)
  }

  /// A target with the templates that are asked for.
  private func outcome(
    _ index: Int, of preparation: TargetPreparation, _ collector: EvidenceCollector?
  ) throws -> (id: String, features: Result<RawFeatures, any Error>, warnings: [String]) {
    guard let collector else {
      let outcome = preparation.outcome(index)
      return (outcome.id, outcome.features.mapError { $0 }, outcome.warnings)
    }
    let target = try collector.target(
      preparation.ids[index], preparation.parts(index), FeatureSpill(folder: nil))
    return (
      target.id, target.features.flatMap { deferred in Result { try deferred.load() } },
      target.warnings
    )
  }
}

extension TargetRecord {
  /// Features just made by a command of this program.
  init(_ features: RawFeatures, madeBy command: String) {
    self.init(features: features, provenance: Provenance(alignments: features.sources))
    stamp(madeBy: command)
  }

  /// Notes command, version and time where nothing is noted yet.
  mutating func stamp(madeBy command: String) {
    guard provenance.created == nil && provenance.program == nil else { return }
    provenance.created = ISO8601DateFormatter().string(from: Date())
    provenance.program = "helixfold \(command) \(helixFoldVersion)"
  }
}

/// Shared by the commands on feature files.
enum StoreOutput {
  /// One line on the standard error.
  static func note(_ line: String) { StandardStreams.writeError(line + "\n") }
}
