import ArgumentParser
import FeaturePipeline
import HelixFold
import Messages
import TrainingData
import TrainingRun
import Weights

extension WeightsCommand {
  /// `helixfold weights average`.
  struct Average: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "average", abstract: "Average parameter files of one training run.",
      discussion: """
        INPUT are parameter files, oldest first, or the folder of a run, which stands for its snapshots. Methods: uniform \
        (mean of all, or of the last --keep), lawa (the same as uniform, with --keep 10 if none is stated), ema (exponential \
        moving average), greedy (from the best on, each joins if the validation loss does not rise) and sewa (selection of \
        --keep learned on validation chains). One file at a time is in memory, with sewa all of them. The last two need \
        --config and --data, and choose by the loss of the chains that 'validation' in --config names: greedy takes two \
        forward passes over all of them per file, sewa one per file and --iterations × --samples (800) with gradient, each \
        as long as about three forward passes. Both say the loss of each file and of their average. Where that takes hours, name fewer and shorter chains or ask for fewer \
        iterations.
        """)

    @Argument(help: "Parameter files, or folders of runs.")
    var inputs: [String]

    @Option(name: [.short, .long], help: "File to write: .h5 or .npz.")
    var output: String

    @Option(
      help: "Method: \(SnapshotAveraging.Method.allCases.map(\.rawValue).joined(separator: ", ")).")
    var method = SnapshotAveraging.Method.uniform

    @Option(
      help:
        "Files that take part, the last ones but with sewa; all by default, 10 with lawa and sewa.")
    var keep: Int?

    @Option(help: "Decay per file of ema.")
    var decay = 0.9

    @Option(help: "Iterations of sewa.")
    var iterations = 200

    @Option(help: "Random masks per iteration of sewa.")
    var samples = 4

    @Option(help: "Seed of sewa.")
    var seed: UInt64 = 0

    @Option(help: "Training configuration, for greedy and sewa.")
    var config: String?

    @Option(help: "Training store, for greedy and sewa.")
    var data: String?

    @OptionGroup var threading: ThreadOptions

    @OptionGroup var memory: MemoryLimitOption

    @OptionGroup var reporting: ProgressOptions

    @OptionGroup var writing: WritingOptions

    func validate() throws {
      if method.needsObjective, config == nil || data == nil {
        throw ValidationError("--method \(method.rawValue) needs --config and --data")
      }
      if keep != nil, method == .greedy {
        throw ValidationError("--keep has no meaning with greedy, which chooses how many take part")
      }
      if let keep, keep < 1 { throw ValidationError("--keep is \(keep), expected 1 or more") }
      if !(0..<1).contains(decay) {
        throw ValidationError("--decay is \(decay), expected 0 to below 1")
      }
      for (flag, count) in [("--iterations", iterations), ("--samples", samples)]
      where !(1...1_000_000).contains(count) {
        throw ValidationError("\(flag) is \(count), expected 1 to 1000000")
      }
    }

    func run() throws {
      let files = try SnapshotAveraging.files(inputs)
      try WeightsCommand.requirePlace(output, writing.precision, inputs: files)
      var averaging = SnapshotAveraging(method)
      averaging.keep = keep ?? (method == .lawa ? min(10, files.count) : nil)
      averaging.decay = decay
      averaging.selection.iterations = iterations
      averaging.selection.samples = samples
      averaging.selection.seed = seed
      let reporter = ProgressReporter(style: reporting.style)
      let origins = files.map { (try? ParameterFile(inspecting: $0))?.provenance }
      if case let runs = Self.runs(origins), runs > 1 {
        reporter.warn(
          "the snapshots are of \(runs) runs; their mean is of use only if all began with the same trained weights"
        )
      }
      let config = try config.map { try readConfig($0, usedAs: files[0], reporter) }
      let objective = try objective(of: averaging, among: files.count, config)
      if let objective {
        let passes = averaging.passes(choosingAmong: files.count)
        reporter.note(
          "\(method.rawValue): \(counted(files.count, "snapshot")), the time of at most \(passes) forward passes over \(counted(objective.samples, "validation chain"))",
          event: "start", [("passes", .integer(passes)), ("chains", .integer(objective.samples))])
      }
      var (tenths, said) = (0, "")
      let result = try averaging(
        files, expecting: method.needsObjective ? config?.network : nil, objective: objective
      ) { done in
        reporter.progress(done.task, done.fraction, remaining: done.remaining)
        // Without a bar, a line for each tenth.
        guard reporter.style == .lines, Int(done.fraction * 10) > tenths, done.task != said else {
          return
        }
        (tenths, said) = (Int(done.fraction * 10), done.task)
        let left = done.remaining.map { ", \(ProgressReporter.duration($0)) left" } ?? ""
        reporter.note("\(done.task)\(left)")
      }
      if let choice = result.choice { report(choice, of: files, result.selected, to: reporter) }
      try ParameterWriter.write(
        result.parameters, config: result.network,
        provenance: ParameterProvenance(
          source: source(of: result.selected.map { files[$0] }, among: files.count),
          licence: Self.licence(result.selected.map { origins[$0] }), isRandom: result.isRandom),
        precision: writing.precision, to: output)
      for index in result.selected { print(files[index]) }
      print(output)
    }

    /// The loss of each file and of the average, and which files take part.
    private func report(
      _ choice: SnapshotAveraging.Choice, of files: [String], _ selected: [Int],
      to reporter: ProgressReporter
    ) {
      for (place, file) in files.enumerated() {
        let (loss, isIn) = (choice.losses[place], selected.contains(place))
        var columns = ["loss \(fixed(loss, decimals: 4))"]
        var fields: [(String, JSONValue)] = [
          ("file", .string(file)), ("loss", .number(loss)), ("selected", .bool(isIn)),
        ]
        if let probability = choice.probabilities?[place] {
          columns.append("probability \(fixed(probability, decimals: 3))")
          fields.append(("probability", .number(probability)))
        }
        columns += [isIn ? "in " : "out", file]
        reporter.note(columns.joined(separator: "  "), event: "loss", fields)
      }
      reporter.note(
        "loss \(fixed(choice.loss, decimals: 4)) of the average", event: "average",
        [("loss", .number(choice.loss))])
    }

    /// Number of training runs that the snapshots come from, as far as known.
    private static func runs(_ origins: [ParameterProvenance?]) -> Int {
      Set(
        origins.compactMap { origin -> Substring? in
          guard let source = origin?.source, let end = source.firstRange(of: ", weights after step")
          else { return nil }
          return source[..<end.lowerBound]
        }
      ).count
    }

    /// The terms of use of a mean: those of its parts if they all agree.
    private static func licence(_ origins: [ParameterProvenance?]) -> String {
      let terms = Set(origins.map { $0?.licence })
      return terms.count == 1 ? (terms.first ?? nil) ?? "as the sources" : "as the sources"
    }

    /// The configuration by whose loss the average is chosen; our own snapshots are used with their training configuration.
    private func readConfig(
      _ path: String, usedAs snapshot: String, _ reporter: ProgressReporter
    ) throws -> TrainingConfig {
      var config = try TrainingConfig.read(path)
      let file = try ParameterFile(inspecting: snapshot)
      guard file.format == .own, file.config.recycles != config.network.recycles else {
        return config
      }
      reporter.warn(
        "\(snapshot) is a network of \(counted(file.config.recycles, "recycle")), \(path) says \(config.network.recycles); it is used as it was trained"
      )
      config.recycle(file.config.recycles)
      return config
    }

    /// The origin for the file: how many took part, and the origin of the last one.
    private func source(of selected: [String], among count: Int) -> String {
      let snapshots = "\(selected.count) of \(counted(count, "snapshot"))"
      let last = selected.last.flatMap { try? ParameterFile(inspecting: $0).provenance?.source }
      return "\(method.rawValue) average of \(snapshots)"
        + (last.map { ", the last of them: \($0)" } ?? "")
    }

    private func objective(
      of averaging: SnapshotAveraging, among files: Int, _ config: TrainingConfig?
    ) throws -> SnapshotAveraging.Objective? {
      guard method.needsObjective, let config, let data else { return nil }
      return try ValidationObjective.make(
        for: averaging, among: files, config: config, store: data,
        threads: threading.workers(), memoryLimit: memory.limit)
    }
  }
}

extension SnapshotAveraging.Method: ExpressibleByArgument {}
