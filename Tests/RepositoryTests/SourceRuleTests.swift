import Testing

@Suite("Rules for sources")
struct SourceRuleTests {
  static let rootFiles = [
    "README.md", "CHANGELOG.md", "Makefile", "Dockerfile", "Package.swift", ".ci/run",
  ]
  static let tracked =
    Repository.textFiles(in: ["Sources", "Tests", "tools", "docs", "Benchmarks", "data"])
    + rootFiles.compactMap(Repository.file)

  @Test("the walk finds the sources")
  func walkFindsSources() {
    #expect(Repository.sources.count > 20)
    #expect(
      Repository.sources.contains { $0.path == "Sources/FoldingCore/Contract/Features.swift" })
  }

  @Test(
    "only the programming error calls fatalError; nothing calls precondition, try! or as!",
    arguments: Repository.sources)
  func nothingForced(file: Repository.File) {
    let stops = file.code.filter {
      $0.text.contains(/\b(?:precondition|preconditionFailure)\(/)
        || ($0.text.contains("fatalError") && !file.name.hasPrefix("ProgrammingError"))
    }
    let forced = file.code.filter { $0.text.contains("try!") || $0.text.contains(/\bas!/) }
    #expect((forced + stops).isEmpty, "\(file.path): lines \((forced + stops).map(\.number))")
  }

  @Test(
    "no file handle is read or written by the calls that stop the program on an error",
    arguments: Repository.sources)
  func noTrappingFileCalls(file: Repository.File) {
    let trapping = file.code.filter {
      $0.text.contains(/\.(?:readData\(|readDataToEndOfFile\(|availableData\b)/)
        || $0.text.contains(/standard(?:Error|Output)\.write\(Data/)
    }
    #expect(trapping.isEmpty, "\(file.path): lines \(trapping.map(\.number))")
  }

  @Test(
    "one module names the C libraries of the systems, the others import that one",
    arguments: Repository.sources + Repository.tests
      + Repository.textFiles(in: ["Benchmarks"], suffix: ".swift"))
  func oneCLibrary(file: Repository.File) {
    let named = file.code.filter { $0.text.contains(/import (?:Glibc|Musl|Darwin)\b/) }
    #expect(
      named.isEmpty || file.path.hasPrefix("Sources/CLibrary/"),
      "\(file.path): lines \(named.map(\.number))")
  }

  @Test("no Swift file is longer than 500 lines", arguments: Repository.sources + Repository.tests)
  func fileLength(file: Repository.File) {
    #expect(file.lines.count <= 501, "\(file.path) has \(file.lines.count - 1) lines")
  }

  @Test("no text names a path of somebody's machine", arguments: tracked)
  func noMachinePaths(file: Repository.File) {
    let found = file.lines.enumerated().filter { _, line in
      line.contains(/(?:^|[^\w.])\/(?:work|root|home|Users)\/\w/)
    }
    #expect(found.isEmpty, "\(file.path): lines \(found.map { $0.offset + 1 })")
  }

  @Test("unfinished work is not marked in comments", arguments: Repository.sources)
  func noUnfinishedMarks(file: Repository.File) {
    let marks = file.lines.enumerated().filter { _, line in line.contains(/\b(?:TODO|FIXME|XXX)\b/)
    }
    #expect(marks.isEmpty, "\(file.path): lines \(marks.map { $0.offset + 1 })")
  }
}
