import Testing

@Suite("Rules for sources")
struct SourceRuleTests {
  static let rootFiles = [
    "README.md", "CHANGELOG.md", "Makefile", "Dockerfile", "Package.swift", ".ci/run",
  ]
  static let swiftFiles =
    Repository.sources + Repository.tests
    + Repository.textFiles(in: ["Benchmarks"], suffix: ".swift")

  /// Places `path:line` of the lines of code that have one of the words and break a rule.
  private func places(
    _ files: [Repository.File], _ words: [String],
    where isBroken: (Repository.File, Substring) -> Bool
  ) -> [String] {
    files.flatMap { file in
      file.code(with: words).filter { isBroken(file, $0.text) }.map { "\(file.path):\($0.number)" }
    }
  }

  @Test("the walk finds the sources")
  func walkFindsSources() {
    #expect(Repository.sources.count > 20)
    #expect(
      Repository.sources.contains { $0.path == "Sources/FoldingCore/Contract/Features.swift" })
  }

  @Test("only lines of code with one of the words are tried, by the numbers that an editor shows")
  func lines() {
    let file = Repository.File(path: "a.swift", text: "let a\n  // let b\n\n  let c\nvar d\n")
    #expect(file.code(with: ["let ", "d"]).map(\.number) == [1, 4, 5])
    #expect(file.code(with: ["let "]).map(\.text) == ["let a", "let c"])
    #expect(file.lines(with: ["let b"]).map(\.number) == [2])
    #expect(file.lineCount == 5)
  }

  @Test("only the programming error calls fatalError; nothing calls precondition, try! or as!")
  func nothingForced() {
    let found = places(Repository.sources, ["precondition", "fatalError", "try!", "as!"]) {
      $1.contains(/\b(?:precondition|preconditionFailure)\(/)
        || ($1.contains("fatalError") && !$0.name.hasPrefix("ProgrammingError"))
        || $1.contains("try!") || $1.contains(/\bas!/)
    }
    #expect(found == [])
  }

  @Test("no file handle is read or written by the calls that stop the program on an error")
  func noTrappingFileCalls() {
    let words = ["readData", "availableData", ".write(Data"]
    let found = places(Repository.sources, words) {
      $1.contains(/\.(?:readData\(|readDataToEndOfFile\(|availableData\b)/)
        || $1.contains(/standard(?:Error|Output)\.write\(Data/)
    }
    #expect(found == [])
  }

  @Test("one module names the C libraries of the systems, the others import that one")
  func oneCLibrary() {
    let found = places(Self.swiftFiles, ["import "]) {
      $1.contains(/import (?:Glibc|Musl|Darwin)\b/) && !$0.path.hasPrefix("Sources/CLibrary/")
    }
    #expect(found == [])
  }

  @Test("no Swift file is longer than 500 lines")
  func fileLength() {
    let long = (Repository.sources + Repository.tests).filter { $0.lineCount > 500 }
    #expect(long.map { "\($0.path): \($0.lineCount) lines" } == [])
  }

  @Test("no text names a path of somebody's machine")
  func noMachinePaths() {
    let folders = ["work", "root", "home", "Users"].map { "/\($0)/" }
    let files =
      Repository.textFiles(in: ["Sources", "Tests", "tools", "docs", "Benchmarks", "data"])
      + Self.rootFiles.compactMap(Repository.file)
    let found = files.flatMap { file in
      file.lines(with: folders)
        .filter { $0.text.contains(/(?:^|[^\w.])\/(?:work|root|home|Users)\/\w/) }
        .map { "\(file.path):\($0.number)" }
    }
    #expect(found == [])
  }

  @Test("unfinished work is not marked in comments")
  func noUnfinishedMarks() {
    let found = Repository.sources.flatMap { file in
      file.lines(with: ["TODO", "FIXME", "XXX"])
        .filter { $0.text.contains(/\b(?:TODO|FIXME|XXX)\b/) }
        .map { "\(file.path):\($0.number)" }
    }
    #expect(found == [])
  }
}
