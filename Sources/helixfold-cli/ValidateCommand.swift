import ArgumentParser
import AtomicFiles
import Evaluation
import Foundation
import HelixFold
import Messages
import TrainingData
import TrainingRun
import Weights

/// `helixfold validate`.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Score weights on the held-out chains of a training store.",
    discussion: """
      Prints mean lDDT-Cα over clusters (one value per cluster, the mean of its chains) with its 95 % bootstrap interval, \
      beside the same weights without the alignment, initial weights and an ideal helix, and Pearson's r of predicted and \
      true lDDT over chains. Nothing here chooses weights: use the validation split while you try things, the test split once.
      """)

  @Argument(
    help: "Parameter file, or the folder of a run of 'train', which stands for its best.h5.")
  var weights: String

  @Option(help: "Training store (.h5).")
  var data: String

  @Option(help: "Split: \(DataSplit.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = DataSplit.validation

  @Option(help: "Fewest residues of a chain.")
  var minLength = 40

  @Option(help: "Most residues of a chain.")
  var maxLength = 128

  @Option(
    name: [.long, .customLong("num-recycle")],
    help: "Passes after the first; those of the network when left out.")
  var recycles: Int?

  @Option(
    name: [.long, .customLong("config")],
    help: "Network: a preset or a JSON file; recognised from the weights when left out.")
  var preset: String?

  @Option(name: [.short, .long], help: "Table of all chains to write (.tsv).")
  var output: String?

  @Option(help: "Seed of the alignment draws.")
  var seed: UInt64 = 0

  @OptionGroup var threading: ThreadOptions

  @OptionGroup var memory: MemoryLimitOption

  @OptionGroup var reporting: ProgressOptions

  @Flag(help: "Score the weights alone, in a third of the time.")
  var onlyModel = false

  func validate() throws {
    if minLength < 1 || maxLength < minLength {
      throw ValidationError("--min-length \(minLength) and --max-length \(maxLength) leave nothing")
    }
    if let recycles, !(0...100).contains(recycles) {
      throw ValidationError("--recycles is \(recycles), expected 0 to 100")
    }
  }

  func run() throws {
    Interruption.listen()
    let weights = try RunWeights.file(at: weights)
    if let output { try OutputPlace.require(output, apartFrom: [weights, data]) }
    let model = try ModelDescription.open(path: weights, preset: preset, infersDepth: false)
    var training = TrainingConfig()
    training.network = model.config
    training.network.recycles = recycles ?? model.config.recycles
    training.run.seed = seed
    training.run.precision = .float32
    let scores = try HeldOutScores(
      weights: model.parameters, config: training, store: data, split: split,
      lengths: minLength...maxLength,
      columns: onlyModel ? [.model] : HeldOutScores.Column.allCases,
      threads: threading.workers(), memoryLimit: memory.limit,
      ProgressReporter(style: reporting.style))
    let clusters = scores.clusterCount
    let leftOut =
      scores.leftOutCount == 0
      ? ""
      : "; \(counted(scores.leftOutCount, "chain")) outside \(minLength) to \(maxLength) residues left out"
    let unscored =
      scores.unscoredCount == 0
      ? "" : "; \(counted(scores.unscoredCount, "chain")) without two known residues left out"
    print(
      "\(split.rawValue): \(counted(scores.chains.count, "chain")) in \(counted(clusters, "cluster"))\(leftOut)\(unscored), lDDT-Cα"
    )
    for column in scores.columns {
      print(Self.line(column.rawValue, scores.mean(column)))
    }
    for column in scores.columns where column != .model {
      print(Self.line("gain over \(column.rawValue)", scores.gain(over: column)))
    }
    let r =
      scores.correlation.map { fixed($0, decimals: 3) }
      ?? "none (it needs ten chains that differ)"
    print("Pearson's r of predicted and true lDDT over chains: \(r)")
    if let output {
      try AtomicFile.write(scores.table, to: output)
      print(output)
    }
  }

  /// `model  0.412  [0.398, 0.426]`; one cluster has no interval.
  private static func line(_ name: String, _ estimate: Estimate?) -> String {
    guard let estimate else { return name }
    let value = fixed(estimate.value, decimals: 4)
    let interval =
      estimate.interval.map {
        "[\(fixed($0.lowerBound, decimals: 4)), \(fixed($0.upperBound, decimals: 4))]"
      } ?? "no interval, 1 cluster"
    return "\(name.padding(toLength: 20, withPad: " ", startingAt: 0))\(value)  \(interval)"
  }
}

extension DataSplit: ExpressibleByArgument {}
