import ArgumentParser
import Evidence
import HelixFold

/// `helixfold check`: diagnoses input files.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Examine input files: what is wrong, where, and how to mend it.",
    discussion: """
      Understands FASTA, tables of sequences (id,sequence), A3M, Stockholm, hhr, MMseqs2 tables, PDB, mmCIF, npz, pickled features, HDF5 stores, and JSON \
      configurations and lists of targets or databases; of the checkpoints of a training run it says the step, and whether they are whole; of parameter files (.npz, .pt, .pdparams, .h5) and training logs it says which command examines them. What helixfold writes for people, such as report.html and summary.tsv, is named. Exit status 65 if a file cannot be used.
      """)

  @Argument(help: "Files to examine.")
  var files: [String]

  func run() throws {
    var isUsable = true
    for file in files {
      let diagnosis = FileDiagnosis(of: file)
      print(diagnosis.text, terminator: "")
      isUsable = isUsable && diagnosis.isUsable
    }
    if !isUsable { throw ExitCode(.badInput) }
  }
}
