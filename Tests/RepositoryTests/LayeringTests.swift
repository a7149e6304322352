import Testing

/// Targets of Package.swift in the order of the file.
struct PackageTargets {
  struct Target: Sendable {
    let name: String
    let folder: String
    let dependencies: [String]
    let isExecutable: Bool

    /// What an import says.
    var module: String { name.replacing("-", with: "_") }
  }

  let targets: [Target]

  init(manifest: String) {
    let starts = manifest.matches(
      of: /\.(target|executableTarget|testTarget|systemLibrary)\(\s*name: "([A-Za-z0-9-]+)"/)
    targets = starts.enumerated().map { index, start in
      let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : manifest.endIndex
      let body = manifest[start.range.upperBound..<end]
      let place = body.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
      let usualPlace = (start.1 == "testTarget" ? "Tests/" : "Sources/") + String(start.2)
      return Target(
        name: String(start.2), folder: place ?? usualPlace,
        dependencies: Self.dependencies(in: body), isExecutable: start.1 == "executableTarget")
    }
  }

  private static func dependencies(in body: Substring) -> [String] {
    let withoutProducts = String(body).replacing(/\.product\([^)]*\)/, with: "")
    guard let list = withoutProducts.firstMatch(of: /dependencies: \[([^\]]*)\]/) else { return [] }
    return list.1.matches(of: /"([^"]+)"/).map { String($0.1) }
  }

  /// What a target is built on: its dependencies and theirs.
  func reach(of name: String) -> Set<String> {
    guard let target = targets.first(where: { $0.name == name }) else { return [] }
    return target.dependencies.reduce(into: Set(target.dependencies)) {
      $0.formUnion(reach(of: $1))
    }
  }
}

@Suite("Layers")
struct LayeringTests {
  static let package = PackageTargets(manifest: Repository.file("Package.swift")?.text ?? "")

  @Test("Package.swift is understood: it has the contract, the facade and the command")
  func manifestParsed() {
    let names = Self.package.targets.map(\.name)
    #expect(names.contains("FoldingCore"))
    #expect(names.contains("HelixFold"))
    #expect(names.contains("helixfold-cli"))
    #expect(Self.package.reach(of: "helixfold-cli").contains("FoldingModel"))
  }

  @Test("targets without Swift are written in C, or are system libraries")
  func targetsWithoutSwift() {
    let others = Self.package.targets.map(\.name).filter { !Self.swiftTargets.contains($0) }
    #expect(!others.isEmpty && others.allSatisfy { $0.hasPrefix("C") }, "\(others)")
  }

  @Test("a target depends only on targets above it", arguments: package.targets.map(\.name))
  func dependenciesPointUp(target: String) throws {
    let names = Self.package.targets.map(\.name)
    let place = try #require(names.firstIndex(of: target))
    let below = Self.package.targets[place].dependencies.filter { !names[..<place].contains($0) }
    #expect(below.isEmpty, "\(target) depends on \(below), which stand below it")
  }

  @Test("data and network meet only in the contract")
  func networkAndDataAreApart() {
    let network = Self.package.reach(of: "FoldingModel")
    #expect(
      network.isDisjoint(with: [
        "FeaturePipeline", "HDF5Files", "ArrayFiles", "StructureIO", "CHDF5", "CZip",
      ]))
    let data = Self.package.reach(of: "FeaturePipeline")
    #expect(
      data.isDisjoint(with: ["TensorCore", "NeuralNet", "FoldingModel", "CKernels", "COpenBLAS"]))
  }

  @Test(
    "a target declares the targets that its files import, and no others but programs to run",
    arguments: swiftTargets)
  func importsAreDeclared(name: String) throws {
    let target = try #require(Self.package.targets.first { $0.name == name })
    let imported = Self.files(of: target).reduce(into: Set<String>()) {
      $0.formUnion($1.imports)
    }
    let declared = Self.package.targets.filter { target.dependencies.contains($0.name) }
    let own = Set(Self.package.targets.map(\.module))
    let undeclared = imported.intersection(own).subtracting(declared.map(\.module))
    let unused = declared.filter { !$0.isExecutable && !imported.contains($0.module) }.map(\.name)
    #expect(undeclared.isEmpty, "\(name) does not declare \(undeclared.sorted())")
    #expect(unused.isEmpty, "\(name) does not import \(unused)")
  }

  private static let swiftTargets = package.targets.filter { !files(of: $0).isEmpty }.map(\.name)

  private static func files(of target: PackageTargets.Target) -> [Repository.File] {
    files.filter { $0.path.hasPrefix(target.folder + "/") }
  }

  private static let files =
    Repository.sources + Repository.tests
    + Repository.textFiles(in: ["Benchmarks"], suffix: ".swift")
}

extension Repository.File {
  /// Names of the modules that the file imports.
  fileprivate var imports: [String] {
    code(with: ["import "]).compactMap { line in
      line.text.firstMatch(
        of: /^(?:@\w+ |public |package |internal )*import (?:struct |enum )?(\w+)/
      ).map { String($0.1) }
    }
  }
}
