import Foundation

/// Overlays the values of a file on a complete configuration, both as JSON objects.
public enum ConfigOverlay {
  /// The object of a JSON text of less than one MiB.
  ///
  /// - Parameter name: what messages call the text in the file, followed by a space.
  public static func object(
    _ data: Data, file: String, named name: String = ""
  ) throws(ConfigurationError) -> [String: Any] {
    func unreadable(_ reason: String) -> ConfigurationError {
      .unreadable(file: file, reason: name + reason)
    }
    guard data.count < 1 << 20 else {
      throw unreadable("has \(data.count) bytes, expected a configuration below 1 MiB")
    }
    let value: Any
    do {
      value = try JSONSerialization.jsonObject(with: data)
    } catch {
      let reason = (error as NSError).userInfo["NSDebugDescription"] as? String ?? "\(error)"
      throw unreadable("is no valid JSON: \(reason)")
    }
    guard let object = value as? [String: Any] else { throw unreadable("is not a JSON object") }
    return object
  }

  /// `base` with the values of `changes`; null removes an optional part; a key that `complete` lacks is an error.
  ///
  /// - Parameter complete: the same configuration with every optional part present.
  public static func apply<Config: Codable>(
    _ changes: [String: Any], to base: Config, complete: Config, file: String
  ) throws(ConfigurationError) -> Config {
    do {
      let (start, known) = (try dictionary(base), try dictionary(complete))
      let merged = try merge(changes, into: start, complete: known, file: file)
      do {
        return try decode(Config.self, from: merged)
      } catch let error as DecodingError {
        // The first value that does not decode on its own either.
        for leaf in leaves(of: changes, known: known) {
          func problem(with value: Any) throws -> DecodingError? {
            let change = leaf.change(to: value)
            return try decodingError(
              Config.self, from: merge(change, into: start, complete: known, file: file))
          }
          guard let found = try problem(with: leaf.value) else { continue }
          if found.key.isInside(leaf.key) {
            throw ConfigurationError.badValue(
              file: file, key: found.key, reason: found.unknownChoice?.reason ?? Leaf.wrongKind)
          }
          let reason = try found.unknownChoice?.reason ?? leaf.reason(problem)
          throw ConfigurationError.badValue(file: file, key: leaf.key, reason: reason)
        }
        throw ConfigurationError.badValue(file: file, key: error.key, reason: Leaf.wrongKind)
      }
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw .unreadable(file: file, reason: "\(error)")
    }
  }

  private static func decodingError<Config: Decodable>(
    _ type: Config.Type, from object: [String: Any]
  ) throws -> DecodingError? {
    do {
      _ = try decode(type, from: object)
      return nil
    } catch let error as DecodingError {
      return error
    }
  }

  /// A value of a file with its place, which decoders report for integers and missing values in part or not at all.
  private struct Leaf {
    static let wrongKind = "has a value of the wrong kind"

    let path: [String]
    let value: Any

    /// Its levels joined by dots.
    var key: String { path.joined(separator: ".") }

    /// An object with nothing but a value in this place.
    func change(to value: Any) -> [String: Any] {
      var change = value
      for name in path.reversed() { change = [name: change] as [String: Any] }
      return change as? [String: Any] ?? [:]
    }

    /// What is wrong with the value.
    ///
    /// - Parameter problem: what is wrong with another value in its place, nil if that would do.
    func reason(_ problem: (Any) throws -> DecodingError?) throws -> String {
      if value is NSNull { return "is null, which is for optional settings only" }
      let takesNumbers = try problem(1) == nil
      if takesNumbers, let number = value as? NSNumber, !["true", "false"].contains(text) {
        if number.doubleValue >= 0x1p63 { return "is \(number), expected at most 1e18" }
        if number.doubleValue != number.doubleValue.rounded() {
          return "is \(number), expected a whole number"
        }
        if number.doubleValue < 0 { return "is \(number), expected 0 or more" }
      }
      if let choice = try problem("")?.unknownChoice {
        return "is \(text); known are \(choice.known.joined(separator: ", "))"
      }
      let kinds: [(specimen: Any, name: String)] = [
        (0.5, "a number"), (1, "a whole number"), (true, "true or false"), ("", "a text"),
        ([] as [Any], "a list"), ([0, 1], "two numbers, the smaller one first"),
        ([:] as [String: Any], "an object with settings"),
      ]
      guard let kind = try kinds.first(where: { try problem($0.specimen) == nil }) else {
        return Self.wrongKind
      }
      return "is \(text), expected \(kind.name)"
    }

