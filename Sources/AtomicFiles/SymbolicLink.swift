import CLibrary

/// Links by name.
enum SymbolicLink {
  /// The target of a link, as stored; nil if the path is not a link.
  static func destination(of path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(
      decoding: bytes.prefix(count).map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
  }
}
