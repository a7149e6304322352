import BasicTestSupport
import FoldingCore
import Foundation
import Testing
import Weights

@testable import HelixFold

@Suite("Networks that --weights names")
struct ModelLookupTests {
  private let scratch: ScratchFolder

  init() throws {
    scratch = try ScratchFolder()
    for (name, seed) in [("a", 1), ("b", 2), ("copy", 1)] {
      try ParameterWriter.write(
        RecipeParameters(.tiny, seed: UInt64(seed)), config: .tiny,
        provenance: ParameterProvenance(source: "test", licence: "CC0"), to: file(name))
    }
  }

  private func file(_ name: String) -> String { scratch.file("\(name).h5") }

  private func open(_ weights: [String]) throws -> (models: [ModelDescription], said: [String]) {
    var options = PredictionOptions()
    options.weights = weights
    var said: [String] = []
    return (try ModelDescription.open(options) { said.append($0) }, said)
  }

  @Test("networks of one name are numbered, and a line says which file is which")
  func numbered() throws {
    let (models, said) = try open([file("a"), file("b")])
    #expect(models.map(\.name) == ["tiny", "tiny_2"])
    #expect(models.map(\.file) == [file("a"), file("b")])
    #expect(said == ["tiny is \(file("a")), tiny_2 is \(file("b"))"])
    #expect(try open([file("a")]).said.isEmpty)
  }

  @Test("networks have the names that they are given, and no other network gets them")
  func named() throws {
    let (models, said) = try open([file("a"), "tiny=\(file("b"))"])
    #expect(models.map(\.name) == ["tiny_2", "tiny"])
    #expect(said.count == 1)
    let both = try open(["one=\(file("a"))", "two=\(file("b"))"])
    #expect(both.models.map(\.name) == ["one", "two"] && both.said.isEmpty)
    #expect(both.models.map(\.file) == [file("a"), file("b")])
  }

  @Test("a name changes nothing of what identifies a prediction")
  func fingerprint() throws {
    let raw = try PredictionBench.target("MKTAY").features.get().load()
    let prints = try [file("a"), "other=\(file("a"))"].map { text in
      let model = try #require(try open([text]).models.first)
      let run = PredictionRun(model, seedIndex: 0, PredictionOptions())
      return run.provenance(of: raw, PredictionOptions()).fingerprint
    }
    #expect(prints[0] == prints[1])
  }

  @Test("a network that is given twice is taken once")
  func duplicates() throws {
    let (models, said) = try open([file("a"), file("copy"), file("b")])
    #expect(models.map(\.file) == [file("a"), file("b")])
    #expect(said[0] == "\(file("copy")) is left out: it holds the same network as \(file("a"))")
    var options = PredictionOptions()
    options.weights = [file("a"), file("copy"), file("b")]
    options.modelLimit = 2
    #expect(try ModelDescription.open(options).count == 2)
  }

  @Test(
    "names that files cannot have, or that other results have, are refused with one that is free",
    arguments: [
      ("my net", "my"), ("x_pred_1", "x_pred_1_x"), ("x_r0", "x_r0_x"), ("-x", "x"),
      ("é", "target"),
    ])
  func badNames(_ name: String, _ instead: String) throws {
    #expect(throws: ModelLookupError.badName(name, instead: instead)) {
      try open(["\(name)=\(file("a"))"])
    }
    #expect(ModelLookupError.badName(name, instead: instead).exitStatus == .usage)
  }

  @Test("one name for two files, or for a folder of several, is refused")
  func ambiguousNames() throws {
    #expect(throws: ModelLookupError.nameTwice("x")) {
      try open(["x=\(file("a"))", "x=\(file("b"))"])
    }
    let several = ModelLookupError.severalFiles(
      name: "x", folder: scratch.path, count: 3, first: file("a"))
    #expect(throws: several) { try open(["x=\(scratch.path)"]) }
    #expect("\(several)".hasSuffix("such as x=\(file("a"))"))
  }

  @Test("a path with an equals sign is a path")
  func equalsSign() throws {
    let path = scratch.file("rate=1.h5")
    try FileManager.default.copyItem(atPath: file("a"), toPath: path)
    let models = try open([path]).models
    #expect(models.map(\.name) == ["tiny"] && models.map(\.file) == [path])
    // Relative, so that nothing but the sign tells it from a name.
    #expect(try NamedWeights("runs/rate=1/best.h5").name == nil)
    #expect(try NamedWeights("rate=1/best.h5").name == "rate")
  }
}
