import AtomicFiles
import FeaturePipeline
import Foundation
import NumericArrays
import Protein
import Synchronization

/// Holds the features of a run's targets until their turn comes: the first ones in memory, the others in a file.
///
/// Alignments of thousands of targets are larger than memory. The file has no name, so that nothing of it is left however the
/// process ends.
public final class FeatureSpill: Sendable {
  /// Most bytes of alignments and templates that wait in memory.
  private let memoryBytes: Int
  private let folder: String?
  private let state = Mutex(State())

  private struct State {
    var heldBytes = 0
    /// Descriptor of the file; nil before it is needed, or if none can be made.
    var file: Int32?
    var end = 0
  }

  /// What is needed to read features again.
  struct Item: Sendable {
    /// The features without the arrays that lie in the file.
    let rest: RawFeatures
    /// Bytes of the name of each row.
    let nameLengths: [Int32]
    let counts: FeatureCounts
    let start: Int
  }

  /// A spill with a file in a folder, which is created with the file; nil keeps all in memory.
  public init(folder: String?, memoryBytes: Int = 64 << 20) {
    (self.folder, self.memoryBytes) = (folder, memoryBytes)
  }

  deinit { state.withLock { if let file = $0.file { close(file) } } }

  /// Keeps features; in memory too if the file cannot be written.
  public func keep(_ raw: RawFeatures) -> DeferredFeatures {
    let bytes = raw.counts.alignmentBytes + raw.templates.positions.count * 4
    return state.withLock { state in
      if let folder, state.heldBytes + bytes > memoryBytes,
        let item = try? Self.write(raw, to: &state, in: folder)
      {
        return DeferredFeatures(raw.counts, in: self, item)
      }
      state.heldBytes += bytes
      return DeferredFeatures(raw)
    }
  }

  private static func write(
    _ raw: RawFeatures, to state: inout State, in folder: String
  ) throws -> Item {
    let file = try state.file ?? openFile(in: folder)
    state.file = file
    let names = raw.rowNames.map { Array($0.utf8) }
    var rest = raw
    rest.msa = NDArray(shape: [0, raw.residueCount], values: [])
    rest.deletions = NDArray(shape: [0, raw.residueCount], values: [])
    rest.rowNames = []
    rest.templates = TemplateStructures(residueCount: raw.residueCount)
    rest.templates.names = raw.templates.names
    rest.templates.sequences = raw.templates.sequences
    rest.templates.sumProbabilities = raw.templates.sumProbabilities
    let item = Item(
      rest: rest, nameLengths: names.map { Int32($0.count) }, counts: raw.counts, start: state.end)
    var writer = FileCursor(file: file, place: state.end)
    try writer.write(raw.msa.values)
    try writer.write(raw.deletions.values)
    try writer.write(names.flatMap { $0 })
    try writer.write(raw.templates.aatype.values)
    try writer.write(raw.templates.positions.values)
    try writer.write(raw.templates.mask.values)
    state.end = writer.place
    return item
  }

  func read(_ item: Item) throws -> RawFeatures {
    let file = state.withLock { $0.file }
    var reader = FileCursor(file: file ?? -1, place: item.start)
    let (rows, residues, templates) = (
      item.counts.rows, item.counts.residues, item.counts.templates
    )
    var raw = item.rest
    raw.msa = NDArray(shape: [rows, residues], values: try reader.read(rows * residues))
    raw.deletions = NDArray(shape: [rows, residues], values: try reader.read(rows * residues))
    let names: [UInt8] = try reader.read(item.nameLengths.reduce(0) { $0 + Int($1) })
    var rest = names[...]
    raw.rowNames = item.nameLengths.map { length in
      defer { rest = rest.dropFirst(Int(length)) }
      return String(decoding: rest.prefix(Int(length)), as: UTF8.self)
    }
    let atoms = [templates, residues, AtomName.count]
    raw.templates.aatype = NDArray(
      shape: [templates, residues], values: try reader.read(templates * residues))
    raw.templates.positions = NDArray(
      shape: atoms + [3], values: try reader.read(atoms.reduce(3, *)))
    raw.templates.mask = NDArray(shape: atoms, values: try reader.read(atoms.reduce(1, *)))
    return raw
  }

  /// Opens an unlinked file in a folder.
  private static func openFile(in folder: String) throws -> Int32 {
    try AtomicFile.createFolder(folder)
    let path = "\(folder)/.features-\(ProcessMark.make())"
    let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw AtomicFileError(path: path, code: errno) }
    unlink(path)
    return file
  }
}

/// A position in an open file, at which arrays are written or read one after the other.
private struct FileCursor {
  let file: Int32
  private(set) var place: Int

  mutating func write<Element: BitwiseCopyable>(_ values: [Element]) throws {
    try values.withUnsafeBytes { bytes in
      try move(bytes.count, "written") { (file, place) throws(FileTransfer.Failure) in
        try FileTransfer.write(bytes, to: file, at: place)
      }
    }
  }

  mutating func read<Element: BitwiseCopyable>(_ count: Int) throws -> [Element] {
    try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      try move(bytes.count, "read") { (file, place) throws(FileTransfer.Failure) in
        try FileTransfer.read(into: bytes, from: file, at: place)
      }
      initialized = count
    }
  }

  /// Transfers bytes at the position and advances past them.
  private mutating func move(
    _ bytes: Int, _ verb: String,
    _ transfer: (_ file: Int32, _ place: Int) throws(FileTransfer.Failure) -> Void
  ) throws(PredictionError) {
    do throws(FileTransfer.Failure) {
      try transfer(file, place)
    } catch {
      let reason = error.code.map { ": \(String(cString: strerror($0)))" } ?? ""
      throw .deferredFeatures("cannot be \(verb)\(reason)")
    }
    place += bytes
  }
}
