import NumericArrays
import Synchronization

/// PyTorch's `.pt` files (zip form, torch 1.6 and later): `data.pkl` beside one raw storage per tensor.
public struct TorchFile: Sendable {
  /// Contents of `data.pkl`; tensors are read from their storages on request.
  public let value: PickleValue

  /// Most bytes of `data.pkl`; the numbers are stored beside it.
  private static let largestPickle = 256 << 20

  /// Opens the file and reads its `data.pkl`.
  public init(path: String, limits: ArchiveLimits = ArchiveLimits()) throws {
    let archive = try ZipArchive(path: path, limits: limits)
    guard let entry = Self.pickle(in: archive) else {
      throw ArrayFileError.wrongFormat(
        file: path, found: "a zip archive without data.pkl", expected: "a .pt file of torch ≥ 1.6")
    }
    let size = archive.entries[entry]?.size ?? 0
    guard size <= Self.largestPickle else {
      throw ArrayFileError.tooLarge(
        file: path, part: entry, needs: "\(size) bytes", limit: "\(Self.largestPickle) bytes")
    }
    let bytes = try archive.withSource(entry) { try $0.bytes($0.remaining) }
    let folder = String(entry.dropLast("data.pkl".count))
    let table = TorchStorageTable(
      archive: archive, folder: folder, isBigEndian: try Self.isBigEndian(archive, folder))
    var machine = PickleMachine(FileBytes(path: path, bytes: bytes), storages: table)
    value = try machine.run()
  }

  /// Whether a zip archive has the form of a `.pt` file; reads only its directory.
  public static func isTorchFile(path: String) throws -> Bool {
    try pickle(in: ZipArchive(path: path, limits: ArchiveLimits())) != nil
  }

  /// Whether the storages have the most significant byte first, as given by the entry `byteorder`.
  private static func isBigEndian(_ archive: ZipArchive, _ folder: String) throws -> Bool {
    guard let entry = archive.entries[folder + "byteorder"], entry.size <= 16 else { return false }
    return try archive.withSource(folder + "byteorder") { try $0.bytes($0.remaining) }
      == Array("big".utf8)
  }

  /// Name of the `data.pkl` nearest to the root.
  private static func pickle(in archive: ZipArchive) -> String? {
    archive.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
      .min { $0.utf8.count < $1.utf8.count }
  }
}

/// The storages of one `.pt` file.
final class TorchStorageTable: Sendable {
  let archive: ZipArchive
  /// Folder inside the archive, with its slash.
  let folder: String
  private let isBigEndian: Bool
  /// Tensors of each storage: flattened models keep all in a few, which are read once for all of them.
  private let sharing = Mutex<[String: Sharing]>([:])

  private struct Sharing {
    var tensors = 0
    var read = 0
    /// The elements, from the first tensor that is read to the last.
    var elements: AnyNDArray?
  }

  init(archive: ZipArchive, folder: String, isBigEndian: Bool) {
    self.archive = archive
    self.folder = folder
    self.isBigEndian = isBigEndian
  }

  /// Counts a tensor that is a view of a storage.
  func addTensor(of storage: TorchStorage) {
    sharing.withLock { $0[storage.entry, default: Sharing()].tensors += 1 }
  }

  /// All elements of a storage, for one of its tensors.
  func elements(of storage: TorchStorage) throws -> AnyNDArray {
    let elements =
      try kept(storage)
      ?? archive.withSource(storage.entry) { source in
        var type = storage.type
        type.isBigEndian = isBigEndian
        return try ElementReader(type: type, shape: [storage.count]).read(from: &source)
      }
    sharing.withLock { all in
      guard var state = all[storage.entry], state.tensors > 1 else { return }
      state.read = (state.read + 1) % state.tensors
      state.elements = state.read == 0 ? nil : elements
      all[storage.entry] = state
    }
    return elements
  }

  private func kept(_ storage: TorchStorage) -> AnyNDArray? {
    guard let kept = sharing.withLock({ $0[storage.entry]?.elements }),
      kept.shape == [storage.count], kept.elementName == storage.type.name(.integer)
    else { return nil }
    return kept
  }
}

/// One storage: a flat run of elements that tensors are views of.
struct TorchStorage: Sendable {
  let table: TorchStorageTable
  let key: String
  let type: ElementType
  /// Number of elements, as the pickle says.
  let count: Int

  /// Name of the archive entry with the values.
  var entry: String { table.folder + "data/" + key }

  /// Throws unless the storage is complete and every element of the view lies in it.
  func checkView(shape: [Int], offset: Int, strides: [Int]) throws {
    guard let found = table.archive.entries[entry] else {
      throw ArrayFileError.noSuchArray(
        file: table.archive.path, name: entry, available: table.archive.entries.keys.sorted())
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard count >= 0, !overflow, bytes == found.size else {
      throw ArrayFileError.malformed(
        file: table.archive.path, part: entry, found: "\(found.size) bytes",
        expected: "\(count) elements of \(type.size)")
    }
    guard isInside(shape: shape, offset: offset, strides: strides) else {
      throw ArrayFileError.malformed(
        file: table.archive.path, part: entry,
        found: "a view \(shape) of strides \(strides) from \(offset)",
        expected: "one inside \(count) elements")
    }
  }

  /// The view of the given shape, as row-major values.
  func tensor(shape: [Int], offset: Int, strides: [Int]) throws -> AnyNDArray {
    try checkView(shape: shape, offset: offset, strides: strides)
    // The stride of an axis of extent 1 may be anything, even too large to add.
    let strides = zip(shape, strides).map { $0 > 1 ? $1 : 0 }
    let flat = try table.elements(of: self)
    switch flat {
    case .float32(let a): return .float32(view(a, shape, offset, strides))
    case .float64(let a): return .float64(view(a, shape, offset, strides))
    case .bfloat16(let a): return .bfloat16(view(a, shape, offset, strides))
    case .int32(let a): return .int32(view(a, shape, offset, strides))
    case .int64(let a): return .int64(view(a, shape, offset, strides))
    case .uint8(let a): return .uint8(view(a, shape, offset, strides))
    case .bool(let a): return .bool(view(a, shape, offset, strides))
    case .string: return flat
    }
  }

  /// Whether every element of the view lies in the storage and repeats none of them beyond its size.
  private func isInside(shape: [Int], offset: Int, strides: [Int]) -> Bool {
    guard let size = elementCount(shape), size <= count, offset >= 0,
      strides.allSatisfy({ $0 >= 0 })
    else { return false }
    if size == 0 { return true }
    var last = offset
    for (extent, stride) in zip(shape, strides) {
      let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (next, carry) = last.addingReportingOverflow(reach)
      if overflow || carry { return false }
      last = next
    }
    return last < count
  }

  private func view<T>(
    _ flat: NDArray<T>, _ shape: [Int], _ offset: Int, _ strides: [Int]
  ) -> NDArray<T> {
    let size = elementCount(shape) ?? 0
    if size == count && isContiguous(shape, strides) { return flat.reshaped(shape) }
    return NDArray(
      shape: shape, values: gathered(flat.values, shape: shape, strides: strides, offset: offset))
  }

  private func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() {
      if extent != 1 && stride != expected { return false }
      expected *= extent
    }
    return true
  }
}
