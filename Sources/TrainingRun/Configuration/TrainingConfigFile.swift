import FeaturePipeline
import FoldingCore
import Foundation
import Training
import TrainingData

extension TrainingConfig {
  /// The preset with that name, or the configuration in a JSON file that states the differences from a preset: `{"preset": "mini",
  /// "run": {"steps": 100}, "network": "tiny"}`.
  ///
  /// `network` is the name of a network or an object with the differences from the preset's. Unknown keys are errors. Validation
  /// recycles as often as the network unless the file says otherwise.
  public static func read(_ path: String) throws(ConfigurationError) -> TrainingConfig {
    if let preset = preset(named: path) { return preset }
    let text: InputText
    do throws(InputError) {
      text = try InputText(path: path)
    } catch {
      switch error {
      case .missing:
        throw .unreadable(
          file: path, reason: "no such file, and no preset (\(presetNames.joined(separator: ", ")))"
        )
      case .unreadable(_, let reason): throw .unreadable(file: path, reason: reason)
      case .content(_, let problem), .text(_, _, _, let problem):
        throw .unreadable(file: path, reason: problem)
      case .array: throw .unreadable(file: path, reason: "is no configuration")
      }
    }
    let data = Data(text.bytes)
    // A file without a preset would mean the first stage of the large network, which nobody wants to train by accident.
    if try ConfigOverlay.object(data, file: path)["preset"] == nil {
      throw .unreadable(
        file: path,
        reason:
          "names no preset; add \"preset\": \"mini\" (or \(presetNames.filter { $0 != "mini" }.joined(separator: ", ")))"
      )
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
      let rows = base.network.sampling
      base.network = network
      if base.preset == initial.preset {
        // The first stage saves work this way: no more rows than these, whatever the network.
        base.network.sampling.maxClusters = min(network.sampling.maxClusters, rows.maxClusters)
        base.network.sampling.maxExtraRows = min(network.sampling.maxExtraRows, rows.maxExtraRows)
      }
      changes["network"] = nil
    }
    // Settings that an enabled part does not state have their defaults, even if the default is nil.
    if (changes["loss"] as? [String: Any])?["contacts"] is [String: Any] {
      base.loss.contacts = base.loss.contacts ?? ContactLossConfig()
    }
    var config = try ConfigOverlay.apply(changes, to: base, complete: base.complete, file: file)
    // Scored in the way it will predict.
    if (changes["validation"] as? [String: Any])?["recycles"] == nil { config.scoreAsPredicted() }
    try config.validate(file: file)
    return config
  }

  private mutating func scoreAsPredicted() {
    validation.recycles = min(network.recycles, ValidationConfig.mostRecycles)
  }

  /// Sets another number of passes after the first; validations that follow the network continue to do so.
  public mutating func recycle(_ count: Int) {
    let follows = validation.recycles == min(network.recycles, ValidationConfig.mostRecycles)
    network.recycles = count
    if follows { scoreAsPredicted() }
  }

  /// The configuration as a JSON document that reads back unchanged.
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
    all.data.exclude = data.exclude ?? []
    if optimizer.rateFactors.isEmpty { all.optimizer.rateFactors = [RateFactor("", 1)] }
    all.optimizer.guarding.spikeFactor = optimizer.guarding.spikeFactor ?? 10
    all.run.weights = run.weights ?? ""
    all.run.newParts = run.newParts ?? []
    all.run.savedActivations = run.savedActivations ?? .int8
    return all
  }
}
