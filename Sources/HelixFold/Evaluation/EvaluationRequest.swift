import AtomicFiles
import Evaluation
import FeaturePipeline
import Foundation
import Messages
import Protein
import Reports
import StructureIO
import TrainingData

/// An evaluation of predictions on a set of targets, as `helixfold evaluate` runs it.
public struct EvaluationRequest: Sendable {
  /// The set: a manifest (JSON), a folder with natives, or a store (HDF5) with labels.
  public var set: String
  /// Folder of the natives that a manifest names.
  public var natives: String?
  /// The only split of a store whose chains are scored; nil for all.
  public var split: DataSplit?
  /// Predictions that exist.
  public var predictors: [Predictor] = []
  /// Folder of the results.
  public var output: String
  /// Seed of the bootstrap.
  public var seed: UInt64 = 0
  /// Also writes the drawings of the report as files.
  public var plots: PlotFormat?

  /// An evaluation of a set.
  public init(set: String, output: String) {
    self.set = set
    self.output = output
  }

  /// A set of targets with its name.
  public typealias TargetSet = (name: String, targets: [EvaluationTarget])

  /// Reads the set: its name and targets.
  public func targets() throws -> TargetSet {
    let kind = PathKind(of: set)
    guard kind != .absent else {
      throw EvaluationError.unreadable(path: set, reason: "no such file or folder")
    }
    if PathKind.isStream(set) {
      throw EvaluationError.unreadable(path: set, reason: PathKind.streamRefusal)
    }
    let name = URL(fileURLWithPath: set).deletingPathExtension().lastPathComponent
    if kind == .folder {
      try requireNoSplit()
      return (name, try EvaluationTarget.read(folder: set))
    }
    let start = (try? FileHandle(forReadingAtPath: set)?.read(upToCount: 4)) ?? Data()
    if start.starts(with: InputText.hdf5Signature) {
      let end = split.map { ", \($0.rawValue) split" } ?? ""
      return (name + end, try targets(of: try FeatureStore(path: set)))
    }
    try requireNoSplit()
    let manifest = try EvaluationManifest.read(set)
    return (manifest.name, try EvaluationTarget.read(manifest: set, natives: natives))
  }

  /// Throws if a split is requested for a set without splits.
  private func requireNoSplit() throws {
    if let split {
      throw EvaluationError.nothing(
        path: set,
        reason: "is no store and has no splits; leave out --split \(split.rawValue)")
    }
  }

  /// Targets of a store; those without labels have no native.
  private func targets(of store: FeatureStore) throws -> [EvaluationTarget] {
    let hasSplits = store.entries.contains { $0.cluster != nil || $0.split != nil }
    if let split, !hasSplits {
      throw EvaluationError.nothing(
        path: set,
        reason:
          "names no clusters of its chains, so that it has no splits; leave out --split \(split.rawValue), or make the store with 'helixfold dataset build'"
      )
    }
    let targets = store.entries.compactMap { entry -> EvaluationTarget? in
      let own = DataSplit(entry)
      if let split, split != own { return nil }
      var target = EvaluationTarget(
        id: entry.id, length: entry.residues, msaRows: entry.rows,
        split: hasSplits ? own.rawValue : nil)
      if entry.hasLabels { target.native = { try store.native(of: entry.id) } }
      return target
    }
    if let split, targets.isEmpty {
      throw EvaluationError.nothing(path: set, reason: "has no \(split.rawValue) chains")
    }
    if targets.allSatisfy({ $0.native == nil }) {
      let chains = split.map { "\($0.rawValue) chains" } ?? "chains"
      throw EvaluationError.nothing(
        path: set,
        reason:
          "has no labels (structures) for any of its \(chains); 'dataset build' makes a store with them"
      )
    }
    return targets
  }

  /// A caution if chains of a store are scored that networks train on; nil if there are none.
  public func caution(about targets: [EvaluationTarget]) -> String? {
    let scored = targets.filter { $0.native != nil }
    let known = scored.count { $0.split == DataSplit.training.rawValue }
    if known == 0 { return nil }
    return
      "\(known) of \(counted(scored.count, "chain")) with a structure are of the training split of \(set), and a network that was trained on it has seen them; --split validation or --split test leaves them out"
  }

