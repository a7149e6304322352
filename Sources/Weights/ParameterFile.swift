import ArrayFiles
import AtomicFiles
import FoldingCore
import Foundation
import NumericArrays

/// The layout of a parameter file, by its program.
public enum ParameterFormat: String, Sendable, Hashable {
  /// `.npz` with official keys, as DeepMind published them.
  case deepMind = "DeepMind npz"
  /// `.pdparams` of PaddleHelix.
  case helixFold = "HelixFold pdparams"
  /// `.pt` of OpenFold.
  case openFold = "OpenFold pt"
  /// HDF5 with configuration and checksums.
  case own = "helixfold h5"

  /// The format for a path's ending.
  public init(path: String) throws {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "npz": self = .deepMind
    case "pdparams", "pd": self = .helixFold
    case "pt", "pth", "ckpt": self = .openFold
    case "h5", "hdf5": self = .own
    default: throw WeightsError.unknownFormat(file: path)
    }
  }
}

/// A parameter file: identifies its network and provides the parameters by official key.
///
/// Opening reads names and shapes only. Arrays are read, converted and checked on demand, one at a time.
public struct ParameterFile: ParameterSource {
  /// The file, as messages name it; of a run's folder, the file in it.
  public let path: String
  /// The layout of the file.
  public let format: ParameterFormat
  /// The network: stored in our own files, recognised by names and shapes in others.
  public let config: FoldingConfig
  /// Arrays missing from or foreign to that network; empty in a sound file.
  public let differences: ParameterDifferences
  /// Origin and checksum; nil in files of others.
  public let provenance: ParameterProvenance?

  private let store: any ArrayStore
  /// Whether values that are not finite are errors.
  private var judgesValues = false

  /// Opens a file of any format without checking its contents; ``differences`` lists what is wrong.
  ///
  /// The folder of a training run stands for its weights (``RunWeights``).
  ///
  /// - Parameter config: the network to compare with instead of recognising one; needed for OpenFold files with other than the
  ///   released sizes, which they do not record. Our own files record their network, which is then ``config``.
  public init(inspecting path: String, config: FoldingConfig? = nil) throws {
    let path = try RunWeights.file(at: path)
    self.path = path
    if !FileManager.default.fileExists(atPath: path) {
      throw ArrayFileError.cannotRead(file: path, reason: PathKind.readFailure(path))
    }
    format = try ParameterFormat(path: path)
    switch format {
    case .deepMind: store = try NumpyStore(path: path)
    case .helixFold: store = try ForeignStore(helixFold: path)
    case .openFold: store = try ForeignStore(openFold: path, config: config)
    case .own:
      let own = try OwnStore(path: path)
      store = own
      provenance = own.provenance
      self.config = own.config
      differences = ParameterDifferences(own.shapes, config ?? own.config)
      return
    }
    provenance = nil
    try PresetInference.refuseMultimer(store.shapes, path: path)
    self.config = try config ?? PresetInference.config(of: store.shapes, path: path)
    differences = ParameterDifferences(store.shapes, self.config, absent: store.absent)
  }

  /// Opens a file; throws if it is incomplete, has surplus arrays or does not fit `expected`.
  ///
  /// Reading an array throws if a value is not finite.
  ///
  /// - Parameters:
  ///   - expected: the network to load; nil for the one recognised from the file.
  ///   - parts: words in the keys of arrays that will not be read and may be missing.
  public init(
    path: String, expecting expected: FoldingConfig? = nil, leavingOut parts: [String] = []
  ) throws {
    try self.init(inspecting: path, config: expected)
    try requireFit(to: expected ?? config, leavingOut: parts)
    judgesValues = true
  }

  /// Throws unless the file has exactly the arrays of a network, trained for use in that network: with the same block order and, as
  /// far as our own files record them, the same settings, except those that users may choose.
  ///
  /// - Parameter parts: words in the keys of arrays to ignore, together with the settings of their heads.
  public func requireFit(to expected: FoldingConfig, leavingOut parts: [String] = []) throws {
    if let order = blockOrder, order != expected.blockOrder {
      throw WeightsError.blockOrder(
        file: path, found: order.rawValue, expected: expected.blockOrder.rawValue)
    }
    let absent = store.absent.filter { part in !parts.contains { part.key.contains($0) } }
    let differences = ParameterDifferences(store.shapes, expected, absent: absent)
      .leavingOut(parts)
    if !differences.isEmpty {
      throw WeightsError.mismatch(file: path, preset: expected.name, differences: differences)
    }
    if format == .own {
      let changed = config.functionalDifferences(from: expected, leavingOut: parts)
      if !changed.isEmpty {
        throw WeightsError.otherFunction(file: path, preset: expected.name, differences: changed)
      }
    }
  }

