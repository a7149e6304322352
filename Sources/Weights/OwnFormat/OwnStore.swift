import AtomicFiles
import FoldingCore
import Foundation
import HDF5Files
import NumericArrays

/// Where parameters come from and under which terms.
public struct ParameterProvenance: Sendable, Hashable {
  /// Their source: a file, a recipe, a training run.
  public var source: String
  /// Terms of use, in words.
  public var licence: String
  /// Whether they are random numbers, which predict nothing useful.
  public var isRandom: Bool
  /// CRC-64/XZ over configuration, origin, keys, shapes and the checksums of all arrays; set when written.
  public internal(set) var checksum = ""

  /// An origin; the checksum is computed on writing.
  public init(source: String, licence: String, isRandom: Bool = false) {
    self.source = source
    self.licence = licence
    self.isRandom = isRandom
  }
}

/// Names inside our own parameter files.
enum OwnLayout {
  static let format = "helixfold-parameters"
  static let version = 1
  /// Version of files with arrays in blocks, which older programs reject.
  static let blockVersion = 2
  static let group = "parameters"
  static let arrayChecksum = "crc64"
  /// Attributes of an array in blocks: its encoding and shape.
  static let encoding = "encoding"
  static let shape = "shape"

  /// Path of a dataset: HDF5 reads a double slash as a single one, which loses nothing, since the name is the last part.
  static func path(of key: String) -> String {
    "\(group)/\(key.replacingOccurrences(of: "//", with: "/"))"
  }

  /// Key of a dataset's path.
  static func key(of path: String) -> String {
    let parts = path.dropFirst(group.count + 1).split(separator: "/")
    return parts.dropLast().joined(separator: "/") + "//" + (parts.last ?? "")
  }

  /// Checksum of a file's description of its arrays; `arrays` has one line each, sorted.
  static func checksum(
    version: Int, config: String, _ provenance: ParameterProvenance, arrays: [String]
  ) -> String {
    var check = CyclicRedundancyCheck64()
    let head = [
      "\(format) \(version)", config, provenance.source, provenance.licence,
      provenance.isRandom ? "random" : "trained",
    ]
    for line in head + arrays { check.update(line + "\n") }
    return check.text
  }

  /// The line for one array that enters the checksum.
  static func line(_ key: String, _ type: String, _ shape: [Int], _ checksum: String) -> String {
    "\(key) \(type) \(shape) \(checksum)"
  }
}

/// Our own parameter file: arrays under official keys, with configuration, origin and checksums.
///
/// The checksum of the description is verified on opening, that of each array when it is read.
struct OwnStore: ArrayStore {
  let path: String
  let shapes: [String: [Int]]
  let config: FoldingConfig
  let provenance: ParameterProvenance
  private let file: HDF5File
  private let types: [String: HDF5Type]
  private let blocks: [String: WeightBlocks]
  private let checksums: [String: String]

  init(path: String) throws {
    let file = try HDF5File.open(path: path)
    let version = try Self.version(of: file)
    let text = try Self.text("config", file)
    var shapes: [String: [Int]] = [:], types: [String: HDF5Type] = [:]
    var checksums: [String: String] = [:], blocks: [String: WeightBlocks] = [:]
    var lines: [String] = []
    for dataset in try file.datasets(under: OwnLayout.group) {
      let key = OwnLayout.key(of: dataset)
      let info = try file.info(of: dataset)
      let checksum = try file.text(OwnLayout.arrayChecksum, of: dataset) ?? ""
      blocks[key] = try Self.blocks(of: dataset, info, file)
      shapes[key] = blocks[key]?.shape ?? info.shape
      types[key] = info.type
      checksums[key] = checksum
      lines.append(
        OwnLayout.line(
          key, blocks[key] == nil ? info.type.rawValue : WeightBlocks.name,
          blocks[key]?.shape ?? info.shape, checksum))
    }
    var provenance = ParameterProvenance(
      source: try Self.text("source", file), licence: try Self.text("licence", file),
      isRandom: try Self.text("values", file) == "random")
    provenance.checksum = OwnLayout.checksum(
      version: version, config: text, provenance, arrays: lines.sorted())
    guard try Self.text("checksum", file) == provenance.checksum else {
      throw WeightsError.damaged(
        file: path, part: "checksum", reason: "the file has changed since it was written")
    }
    self.path = path
    self.shapes = shapes
    self.types = types
    self.blocks = blocks
    self.checksums = checksums
    self.file = file
    self.provenance = provenance
    config = try Self.config(text, path)
  }

