import Protein

/// Structure files of either format.
public enum StructureFile {
  /// Endings of the names of structure files, the usual ones first.
  public static let nameEndings = [".pdb", ".cif", ".ent", ".mmcif"].flatMap { [$0, $0 + ".gz"] }

  /// The ending that marks a file as a structure, in upper or lower case; nil if it has none.
  public static func nameEnding(of path: String) -> String? {
    let name = path.lowercased()
    return nameEndings.first { name.hasSuffix($0) }
  }

  /// Reads a PDB or mmCIF file, gzip-compressed or not; the content, not the name, decides.
  public static func read(_ path: String) throws(StructureIOError) -> Structure {
    let bytes = try StructureText.read(path)
    return try parse(bytes, path: path)
  }

  /// Reads the content of a PDB or mmCIF file; `path` is only used in messages.
  ///
  /// LF, CRLF and a lone CR all end lines, and a byte order mark is not part of the text.
  public static func parse(_ bytes: [UInt8], path: String) throws(StructureIOError) -> Structure {
    let bytes = StructureText.unified(bytes)
    guard !bytes.isEmpty else {
      throw .unexpectedContent(path: path, message: "the file is empty, expected PDB or mmCIF")
    }
    if bytes.prefix(4096).contains(0) {
      throw .unexpectedContent(
        path: path, message: "the file is binary, expected PDB or mmCIF text")
    }
    return isMMCIF(bytes)
      ? try MMCIFReader.parse(bytes, path: path) : try PDBReader.parse(bytes, path: path)
  }

  /// Whether the first word outside comments is `data_…`.
  private static func isMMCIF(_ bytes: [UInt8]) -> Bool {
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.endIndex
      let line = bytes[start..<end].trimmed
      if !line.isEmpty, line.first != UInt8(ascii: "#") {
        return line.prefix(5).text.lowercased() == "data_"
      }
      start = end + 1
    }
    return false
  }
}
