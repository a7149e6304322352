import BasicTestSupport
import Foundation
import Messages
import Testing

@testable import AtomicFiles

/// Places of files before anything is written, and words of messages.
@Suite("Places of files")
struct AtomicFileTests {
  /// A folder that holds a folder and a file.
  private func filledFolder() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(
      at: folder.url("inner"), withIntermediateDirectories: false)
    try folder.write("x", to: "file")
    return folder
  }

  @Test("a place is refused exactly where writing would fail, and nothing is made")
  func places() throws {
    let folder = try filledFolder()
    let path = folder.path
    for (name, isPlace) in [
      ("new", true), ("file", true), ("inner/new", true), ("inner", false), ("inner/", false),
      ("none/new", false), ("file/new", false),
    ] {
      let error = failure { () throws(AtomicFileError) in
        try AtomicFile.requirePlace(forFile: path + "/" + name)
      }
      #expect((error == nil) == isPlace, "\(name)")
      #expect(error?.exitStatus == (isPlace ? nil : .cannotCreate))
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

  @Test("a writer that fails leaves the file that was there, and no other")
  func failure() throws {
    let folder = try ScratchFolder()
    let path = folder.file("a")
    try AtomicFile.write("old", to: path)
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try AtomicFile.write(to: path) { append in
        try [UInt8]("new".utf8).withUnsafeBytes { try append($0) }
        throw Stop()
      }
    }
    #expect(throws: Stop.self) { try AtomicFile.replace(path) { _ in throw Stop() } }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
  }

  @Test("a link stays and leads to the new file; bytes go through a pipe, which stays")
  func linksAndPipes() throws {
    let folder = try filledFolder()
    let link = folder.file("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "file")
    try AtomicFile.write("new", to: link)
    #expect(try folder.read("file") == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "file")

    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    // Open for both, so that neither end waits for the other.
    let end = open(pipe, O_RDWR)
    defer { close(end) }
    try AtomicFile.write("through", to: pipe)
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = read(end, &bytes, 16)
    #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "through")
    #expect(throws: AtomicFileError(path: pipe, code: ENOTSUP)) {
      try AtomicFile.replace(pipe) { _ in }
    }
    try AtomicFile.write("nowhere", to: "/dev/null")
    #expect(
      try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType
        == .typeCharacterSpecial)
  }

  @Test("links that lead to no file yet are followed to where it is to be made, circles refused")
  func newLinkedFiles() throws {
    let folder = try filledFolder()
    let manager = FileManager.default
    let links = [
      ("one", "two"), ("two", folder.file("inner/new")), ("circle", "circle"),
      ("astray", "none/new"),
    ]
    for (link, target) in links {
      try manager.createSymbolicLink(
        atPath: folder.file(link), withDestinationPath: target)
    }
    try AtomicFile.requirePlace(forFile: folder.file("one"))
    try AtomicFile.write("new", to: folder.file("one"))
    #expect(try folder.read("inner/new") == "new")
    for (link, target) in links {
      #expect(try manager.destinationOfSymbolicLink(atPath: folder.file(link)) == target)
    }
    for (link, code) in [("circle", ELOOP), ("astray", ENOENT)] {
      let path = folder.file(link)
      let expected = AtomicFileError(path: path, code: code)
      #expect(throws: expected) { try AtomicFile.write("x", to: path) }
      #expect(throws: expected) { try AtomicFile.requirePlace(forFile: path) }
    }
  }

  @Test("a file that is replaced keeps its permissions", arguments: [0o600, 0o640, 0o755, 0o444])
  func permissions(mode: Int) throws {
    let folder = try ScratchFolder()
    let path = folder.file("a")
    func found() -> Int {
      var information = stat()
      return stat(path, &information) == 0 ? Int(information.st_mode & 0o777) : -1
    }
    try AtomicFile.write("old", to: path)
    #expect(chmod(path, mode_t(mode)) == 0)
    try AtomicFile.write("new", to: path)
    #expect(found() == mode)
    try AtomicFile.replace(path) { try Data("newer".utf8).write(to: URL(fileURLWithPath: $0)) }
    #expect(found() == mode)
    #expect(try folder.read("a") == "newer")
  }

  @Test("marks tell this process, a living and a dead one, and other machines apart")
  func marks() throws {
    let scratch = try ScratchFolder()
    let path = scratch.file("x")
    try scratch.write("x", to: "x")
    func isAbandoned(_ mark: String) -> Bool { ProcessMark.isAbandoned(mark, at: path) }
    func isAbandonedElsewhere() -> Bool { isAbandoned("99999999-m01234567-0-1") }
    #expect(!isAbandonedElsewhere())
    let days = { (count: Double) in Date(timeIntervalSinceNow: -86_400 * count) }
    for (age, isOld) in [(6.9, false), (7.1, true)] {
      try FileManager.default.setAttributes([.modificationDate: days(age)], ofItemAtPath: path)
      #expect(isAbandonedElsewhere() == isOld)
    }
    #expect(!isAbandoned(ProcessMark.make()))
    #expect(ProcessMark.make() != ProcessMark.make())
    #expect(!isAbandoned(ProcessMark.make(by: getppid())))
    // A process number above the limit of Linux and macOS.
    #expect(isAbandoned(ProcessMark.make(by: 99_999_999)))
    // This process's number, given to another before.
    #expect(isAbandoned(ProcessMark.make(by: getpid())))
    let others = ["", "2.txt", "99999999", "99999999-elsewhere-0-1", "a-b-c-d", "1-2020-01-02"]
    for text in others {
      #expect(!isAbandoned(text), "\(text)")
    }
  }

  @Test("containers of one name, and a machine that was started again, have marks of their own")
  func machines() {
    let marks = [
      ("a", "pid:[1]", "x"), ("a", "pid:[2]", "x"), ("a", "pid:[1]", "y"), ("b", "", ""),
    ]
    .map {
      ProcessMark.mark(ofMachine: Array($0.utf8), numbers: Array($1.utf8), start: Array($2.utf8))
    }
    #expect(Set(marks).count == marks.count && marks.allSatisfy { $0.count == 9 })
    #expect(
      ProcessMark.mark(ofMachine: [1], numbers: [], start: [])
        == ProcessMark.mark(ofMachine: [1], numbers: [], start: []))
  }

  @Test("a lock on a folder holds until it is let go")
  func lock() throws {
    try withScratchFolder { folder in
      do {
        let lock = FolderLock(folder)
        #expect(lock != nil)
        #expect(FolderLock(folder) == nil)
      }
      #expect(FolderLock(folder) != nil)
    }
  }

  @Test("paths are one file through links and detours")
  func sameFiles() throws {
    let folder = try filledFolder()
    let path = folder.path
    try FileManager.default.createSymbolicLink(
      atPath: path + "/link", withDestinationPath: path + "/file")
    #expect(AtomicFile.isSame(path + "/file", as: path + "/inner/../file"))
    #expect(AtomicFile.isSame(path + "/file", as: path + "/link"))
    #expect(!AtomicFile.isSame(path + "/file", as: path + "/inner"))
    #expect(!AtomicFile.isSame(path + "/none", as: path + "/none"))
  }

  @Test("one is singular, nouns in s get es")
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
