import Foundation

/// Lays what a file states over a complete configuration, both as JSON objects.
public enum ConfigOverlay {
  /// A key that no configuration has.
  public struct UnknownKey: Error {
    /// Path of the key, its levels joined by points.
    public let key: String
    /// The keys of its level.
    public let known: [String]
  }

  /// `base` with the values of `changes`; null removes an optional part; a key that `complete` lacks is an error.
  public static func merge(
    _ changes: [String: Any], into base: [String: Any], complete: [String: Any], level: String = ""
  ) throws(UnknownKey) -> [String: Any] {
    var result = base
    for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
      guard let known = complete[name] else {
        throw UnknownKey(key: level + name, known: complete.keys.sorted())
      }
      if value is NSNull {
        result[name] = nil
      } else if let inner = known as? [String: Any], let value = value as? [String: Any] {
        result[name] = try merge(
          value, into: (base[name] as? [String: Any]) ?? inner, complete: inner,
          level: "\(level)\(name).")
      } else {
        result[name] = value
      }
    }
    return result
  }

  /// A configuration as a JSON object.
  public static func dictionary(_ config: some Encodable) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(config))
    return object as? [String: Any] ?? [:]
  }

  /// The configuration that a JSON object describes.
  public static func decode<Config: Decodable>(
    _ type: Config.Type, from object: [String: Any]
  ) throws -> Config {
    try JSONDecoder().decode(type, from: try JSONSerialization.data(withJSONObject: object))
  }
}

extension DecodingError {
  /// Path of the value that did not decode, its levels joined by points.
  public var key: String {
    let context: Context? =
      switch self {
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .keyNotFound(_, let context), .dataCorrupted(let context):
        context
      @unknown default: nil
      }
    return context?.codingPath.map(\.stringValue).joined(separator: ".") ?? "?"
  }
}

extension FoldingConfig {
  /// The same with every optional part present, so that all keys are known.
  public var complete: FoldingConfig {
    var all = self
    all.template = template ?? TemplateConfig()
    all.heads.alignedError = heads.alignedError ?? AlignedErrorConfig()
    return all
  }
}
