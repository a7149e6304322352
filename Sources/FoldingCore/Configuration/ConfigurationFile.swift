import Foundation

extension FoldingConfig {
  /// Reads the differences from a preset: `{"preset": "model_1", "evoformer": {"blocks": 8}}`.
  ///
  /// Unknown keys are errors; `"template": null` removes the templates.
  ///
  /// - Parameter file: for messages; its last part without the ending names the network.
  public static func parse(_ data: Data, file: String) throws(ConfigurationError) -> FoldingConfig {
    var changes = try ConfigOverlay.object(data, file: file)
    var base = FoldingConfig()
    if let name = changes.removeValue(forKey: "preset") {
      guard let name = name as? String, let preset = preset(named: name) else {
        throw .badValue(
          file: file, key: "preset",
          reason: "is not a preset; known are \(presets.map(\.name).joined(separator: ", "))")
      }
      base = preset
    }
    base.name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    do {
      return try overlay(changes, on: base, file: file)
    } catch {
      guard case .unknownKey(let file, let key, let known) = error, !key.contains(".") else {
        throw error
      }
      throw .unknownKey(file: file, key: key, known: (known + ["preset"]).sorted())
    }
  }

  /// The configuration in a parameter file, which may be older than this program: missing settings have their published values.
  public static func stored(_ text: String, file: String) throws(ConfigurationError)
    -> FoldingConfig
  {
    var base = FoldingConfig()
    base.template = nil
    let stated = try ConfigOverlay.object(Data(text.utf8), file: file, named: "its configuration ")
    return try overlay(stated, on: base, file: file)
  }

  private static func overlay(
    _ changes: [String: Any], on base: FoldingConfig, file: String
  ) throws(ConfigurationError) -> FoldingConfig {
    let config = try ConfigOverlay.apply(changes, to: base, complete: base.complete, file: file)
    if let (key, reason) = config.objection {
      throw .badValue(file: file, key: key, reason: reason)
    }
    return config
  }
}