  func elementName(of key: String) -> String {
    blocks[key] == nil ? types[key]?.rawValue ?? "" : WeightBlocks.name
  }

  /// The bytes of an array in blocks; nil for others.
  func bytes(for key: String) throws -> NDArray<UInt8>? {
    if blocks[key] == nil { return nil }
    return try checked(file.read(OwnLayout.path(of: key)), key)
  }

  func array(for key: String) throws -> AnyNDArray {
    if let blocks = blocks[key], let bytes = try bytes(for: key) {
      return .float32(blocks.decode(bytes))
    }
    let dataset = OwnLayout.path(of: key)
    switch types[key] {
    case .float32: return .float32(try checked(file.read(dataset), key))
    case .bfloat16: return .bfloat16(try checked(file.read(dataset), key))
    case let other:
      throw WeightsError.notNumbers(file: path, key: key, found: other?.rawValue ?? "unknown")
    }
  }

  private func checked<T: HDF5Element>(_ array: NDArray<T>, _ key: String) throws -> NDArray<T> {
    guard CyclicRedundancyCheck64.text(of: array.values) == checksums[key] else {
      throw WeightsError.damaged(
        file: path, part: "'\(key)'", reason: "checksum differs, the values have changed")
    }
    return array
  }

  /// The block encoding of an array; nil for others.
  private static func blocks(
    of dataset: String, _ info: HDF5DatasetInfo, _ file: HDF5File
  ) throws -> WeightBlocks? {
    guard let encoding = try file.text(OwnLayout.encoding, of: dataset) else { return nil }
    let text = try file.text(OwnLayout.shape, of: dataset) ?? ""
    let blocks = WeightBlocks(shape: text.split(separator: " ").map { Int($0) ?? 0 })
    guard encoding == WeightBlocks.name, info.type == .uint8, let bytes = blocks.bytesPerSlice,
      info.shape == [blocks.shape[0], bytes]
    else {
      throw WeightsError.damaged(
        file: file.path, part: "'\(OwnLayout.key(of: dataset))'",
        reason: "not \(WeightBlocks.name) bytes of an array \(blocks.shape)")
    }
    return blocks
  }

  /// Version of the format.
  private static func version(of file: HDF5File) throws -> Int {
    guard (try? file.text("format")) == OwnLayout.format else {
      throw WeightsError.damaged(
        file: file.path, part: "format", reason: "no parameter file of helixfold")
    }
    let version = try file.integer("format_version") ?? 0
    guard (OwnLayout.version...OwnLayout.blockVersion).contains(version) else {
      throw WeightsError.damaged(
        file: file.path, part: "format_version",
        reason:
          "\(version), this program reads \(OwnLayout.version) and \(OwnLayout.blockVersion)")
    }
    guard file.kind(of: OwnLayout.group) == .group else {
      throw WeightsError.damaged(file: file.path, part: OwnLayout.group, reason: "missing")
    }
    return version
  }

  private static func text(_ name: String, _ file: HDF5File) throws -> String {
    guard let text = try file.text(name) else {
      throw WeightsError.damaged(file: file.path, part: "attribute '\(name)'", reason: "missing")
    }
    return text
  }

  private static func config(_ text: String, _ path: String) throws -> FoldingConfig {
    do throws(ConfigurationError) {
      return try FoldingConfig.stored(text, file: path)
    } catch {
      throw WeightsError.damaged(
        file: path, part: "config",
        reason: "not a configuration of this program's version (\(error))")
    }
  }
}
