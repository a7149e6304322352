import FeaturePipeline
import FoldingCore
import Protein
import TrainingData
import TrainingRun
import Weights

/// Predicts chains for every column of the table of `HeldOutScores` and scores them.
struct HeldOutScorer {
  private let columns: [HeldOutScores.Column]
  private let engine: NetworkEngine
  private let trained: [Float]
  private let initial: [Float]

  /// A scorer of weights, and of the configuration's initial ones, with an engine for its network.
  init(
    _ weights: any ParameterSource, config: TrainingConfig, columns: [HeldOutScores.Column],
    engine: NetworkEngine
  ) throws {
    self.columns = columns
    self.engine = engine
    engine.shouldStop = { Interruption.isRequested }
    trained = try FlatParameters.values(of: weights, layout: config.layout)
    initial = try FlatParameters.values(
      of: config.initialParameters, layout: config.layout)
  }

  /// Scores of those of the given chains with two or more known residues.
  func score(_ held: HeldOutChains, _ places: Range<Int>) throws -> [HeldOutScores.Chain] {
    let samples = try held.samples(places)
    let outcomes: [HeldOutScores.Column: [SampleOutcome]]
    do {
      outcomes = try predict(held, places, samples)
    } catch is EngineStopped {
      throw Interrupted(.beginsAnew)
    }
    return samples.indices.compactMap { index in
      score(
        held.entries[places.lowerBound + index], samples[index],
        outcomes.mapValues { $0[index] })
    }
  }

  /// The network's predictions for each sample, for the model and for the other columns that need them.
  private func predict(
    _ held: HeldOutChains, _ places: Range<Int>, _ samples: [TrainingSample]
  ) throws -> [HeldOutScores.Column: [SampleOutcome]] {
    try engine.load(trained)
    var outcomes = [HeldOutScores.Column.model: try engine.evaluate(samples)]
    if columns.contains(.withoutAlignment) {
      outcomes[.withoutAlignment] = try engine.evaluate(try held.samples(places, rows: 1))
    }
    if columns.contains(.untrained) {
      try engine.load(initial)
      outcomes[.untrained] = try engine.evaluate(samples)
    }
    return outcomes
  }

  private func score(
    _ entry: StoreEntry, _ sample: TrainingSample,
    _ outcomes: [HeldOutScores.Column: SampleOutcome]
  ) -> HeldOutScores.Chain? {
    let lddts = columns.compactMap { column in
      let alphaCarbons =
        column == .helix
        ? Self.helix(sample.residueCount) : outcomes[column]?.alphaCarbons ?? []
      return sample.lddt(of: alphaCarbons).map { (column, $0) }
    }
    if lddts.isEmpty { return nil }
    let confidence = outcomes[.model]?.confidence ?? []
    return HeldOutScores.Chain(
      id: entry.id, cluster: entry.cluster ?? entry.id, residues: entry.residues,
      rows: entry.rows, lddt: Dictionary(uniqueKeysWithValues: lddts),
      predicted: confidence.reduce(0) { $0 + Double($1) }
        / Double(max(1, confidence.count)) / 100)
  }

  /// C-alphas of an ideal helix, Å. `[count, 3]`
  private static func helix(_ count: Int) -> [Float] {
    IdealHelix.frames(count).flatMap { frame in (0..<3).map { Float(frame.translation[$0]) } }
  }
}
