import NumericArrays

/// Where a network takes its parameters from: a file of any layout, a recipe, or random draws.
///
/// Keys are the official ones, `scope//name`, with blocks stacked on the first axis, for instance
/// `alphafold/alphafold_iteration/evoformer/preprocess_1d//weights`. Linear weights are `[in, out]`. Arrays are read on demand, one
/// at a time, so a source needs little memory of its own.
public protocol ParameterSource: Sendable {
  /// The official keys present, sorted.
  var keys: [String] { get }

  /// Shape of an array, nil when it is absent. Reads no values.
  func shape(of key: String) -> [Int]?

  /// Whether the array is stored as bfloat16, so that ``bfloat16(for:)`` loses nothing.
  func storesBFloat16(_ key: String) -> Bool

  /// Whether the array is stored in 8-bit blocks, so that ``blocks(for:)`` loses nothing.
  func storesBlocks(_ key: String) -> Bool

  /// The array in single precision.
  func floats(for key: String) throws -> NDArray<Float>

  /// The array in bfloat16, rounded to nearest where it is stored wider.
  func bfloat16(for key: String) throws -> NDArray<BFloat16>

  /// The array in blocks of 32 int8 values with one scale, one row of bytes per slice of the first axis; empty if stored otherwise.
  func blocks(for key: String) throws -> NDArray<UInt8>
}

extension ParameterSource {
  /// False: most sources store single precision.
  public func storesBFloat16(_ key: String) -> Bool { false }

  /// False: most sources store numbers one by one.
  public func storesBlocks(_ key: String) -> Bool { false }

  /// An empty array.
  public func blocks(for key: String) throws -> NDArray<UInt8> { NDArray(shape: [0], values: []) }

  /// The single-precision array rounded to nearest, ties to even.
  public func bfloat16(for key: String) throws -> NDArray<BFloat16> {
    try floats(for: key).map { BFloat16($0) }
  }
}
