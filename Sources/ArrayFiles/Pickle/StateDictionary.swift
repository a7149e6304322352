/// Named arrays of a saved model, from PyTorch or Paddle.
public struct StateDictionary: Sendable {
  /// The file, as messages name it.
  public let path: String
  /// Arrays by name, prefixes such as `module.` removed.
  public let arrays: [String: PickledArray]

  /// Reads a `.pt` file: a bare state dictionary, `{'ema': {'params': …}}`, or one under `state_dict`, `model` or
  /// `module`.
  ///
  /// Averaged parameters take precedence, as in OpenFold's own loader.
  public init(torch path: String, limits: ArchiveLimits = ArchiveLimits()) throws {
    var value = try TorchFile(path: path, limits: limits).value
    if let averaged = value["ema"]?["params"] {
      value = averaged
    } else if let nested = value["state_dict"] ?? value["model"] ?? value["module"],
      nested.entries != nil
    {
      value = nested
    }
    try self.init(path: path, value: value, prefixes: ["module.", "model."])
  }

  /// Reads a `.pdparams` file: a pickled dictionary of arrays, or of pairs of a name and an array.
  public init(paddle path: String) throws {
    try self.init(path: path, value: try PickleFile.read(path: path), prefixes: ["alphafold."])
  }

  private init(path: String, value: PickleValue, prefixes: [String]) throws {
    guard let entries = value.entries else {
      throw ArrayFileError.wrongFormat(
        file: path, found: "a pickle that is no dictionary of names", expected: "saved parameters")
    }
    var arrays: [String: PickledArray] = [:]
    for (name, value) in entries {
      guard let array = value.array ?? value.items?.last?.array else { continue }
      let key = Self.withoutPrefixes(name, prefixes)
      guard arrays.updateValue(array, forKey: key) == nil else {
        throw ArrayFileError.malformed(
          file: path, part: name, found: "a second array '\(key)'", expected: "one of each name")
      }
    }
    try PickledArray.checkSizes(arrays.values, path)
    guard !arrays.isEmpty else {
      let names = entries.prefix(4).map { "'\($0.key)'" }.joined(separator: ", ")
      throw ArrayFileError.wrongFormat(
        file: path,
        found: "a dictionary without arrays"
          + (names.isEmpty ? "" : " (\(names)\(entries.count > 4 ? ", …" : ""))"),
        expected: "saved parameters")
    }
    self.path = path
    self.arrays = arrays
  }

  private static func withoutPrefixes(_ name: String, _ prefixes: [String]) -> String {
    var rest = Substring(name)
    while let prefix = prefixes.first(where: rest.hasPrefix) { rest = rest.dropFirst(prefix.count) }
    return String(rest)
  }
}
