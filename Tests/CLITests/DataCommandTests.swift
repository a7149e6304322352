import Foundation
import Testing

/// Commands on weights, stores and logs as a user meets them: what they refuse, and what is there afterwards.
@Suite("Commands on data and weights")
struct DataCommandTests {
  @Test("a limit of memory in bytes is taken for a forgotten unit")
  func unit() throws {
    let result = try Command.run(
      ["predict", "-", "--random-weights", "--preset", "tiny", "--max-memory", "8"],
      in: try ScratchFolder(), input: ">a\nMKV\n")
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.errors.contains("8GiB"), "\(result.errors)")
  }

  /// A folder with `w.h5`, random parameters of the tiny network.
  private static func weights() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    let made = try Command.run(["weights", "init", "w.h5", "--preset", "tiny"], in: folder)
    #expect(made.status == 0, "\(made.errors)")
    return folder
  }

  private static func names(_ folder: ScratchFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
  }
}
