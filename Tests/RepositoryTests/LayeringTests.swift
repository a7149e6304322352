import Testing

/// Targets of Package.swift in the order of the file.
struct PackageTargets {
  struct Target: Sendable {
    let name: String
    let dependencies: [String]
    let isTest: Bool
  }

  let targets: [Target]

  init(manifest: String) {
    let starts = manifest.matches(
      of: /\.(target|executableTarget|testTarget|systemLibrary)\(\s*name: "([A-Za-z0-9-]+)"/)
    targets = starts.enumerated().map { index, start in
      let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : manifest.endIndex
      let body = manifest[start.range.upperBound..<end]
      return Target(
        name: String(start.2), dependencies: Self.dependencies(in: body),
        isTest: start.1 == "testTarget")
    }
  }

  private static func dependencies(in body: Substring) -> [String] {
    let withoutProducts = String(body).replacing(/\.product\([^)]*\)/, with: "")
    guard let list = withoutProducts.firstMatch(of: /dependencies: \[([^\]]*)\]/) else { return [] }
    return list.1.matches(of: /"([^"]+)"/).map { String($0.1) }
  }

  /// What a target may import: its dependencies and theirs.
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

  @Test("a source file imports only what its target declares", arguments: Repository.sources)
  func importsAreDeclared(file: Repository.File) {
    let parts = file.path.split(separator: "/").map(String.init)
    let reach = Self.package.reach(of: parts[1])
    let own = Set(Self.package.targets.map(\.name))
    let imported = file.code.compactMap { line in
      line.text.firstMatch(
        of: /^(?:@\w+ |public |package |internal )*import (?:struct |enum )?(\w+)/
      ).map { String($0.1) }
    }
    let undeclared = imported.filter { own.contains($0) && !reach.contains($0) }
    #expect(undeclared.isEmpty, "\(file.path) imports \(undeclared)")
  }
}