  /// Predicts the targets of the set with each network into `OUT/predictions/<network>`; finished ones are kept.
  ///
  /// What fails is listed there in failures.json and in the evaluation; only a wish to stop ends the run. Predictions that other weights
  /// or seeds left in the folder are not scored.
  public mutating func predict(
    _ inputs: [PredictionTarget], of targets: [EvaluationTarget], with models: [ModelDescription],
    _ options: PredictionOptions, reporter: ProgressReporter
  ) throws {
    let wanted = Set(targets.map(\.id))
    if let model = models.first(where: { model in predictors.contains { $0.name == model.name } }) {
      throw PredictionError.ambiguousInput(
        "two predictors are called '\(model.name)', a network and a folder of --predictions; call the folder otherwise: NAME=DIR"
      )
    }
    for model in models {
      var options = options
      options.output = "\(output)/predictions/\(model.name)"
      (options.resumes, options.replacesDiffering) = (true, true)
      try AtomicFile.createFolder(options.output)
      let pipeline = try FoldingPipeline(options, models: [model], reporter: reporter)
      _ = try pipeline.predict(inputs.filter { wanted.contains($0.id) }) { _, _ in }
      var predictor = Predictor(
        name: model.name, folder: options.output, note: model.note,
        weights: PredictorWeights(file: model.place, checksum: model.checksum))
      predictor.outcomes = Dictionary(
        pipeline.outcomes.map { ($0.target, pipeline.result(of: $0)) }
      ) { first, _ in first }
      predictors.append(predictor)
    }
  }

  /// Scores all predictions of a set and writes the files.
  public func run(
    on set: TargetSet, reporter: ProgressReporter
  ) throws -> (evaluation: Evaluation, files: [String], status: ExitStatus) {
    let evaluation = Evaluation(
      name: set.name, targets: set.targets, predictors: predictors,
      cautions: [caution(about: set.targets)].compactMap { $0 }
    ) {
      reporter.progress("\($1.id) scoring", Double($0) / Double(set.targets.count), remaining: nil)
    }
    let files = try EvaluationFiles(evaluation, seed: seed, version: helixFoldVersion)
      .write(to: output, plots: plots)
    let hasFailed = evaluation.gaps.contains(where: \.isFailure)
    let status: ExitStatus =
      evaluation.rows.isEmpty ? .badInput : hasFailed ? .someFailed : .success
    return (evaluation, files, status)
  }
}

extension FoldingPipeline {
  /// What the first network with the first seed made of a target.
  fileprivate func result(of outcome: TargetOutcome) -> Predictor.Outcome {
    if outcome.failure != nil { return .failed(reason: outcome.reason ?? "no reason is known") }
    let folder = PredictionFolder(path: "\(options.output)/\(outcome.target)", isKept: false)
    return .predicted(file: folder.structure("unrelaxed_\(planner.runs()[0].name)"))
  }
}

extension FeatureStore {
  /// The labels of a target as a structure, residues numbered as in predictions of it.
  fileprivate func native(of id: String) throws -> Structure {
    let features = try features(of: id)
    guard let labels = try labels(of: id) else {
      throw EvaluationError.nothing(path: path, reason: "'\(id)' has no labels")
    }
    guard labels.mask.shape.first == features.residueCount else {
      throw InputError.array(
        file: path, name: id, found: "with labels of \(labels.mask.shape.first ?? 0) residues",
        expected: "\(features.residueCount), as its sequence has")
    }
    let numbers = features.residueNumbers
    let residues = features.aatype.enumerated().compactMap { row, type -> Residue? in
      let atoms = AtomName.allCases.compactMap { name -> Atom? in
        guard labels.mask.values[row * AtomName.count + name.index] > 0.5 else { return nil }
        let start = (row * AtomName.count + name.index) * 3
        let place = (0..<3).map { Double(labels.positions.values[start + $0]) }
        return Atom(
          name: name.name, element: name.element.symbol,
          position: SIMD3(place[0], place[1], place[2]))
      }
      let type = AminoAcid(rawValue: type) ?? .unknown
      return atoms.isEmpty ? nil : Residue(name: type.code, number: numbers[row], atoms: atoms)
    }
    return Structure(name: id, models: [Model(chains: [Chain(id: "A", residues: residues)])])
  }
}
