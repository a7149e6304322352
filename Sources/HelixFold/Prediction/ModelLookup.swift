import AtomicFiles
import FeaturePipeline
import FoldingCore
import Messages
import Weights

extension ModelDescription {
  /// The networks that the options name, each once.
  ///
  /// - Parameter remark: called with one line for each thing that a reader of the results should know about files and names.
  public static func open(
    _ options: PredictionOptions, remark: (String) -> Void = { _ in }
  ) throws -> [ModelDescription] {
    if options.usesRandomWeights { return [try random(options.preset ?? "", seed: options.seed)] }
    let files = try parameterFiles(options, remark)
    var names = ModelNames(given: files.compactMap(\.name))
    var models: [ModelDescription] = []
    for file in files where models.count < options.modelLimit ?? .max {
      var model = try open(path: file.path, preset: options.preset)
      let same = models.first { $0.checksum == model.checksum && $0.config == model.config }
      if let same {
        remark("\(file.path) is left out: it holds the same network as \(same.place)")
        continue
      }
      model.name = names.claim(model.name, given: file.name, for: model.place)
      models.append(model)
    }
    if let line = names.line { remark(line) }
    return models
  }

  /// A parameter file; its network is recognised unless a preset or a JSON file names it.
  ///
  /// - Parameter infersDepth: takes the numbers of blocks from the file, for reduced networks of a named preset.
  public static func open(
    path: String, preset: String?, infersDepth: Bool = false
  ) throws -> ModelDescription {
    var expected = try preset.map { try FoldingConfig.named($0) }
    if infersDepth, let config = expected {
      let found = try ParameterFile(inspecting: path).config
      expected?.evoformer.blocks = found.evoformer.blocks
      expected?.extraMSA.blocks = found.extraMSA.blocks
      expected?.template?.blocks = found.template?.blocks ?? config.template?.blocks ?? 0
    }
    let file = try ParameterFile(path: path, expecting: expected)
    let config = expected ?? file.config
    let isSmall = config.evoformer.blocks < publishedBlocks
    let notes = [
      file.isRandom ? Self.randomNotice : isSmall ? Self.smallNotice(config) : nil,
      file.blockOrder == nil && !FoldingConfig.isFile(preset) ? Self.orderNotice(path) : nil,
    ]
    let note = notes.contains { $0 != nil } ? notes.compactMap { $0 }.joined(separator: "; ") : nil
    return ModelDescription(
      name: TargetName.sanitized(config.name),
      source: file.path.split(separator: "/").last.map(String.init) ?? file.path,
      checksum: try file.checksum(), config: config,
      parameters: file, isRandom: file.isRandom, note: note, file: file.path)
  }

  /// Seeded random parameters of a preset.
  static func random(_ preset: String, seed: UInt64) throws -> ModelDescription {
    let config = try FoldingConfig.named(preset)
    return ModelDescription(
      name: config.name, source: "random parameters", checksum: "seed \(seed)", config: config,
      parameters: RecipeParameters(config, seed: seed), isRandom: true,
      note: randomNotice)
  }

  private static let randomNotice =
    "the parameters are random numbers; the structures mean nothing"

  /// Evoformer blocks of every published network.
  private static let publishedBlocks = FoldingConfig().evoformer.blocks

  private static func smallNotice(_ config: FoldingConfig) -> String {
    "the network '\(config.name)' is small (\(config.evoformer.blocks) Evoformer blocks, AlphaFold2's has \(publishedBlocks)) and far less accurate than AlphaFold2's (weights/README.md); name better weights with --weights"
  }

  private static func orderNotice(_ path: String) -> String {
    "\(path) does not say whether its blocks are serial or parallel and is taken for serial; for one trained in parallel order give --preset FILE.json with \"blockOrder\": \"parallel\""
  }

  /// The parameter files that the options name, or else the one that comes with the program.
  ///
  /// A folder stands for the files in it; with a preset, for those whose names contain it. The folder of a run stands for its
  /// weights.
  private static func parameterFiles(
    _ options: PredictionOptions, _ remark: (String) -> Void
  ) throws -> [NamedWeights] {
    if options.weights.isEmpty {
      return [NamedWeights(name: nil, path: try shippedWeights(preset: options.preset))]
    }
    let given = try options.weights.map { try NamedWeights($0) }
    try NamedWeights.requireDifferentNames(given)
    let preset = options.preset.flatMap { FoldingConfig.preset(named: $0)?.name }
    return try given.flatMap { weights in
      guard PathKind(of: weights.path) == .folder else { return [weights] }
      let files = try ParameterFolder.files(in: weights.path, preset: preset)
      if let name = weights.name, files.count > 1 {
        throw ModelLookupError.severalFiles(
          name: name, folder: weights.path, count: files.count, first: files[0])
      }
      if let file = try RunWeights.file(in: weights.path) {
        remark("\(weights.path) is a training run and stands for \(file)")
      }
      return files.map { NamedWeights(name: weights.name, path: $0) }
    }
  }

  /// The file that comes with the program; throws if it does not fit the requested preset.
  private static func shippedWeights(preset: String?) throws -> String {
    let name = "weights/default.h5"
    guard let path = InstalledFile.find(name) else {
      throw ModelLookupError.noWeights(InstalledFile.absence(of: name))
    }
    guard let preset else { return path }
    let config = try FoldingConfig.named(preset)
    let file = try ParameterFile(inspecting: path)
    do {
      try file.requireFit(to: config)
    } catch is WeightsError {
      throw ModelLookupError.anotherNetwork(file: name, holds: file.config.name, preset: preset)
    }
    return path
  }
}

/// Why there are no parameters for a network.
enum ModelLookupError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// No parameters were named and none are installed; says where they were looked for.
  case noWeights(String)
  /// The file that comes with the program holds another network than the preset.
  case anotherNetwork(file: String, holds: String, preset: String)
  /// A name that is invalid in file names or taken by results of other seeds and passes; and one that is free.
  case badName(String, instead: String)
  /// Two files are given one name.
  case nameTwice(String)
  /// One name is given to a folder of several networks.
  case severalFiles(name: String, folder: String, count: Int, first: String)

  /// One line: what is wrong, what to try.
  var description: String {
    switch self {
    case .noWeights(let absence):
      "no weights: \(absence); give a file or a folder with --weights or HELIXFOLD_WEIGHTS (tools/download-parameters.sh fetches AlphaFold2's), or ask for --random-weights --preset NAME"
    case .anotherNetwork(let file, let holds, let preset):
      "\(file), which comes with helixfold, holds the network '\(holds)'; \(preset) needs parameters of its own, named with --weights (tools/download-parameters.sh fetches AlphaFold2's)"
    case .badName(let name, let instead):
      "--weights: '\(name)' cannot be the name of a network, expected letters, digits, '_', '.' and '-', and no end like that of other results (_pred_1, _r1); try '\(instead)'"
    case .nameTwice(let name):
      "--weights: two files are called '\(name)'; call one of them otherwise: NAME=FILE"
    case .severalFiles(let name, let folder, let count, let first):
      "--weights: '\(name)' is to be one network, \(folder) holds \(count); name one of its files, such as \(name)=\(first)"
    }
  }

  /// The status for the shell: something required is not installed, or the names are wrong.
  var exitStatus: ExitStatus {
    switch self {
    case .noWeights, .anotherNetwork: .missingTool
    case .badName, .nameTwice, .severalFiles: .usage
    }
  }
}
