import FoldingCore
import TensorCore

/// Number of parameters of a network and of its largest array, which is read whole before it is converted.
public struct ParameterFootprint: Sendable, Hashable {
  /// Number of parameters.
  public private(set) var count = 0
  /// Elements of the largest array.
  public private(set) var largest = 0
  /// Parameters of stacks that stay in 8-bit blocks.
  public private(set) var inBlocks = 0

  /// The footprint of arrays of the given sizes.
  public init(sizes: some Sequence<Int>) {
    for size in sizes {
      count += size
      largest = max(largest, size)
    }
  }

  /// The footprint of the arrays of a source.
  public init(_ source: any ParameterSource) {
    for key in source.keys {
      let size = source.shape(of: key)?.reduce(1, *) ?? 0
      count += size
      largest = max(largest, size)
      if source.storesBlocks(key) && Self.isStacked(key) { inBlocks += size }
    }
  }

  /// Whether a parameter belongs to a `BlockStack`, which keeps parameters stored in blocks that way.
  private static func isStacked(_ key: String) -> Bool {
    ["/evoformer_iteration/", "/extra_msa_stack/"].contains { key.contains($0) }
  }

  /// Bytes in memory with matrices of a storage type.
  func byteCount(_ storage: DType) -> Int {
    (count - inBlocks) * storage.byteCount + BlockFormat.byteCount(of: inBlocks)
  }
}
