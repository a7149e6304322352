import FoldingCore
import NumericArrays

/// A source as if read back from a file of int8 precision, without the file.
public struct EightBitParameters: ParameterSource {
  private let base: any ParameterSource
  private let shapes: [String: [Int]]

  /// The parameters of a network.
  public init(_ base: any ParameterSource, config: FoldingConfig) {
    self.base = base
    let narrow = config.parameterManifest.filter { StoragePrecision.int8.narrows($0) }
    shapes = Dictionary(narrow.map { ($0.key, $0.shape) }, uniquingKeysWith: { $1 })
  }

  /// The keys of the source.
  public var keys: [String] { base.keys }

  /// Shape of an array of the source.
  public func shape(of key: String) -> [Int]? { base.shape(of: key) }

  /// Whether the source stores an array as bfloat16 and this type keeps it.
  public func storesBFloat16(_ key: String) -> Bool {
    shapes[key] == nil && base.storesBFloat16(key)
  }

  /// Whether the array is a matrix of embedders or stacks.
  public func storesBlocks(_ key: String) -> Bool { shapes[key] != nil }

  /// The array, matrices of embedders and stacks rounded to their blocks.
  public func floats(for key: String) throws -> NDArray<Float> {
    let array = try base.floats(for: key)
    guard let shape = shapes[key] else { return array }
    let blocks = WeightBlocks(shape: shape)
    return blocks.decode(blocks.encode(array))
  }

  /// The blocks of an array.
  public func blocks(for key: String) throws -> NDArray<UInt8> {
    WeightBlocks(shape: shapes[key] ?? []).encode(try base.floats(for: key))
  }
}
