import BasicTestSupport
import FeaturePipeline
import FoldingCore
import Testing
import Weights

@testable import HelixFold

@Suite("Provenance of predictions")
struct ProvenanceTests {
  private static func toy() throws -> (
    options: PredictionOptions, model: ModelDescription, raw: RawFeatures
  ) {
    var options = PredictionOptions()
    options.usesRandomWeights = true
    options.preset = "tiny"
    let raw = try PredictionBench.target("MKTAY", others: []).features.get().load()
    return (options, try #require(try ModelDescription.open(options).first), raw)
  }

  @Test("options of storage change the fingerprint of a prediction")
  func storage() throws {
    let toy = try Self.toy()
    var options = toy.options
    let run = PredictionRun(toy.model, seedIndex: 0, options)
    let plain = run.provenance(of: toy.raw, options).fingerprint
    options.pairFormat = .int8
    #expect(run.provenance(of: toy.raw, options).fingerprint != plain)
  }

  @Test("the build of the library of products decides the bits, not what is computed")
  func build() throws {
    let (options, model, raw) = try Self.toy()
    var provenance = PredictionRun(model, seedIndex: 0, options).provenance(of: raw, options)
    #expect(provenance.arithmetic.build == nil, "our own kernels need no library")
    let own = provenance.fingerprint
    let builds = ["OpenBLAS 0.3.26 (core Zen)", "OpenBLAS 0.3.27 (core Zen)"]
    let others = builds.map { build in
      provenance.arithmetic.build = build
      return provenance.fingerprint
    }
    #expect(Set([own] + others).count == 3 && others.allSatisfy { $0.isOfSameCalculation(as: own) })
    #expect(provenance.facts.contains { $0.name == "blas" && $0.value == builds[1] })
  }

  @Test(
    "networks of one name and the same parameters, but another depth, and chains with another break have other fingerprints"
  )
  func network() throws {
    let (options, model, raw) = try Self.toy()
    var config = model.config
    config.structure.layers += 1
    let deeper = ModelDescription(
      name: model.name, source: model.source, checksum: model.checksum, config: config,
      parameters: model.parameters, isRandom: true)
    var broken = raw
    broken.hasBreak[2] = true
    let prints = [(model, raw), (deeper, raw), (model, broken)].map { model, raw in
      PredictionRun(model, seedIndex: 0, options).provenance(of: raw, options).fingerprint
    }
    #expect(Set(prints).count == 3)
  }

  @Test("weights are named by the checksum that 'weights inspect' tells", arguments: ["h5", "npz"])
  func checksum(ending: String) throws {
    try withScratchFolder { folder in
      let path = "\(folder)/weights.\(ending)"
      try ParameterWriter.write(
        RecipeParameters(.tiny, seed: 1), config: .tiny,
        provenance: ParameterProvenance(source: "test", licence: "CC0"), to: path)
      let report = try ParameterReport(ParameterFile(path: path, expecting: .tiny))
      let model = try ModelDescription.open(path: path, preset: "tiny")
      #expect(model.checksum == report.checksum)
    }
  }
}
