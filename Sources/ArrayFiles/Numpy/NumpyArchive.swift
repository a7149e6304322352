import NumericArrays

/// A `.npz` file: named numpy arrays in a zip archive, stored or deflated.
///
/// Opening reads only the directory; each array is inflated on demand straight into its own memory, after its size has been checked
/// against its header, and its checksum is verified.
public struct NumpyArchive: Sendable {
  /// The file, as messages name it.
  public let path: String
  /// Names of the arrays, without `.npy`, sorted.
  public let names: [String]

  private let archive: ZipArchive
  private let uint16Meaning: UInt16Meaning

  /// Opens the file.
  ///
  /// - Parameter uint16: how 16-bit unsigned arrays are interpreted; Paddle stores bfloat16 that way.
  public init(
    path: String, uint16: UInt16Meaning = .integer, limits: ArchiveLimits = ArchiveLimits()
  ) throws {
    self.path = path
    uint16Meaning = uint16
    archive = try ZipArchive(path: path, limits: limits)
    names = archive.entries.keys.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
      .sorted()
    if names.isEmpty && !archive.entries.isEmpty {
      throw ArrayFileError.wrongFormat(
        file: path, found: "a zip archive without .npy entries", expected: "npz")
    }
  }

  /// Whether the file has an array with that name.
  public func contains(_ name: String) -> Bool { archive.entries[name + ".npy"] != nil }

  /// The array with that name.
  public func array(named name: String) throws -> AnyNDArray {
    try checkPresence(name)
    return try archive.withSource(name + ".npy") { source in
      try NumpyFile.read(from: &source, uint16Meaning: uint16Meaning)
    }
  }

  /// Shape and element type of an array (`object` for Python objects), from its header alone; no checksum is verified.
  public func header(of name: String) throws -> (shape: [Int], elementName: String) {
    try checkPresence(name)
    return try archive.withHead(name + ".npy") { source in
      let header = try NumpyHeader(from: &source)
      if header.type.kind != .object { try NumpyFile.checkPayload(of: header, in: source) }
      return (header.shape, header.type.name(uint16Meaning))
    }
  }

  /// Writes arrays in the given order: under a temporary name first, then renamed.
  public static func write(
    _ arrays: [(name: String, array: AnyNDArray)], to path: String, deflated: Bool = false
  ) throws {
    var table: [String: AnyNDArray] = [:]
    for (name, array) in arrays { table[name] = array }
    try write(to: path, names: arrays.map(\.name), deflated: deflated) { name in
      guard let array = table[name] else {
        throw ArrayFileError.noSuchArray(file: path, name: name, available: [])
      }
      return array
    }
  }

  /// Writes arrays made one at a time, when their turn comes, so that only one is in memory.
  public static func write(
    to path: String, names: [String], deflated: Bool = false,
    array: @escaping (_ name: String) throws -> AnyNDArray
  ) throws {
    try ZipWriter.write(to: path, names: names.map { $0 + ".npy" }, deflated: deflated) { entry in
      NumpyFile.content(of: try array(String(entry.dropLast(4))))
    }
  }

  private func checkPresence(_ name: String) throws {
    guard contains(name) else {
      throw ArrayFileError.noSuchArray(file: path, name: name, available: names)
    }
  }
}
