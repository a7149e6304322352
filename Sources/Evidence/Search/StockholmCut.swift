import Foundation

/// Cuts a Stockholm file of HMMER to its first rows, as AlphaFold does with the results of large databases (`parsers.py`).
///
/// The file is read line by line, twice: that of a common protein may be larger than memory, and the lines above the rows describe
/// rows that only the first reading finds.
enum StockholmCut {
  /// The file with only the lines of its first rows; nil if it cannot be read or is still larger than `limit`.
  static func firstRows(_ maximum: Int, of path: String, limit: Int) -> [UInt8]? {
    guard let names = names(maximum, path) else { return nil }
    var kept: [UInt8] = []
    let isRead = forEachLine(of: path) { line in
      let isKept = name(of: line).map { names.contains($0) } ?? true
      if isKept {
        kept += line
        kept.append(0x0A)
      }
      return kept.count <= limit && !line.begins(with: "//")
    }
    return isRead && kept.count <= limit ? kept : nil
  }

  private static func names(_ maximum: Int, _ path: String) -> Set<ArraySlice<UInt8>>? {
    var names: Set<ArraySlice<UInt8>> = []
    let isRead = forEachLine(of: path) { line in
      // The file is a sequence of blocks, each with all rows.
      if line.first != UInt8(ascii: "#"), let name = name(of: line) {
        names.insert(ArraySlice(Array(name)))
      }
      return names.count < maximum && !line.begins(with: "//")
    }
    return isRead ? names : nil
  }

  /// The row that a line describes; nil for a line that belongs to none.
  private static func name(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    if line.begins(with: "//") { return nil }
    if line.begins(with: "#=GS") || line.begins(with: "#=GR") {
      return line.split(maxSplits: 2) { $0 <= 0x20 }.dropFirst().first
    }
    let word = line.drop { $0 <= 0x20 }.prefix { $0 > 0x20 }
    return word.isEmpty || word.first == UInt8(ascii: "#") ? nil : word
  }

  /// Longest line that HMMER writes.
  private static let longestLine = 1 << 28

  /// Passes the lines of a file to `body` until it returns false; false if the file cannot be read.
  private static func forEachLine(
    of path: String, _ body: (ArraySlice<UInt8>) -> Bool
  ) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    var rest: [UInt8] = []
    do {
      while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
        var (start, seen) = (0, rest.count)
        rest += piece
        while let end = rest[seen...].firstIndex(of: 0x0A) {
          if !body(rest[start..<end]) { return true }
          (start, seen) = (end + 1, end + 1)
        }
        rest.removeFirst(start)
        if rest.count > longestLine { return false }
      }
    } catch {
      return false
    }
    if !rest.isEmpty { _ = body(rest[...]) }
    return true
  }
}
