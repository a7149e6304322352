import FoldingCore
import Training
import TrainingData

extension TrainingConfig {
  /// Rejects sizes that no run has, so that arithmetic on them cannot overflow or run forever.
  func validate(file: String) throws(ConfigurationError) {
    func require(
      _ section: String, _ objection: (key: String, reason: String)?
    ) throws(ConfigurationError) {
      if let (key, reason) = objection {
        throw .badValue(file: file, key: "\(section).\(key)", reason: reason)
      }
    }
    try require("data", data.objection)
    try require("network", network.objection)
    try require("loss", loss.objection(network.heads.distogramBreaks))
    try require("run", run.limits.objection)
    try require("validation", validation.limits.objection)
    try require("optimizer", optimizer.limits.objection)
    try require("loss", loss.limits.objection)
    try require("loss", loss.emptiness)
    try require("run", run.objection(layout))
    try require("optimizer", optimizer.objection(layout))
  }
}

extension RunConfig {
  fileprivate var limits: [ValueLimit] {
    [
      .size("steps", steps, 1...1_000_000_000),
      .size("batch", batch, 1...65_536),
      .size("checkpointInterval", checkpointInterval, 1...1_000_000_000),
      .size("snapshotInterval", snapshotInterval, 0...1_000_000_000),
      .size("snapshots", snapshots, 1...10_000),
    ]
  }

  /// What is wrong with numerical settings, or with the names of new parts.
  ///
  /// - Parameter layout: layout of the network whose arrays they name.
  fileprivate func objection(
    _ layout: @autoclosure () -> ParameterLayout
  ) -> (key: String, reason: String)? {
    if savedActivations != nil && !recompute {
      return (
        "savedActivations", "needs run.recompute, without which no block waits for a second run"
      )
    }
    let parts = newParts ?? []
    if parts.isEmpty { return nil }
    let names = layout().segments.map(\.name)
    for part in parts where part.isEmpty || !names.contains(where: { $0.contains(part) }) {
      return ("newParts", "has '\(part)', which is in the name of no array of the network")
    }
    return nil
  }
}

extension ValidationConfig {
  static let mostRecycles = 100

  fileprivate var limits: [ValueLimit] {
    [
      .size("interval", interval, 0...1_000_000_000),
      .size("targets", targets, 1...100_000),
      .size("shortest", shortest, 1...max(1, longest)),
      .size("longest", longest, 1...100_000),
      .size("crop", crop, 1...16_384),
      .size("recycles", recycles, 0...Self.mostRecycles),
    ]
  }
}

extension OptimizerConfig {
  fileprivate var limits: [ValueLimit] {
    [
      .size("guarding.window", guarding.window, 1...100_000),
      .size("guarding.maxConsecutiveSpikes", guarding.maxConsecutiveSpikes, 1...1_000_000),
      .size("adaGC.warmUpSteps", adaGC.warmUpSteps, 1...1_000_000),
      .size("schedule.warmUpSteps", schedule.warmUpSteps, 0...1_000_000_000),
      .size("schedule.decayInterval", schedule.decayInterval, 1...1_000_000_000),
      .positive("clipNorm", clipNorm),
      .decay("averageDecay", averageDecay),
      .decay("adam.beta1", adam.beta1),
      .decay("adam.beta2", adam.beta2),
      // Smaller ones are 0 in single precision, and 0 / 0 is NaN.
      .atLeast(1e-30, "adam.epsilon", adam.epsilon),
      .weight("schedule.peak", schedule.peak),
      .share("schedule.warmUpStart", schedule.warmUpStart),
      .share("schedule.decayFactor", schedule.decayFactor),
      .factor("adaGC.relativeLimit", adaGC.relativeLimit),
      .decay("adaGC.decay", adaGC.decay),
      .positive("adaGC.warmUpNorm", adaGC.warmUpNorm),
      .positive("adaGC.epsilon", adaGC.epsilon),
      .weight("adaGC.floor", adaGC.floor),
      .share("adaGC.recentShare", adaGC.recentShare),
      .positive("guarding.spikeFactor", guarding.spikeFactor ?? 1),
    ]
  }

  /// What is wrong with a factor of the learning rate.
  ///
  /// - Parameter layout: layout of the network whose arrays the factors name.
  fileprivate func objection(
    _ layout: @autoclosure () -> ParameterLayout
  ) -> (key: String, reason: String)? {
    for part in rateFactors where part.scope.isEmpty || !(0...1000).contains(part.factor) {
      return (
        "rateFactors",
        "has '\(part.scope)': \(part.factor), expected a scope and a factor from 0 to 1000"
      )
    }
    let names = rateFactors.isEmpty ? [] : layout().segments.map(\.name)
    for part in rateFactors where !names.contains(where: { $0.contains(part.scope) }) {
      return (
        "rateFactors", "has '\(part.scope)', which is in the name of no array of the network"
      )
    }
    return nil
  }
}

extension LossConfig {
  /// What is wrong if there is nothing to learn from.
  fileprivate var emptiness: (key: String, reason: String)? {
    let all = [
      weights.structure, weights.distogram, weights.maskedMSA, weights.experimentallyResolved,
      weights.confidence, weights.alignedError, contacts?.weight ?? 0,
    ]
    return all.contains { $0 > 0 } ? nil : ("weights", "are all 0, so that nothing is learned")
  }

  fileprivate var limits: [ValueLimit] {
    [
      .weight("weights.structure", weights.structure),
      .weight("weights.distogram", weights.distogram),
      .weight("weights.maskedMSA", weights.maskedMSA),
      .weight("weights.experimentallyResolved", weights.experimentallyResolved),
      .weight("weights.confidence", weights.confidence),
      .weight("weights.alignedError", weights.alignedError),
      .share("structure.sideChainShare", structure.sideChainShare),
      .weight("structure.chi", structure.chi),
      .weight("structure.backboneTorsions", structure.backboneTorsions),
      .weight("structure.angleNorm", structure.angleNorm),
      .weight("structure.violation", structure.violation),
      .weight("structure.smoothLDDT", structure.smoothLDDT),
      .positive("structure.backbone.unit", structure.backbone.unit),
      .positive("structure.backbone.clampDistance", structure.backbone.clampDistance),
      .share("structure.backbone.clampedShare", structure.backbone.clampedShare),
      .share("structure.sideChain.clampedShare", structure.sideChain.clampedShare),
      .weight("structure.tolerances.deviations", structure.tolerances.deviations),
      .weight("structure.tolerances.overlap", structure.tolerances.overlap),
      .weight("resolutionFilter.minimum", resolutionFilter.minimum),
      .edge(
        "resolutionFilter.maximum", resolutionFilter.maximum, above: resolutionFilter.minimum),
      .positive("structure.sideChain.unit", structure.sideChain.unit),
      .positive("structure.sideChain.clampDistance", structure.sideChain.clampDistance),
    ]
  }
}
