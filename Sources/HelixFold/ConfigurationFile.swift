import FeaturePipeline
import FoldingCore
import Foundation

/// What is wrong with a network configuration.
public enum ConfigurationError: Error, Hashable, CustomStringConvertible {
  /// The file cannot be read as a JSON object.
  case unreadable(file: String, reason: String)
  /// A key that no configuration has.
  case unknownKey(file: String, key: String, known: [String])
  /// A value of the wrong kind or size.
  case badValue(file: String, key: String, reason: String)

  /// One line: where, found, expected.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): \(reason)"
    case .unknownKey(let file, let key, let known):
      "\(file): unknown key '\(key)'; known here are \(known.joined(separator: ", "))"
    case .badValue(let file, let key, let reason): "\(file): '\(key)' \(reason)"
    }
  }
}

extension FoldingConfig {
  /// The preset of that name, or the configuration in a JSON file.
  public static func named(_ name: String) throws -> FoldingConfig {
    if let preset = preset(named: name) { return preset }
    guard name.hasSuffix(".json") else {
      throw PredictionError.unknownPreset(name)
    }
    return try read(json: name)
  }

  /// Reads a file that states what differs from a preset: `{"base": "model_1", "evoformer": {"blocks": 8}}`.
  ///
  /// Unknown keys are errors; `"template": null` removes the templates.
  public static func read(json path: String) throws -> FoldingConfig {
    let data = Data(try InputText(path: path).bytes)
    guard data.count < 1 << 20, let object = try? JSONSerialization.jsonObject(with: data),
      var changes = object as? [String: Any]
    else { throw ConfigurationError.unreadable(file: path, reason: "is not a JSON object") }
    var base = FoldingConfig()
    if let name = changes.removeValue(forKey: "base") {
      guard let name = name as? String, let preset = preset(named: name) else {
        throw ConfigurationError.badValue(
          file: path, key: "base",
          reason: "is no preset; known are \(presets.map(\.name).joined(separator: ", "))")
      }
      base = preset
    }
    base.name = path.split(separator: "/").last.map { String($0.dropLast(5)) } ?? path
    do {
      let merged = try ConfigOverlay.merge(
        changes, into: try ConfigOverlay.dictionary(base),
        complete: try ConfigOverlay.dictionary(base.complete))
      let config = try ConfigOverlay.decode(FoldingConfig.self, from: merged)
      try config.checkSizes(file: path)
      return config
    } catch let error as ConfigOverlay.UnknownKey {
      throw ConfigurationError.unknownKey(file: path, key: error.key, known: error.known)
    } catch let error as DecodingError {
      throw ConfigurationError.badValue(
        file: path, key: error.key, reason: "has a value of the wrong kind")
    }
  }

  /// Refuses sizes that no network has, so that arithmetic on them cannot overflow.
  private func checkSizes(file: String) throws {
    let sizes: [(String, Int)] = [
      ("channels.msa", channels.msa), ("channels.pair", channels.pair),
      ("channels.single", channels.single), ("channels.extraMSA", channels.extraMSA),
      ("evoformer.blocks", evoformer.blocks), ("evoformer.msaHeads", evoformer.msaHeads),
      ("evoformer.msaHeadChannels", evoformer.msaHeadChannels),
      ("evoformer.pairHeads", evoformer.pairHeads),
      ("evoformer.pairHeadChannels", evoformer.pairHeadChannels),
      ("evoformer.triangleChannels", evoformer.triangleChannels),
      ("evoformer.outerProductChannels", evoformer.outerProductChannels),
      ("evoformer.transitionFactor", evoformer.transitionFactor),
      ("extraMSA.blocks", extraMSA.blocks), ("structure.layers", structure.layers),
      ("structure.heads", structure.heads), ("sampling.maxClusters", sampling.maxClusters),
      ("ensembles", ensembles),
    ]
    for (key, size) in sizes where !(1...16_384).contains(size) {
      throw ConfigurationError.badValue(
        file: file, key: key, reason: "is \(size), expected 1 to 16384")
    }
    if !(0...1000).contains(recycles) {
      throw ConfigurationError.badValue(
        file: file, key: "recycles", reason: "is \(recycles), expected 0 to 1000")
    }
  }
}
