import ArrayFiles
import AtomicFiles
import FoldingCore
import Foundation
import HDF5Files
import NumericArrays

/// Precision of the arrays in our own files.
public enum StoragePrecision: String, Sendable, Hashable, CaseIterable {
  /// Everything in single precision.
  case float32 = "fp32"
  /// Matrices of the embedders and stacks in bfloat16; vectors, structure module and heads in single precision.
  case bfloat16 = "bf16"
  /// The same matrices as 8-bit integers in blocks of 32 with one scale.
  case int8

  /// Whether an array is stored in less than single precision.
  func narrows(_ spec: ParameterSpec) -> Bool {
    self != .float32 && spec.inputAxes > 0 && OfficialKey(spec.key).scope.hasPrefix("evoformer/")
  }
}

/// Writes parameters to files; the ending of the path chooses the format.
public enum ParameterWriter {
  /// Writes the parameters of a network: `.h5` our own format, `.npz` DeepMind's, always in single precision.
  ///
  /// One array is held in memory at a time; the file is written under a temporary name and renamed.
  public static func write(
    _ source: some ParameterSource, config: FoldingConfig, provenance: ParameterProvenance,
    precision: StoragePrecision = .float32, to path: String
  ) throws {
    if try format(of: path) == .own {
      return try writeOwn(source, config, provenance, precision, path)
    }
    let keys = config.parameterManifest.map(\.key)
    try NumpyArchive.write(to: path, names: keys) { .float32(try source.floats(for: $0)) }
  }

  /// The output format for a path's ending; throws unless it is one of the two that can be written.
  @discardableResult
  public static func format(of path: String) throws(WeightsError) -> ParameterFormat {
    guard let format = try? ParameterFormat(path: path), [.own, .deepMind].contains(format) else {
      throw .unwritableFormat(file: path)
    }
    return format
  }

  private static func writeOwn(
    _ source: some ParameterSource, _ config: FoldingConfig, _ provenance: ParameterProvenance,
    _ precision: StoragePrecision, _ path: String
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(config), as: UTF8.self)
    try HDF5File.write(to: path) { file in
      let lines = try config.parameterManifest.map { spec in
        switch precision {
        case .bfloat16 where precision.narrows(spec):
          try store(source.bfloat16(for: spec.key), spec, file)
        case .int8 where precision.narrows(spec):
          try storeBlocks(source.floats(for: spec.key), spec, file)
        default: try store(source.floats(for: spec.key), spec, file)
        }
      }
      let version = precision == .int8 ? OwnLayout.blockVersion : OwnLayout.version
      let checksum = OwnLayout.checksum(
        version: version, config: text, provenance, arrays: lines.sorted())
      try file.setAttribute("format", to: .text(OwnLayout.format))
      try file.setAttribute("format_version", to: .integer(version))
      try file.setAttribute("preset", to: .text(config.name))
      try file.setAttribute("block_order", to: .text(config.blockOrder.rawValue))
      try file.setAttribute("config", to: .text(text))
      try file.setAttribute("source", to: .text(provenance.source))
      try file.setAttribute("licence", to: .text(provenance.licence))
      try file.setAttribute("values", to: .text(provenance.isRandom ? "random" : "trained"))
      try file.setAttribute("checksum", to: .text(checksum))
    }
  }

  /// Writes one array with its checksum and returns its line for the file's checksum.
  private static func store<T: HDF5Element>(
    _ array: NDArray<T>, _ spec: ParameterSpec, _ file: HDF5File
  ) throws -> String {
    try check(array.shape, spec, file)
    let path = OwnLayout.path(of: spec.key)
    let checksum = CyclicRedundancyCheck64.text(of: array.values)
    try file.write(array, to: path)
    try file.setAttribute(OwnLayout.arrayChecksum, to: .text(checksum), on: path)
    return OwnLayout.line(spec.key, T.storedType.rawValue, spec.shape, checksum)
  }

  /// Writes one array in 8-bit blocks.
  private static func storeBlocks(
    _ array: NDArray<Float>, _ spec: ParameterSpec, _ file: HDF5File
  ) throws -> String {
    try check(array.shape, spec, file)
    let blocks = WeightBlocks(shape: spec.shape).encode(array)
    let path = OwnLayout.path(of: spec.key)
    let checksum = CyclicRedundancyCheck64.text(of: blocks.values)
    try file.write(blocks, to: path)
    try file.setAttribute(OwnLayout.arrayChecksum, to: .text(checksum), on: path)
    try file.setAttribute(OwnLayout.encoding, to: .text(WeightBlocks.name), on: path)
    try file.setAttribute(
      OwnLayout.shape, to: .text(spec.shape.map(String.init).joined(separator: " ")), on: path)
    return OwnLayout.line(spec.key, WeightBlocks.name, spec.shape, checksum)
  }

  private static func check(_ found: [Int], _ spec: ParameterSpec, _ file: HDF5File) throws {
    guard found == spec.shape else {
      throw WeightsError.misshapen(
        file: file.path, name: spec.key, found: found, expected: "\(spec.shape)")
    }
  }
}
