import FoldingCore
import Foundation
import NumericArrays
import Testing

@testable import Weights

@Suite("parameter manifest")
struct ManifestTests {
  @Test(
    "released networks have these numbers of arrays, tensors and parameters",
    arguments: [
      ("model_1", 336, 5_044, 93_229_082), ("model_3", 265, 4_915, 92_899_674),
      ("model_1_ptm", 338, 5_046, 93_237_338),
    ])
  func counts(preset: String, arrays: Int, tensors: Int, parameters: Int) throws {
    let manifest = try #require(FoldingConfig.preset(named: preset)).parameterManifest
    #expect(manifest.count == arrays)
    #expect(manifest.reduce(0) { $0 + ($1.isStacked ? $1.shape[0] : 1) } == tensors)
    #expect(manifest.reduce(0) { $0 + $1.count } == parameters)
  }

  @Test(
    "the modules of model_1 have these numbers of parameters",
    arguments: [
      ("evoformer/evoformer_iteration/", 87_837_696), ("evoformer/extra_msa_stack/", 2_805_248),
      ("structure_module/", 2_019_116), ("evoformer/template_embedding/attention", 24_704),
      ("evoformer/template_embedding/single_template_embedding/", 224_064),
      ("predicted_lddt_head/", 73_010),
    ])
  func moduleSizes(scope: String, parameters: Int) {
    let specs = FoldingConfig().parameterManifest.filter { $0.key.hasPrefix(root + scope) }
    #expect(specs.reduce(0) { $0 + $1.count } == parameters)
  }

  @Test("keys are unique and every preset's are sorted")
  func uniqueKeys() {
    for config in FoldingConfig.presets {
      let keys = config.parameterManifest.map(\.key)
      #expect(Set(keys).count == keys.count)
      #expect(keys == keys.sorted())
    }
  }

  @Test("stacked arrays are those that the keys say")
  func stackedKeys() {
    for spec in FoldingConfig.tiny.parameterManifest {
      #expect(OfficialKey(spec.key).isStacked == spec.isStacked, "\(spec.key)")
    }
  }

  @Test(
    "arrays of the blocks of both MSA stacks, and no others, belong to the part that the keys say")
  func blockParts() {
    let prefixes: [(String, BlockPart)] = [
      ("msa_", .msaTrack), ("outer_product_mean", .outerProductMean), ("triangle_", .pairTrack),
      ("pair_transition", .pairTrack),
    ]
    for spec in FoldingConfig().parameterManifest {
      let block = OfficialKey(spec.key).block
      let expected =
        block?.stack.contains("template") == false
        ? prefixes.first { block?.scope.hasPrefix($0.0) == true }?.1 : nil
      #expect(spec.part == expected, "\(spec.key)")
      #expect((spec.part != nil) == (block?.stack.contains("template") == false), "\(spec.key)")
    }
  }

  @Test(
    "names and shapes are those of the oracle's golden recipes",
    .enabled(
      if: GoldenRecipe.folder != nil, "set HELIXFOLD_TEST_DATA to a folder with oracle/golden"),
    arguments: [
      ("forward_model_3", "model_3", 2), ("forward_model_1_ptm", "model_1_ptm", 2),
      ("gradients_model_1_ptm", "model_1_ptm", 1),
    ])
  func goldenRecipes(name: String, preset: String, templateBlocks: Int) throws {
    var config = try #require(FoldingConfig.preset(named: preset))
    config.evoformer.blocks = 2
    config.extraMSA.blocks = 1
    config.template?.blocks = templateBlocks
    let recipe = try GoldenRecipe(name)
    let expected = Dictionary(uniqueKeysWithValues: recipe.parameters.map { ($0.name, $0.shape) })
    let found = Dictionary(
      uniqueKeysWithValues: config.parameterManifest.map { ($0.key, $0.shape) })
    #expect(found == expected)
    for parameter in recipe.parameters {
      let stream = RandomKey(array: parameter.name, seed: recipe.seed)
      let (mean, deviation) = RecipeParameters.moments(key: parameter.name, shape: parameter.shape)
      #expect(mean == parameter.mean, "\(parameter.name)")
      #expect(abs(deviation - parameter.std) < 1e-15, "\(parameter.name)")
      let first = (0..<2).map { Float(mean + deviation * 3.0.squareRoot() * stream.symmetric($0)) }
      #expect(first == parameter.first.map { Float($0) }, "\(parameter.name)")
    }
  }
}

/// A recipe file of the oracle, unpacked by the `xz` command.
private struct GoldenRecipe: Decodable {
  struct Parameter: Decodable {
    let name: String
    let shape: [Int]
    let mean, std: Double
    let first: [Double]
  }
  let seed: UInt64
  let parameters: [Parameter]

  /// The oracle's golden files; nil when the tests run without data, in which they must be.
  static let folder = ProcessInfo.processInfo.environment["HELIXFOLD_TEST_DATA"]
    .map { $0 + "/oracle/golden" }

  init(_ name: String) throws {
    let folder = try #require(Self.folder)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["xz", "-dc", "\(folder)/\(name)_recipe.json.xz"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "xz cannot unpack the recipe of \(name)")
    self = try JSONDecoder().decode(GoldenRecipe.self, from: data)
  }
}
