import ArgumentParser
import Foundation
import HelixFold
import Measurements
import Messages

extension DevCommand {
  /// Low precision compared with fp32.
  struct Precision: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "precision",
      abstract: "Compare bf16 and every option of low precision with fp32 on a target.",
      discussion: """
        A line per option: relative error of the logits of each head (norm of the difference over the norm), lDDT-Cα between the \
        structures, C-alpha RMSD after superposition and the peak of tensors in memory.
        """)

    @Option(help: "Features: features.pkl or a helixfold store.")
    var features: String

    @Option(
      help:
        "Parameters in any format that predict reads; the small model that comes with helixfold when left out."
    )
    var weights: String?

    @Flag(help: "Use seeded random parameters of --preset.")
    var randomWeights = false

    @Option(help: "Network, such as model_1_ptm.")
    var preset: String?

    @Option(help: "Passes after the first.")
    var recycles = 0

    @Flag(help: "Compare the gradient of the trunk instead, also with saved activations in blocks.")
    var gradients = false

    @OptionGroup var threading: ThreadOptions

    func validate() throws {
      if !(0...100).contains(recycles) {
        throw ValidationError("--recycles is \(recycles), expected 0 to 100")
      }
      if randomWeights && preset == nil {
        throw ValidationError("--random-weights needs --preset NAME")
      }
    }

    func run() throws {
      var options = PredictionOptions()
      options.weights = WeightsVariable.paths(weights.map { [$0] } ?? [])
      options.usesRandomWeights = randomWeights
      options.preset = preset
      let model = try ModelDescription.open(options)[0]
      let targets = try PredictionTarget.collect(fasta: [], alignments: [], features: [features])
      let workers = threading.workers()
      for target in targets {
        let raw = try target.features.get().load()
        if gradients {
          for row in try GradientPrecision(model, raw, threads: workers).run() {
            print(
              "\(target.id)\t\(row.name)\tcosine \(fixed(row.cosine, decimals: 6))\tsaved \(ByteCount(row.savedBytes))"
            )
          }
          continue
        }
        let comparison = PrecisionComparison(model, raw, recycles: recycles, threads: workers)
        for row in try comparison.run() {
          let logits = row.logits.map { "\($0.head) \(String(format: "%.2e", $0.error))" }
          print(
            "\(target.id)\t\(row.name)\t\(logits.joined(separator: ", "))\tlDDT \(fixed(row.lddt, decimals: 4))\tRMSD \(fixed(row.rmsd, decimals: 3)) Å\ttensors \(ByteCount(row.tensorPeak))"
          )
        }
      }
    }
  }
}