    /// The value as JSON, without the rest where it is long.
    private var text: String {
      let data = try? JSONSerialization.data(withJSONObject: [value], options: [.sortedKeys])
      let text = String(decoding: data ?? Data(), as: UTF8.self).dropFirst().dropLast()
      return text.count > 60 ? "\(text.prefix(60))…" : String(text)
    }
  }

  /// The values of an object in the order of their keys, without the objects that hold them.
  private static func leaves(
    of changes: [String: Any], known: [String: Any], path: [String] = []
  ) -> [Leaf] {
    var result: [Leaf] = []
    for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
      if let inner = value as? [String: Any], let known = known[name] as? [String: Any] {
        result += leaves(of: inner, known: known, path: path + [name])
      } else {
        result.append(Leaf(path: path + [name], value: value))
      }
    }
    return result
  }

  private static func merge(
    _ changes: [String: Any], into base: [String: Any], complete: [String: Any], file: String,
    level: String = ""
  ) throws(ConfigurationError) -> [String: Any] {
    var result = base
    for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
      guard let known = complete[name] else {
        throw .unknownKey(file: file, key: level + name, known: complete.keys.sorted())
      }
      if value is NSNull {
        result[name] = nil
      } else if let inner = known as? [String: Any], let value = value as? [String: Any] {
        result[name] = try merge(
          value, into: (base[name] as? [String: Any]) ?? inner, complete: inner, file: file,
          level: "\(level)\(name).")
      } else if let inner = (known as? [Any])?.first as? [String: Any], let list = value as? [Any] {
        for (index, element) in list.enumerated() {
          try check(element, like: inner, file: file, key: "\(level)\(name)[\(index)]")
        }
        result[name] = list
      } else {
        result[name] = value
      }
    }
    return result
  }

  /// Rejects an element of a list of objects unless it has exactly the keys of a specimen.
  private static func check(
    _ element: Any, like specimen: [String: Any], file: String, key: String
  ) throws(ConfigurationError) {
    let names = specimen.keys.sorted()
    let expected = names.map { "'\($0)'" }.joined(separator: " and ")
    guard let object = element as? [String: Any] else {
      throw .badValue(file: file, key: key, reason: "is no object, expected one with \(expected)")
    }
    if let other = object.keys.sorted().first(where: { specimen[$0] == nil }) {
      throw .unknownKey(file: file, key: "\(key).\(other)", known: names)
    }
    if let missing = names.first(where: { object[$0] == nil }) {
      throw .badValue(
        file: file, key: key, reason: "has no '\(missing)', expected \(expected)")
    }
  }

  /// A configuration as a JSON object.
  package static func dictionary(_ config: some Encodable) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(config))
    return object as? [String: Any] ?? [:]
  }

  private static func decode<Config: Decodable>(
    _ type: Config.Type, from object: [String: Any]
  ) throws -> Config {
    let data = try JSONSerialization.data(withJSONObject: object)
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch let error as DecodingError {
      guard let path = pathOfHugeNumber(object, []) else { throw error }
      throw DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: "huge number"))
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Path of a number too large for an integer: decoding it as one does not report its place.
  private static func pathOfHugeNumber(_ value: Any, _ path: [any CodingKey]) -> [any CodingKey]? {
    if let object = value as? [String: Any] {
      for (key, inner) in object.sorted(by: { $0.key < $1.key }) {
        if let found = pathOfHugeNumber(inner, path + [Key(stringValue: key)]) { return found }
      }
      return nil
    }
    guard let number = value as? NSNumber, abs(number.doubleValue) >= 0x1p64 else { return nil }
    return path
  }
}

extension String {
  /// Whether this key names a part of the value of another.
  fileprivate func isInside(_ key: String) -> Bool { hasPrefix(key + ".") || hasPrefix(key + "[") }
}

extension DecodingError {
  /// Path of the value that did not decode, its levels joined by dots.
  fileprivate var key: String {
    guard let path = context?.codingPath else { return "?" }
    return path.reduce("") { text, key in
      if let index = key.intValue { return "\(text)[\(index)]" }
      return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
    }
  }

  /// The unknown word and the allowed ones; nil for other errors.
  fileprivate var unknownChoice: UnknownChoice? { context?.underlyingError as? UnknownChoice }

  private var context: Context? {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .keyNotFound(_, let context), .dataCorrupted(let context):
      context
    @unknown default: nil
    }
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
