import ArrayFiles
import FoldingCore
import NumericArrays

/// Arrays of another program, renamed, transposed and stacked into official ones on reading.
struct ForeignStore: ArrayStore {
  /// Where the blocks of one official array come from.
  private struct Origin {
    let places: [ForeignArray]
    let shape: [Int]
  }

  let path: String
  let shapes: [String: [Int]]
  let absent: [String: [String]]
  private let arrays: [String: PickledArray]
  private let origins: [String: Origin]

  /// HelixFold's `.pdparams`, whose shapes show all sizes.
  init(helixFold path: String) throws {
    let file = try StateDictionary(paddle: path)
    try self.init(path: path, arrays: file.arrays, naming: HelixFoldNames.self, expected: nil)
  }

  /// OpenFold's `.pt`, which flattens heads: `config` gives their number; nil for the released sizes.
  init(openFold path: String, config: FoldingConfig?) throws {
    let file = try StateDictionary(torch: path)
    var arrays: [String: PickledArray] = [:]
    for (name, array) in file.arrays {
      let current = OpenFoldNames.currentName(name)
      guard arrays.updateValue(array, forKey: current) == nil else {
        throw WeightsError.repeated(file: path, name: current)
      }
    }
    try self.init(
      path: path, arrays: arrays, naming: OpenFoldNames.self, expected: config ?? Self.widest)
  }

  /// Every array that a released network may have.
  private static let widest: FoldingConfig = {
    var config = FoldingConfig()
    config.heads.alignedError = AlignedErrorConfig()
    return config
  }()

  /// Arrays under the names of `naming`; `expected` gives sizes that the shapes do not show.
  init<Naming: ForeignNaming>(
    path: String, arrays: [String: PickledArray], naming: Naming.Type, expected: FoldingConfig?
  ) throws {
    var shapes: [String: [Int]] = [:], origins: [String: Origin] = [:]
    var unused = Set(arrays.keys)
    var absent: [String: [String]] = [:]
    for spec in (expected ?? Self.widest).parameterManifest {
      let places = Self.places(of: spec, naming, arrays)
      guard let first = places.first(where: { arrays[$0.name] != nil }),
        let source = arrays[first.name]
      else { continue }
      let blockShape = expected == nil ? nil : spec.blockShape
      guard let shape = first.transform.officialShape(from: source.shape, expected: blockShape)
      else {
        throw WeightsError.misshapen(
          file: path, name: first.name, found: source.shape, expected: "one that fits \(spec.shape)"
        )
      }
      for place in places {
        guard let found = arrays[place.name]?.shape else {
          absent[spec.key, default: []].append(place.name)
          continue
        }
        if found == source.shape { continue }
        throw WeightsError.misshapen(
          file: path, name: place.name, found: found,
          expected: "\(source.shape) like the other blocks")
      }
      guard !source.shape.contains(0) else {
        throw WeightsError.misshapen(
          file: path, name: first.name, found: source.shape, expected: "at least one element")
      }
      unused.subtract(places.map(\.name))
      shapes[spec.key] = (spec.isStacked ? [places.count] : []) + shape
      origins[spec.key] = Origin(places: places, shape: shape)
    }
    for name in unused { shapes[name] = arrays[name]?.shape ?? [] }
    self.path = path
    self.shapes = shapes
    self.absent = absent
    self.arrays = arrays
    self.origins = origins
  }

  /// Number of missing blocks after which the search for further ones ends.
  private static let widestGap = 64

  /// Where the blocks of an array are, up to the last that the file has; empty when it has none.
  private static func places<Naming: ForeignNaming>(
    of spec: ParameterSpec, _ naming: Naming.Type, _ arrays: [String: PickledArray]
  ) -> [ForeignArray] {
    let key = OfficialKey(spec.key)
    func place(_ block: Int?) -> ForeignArray? {
      naming.places(of: key, block: block).first { arrays[$0.name] != nil }
    }
    guard spec.isStacked else { return place(nil).map { [$0] } ?? [] }
    var places: [ForeignArray] = [], gap: [ForeignArray] = []
    while gap.count < widestGap {
      let block = places.count + gap.count
      if let next = place(block) {
        places += gap + [next]
        gap = []
      } else if let name = naming.places(of: key, block: block).first {
        gap.append(name)
      } else {
        break
      }
    }
    return places
  }

  func elementName(of key: String) -> String {
    let names = origins[key]?.places.map(\.name) ?? [key]
    let types = Set(names.compactMap { arrays[$0]?.elementName(uint16: .bfloat16) })
    // Blocks of mixed types are held in single precision.
    return types.count > 1 ? "float32" : types.first ?? ""
  }

  func array(for key: String) throws -> AnyNDArray {
    guard let origin = origins[key], let shape = shapes[key] else {
      throw WeightsError.noSuchArray(file: path, key: key)
    }
    if elementName(of: key) == "bfloat16" {
      return .bfloat16(try stacked(origin, shape, key, as: BFloat16.self) { $0.brainFloats })
    }
    return .float32(try stacked(origin, shape, key, as: Float.self) { $0.realFloats })
  }

  private func stacked<T: Sendable>(
    _ origin: Origin, _ shape: [Int], _ key: String, as type: T.Type,
    _ convert: (AnyNDArray) -> NDArray<T>?
  ) throws -> NDArray<T> {
    var values: [T] = []
    values.reserveCapacity(shape.reduce(1, *))
    for place in origin.places {
      guard let source = try arrays[place.name]?.read(uint16: .bfloat16) else {
        throw WeightsError.noSuchArray(file: path, key: key)
      }
      guard let converted = convert(source) else {
        throw WeightsError.notNumbers(file: path, key: place.name, found: source.elementName)
      }
      values += place.transform.applied(to: converted)
    }
    return NDArray(shape: shape, values: values)
  }
}

extension AnyNDArray {
  /// The values in single precision; nil for integers and strings.
  var realFloats: NDArray<Float>? {
    switch self {
    case .float32, .float64, .bfloat16: floats
    default: nil
    }
  }

  /// The values as bfloat16, rounded where they are floats of another width; nil for integers and strings.
  var brainFloats: NDArray<BFloat16>? {
    if case .bfloat16(let array) = self { return array }
    return realFloats?.map { BFloat16($0) }
  }
}
