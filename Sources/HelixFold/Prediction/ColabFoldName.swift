import AtomicFiles
import FeaturePipeline
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The name of a target that a file of ColabFold does not name: it writes a line of lengths and calls every first row `101`.
enum ColabFoldName {
  /// The name of the file, safe as a folder name, for the alignment that was given in place of a FASTA file; nil if its first row
  /// names the target.
  static func found(in path: String, firstRow: String) throws -> String? {
    guard isRegularFile(path) else { return nil }
    let name = URL(fileURLWithPath: path).lastPathComponent
    let ending = AlignmentFiles.endings.filter { name.lowercased().hasSuffix($0) }
      .max { $0.count < $1.count }
    let isUnnamed = ending != nil && firstRow == "101"
    guard try isUnnamed || beginsWithLengths(path) else { return nil }
    let stem =
      ending.map { String(name.dropLast($0.count)) }
      ?? URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return TargetName.sanitized(stem.replacing(" ", with: "_"))
  }

  /// Whether a file begins with a line such as `#123<TAB>1`.
  private static func beginsWithLengths(_ path: String) throws -> Bool {
    let start =
      path.lowercased().hasSuffix(".gz")
      ? Array(try InputText(path: path).bytes.prefix(100))
      : try InputText.firstBytes(of: path, count: 100)
    let line = String(decoding: start.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    return line.wholeMatch(of: /#[0-9]+(?:\t.*)?/) != nil
  }

  /// Whether the text can be read once more, which that of a pipe cannot.
  private static func isRegularFile(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
  }
}
