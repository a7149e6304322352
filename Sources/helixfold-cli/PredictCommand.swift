import ArgumentParser
import Distribution
import Evidence
import Foundation
import HelixFold
import Messages
import Reports
import StructureIO

/// `helixfold predict`: from sequence and alignment to structures.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Predict structures from sequences and alignments.",
    discussion: """
      Writes OUT/<target>/ with ranked_N.pdb, ModelCIF, pLDDT in the B-factors, aligned errors, rankings, provenance and \
      a report.html to look at, in the layout of AlphaFold2, and OUT/summary.tsv with a row per target. A target that fails \
      is listed in OUT/failures.json and the others go on. A run that was stopped goes on with --resume and ends with the same bits. \
      Without --resume a target begins anew, and its earlier results go when there are new ones; with it, results of other names (MODEL of seed 0, MODEL_pred_N of seed N) stay and are ranked together.

      Without --msa, --features or a database the sequence alone is used, with a warning. Without --weights the small \
      network that comes with helixfold is used, or the file or folder that HELIXFOLD_WEIGHTS names.

      With --database or --database-set sequences are searched first, as by 'search'; results are kept in OUT/cache and \
      used again. Templates come from search hits and from --template; OUT/<target>/templates.tsv says what became \
      of each.

      Ctrl-C stops at the next stage of a pass, on long chains up to a minute later; a second one stops at once.

      Under mpirun or srun the processes take targets from one queue; with --dap they share the operations of a long one \
      (docs/distributed.md).

      Exit status: 0 all done, 1 some targets or searches failed, 64 usage, 65 bad input or numbers not finite, 66 file missing, \
      69 weights or a tool missing, 70 internal error, 73/74 cannot write, or --resume finds results made otherwise, 75 needs more memory than \
      allowed or than there is, 130 interrupted.
      """)

  @Argument(
    help:
      "FASTA files with one or more sequences, tables of them (CSV or TSV with the columns id and sequence, as ColabFold's), files of one bare sequence, alignments whose first rows are the targets, or folders of them; search results of one protein in a folder are one target; - is the standard input. Not needed with --features."
  )
  var fasta: [String] = []

  @Option(
    parsing: .upToNextOption,
    help:
      "Alignments, A3M or Stockholm, or folders of them (ID.a3m, ID/*.a3m, ID/msas as 'helixfold search' leaves them); each belongs to the record that is its first row."
  )
  var msa: [String] = []

  @Option(
    parsing: .upToNextOption,
    help:
      "Features instead of alignments: features.pkl of AlphaFold2 or HelixFold (also .gz), a helixfold store, or folders of them or of ID/features.pkl."
  )
  var features: [String] = []

  @Option(
    parsing: .upToNextOption,
    help:
      "Parameters: DeepMind .npz, HelixFold .pdparams, OpenFold .pt, or own .h5, or a folder of them; that of a run of 'train' stands for its best.h5. Several for several networks, NAME=FILE to name their results (default: those that come with helixfold)."
  )
  var weights: [String] = []

  @Flag(help: "Use seeded random parameters of --preset; the structures mean nothing.")
  var randomWeights = false

  @Option(
    help:
      "Network, such as model_1_ptm, or a JSON file that describes one; inferred from the parameters when left out."
  )
  var preset: String?

  @Option(
    name: [.long, .customLong("recycles")],
    help: "Passes after the first (default: the network's own number, 3 for AlphaFold2's).")
  var numRecycle: Int?

  @Option(
    help: "Stop when Cα distances change by less than this between passes, Å (default: never).")
  var recycleEarlyStopTolerance: Float?

  @Option(
    help:
      "Use at most this many of the networks (default: all): those named first, and of a folder model_1_ptm, model_1, model_2_ptm and so on, others last."
  )
  var numModels: Int?

  @Option(
    help: "Seeds per network; results of seed 0 are called MODEL, those of seed N MODEL_pred_N.")
  var numSeeds = 1

  @Option(name: [.long, .customLong("random-seed")], help: "First seed.")
  var seed: UInt64 = 0

  @Option(
    help:
      "Run no further network or seed on a target once the mean pLDDT of one of its predictions is this high, 0 to 100 (default: all)."
  )
  var stopAtScore: Double?

  @Flag(
    help:
      "Draw dropout masks from the seed, as in training: structures of several seeds differ more, to sample conformations."
  )
  var useDropout = false

  @Option(
    help:
      "Alignment rows drawn, clusters:extra, such as 512:1024 (default: the network's own numbers)."
  )
  var maxMsa: String?

  @Option(help: "Alignment draws averaged per pass, 8 in CASP14 (default: 1).")
  var numEnsemble: Int?

  @OptionGroup var memory: MemoryOptions

  @Flag(help: "Write the structure of every pass.")
  var saveRecycles = false

  @Flag(
    help:
      "Write logits and representations of each network too, as result_MODEL.npz with the names of AlphaFold2's result_MODEL.pkl; about 1 kB per pair of residues."
  )
  var saveRaw = false

  @Option(
    help:
      "Structure to lay under the predictions in report.html and to score them against, a line for each and reference_scores.json."
  )
  var reference: String?

  @Option(help: "Write the drawings of the report as files too: svg or png.")
  var plots: PlotFormat?

  @Option(
    help:
      "Under mpirun: processes that share the operations of one target (dynamic axial parallelism); the rest of the processes take other targets."
  )
  var dap = 1

  @Flag(
    help:
      "Let targets of up to 128 residues share passes; the numbers stay the same, and no time is saved on a CPU."
  )
  var pack = false

  @Flag(
    help:
      "Go on where a stopped run left off, or add networks and seeds; finished passes and results are kept."
  )
  var resume = false

  @Flag(
    help:
      "With --resume: compute results again that were made from other inputs, weights or options, which it refuses otherwise."
  )
  var replace = false

  @Flag(help: "Check inputs, print memory, cost and rough time, and stop.")
  var dryRun = false

  @OptionGroup var reporting: ProgressOptions

  @Option(
    name: [.customShort("o"), .long, .customLong("out-dir"), .customLong("output-dir")],
    help: "Folder of the results.")
  var output = "."

  @OptionGroup(title: "Searching") var search: SearchArguments

  @OptionGroup(title: "Templates") var evidence: TemplateArguments

  @OptionGroup(title: "Alignment rows") var rows: RowArguments

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    if replace && !resume {
      throw ValidationError(
        "--replace needs --resume; without it, earlier results are replaced anyway")
    }
    if fasta.isEmpty && features.isEmpty && msa.count != 1 {
      let several = [("--msa", msa), ("--features", features), ("--weights", weights)]
      let swallowed = several.compactMap { flag, values in
        values.last { Self.looksLikeFASTA($0) }.map {
          "; '\($0)' was taken for a value of \(flag), so give it before the options"
        }
      }
      throw ValidationError(
        "give a FASTA file, an alignment or --features\(swallowed.first ?? "")")
    }
    if fasta.isEmpty && !msa.isEmpty && !features.isEmpty {
      throw ValidationError("--msa needs a FASTA file: --features hold their alignments")
    }
    if let numRecycle, !(0...1000).contains(numRecycle) {
      throw ValidationError("--num-recycle is \(numRecycle), expected 0 to 1000")
    }
    if !(1...10_000).contains(numSeeds) {
      throw ValidationError("--num-seeds is \(numSeeds), expected 1 to 10000")
    }
    if let limit = recycleEarlyStopTolerance, !(limit >= 0 && limit.isFinite) {
      throw ValidationError(
        "--recycle-early-stop-tolerance is \(limit), expected a distance in Å, at least 0")
    }
    if output.isEmpty { throw ValidationError("--output is empty, expected a folder") }
    if let stopAtScore, !(0...100).contains(stopAtScore) {
      throw ValidationError("--stop-at-score is \(stopAtScore), expected a mean pLDDT, 0 to 100")
    }
    if let numModels, numModels < 1 {
      throw ValidationError("--num-models is \(numModels), expected at least 1")
    }
    if pack && useDropout { throw ValidationError("--pack and --use-dropout exclude each other") }
    if pack && dap > 1 { throw ValidationError("--pack and --dap exclude each other") }
    if !(1...4096).contains(dap) || dap & (dap - 1) != 0 {
      throw ValidationError("--dap is \(dap), expected a power of two")
    }
    if let numEnsemble, !(1...1000).contains(numEnsemble) {
      throw ValidationError("--num-ensemble is \(numEnsemble), expected 1 to 1000")
    }
    if maxMsa != nil && msaLimits == nil {
      throw ValidationError(
        "--max-msa is '\(maxMsa ?? "")', expected clusters:extra such as 512:1024")
    }
    if dap > 1, memory.pairStorage.format != nil {
      throw ValidationError("--pair-storage and --dap exclude each other")
    }
    if randomWeights && !weights.isEmpty {
      throw ValidationError("--random-weights and --weights exclude each other")
    }
    if randomWeights && preset == nil {
      throw ValidationError("--random-weights needs --preset NAME")
    }
  }

  /// Whether a path ends like a FASTA file or a table of sequences.
  private static func looksLikeFASTA(_ path: String) -> Bool {
    [".fasta", ".fa", ".faa", ".fas", ".csv", ".tsv"].contains { ending in
      [ending, ending + ".gz"].contains { path.lowercased().hasSuffix($0) }
    }
  }

  private var msaLimits: (clusters: Int, extra: Int)? {
    guard let parts = maxMsa?.split(separator: ":", omittingEmptySubsequences: false),
      parts.count == 2,
      let clusters = Int(parts[0]), let extra = Int(parts[1]), (1...1_000_000).contains(clusters),
      (0...1_000_000).contains(extra)
    else { return nil }
    return (clusters, extra)
  }

  func run() throws {
    compute.arithmetic.pin()
    let world = try MessagePassing.join()
    Interruption.listen()
    var status = ExitStatus.success
    do {
      status = try predict(world)
    } catch {
      try RankFailure.end(world, error)
    }
    MessagePassing.leave(world)
    if status != .success { throw ExitCode(status) }
  }

  private func predict(_ world: any Communicator) throws -> ExitStatus {
    var options = try self.options()
    options.threads = compute.threading.workers(of: world.size)
    let queue = try TargetQueue(world, teamSize: dap, output: output)
    let isFirst = world.rank == 0
    let reporter = ProgressReporter(
      style: isFirst ? reporting.style : .quiet, isSilent: !queue.isWriter)
    let models = try ModelDescription.open(options) { if isFirst { reporter.note($0) } }
    let targets = try collect(
      world, models, ProgressReporter(style: reporting.style, isSilent: !isFirst))
    // What is wrong with the only target is one line.
    if isFirst, targets.contains(where: \.isUsable) {
      for note in Set(models.compactMap(\.note)).sorted() { reporter.warn(note) }
    }
    let pipeline = try FoldingPipeline(options, models: models, reporter: reporter, queue: queue)
    return try pipeline.predict(targets) { _, files in
      for file in files { print(file) }
    }
  }

  /// The targets; the first process searches, and the others use its results.
  private func collect(
    _ world: any Communicator, _ models: [ModelDescription], _ reporter: ProgressReporter
  ) throws -> [PredictionTarget] {
    func collect() throws -> [PredictionTarget] {
      try PredictionTarget.collect(
        // If there is only an alignment, its first row is the target.
        fasta: fasta.isEmpty && features.isEmpty ? msa : fasta,
        alignments: fasta.isEmpty ? [] : msa, features: features,
        collector: try collector(models, reporter, follows: world.rank > 0),
        spill: FeatureSpill(folder: dryRun ? nil : output))
    }
    if world.size > 1, fasta.contains("-") {
      throw CommunicationError.grid(
        "several processes cannot read one standard input; give a FASTA file instead of '-'")
    }
    if world.rank > 0 { try world.barrier() }
    let targets = try collect()
    if world.rank == 0 { try world.barrier() }
    return targets
  }

  /// The collector of alignments and templates; nil if there is nothing to look for.
  private func collector(
    _ models: [ModelDescription], _ reporter: ProgressReporter, follows: Bool
  ) throws -> EvidenceCollector? {
    var asked = try evidence.options(
      search: search.asksForSearch ? try search.options(output: output) : nil,
      setStructures: try search.structures())
    asked.rowBudget = rows.msaBudget
    asked.seed = seed
    try EvidenceCollector.requireTemplates(asked)
    if models.allSatisfy({ $0.config.template == nil }) {
      let isAsked = asked.usesTemplates
      let hasDropped = asked.leaveOutTemplateSearches()
      asked.templates = TemplateOptions()
      if isAsked || hasDropped {
        let names = models.map { "'\($0.name)'" }.joined(separator: ", ")
        reporter.warn("templates are left out: no network of \(names) has a place for them")
      }
    }
    if asked.isEmpty { return nil }
    if dryRun, asked.search != nil {
      reporter.warn("a dry run searches nothing; the plan counts only what is there already")
    }
    return try EvidenceCollector(
      asked, output: output, reporter: reporter, follows: follows, isDryRun: dryRun)
  }

  private func options() throws -> PredictionOptions {
    var options = PredictionOptions()
    options.checksRowBudget = rows.msaBudgetCheck
    options.weights = WeightsVariable.paths(weights)
    options.preset = preset
    options.usesRandomWeights = randomWeights
    options.recycles = numRecycle
    options.earlyStopTolerance = recycleEarlyStopTolerance
    options.modelLimit = numModels
    options.seedCount = numSeeds
    options.seed = seed
    options.stopScore = stopAtScore
    options.maxMSA = msaLimits
    options.ensembles = numEnsemble
    options.usesDropout = useDropout
    options.storage = compute.arithmetic.precision ?? .bfloat16
    options.backend = compute.arithmetic.gemm
    options.memoryLimit = memory.limit
    options.pairFormat = memory.pairStorage.format
    options.savesRecycles = saveRecycles
    options.savesRaw = saveRaw
    options.packs = pack
    options.resumes = resume
    options.replacesDiffering = replace
    options.isDryRun = dryRun
    if let reference {
      options.reference = try StructureFile.read(reference)
      options.referenceName = reference.split(separator: "/").last.map(String.init) ?? reference
    }
    options.plots = plots
    options.output = output
    options.inputs =
      fasta + msa + features + evidence.template + evidence.templateHits
    return options
  }
}

extension PlotFormat: ExpressibleByArgument {}
