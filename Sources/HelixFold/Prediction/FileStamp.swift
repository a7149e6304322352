import AtomicFiles
import Messages

/// Size and checksum of a result file, by which a later run knows that the file is intact.
struct FileStamp: Hashable, Sendable, Decodable {
  let name: String
  let bytes: Int
  let crc32: UInt32

  /// The stamp of a file; nil if it cannot be read.
  init?(_ name: String, in folder: PredictionFolder) {
    guard let file = try? OpenFile(folder.file(name)),
      let check = try? CyclicRedundancyCheck32.zlib(file)
    else { return nil }
    self.name = name
    bytes = file.count
    crc32 = check
  }

  /// The stamp as provenance keeps it.
  var document: JSONValue {
    .object([
      ("name", .string(name)), ("bytes", .integer(bytes)), ("crc32", .integer(Int(crc32))),
    ])
  }

  /// Whether the file in a folder still has this size and checksum.
  func isTrue(in folder: PredictionFolder) -> Bool {
    FileStatus(of: folder.file(name))?.bytes == bytes && FileStamp(name, in: folder) == self
  }

  /// Stamps of the existing files of a result.
  static func all(of model: String, in folder: PredictionFolder) -> [FileStamp] {
    [
      "unrelaxed_\(model).cif", "unrelaxed_\(model).pdb", "confidence_\(model).json",
      "pae_\(model).json", "result_\(model).npz",
    ]
    .compactMap { FileStamp($0, in: folder) }
  }
}
