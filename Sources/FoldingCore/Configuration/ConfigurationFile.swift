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
  /// Reads what differs from a preset: `{"base": "model_1", "evoformer": {"blocks": 8}}`.
  ///
  /// Unknown keys are errors; `"template": null` removes the templates.
  ///
  /// - Parameter file: for messages; its last part without the ending names the network.
  public static func parse(_ data: Data, file: String) throws(ConfigurationError) -> FoldingConfig {
    var changes: [String: Any]
    do throws(ConfigOverlay.Unreadable) {
      changes = try ConfigOverlay.object(data)
    } catch {
      throw .unreadable(file: file, reason: "\(error)")
    }
    var base = FoldingConfig()
    if let name = changes.removeValue(forKey: "base") {
      guard let name = name as? String, let preset = preset(named: name) else {
        throw .badValue(
          file: file, key: "base",
          reason: "is no preset; known are \(presets.map(\.name).joined(separator: ", "))")
      }
      base = preset
    }
    base.name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    return try overlay(changes, on: base, file: file)
  }

  /// The configuration in a parameter file, which may be older than this program: what it does not state has the published value.
  public static func stored(_ text: String, file: String) throws(ConfigurationError)
    -> FoldingConfig
  {
    var base = FoldingConfig()
    base.template = nil
    let stated: [String: Any]
    do throws(ConfigOverlay.Unreadable) {
      stated = try ConfigOverlay.object(Data(text.utf8))
    } catch {
      throw .unreadable(file: file, reason: "its configuration \(error)")
    }
    return try overlay(stated, on: base, file: file)
  }

  private static func overlay(
    _ changes: [String: Any], on base: FoldingConfig, file: String
  ) throws(ConfigurationError) -> FoldingConfig {
    let config: FoldingConfig
    do {
      let merged = try ConfigOverlay.merge(
        changes, into: try ConfigOverlay.dictionary(base),
        complete: try ConfigOverlay.dictionary(base.complete))
      config = try ConfigOverlay.decode(FoldingConfig.self, from: merged)
    } catch let error as ConfigOverlay.UnknownKey {
      throw .unknownKey(file: file, key: error.key, known: error.known)
    } catch let error as DecodingError {
      throw .badValue(file: file, key: error.key, reason: "has a value of the wrong kind")
    } catch {
      throw .unreadable(file: file, reason: "\(error)")
    }
    if let (key, reason) = config.objection {
      throw .badValue(file: file, key: key, reason: reason)
    }
    return config
  }
}
