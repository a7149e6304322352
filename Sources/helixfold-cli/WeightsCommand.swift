import ArgumentParser
import AtomicFiles
import FoldingCore
import Foundation
import HelixFold
import Messages
import Weights

/// `helixfold weights`: inspect, convert and make parameter files.
struct WeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "Inspect, convert, average or make files of network parameters.",
    discussion: """
      Reads DeepMind's params_model_*.npz, HelixFold's .pdparams, OpenFold's .pt and helixfold's own .h5. Nothing \
      in a file is ever executed. tools/download-parameters.sh fetches the official parameters.
      """,
    subcommands: [Inspect.self, Convert.self, Init.self, Average.self])

  /// Throws if the output file is one of the inputs, has no supported format, or cannot be created.
  static func requirePlace(
    _ output: String, _ precision: StoragePrecision, inputs: [String] = []
  ) throws {
    if try ParameterWriter.format(of: output) != .own, precision != .float32 {
      throw ValidationError(
        "\(output): only .h5 files have --precision \(precision.rawValue), an .npz file is always fp32"
      )
    }
    try OutputPlace.require(output, apartFrom: inputs)
  }

  /// Warns that the output does not record that its parameters are random, as only .h5 files can.
  static func warn(ofRandom provenance: ParameterProvenance, in output: String) {
    guard provenance.isRandom, (try? ParameterWriter.format(of: output)) != .own else { return }
    StandardStreams.writeError(
      "helixfold: warning: \(output) holds random numbers and cannot say so; an .h5 file can\n")
  }

  /// Settings of output files.
  struct WritingOptions: ParsableArguments {
    @Option(
      help: """
        Precision of an .h5 file: fp32, bf16 for the matrices of embedders and stacks, or int8 for them (blocks of 32 with \
        one scale), which predict also keeps so in memory. An .npz file is \
        always fp32.
        """)
    var precision = StoragePrecision.float32
  }

  /// `helixfold weights inspect`.
  struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a file holds and whether it is complete.",
      discussion: """
        Reads every array, verifies checksums and names all arrays that are missing, surplus, misshapen or not \
        finite. Ends with status 65 when a file cannot be used.
        """)

    @Argument(
      help: "Parameter files, or folders of them; that of a run of 'train' stands for its best.h5.")
    var files: [String]

    @Option(help: "Compare with this preset instead of the one that fits best.")
    var preset: String?

    func run() throws {
      let config = try preset.map(FoldingConfig.named)
      var isSound = true
      let paths = try files.flatMap { path in
        try PathKind(of: path) == .folder ? ParameterFolder.files(in: path) : [path]
      }
      for path in paths {
        do {
          let report = try ParameterReport(
            ParameterFile(inspecting: path, config: config), comparedWith: config)
          print(report.lines.joined(separator: "\n"))
          isSound = isSound && report.isSound
        } catch  where paths.count > 1 {
          StoreOutput.note("\(error)")
          isSound = false
        }
      }
      if !isSound { throw ExitCode(.badInput) }
    }
  }

  /// `helixfold weights convert`.
  struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the parameters of a file in another format.",
      discussion: "The ending of OUTPUT chooses the format: .h5 (helixfold) or .npz (DeepMind).")

    @Argument(help: "File to read: .npz, .pdparams, .pt, .ckpt or .h5.")
    var input: String

    @Argument(help: "File to write: .h5 or .npz.")
    var output: String?

    @Option(
      name: [.customShort("o"), .customLong("output")],
      help: "The same, as other commands have it.")
    var outputOption: String?

    @OptionGroup var writing: WritingOptions

    @Option(help: "Name of the preset, where several have the same arrays (model_1 and model_2).")
    var preset: String?

    @Option(help: "Block order of a HelixFold file, which does not record it: serial or parallel.")
    var blockOrder: BlockOrder?

    @Option(help: "Terms of use to record in an .h5 file.")
    var licence: String?

    func validate() throws {
      if (output == nil) == (outputOption == nil) {
        throw ValidationError("give one file to write, behind the one to read or with --output")
      }
    }

    func run() throws {
      let output = output ?? outputOption ?? ""
      let input = try RunWeights.file(at: input)
      try WeightsCommand.requirePlace(output, writing.precision, inputs: [input])
      if licence != nil, try ParameterWriter.format(of: output) != .own {
        throw ValidationError("\(output): only .h5 files record a --licence")
      }
      let named = try preset.map(FoldingConfig.named)
      let file = try ParameterFile(path: input, expecting: named)
      var config = named ?? file.config
      if file.blockOrder == nil, blockOrder == nil, !FoldingConfig.isFile(preset) {
        throw ValidationError(
          "\(input) does not record its block order, and \(output) would; say --block-order serial or parallel"
        )
      }
      if let blockOrder { config.blockOrder = blockOrder }
      try file.requireFit(to: config)
      var provenance =
        try file.provenance
        ?? ParameterProvenance(
          source: "\(URL(fileURLWithPath: input).lastPathComponent), \(file.format.rawValue), "
            + "crc64 \(file.checksum())",
          licence: "as the source")
      if let licence { provenance.licence = licence }
      try ParameterWriter.write(
        file, config: config, provenance: provenance, precision: writing.precision, to: output)
      WeightsCommand.warn(ofRandom: provenance, in: output)
      if let loss = Self.loss(of: config, in: try ParameterFile(path: output).config) {
        StandardStreams.writeError("helixfold: warning: \(output) \(loss)\n")
      }
      print(output)
    }

    /// What the output does not record about a network; nil if it records everything, as .h5 does.
    private static func loss(of config: FoldingConfig, in written: FoldingConfig) -> String? {
      if config == written { return nil }
      var same = config
      same.recycles = written.recycles
      let taken = "holds no configuration and is taken for preset '\(written.name)', which"
      return same == written
        ? "\(taken) makes \(counted(written.recycles + 1, "pass")) instead of \(config.recycles + 1); use it with --num-recycle \(config.recycles)"
        : "\(taken) differs; an .h5 file holds the whole network"
    }
  }

  /// `helixfold weights init`.
  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the parameters of an untrained network.",
      discussion: "The values depend on preset and seed only; the file says that they are random.")

    @Argument(help: "File to write: .h5 or .npz.")
    var output: String?

    @Option(
      name: [.customShort("o"), .customLong("output")],
      help: "The same, as other commands have it.")
    var outputOption: String?

    @Option(help: "Network, such as model_1, model_5_ptm or tiny.")
    var preset: String

    @Option(help: "Seed of the random numbers.")
    var seed: UInt64 = 0

    @Option(help: "Place of the outer product mean: serial (AlphaFold2), first or parallel.")
    var blockOrder = BlockOrder.serial

    @OptionGroup var writing: WritingOptions

    func validate() throws {
      if (output == nil) == (outputOption == nil) {
        throw ValidationError("give one file to write, alone or with --output")
      }
    }

    func run() throws {
      let output = output ?? outputOption ?? ""
      try WeightsCommand.requirePlace(output, writing.precision)
      var config = try FoldingConfig.named(preset)
      config.blockOrder = blockOrder
      let provenance = ParameterProvenance(
        source: "initial values, seed \(seed)", licence: "CC0 1.0", isRandom: true)
      try ParameterWriter.write(
        InitialParameters(config, seed: seed), config: config, provenance: provenance,
        precision: writing.precision, to: output)
      WeightsCommand.warn(ofRandom: provenance, in: output)
      print(output)
    }
  }
}

extension StoragePrecision: ExpressibleByArgument {}
extension BlockOrder: ExpressibleByArgument {}
