import Foundation
import Messages

/// Names of targets: safe as file and folder names, and unique within a run.
public enum TargetName {
  /// Longest name in bytes.
  public static let maximumBytes = 100

  /// The name of a target if nothing is left of its own.
  static let fallback = "target"

  /// The first word of a FASTA header with everything but letters, digits, `_`, `.` and `-` replaced by `_`.
  ///
  /// Dots, dashes and underscores at both ends are removed, so that no name hides a file, leaves its folder or looks like a flag:
  /// `../../x` becomes `x`. An empty result becomes `target`.
  public static func sanitized(_ header: String) -> String {
    let word = header.split(whereSeparator: \.isWhitespace).first ?? ""
    var name: [UInt8] = []
    for byte in word.utf8 {
      if isAllowed(byte) {
        name.append(byte)
      } else if name.last != UInt8(ascii: "_") {
        name.append(UInt8(ascii: "_"))
      }
    }
    var part = name[...]
    while let first = part.first, isDecoration(first) { part.removeFirst() }
    part = part.prefix(maximumBytes)
    while let last = part.last, isDecoration(last) { part.removeLast() }
    return part.isEmpty ? fallback : String(decoding: part, as: UTF8.self)
  }

  /// A name with its blanks replaced by `_`.
  static func oneWord(_ name: String) -> String {
    name.split(whereSeparator: \.isWhitespace).joined(separator: "_")
  }

  /// The name of a file without folder and ending; a compressed file loses both endings.
  package static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last ?? path[...]
    let plain = name.lowercased().hasSuffix(".gz") ? name.dropLast(3) : name
    guard let dot = plain.lastIndex(of: "."), dot != plain.startIndex else { return String(plain) }
    return String(plain[..<dot])
  }

  /// The name of a file's target: the file's own, or its folder's if it is called `features` as in AlphaFold2.
  package static func ofFile(_ path: String) -> String {
    var stem = stem(of: path)
    // OpenFold and Uni-Fold call theirs `ID.feature.pkl.gz`.
    for ending in [".feature", ".features"] where stem.hasSuffix(ending) {
      stem.removeLast(ending.count)
    }
    if stem != "features" { return sanitized(stem) }
    let url = URL(fileURLWithPath: path).standardizedFileURL
    return sanitized(url.deletingLastPathComponent().lastPathComponent)
  }

  /// A header on one line of at most 400 characters; empty if it is only the name.
  static func description(_ header: String, besides name: String) -> String {
    let words = header.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    if words == name { return "" }
    let line = words.printable
    return line.count <= 400 ? line : line.prefix(399) + "…"
  }

  /// Whether a name stays in the folder where it is used and is printable: required of files that name targets themselves.
  static func isSafe(_ name: String) -> Bool {
    guard let first = name.utf8.first, !isDecoration(first) || first == UInt8(ascii: "_") else {
      return false
    }
    return name.utf8.count <= 200 && !name.contains("/") && name.printable == name
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func isDecoration(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }
}

/// Unique names for the targets of a run.
public struct TargetNames: Sendable {
  /// Names that runs use beside the folders of their targets, in lower case.
  private static let reserved: Set = ["failures.json", "summary.tsv", "cache", "state"]

  /// Whether a run writes a file or folder with that name beside the folders of its targets.
  static func isReserved(_ name: String) -> Bool { reserved.contains(name.lowercased()) }

  /// Names that are taken.
  private var taken: Set<String> = []
  /// Number to try next for a name.
  private var next: [String: Int] = [:]

  /// No names are taken yet.
  public init() {}

  /// The name itself, or with `_2`, `_3` … added if it is taken.
  public mutating func claim(_ name: String) -> String {
    let key = Self.key(name)
    var number = next[key] ?? (Self.isReserved(name) ? 2 : 1)
    while true {
      let suffix = number == 1 ? "" : "_\(number)"
      let candidate = String(name.prefix(TargetName.maximumBytes - suffix.utf8.count)) + suffix
      number += 1
      if taken.insert(Self.key(candidate)).inserted {
        next[key] = number
        return candidate
      }
    }
  }

  /// What a file system takes for one name: those of macOS ignore case.
  private static func key(_ name: String) -> String {
    #if canImport(Darwin)
      name.lowercased()
    #else
      name
    #endif
  }
}
