import AtomicFiles
import Foundation
import Testing

/// Places of files before anything is written, and words of messages.
@Suite("Places of files")
struct AtomicFileTests {
  private func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(
      atPath: path + "/inner", withIntermediateDirectories: true)
    try Data("x".utf8).write(to: URL(fileURLWithPath: path + "/file"))
    return path
  }

  @Test("a place is refused exactly where writing would fail, and nothing is made")
  func places() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    for (name, isPlace) in [
      ("new", true), ("file", true), ("inner/new", true), ("inner", false), ("inner/", false),
      ("none/new", false), ("file/new", false),
    ] {
      let error = failure { () throws(AtomicFileError) in
        try AtomicFile.requirePlace(forFile: path + "/" + name)
      }
      #expect((error == nil) == isPlace, "\(name)")
      #expect(error?.exitStatus == (isPlace ? nil : 73))
    }
    for (name, isPlace) in [
      ("inner", true), ("none", true), ("none/deeper/", true), ("file", false), ("file/x", false),
    ] {
      let error = failure { () throws(AtomicFileError) in
        try AtomicFile.requirePlace(forFolder: path + "/" + name)
      }
      #expect((error == nil) == isPlace, "\(name)")
    }
    #expect(
      failure { () throws(AtomicFileError) in try AtomicFile.requirePlace(forFile: "x") } == nil)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["file", "inner"])
  }

  @Test("paths are one file through links and detours")
  func sameFiles() throws {
    let path = try folder()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createSymbolicLink(
      atPath: path + "/link", withDestinationPath: path + "/file")
    #expect(AtomicFile.isSame(path + "/file", as: path + "/inner/../file"))
    #expect(AtomicFile.isSame(path + "/file", as: path + "/link"))
    #expect(!AtomicFile.isSame(path + "/file", as: path + "/inner"))
    #expect(!AtomicFile.isSame(path + "/none", as: path + "/none"))
  }

  @Test("counted nouns")
  func nouns() {
    #expect(counted(1, "row") == "1 row")
    #expect(counted(0, "residue") == "0 residues")
    #expect(counted(1, "pass") == "1 pass")
    #expect(counted(3, "pass") == "3 passes")
  }

  private func failure(_ body: () throws(AtomicFileError) -> Void) -> AtomicFileError? {
    do {
      try body()
      return nil
    } catch {
      return error
    }
  }
}
