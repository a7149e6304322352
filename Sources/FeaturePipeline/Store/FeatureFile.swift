import ArrayFiles
import AtomicFiles
import NumericArrays

/// A file with features of one or more targets: our HDF5 store, or AlphaFold2's dictionary as pickle or npz.
public enum FeatureFile: Sendable {
  case store(FeatureStore)
  case dictionary(AlphaFoldFeatures)

  /// Opens a file; its first bytes decide the format.
  public static func open(path: String) throws -> FeatureFile {
    let start = try requireKind(of: path)
    if start.starts(with: InputText.hdf5Signature) {
      return .store(try FeatureStore(path: path))
    }
    if start.starts(with: [0x50, 0x4B]) {
      let archive = try NumpyArchive(path: path)
      let used = try archive.names.filter {
        try AlphaFoldFeatures.texts.contains($0)
          || !["string", "object"].contains(archive.header(of: $0).elementName)
      }
      let arrays = try used.map { ($0, try archive.array(named: $0)) }
      return .dictionary(
        AlphaFoldFeatures(file: path, arrays: Dictionary(arrays) { first, _ in first }))
    }
    return .dictionary(try AlphaFoldFeatures(pickle: path))
  }

  /// Throws if a file is missing or its first bytes are not those of a feature file; returns those bytes.
  @discardableResult
  package static func requireKind(of path: String) throws(InputError) -> [UInt8] {
    if PathKind.isStream(path) {
      throw InputError.unreadable(file: path, reason: PathKind.streamRefusal)
    }
    let start = try InputText.firstBytes(of: path, count: 8)
    let signatures = [InputText.hdf5Signature, [0x50, 0x4B], [0x80]]
    if Gzip.begins(start) || signatures.contains(where: start.starts) { return start }
    throw InputError.content(
      file: path,
      problem: "is no feature file, expected features.pkl, features.npz or a store (HDF5)")
  }

  /// Names of the targets.
  public var ids: [String] {
    switch self {
    case .store(let store): store.ids
    case .dictionary(let features): [features.id]
    }
  }

  /// Features of a target, of the only one if `id` is nil.
  public func features(of id: String? = nil) throws -> RawFeatures {
    switch self {
    case .dictionary(let features): return try features.rawFeatures(id: id)
    case .store(let store):
      if let id { return try store.features(of: id) }
      guard store.entries.count == 1 else {
        throw InputError.content(
          file: store.path, problem: "holds \(store.entries.count) targets; name one of them")
      }
      return try store.features(of: store.entries[0].id)
    }
  }
}

extension AlphaFoldFeatures {
  /// Reads `features.pkl`, plain or compressed with gzip; entries that are not arrays, and strings that are not used, are skipped.
  public init(pickle path: String) throws {
    var unpacked: [UInt8]?
    if Gzip.begins(try InputText.firstBytes(of: path, count: 2)) {
      let bytes = try InputText.unpackedBytes(of: path)
      guard bytes.first == 0x80 else {
        throw InputError.content(
          file: path, problem: "is gzip data, but no pickle; unpack it with gunzip first")
      }
      unpacked = bytes
    }
    let value =
      try unpacked.map { try PickleFile.read(bytes: $0, name: path) } ?? PickleFile.read(path: path)
    guard let entries = value.entries else {
      throw InputError.content(file: path, problem: "holds no dictionary of arrays")
    }
    try PickledArray.checkSizes(
      entries.compactMap(\.1.array), path, unpackedSize: unpacked?.count)
    var arrays: [String: AnyNDArray] = [:]
    for (key, value) in entries {
      guard let array = value.array, Self.texts.contains(key) || array.elementName() != "string"
      else {
        continue
      }
      arrays[key] = try array.read()
    }
    if arrays[Self.deletions] == nil, let sparse = value["sparse_" + Self.deletions] {
      let matrix = try SparseMatrix(sparse, name: "sparse_" + Self.deletions, file: path)
      arrays[Self.deletions] = .int32(try matrix.dense(shape: arrays["msa"]?.shape ?? []))
    }
    self.init(file: path, arrays: arrays)
  }

  /// The name that the dictionary gives its target.
  public var id: String {
    guard case .string(let names)? = arrays["domain_name"] else { return "target" }
    return TargetName.sanitized(names.values.first ?? "")
  }
}
