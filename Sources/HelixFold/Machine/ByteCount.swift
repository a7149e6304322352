/// A number of bytes, parsed and shown in units that people use.
public struct ByteCount: Hashable, Sendable, CustomStringConvertible {
  /// The number of bytes.
  public let bytes: Int

  /// The given number of bytes.
  public init(_ bytes: Int) { self.bytes = bytes }

  /// Reads `8GiB`, `8G`, `900MiB`, `1.5GB` or a plain number of bytes; `G` and `M` mean binary units.
  public init?(parsing text: String) {
    let units: [(String, Double)] = [
      ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40), ("KB", 1e3), ("MB", 1e6),
      ("GB", 1e9), ("TB", 1e12), ("K", 0x1p10), ("M", 0x1p20), ("G", 0x1p30), ("T", 0x1p40),
      ("B", 1), ("", 1),
    ]
    let lowercased = text.lowercased()
    for (unit, factor) in units where lowercased.hasSuffix(unit.lowercased()) {
      guard let number = Double(lowercased.dropLast(unit.count)) else { continue }
      let value = number * factor
      guard value.isFinite, value >= 1, value < 0x1p62 else { return nil }
      bytes = Int(value)
      return
    }
    return nil
  }

  /// The number as flags take it, rounded up: `412MiB`.
  var flag: String { "\((bytes + (1 << 20) - 1) >> 20)MiB" }

  /// `412 MiB` below one GiB, `1.9 GiB` above.
  public var description: String {
    let mebibytes = (bytes + (1 << 20) - 1) >> 20
    if mebibytes < 1024 { return "\(mebibytes) MiB" }
    let tenths = (mebibytes * 10 + 512) / 1024
    return "\(tenths / 10).\(tenths % 10) GiB"
  }
}
