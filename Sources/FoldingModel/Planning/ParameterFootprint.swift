import FoldingCore
import TensorCore

/// Number of parameters of a network, and of each array in the order in which they are loaded.
public struct ParameterFootprint: Sendable, Hashable {
  /// Number of parameters.
  public private(set) var count = 0
  /// Parameters of stacks that stay in 8-bit blocks.
  public private(set) var inBlocks = 0
  /// Bytes for each element of an array while it is read.
  private var readBytes = DType.float32.byteCount
  private var arrays: [Item] = []

  private struct Item: Hashable {
    let count: Int
    let isInBlocks: Bool
  }

  /// The footprint of arrays of the given sizes, in the order in which they are loaded.
  public init(sizes: some Sequence<Int>) { for size in sizes { add(size, isInBlocks: false) } }

  /// The footprint of all arrays of a network.
  public init(_ config: FoldingConfig) {
    self.init(sizes: Self.ordered(config.parameterManifest, by: \.key).map(\.count))
  }

  /// The footprint of the arrays of a source.
  ///
  /// - Parameter readBytes: bytes for each element while an array is read; more than its single precision where a file is of another
  ///   form than the network.
  public init(_ source: any ParameterSource, readBytes: Int = DType.float32.byteCount) {
    self.readBytes = readBytes
    for key in Self.ordered(source.keys, by: \.self) {
      add(
        source.shape(of: key)?.reduce(1, *) ?? 0,
        isInBlocks: source.storesBlocks(key) && Self.stack(of: key) != nil)
    }
  }

  private mutating func add(_ size: Int, isInBlocks: Bool) {
    count += size
    if isInBlocks { inBlocks += size }
    arrays.append(Item(count: size, isInBlocks: isInBlocks))
  }

  private static func ordered<Value>(
    _ values: some Sequence<Value>, by key: (Value) -> String
  ) -> [Value] {
    values.map { (place: place(of: key($0)), key: key($0), value: $0) }
      .sorted { ($0.place, $0.key) < ($1.place, $1.key) }.map(\.value)
  }

  /// When a parameter is loaded: with the embedders, a part of a stack, or what comes after.
  static func place(of key: String) -> Int {
    guard let stack = stack(of: key) else {
      return key.contains("/evoformer/") && !key.contains("/single_activations") ? 0 : 30
    }
    let parts = ["/msa_", "/outer_product_mean", "/triangle_", "/pair_transition"]
    return 10 * (stack + 1) + (parts.firstIndex { key.contains($0) } ?? 0)
  }

  /// Number of the `BlockStack` that a parameter belongs to, which keeps what is stored in blocks so.
  private static func stack(of key: String) -> Int? {
    ["/extra_msa_stack/", "/evoformer_iteration/"].firstIndex { key.contains($0) }
  }

  /// Bytes in memory with matrices of a storage type.
  func byteCount(_ storage: DType) -> Int {
    (count - inBlocks) * storage.byteCount + BlockFormat.byteCount(of: inBlocks)
  }

  /// Most bytes in memory while they are loaded: those before an array, the array as it is read, and as it is kept.
  func loadingBytes(_ storage: DType) -> Int {
    var (loaded, most) = (0, 0)
    for array in arrays {
      let blocks = BlockFormat.byteCount(of: array.count)
      let kept = array.isInBlocks ? blocks : array.count * storage.byteCount
      most = max(most, loaded + kept + (array.isInBlocks ? blocks : readBytes * array.count))
      loaded += kept
    }
    return most
  }
}