  /// CRC-64/XZ that identifies the parameters: the one stored in our own files, else that of the whole file.
  public func checksum() throws -> String {
    if let provenance { return provenance.checksum }
    var check = CyclicRedundancyCheck64()
    do {
      let file = try OpenFile(path)
      try check.update(file, 0..<file.count)
    } catch {
      throw ArrayFileError.cannotRead(file: path, reason: PathKind.readFailure(path))
    }
    return check.text
  }

  /// Whether the file states that its parameters are random numbers, which predict nothing useful.
  public var isRandom: Bool { provenance?.isRandom ?? false }

  /// Place of the outer product mean in training; nil for HelixFold's files, which were trained with either order.
  public var blockOrder: BlockOrder? {
    switch format {
    case .deepMind, .openFold: .serial
    case .helixFold: nil
    case .own: config.blockOrder
    }
  }

  /// The official keys present, and the names of surplus arrays, sorted.
  public var keys: [String] { store.shapes.keys.sorted() }

  /// Shape of an array, nil if it is absent.
  public func shape(of key: String) -> [Int]? { store.shapes[key] }

  /// Whether the file lacks parts of the array, such as that of one block.
  func lacksParts(of key: String) -> Bool { store.absent[key] != nil }

  /// Name of the stored element type.
  public func elementName(of key: String) -> String { store.elementName(of: key) }

  /// Whether the array is stored as bfloat16.
  public func storesBFloat16(_ key: String) -> Bool { store.elementName(of: key) == "bfloat16" }

  /// Whether the array is stored in 8-bit blocks.
  public func storesBlocks(_ key: String) -> Bool {
    store.elementName(of: key) == WeightBlocks.name
  }

  /// The blocks of an array as they are stored.
  public func blocks(for key: String) throws -> NDArray<UInt8> {
    guard let bytes = try (store as? OwnStore)?.bytes(for: key) else {
      throw WeightsError.noSuchArray(file: path, key: key)
    }
    return bytes
  }

  /// The array in single precision.
  public func floats(for key: String) throws -> NDArray<Float> {
    let array = try stored(key)
    guard let values = array.realFloats else {
      throw WeightsError.notNumbers(file: path, key: key, found: array.elementName)
    }
    if judgesValues, !values.values.allSatisfy(\.isFinite) {
      throw WeightsError.notFinite(file: path, key: key)
    }
    return values
  }

  /// The array in bfloat16, rounded to nearest where it is stored wider.
  public func bfloat16(for key: String) throws -> NDArray<BFloat16> {
    let array = try stored(key)
    guard let values = array.brainFloats else {
      throw WeightsError.notNumbers(file: path, key: key, found: array.elementName)
    }
    if judgesValues, !values.values.allSatisfy({ Float($0).isFinite }) {
      throw WeightsError.notFinite(file: path, key: key)
    }
    return values
  }

  private func stored(_ key: String) throws -> AnyNDArray {
    guard store.shapes[key] != nil else { throw WeightsError.noSuchArray(file: path, key: key) }
    return try store.array(for: key)
  }
}

extension ParameterDifferences {
  /// Differences between arrays of the given shapes and those of a network; `absent` lists missing parts of arrays.
  init(_ shapes: [String: [Int]], _ config: FoldingConfig, absent: [String: [String]] = [:]) {
    var surplus = Set(shapes.keys)
    for spec in config.parameterManifest {
      surplus.remove(spec.key)
      guard let found = shapes[spec.key] else {
        missing.append(spec.key)
        continue
      }
      if found != spec.shape {
        misshapen.append(Misshapen(key: spec.key, found: found, expected: spec.shape))
      }
    }
    missing += Set(absent.values.joined()).sorted()
    self.surplus = surplus.sorted()
  }

  /// Number of arrays that differ.
  var count: Int { missing.count + surplus.count + misshapen.count }
}
