import FoldingCore
import Foundation
import Training
import TrainingData

extension TrainingConfig {
  /// The preset of that name, or the configuration in a JSON file that states what differs from a preset:
  /// `{"preset": "mini", "run": {"steps": 100}, "network": "tiny"}`.
  ///
  /// `network` is the name of a network or an object with what differs from the preset's. Unknown keys are errors.
  public static func read(_ path: String) throws(ConfigurationError) -> TrainingConfig {
    if let preset = preset(named: path) { return preset }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(
        file: path, reason: "no such file, and no preset (\(presetNames.joined(separator: ", ")))")
    }
    return try parse(data, file: path)
  }

  static func parse(
    _ data: Data, file: String
  ) throws(ConfigurationError) -> TrainingConfig {
    var changes = try ConfigOverlay.object(data, file: file)
    var base = initial
    if let name = changes.removeValue(forKey: "preset") {
      guard let name = name as? String, let found = preset(named: name) else {
        throw .badValue(
          file: file, key: "preset",
          reason: "is unknown; known are \(presetNames.joined(separator: ", "))")
      }
      base = found
    }
    if let name = changes["network"] as? String {
      guard let network = FoldingConfig.preset(named: name) else {
        let known = FoldingConfig.presets.map(\.name).joined(separator: ", ")
        throw .badValue(
          file: file, key: "network", reason: "'\(name)' is unknown; known are \(known)")
      }
      base.network = network
      changes["network"] = nil
    }
    // What a part that is switched on does not state has its default, also where that is none.
    if (changes["loss"] as? [String: Any])?["contacts"] is [String: Any] {
      base.loss.contacts = base.loss.contacts ?? ContactLossConfig()
    }
    let config = try ConfigOverlay.apply(changes, to: base, complete: base.complete, file: file)
    try config.validate(file: file)
    return config
  }

  /// The configuration as a JSON document that reads back as itself.
  public func document() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// The same with every optional part present, so that all keys are known.
  private var complete: TrainingConfig {
    var all = self
    all.network = network.complete
    all.loss.distogramAttention = loss.distogramAttention ?? AttentionLossConfig()
    var contacts = loss.contacts ?? ContactLossConfig()
    contacts.loss.alpha = contacts.loss.alpha ?? 0.5
    all.loss.contacts = contacts
    all.data.maximumResolution = data.maximumResolution ?? 9
    all.optimizer.guarding.spikeFactor = optimizer.guarding.spikeFactor ?? 10
    all.run.weights = run.weights ?? ""
    all.run.savedActivations = run.savedActivations ?? ""
    return all
  }

  /// Refuses sizes that no run has, so that arithmetic on them cannot overflow or run for ever.
  func validate(file: String) throws(ConfigurationError) {
    if let (key, reason) = data.objection {
      throw .badValue(file: file, key: "data." + key, reason: reason)
    }
    if let (key, reason) = network.objection {
      throw .badValue(file: file, key: "network." + key, reason: reason)
    }
    if let (key, reason) = loss.objection(DistogramBins(network.heads)) {
      throw .badValue(file: file, key: "loss." + key, reason: reason)
    }
    let (schedule, guarding) = (optimizer.schedule, optimizer.guarding)
    let sizes: [(key: String, value: Int, range: ClosedRange<Int>)] = [
      ("run.steps", run.steps, 1...1_000_000_000), ("run.batch", run.batch, 1...65_536),
      ("run.checkpointInterval", run.checkpointInterval, 1...1_000_000_000),
      ("run.snapshotInterval", run.snapshotInterval, 0...1_000_000_000),
      ("run.snapshots", run.snapshots, 1...10_000),
      ("validation.interval", validation.interval, 0...1_000_000_000),
      ("validation.targets", validation.targets, 1...100_000),
      ("validation.shortest", validation.shortest, 1...validation.longest.clamped),
      ("validation.longest", validation.longest, 1...100_000),
      ("validation.crop", validation.crop, 1...16_384),
      ("validation.recycles", validation.recycles, 0...100),
      ("optimizer.guarding.window", guarding.window, 1...100_000),
      ("optimizer.guarding.maxConsecutiveSpikes", guarding.maxConsecutiveSpikes, 1...1_000_000),
      ("optimizer.adaGC.warmUpSteps", optimizer.adaGC.warmUpSteps, 1...1_000_000),
      ("optimizer.schedule.warmUpSteps", schedule.warmUpSteps, 0...1_000_000_000),
      ("optimizer.schedule.decayInterval", schedule.decayInterval, 1...1_000_000_000),
    ]
    for (key, value, range) in sizes where !range.contains(value) {
      throw .badValue(
        file: file, key: key,
        reason: "is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
    for (key, value, isSound, expected) in numbers where !isSound {
      throw .badValue(file: file, key: key, reason: "is \(value), expected \(expected)")
    }
    if !["bf16", "fp32"].contains(run.precision) {
      throw .badValue(
        file: file, key: "run.precision", reason: "is '\(run.precision)', expected bf16 or fp32")
    }
    if let kept = run.savedActivations, !["int8", "fp8"].contains(kept) {
      throw .badValue(
        file: file, key: "run.savedActivations", reason: "is '\(kept)', expected int8 or fp8")
    }
    if run.savedActivations != nil && !run.recompute {
      throw .badValue(
        file: file, key: "run.savedActivations",
        reason: "needs run.recompute, without which no block waits for a second run")
    }
    if !OptimizationConfig.clips.contains(optimizer.clip) {
      throw .badValue(
        file: file, key: "optimizer.clip",
        reason:
          "is '\(optimizer.clip)'; known are \(OptimizationConfig.clips.joined(separator: ", "))")
    }
    for part in optimizer.rateFactors where part.scope.isEmpty || !(0...1000).contains(part.factor)
    {
      throw .badValue(
        file: file, key: "optimizer.rateFactors",
        reason: "has '\(part.scope)': \(part.factor), expected a scope and a factor from 0 to 1000")
    }
    let names = optimizer.rateFactors.isEmpty ? [] : layout.segments.map(\.name)
    for part in optimizer.rateFactors where !names.contains(where: { $0.contains(part.scope) }) {
      throw .badValue(
        file: file, key: "optimizer.rateFactors",
        reason: "has '\(part.scope)', which is in the name of no array of the network")
    }
  }

  /// Real numbers with what they may be: others stop learning or turn it round without a word.
  private var numbers: [(key: String, value: Double, isSound: Bool, expected: String)] {
    func positive(_ key: String, _ value: Double) -> (String, Double, Bool, String) {
      (key, value, value > 0 && value.isFinite, "a number above 0")
    }
    func decay(_ key: String, _ value: Double) -> (String, Double, Bool, String) {
      (key, value, (0..<1).contains(value), "0 to below 1")
    }
    func share(_ key: String, _ value: Double) -> (String, Double, Bool, String) {
      (key, value, (0...1).contains(value), "0 to 1")
    }
    func weight(_ key: String, _ value: Double) -> (String, Double, Bool, String) {
      (key, value, value >= 0 && value.isFinite, "0 or a number above")
    }
    let (adam, schedule, clipping) = (optimizer.adam, optimizer.schedule, optimizer.adaGC)
    let (weights, structure) = (loss.weights, loss.structure)
    return [
      positive("optimizer.clipNorm", optimizer.clipNorm),
      decay("optimizer.averageDecay", optimizer.averageDecay),
      decay("optimizer.adam.beta1", adam.beta1), decay("optimizer.adam.beta2", adam.beta2),
      positive("optimizer.adam.epsilon", adam.epsilon),
      weight("optimizer.schedule.peak", schedule.peak),
      share("optimizer.schedule.warmUpStart", schedule.warmUpStart),
      share("optimizer.schedule.decayFactor", schedule.decayFactor),
      (
        "optimizer.adaGC.relativeLimit", clipping.relativeLimit,
        clipping.relativeLimit >= 1 && clipping.relativeLimit.isFinite, "1 or a number above"
      ),
      decay("optimizer.adaGC.decay", clipping.decay),
      positive("optimizer.adaGC.warmUpNorm", clipping.warmUpNorm),
      positive("optimizer.adaGC.epsilon", clipping.epsilon),
      weight("optimizer.adaGC.floor", clipping.floor),
      share("optimizer.adaGC.recentShare", clipping.recentShare),
      positive("optimizer.guarding.spikeFactor", optimizer.guarding.spikeFactor ?? 1),
      weight("loss.weights.structure", weights.structure),
      weight("loss.weights.distogram", weights.distogram),
      weight("loss.weights.maskedMSA", weights.maskedMSA),
      weight("loss.weights.experimentallyResolved", weights.experimentallyResolved),
      weight("loss.weights.confidence", weights.confidence),
      weight("loss.weights.alignedError", weights.alignedError),
      share("loss.structure.sideChainShare", structure.sideChainShare),
      weight("loss.structure.chi", structure.chi),
      weight("loss.structure.backboneTorsions", structure.backboneTorsions),
      weight("loss.structure.angleNorm", structure.angleNorm),
      weight("loss.structure.violation", structure.violation),
      weight("loss.structure.smoothLDDT", structure.smoothLDDT),
      positive("loss.structure.backbone.unit", structure.backbone.unit),
      positive("loss.structure.backbone.clampDistance", structure.backbone.clampDistance),
      positive("loss.structure.sideChain.unit", structure.sideChain.unit),
      positive("loss.structure.sideChain.clampDistance", structure.sideChain.clampDistance),
    ]
  }
}

extension Int {
  fileprivate var clamped: Int { Swift.max(1, self) }
}
