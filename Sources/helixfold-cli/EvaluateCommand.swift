import ArgumentParser
import AtomicFiles
import Distribution
import Evaluation
import FeaturePipeline
import Foundation
import HelixFold
import Messages
import Reports
import TrainingData

/// `helixfold evaluate`: the quality of predictions of a whole set.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Score predictions of a set of targets, of one or several predictors.",
    discussion: """
      SET is a manifest such as data/casp14.json, a folder with true structures, or a store with labels. Predictions \
      are read from folders (DIR/<target>/ranked_0.pdb or DIR/<target>.pdb) or made with --weights. Writes \
      scores.csv, targets.csv, evaluation.json and report.html: whole chains and domains, means and medians with \
      bootstrap intervals, groups by length and alignment depth, predictors in pairs with Wilcoxon's signed-rank \
      test. Targets without a true structure are listed.

      It runs as one process: under mpirun, predict first ('helixfold predict') and score the folder with --predictions.

      Exit status: 0 all scored, 1 some predictions failed or are missing, 65 nothing could be scored, others as in \
      predict.
      """)

  @Argument(help: "Manifest (JSON), folder with true structures, or store (HDF5) with labels.")
  var set: String

  @Option(name: [.customShort("o"), .long], help: "Folder of the results.")
  var output = "evaluation"

  @Option(
    help:
      "Score one split of a store alone: \(DataSplit.allCases.map(\.rawValue).joined(separator: ", ")) (default: all)."
  )
  var split: DataSplit?

  @Option(help: "Folder with the true structures of a manifest (default: beside the manifest).")
  var natives: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Folders with predictions, named or not.", valueName: "NAME=DIR"))
  var predictions: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Parameters to predict with, one network each, or folders of them; that of a run of 'train' stands for its best.h5.",
      valueName: "NAME=FILE"))
  var weights: [String] = []

  @Flag(help: "Predict with seeded random parameters of --preset; the scores mean nothing.")
  var randomWeights = false

  @Option(help: "Network of the parameters; inferred when left out.")
  var preset: String?

  @Option(
    parsing: .upToNextOption,
    help: "Features to predict from: stores or features.pkl (default: SET if it is a store).")
  var features: [String] = []

  @Option(help: "Sequences to predict, instead of features.")
  var fasta: String?

  @Option(parsing: .upToNextOption, help: "Alignments of the sequences.")
  var msa: [String] = []

  @Option(name: [.long, .customLong("recycles")], help: "Passes after the first.")
  var numRecycle: Int?

  @Option(help: "Seed of predictions and of the bootstrap.")
  var seed: UInt64 = 0

  @Option(help: "Write the drawings of the report as files too: svg or png.")
  var plots: PlotFormat?

  @Flag(help: "Only examine the manifest; status 65 if something is wrong.")
  var checkManifest = false

  @OptionGroup var reporting: ProgressOptions

  @OptionGroup var compute: ComputeOptions

  private var predicts: Bool { randomWeights || !weights.isEmpty }

  func validate() throws {
    if checkManifest { return }
    if predictions.isEmpty && !predicts {
      throw ValidationError("give --predictions NAME=DIR, or --weights to predict")
    }
    if randomWeights && (preset == nil || !weights.isEmpty) {
      throw ValidationError("--random-weights needs --preset NAME and excludes --weights")
    }
    if let numRecycle, !(0...1000).contains(numRecycle) {
      throw ValidationError("--num-recycle is \(numRecycle), expected 0 to 1000")
    }
    let names = named.map(\.name)
    if Set(names).count < names.count {
      throw ValidationError("predictors need different names: NAME=DIR")
    }
  }

  private var named: [Predictor] {
    predictions.map { text in
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        return Predictor(name: URL(fileURLWithPath: text).lastPathComponent, folder: text)
      }
      return Predictor(
        name: String(text[..<equals]), folder: String(text[text.index(after: equals)...]))
    }
  }

  func run() throws {
    if checkManifest { return try examine() }
    try MessagePassing.requireAlone("helixfold evaluate")
    try AtomicFile.requirePlace(forFolder: output)
    for predictor in named {
      switch PathKind(of: predictor.folder) {
      case .absent: throw InputError.missing(file: predictor.folder)
      case .folder: continue
      case .file:
        throw EvaluationError.unreadable(
          path: predictor.folder,
          reason: "is no folder; --predictions takes one with a file or folder per target")
      }
    }
    var request = EvaluationRequest(set: set, output: output)
    request.natives = natives
    request.split = split
    request.predictors = named
    request.seed = seed
    request.plots = plots
    let reporter = ProgressReporter(style: reporting.style)
    let targets = try request.targets()
    if let caution = request.caution(about: targets.targets) { reporter.warn(caution) }
    if predicts { try predict(targets.targets, &request, reporter) }
    let (evaluation, files, status) = try request.run(on: targets, reporter: reporter)
    print(evaluation.text(seed: seed), terminator: "")
    for file in files { print(file) }
    if evaluation.rows.isEmpty {
      let cause =
        evaluation.gaps.first.map { "'\($0.target)': \($0.reason)" } ?? "it has no targets"
      throw EvaluationError.nothing(path: set, reason: "nothing could be scored; \(cause)")
    }
    if status != .success { throw ExitCode(status) }
  }

  private func predict(
    _ targets: [EvaluationTarget], _ request: inout EvaluationRequest, _ reporter: ProgressReporter
  ) throws {
    compute.arithmetic.pin()
    Interruption.listen()
    var options = PredictionOptions()
    options.weights = weights
    options.usesRandomWeights = randomWeights
    options.preset = preset
    options.recycles = numRecycle
    options.seed = seed
    options.storage = compute.arithmetic.precision ?? .bfloat16
    options.threads = compute.threading.workers()
    options.backend = compute.arithmetic.gemm
    let models = try ModelDescription.open(options) { reporter.note($0) }
    for note in Set(models.compactMap(\.note)).sorted() { reporter.warn(note) }
    let sources = features.isEmpty && fasta == nil ? [set] : features
    let inputs = try PredictionTarget.collect(
      fasta: fasta.map { [$0] } ?? [], alignments: msa, features: sources,
      spill: FeatureSpill(folder: output))
    try request.predict(inputs, of: targets, with: models, options, reporter: reporter)
  }

  private func examine() throws {
    let manifest = try EvaluationManifest.read(set)
    let domains = manifest.targets.reduce(0) { $0 + ($1.domains?.count ?? 0) }
    let total = manifest.domainsTotal.map { " of \($0)" } ?? ""
    print(
      "\(set): \(manifest.name), \(counted(manifest.targets.count, "target")), \(domains)\(total) domains"
    )
  }
}
