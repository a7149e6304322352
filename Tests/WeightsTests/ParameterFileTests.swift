import ArrayFiles
import BasicTestSupport
import FoldingCore
import Foundation
import HDF5Files
import NumericArrays
import Testing

@testable import Weights

private let origin = ParameterProvenance(source: "recipe, seed 5", licence: "none")

@Suite("parameter files")
struct ParameterFileTests {
  private let source = RecipeParameters(.tiny, seed: 5)

  private func write(
    _ source: some ParameterSource, _ path: String, _ config: FoldingConfig = .tiny,
    _ precision: StoragePrecision = .float32
  ) throws {
    try ParameterWriter.write(
      source, config: config, provenance: origin, precision: precision, to: path)
  }

  @Test("npz → own → npz gives byte-equal files, whose network is recognised")
  func roundTrip() throws {
    try withScratchFolder { folder in
      try write(source, folder + "/a.npz")
      let first = try ParameterFile(path: folder + "/a.npz")
      #expect(first.config.name == "tiny")
      try write(first, folder + "/b.h5", first.config)
      let own = try ParameterFile(path: folder + "/b.h5")
      #expect(own.config == first.config)
      #expect(own.provenance?.source == origin.source)
      try write(own, folder + "/c.npz", own.config)
      let before = try Data(contentsOf: URL(fileURLWithPath: folder + "/a.npz"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/c.npz")) == before)
      for key in source.keys { #expect(try own.floats(for: key) == source.floats(for: key)) }
    }
  }

  @Test("bf16 files round the trunk's matrices to nearest and keep all else exact")
  func brainFloats() throws {
    try withScratchFolder { folder in
      try write(source, folder + "/a.h5", .tiny, .bfloat16)
      let file = try ParameterFile(path: folder + "/a.h5", expecting: .tiny)
      for spec in FoldingConfig.tiny.parameterManifest {
        let exact = try source.floats(for: spec.key)
        let isMatrix = spec.inputAxes > 0 && spec.key.contains("iteration/evoformer/")
        #expect(file.storesBFloat16(spec.key) == isMatrix, "\(spec.key)")
        let expected = isMatrix ? exact.map { Float(BFloat16($0)) } : exact
        #expect(try file.floats(for: spec.key) == expected, "\(spec.key)")
        #expect(try file.bfloat16(for: spec.key) == exact.map { BFloat16($0) }, "\(spec.key)")
      }
    }
  }

  @Test("missing, surplus and misshapen arrays are counted and named in one line")
  func differences() throws {
    try withScratchFolder { folder in
      let bias = root + "distogram_head/half_logits//bias"
      let scale = root + "evoformer/prev_pair_norm//scale"
      let point = root + "structure_module/fold_iteration/affine_update//weights"
      let changed = ChangedParameters(
        base: source,
        changes: [
          "extra//array": NDArray(repeating: 1, shape: [3]),
          scale: NDArray(repeating: 1, shape: [7]),
        ], removed: [bias, point])
      try NumpyArchive.write(to: folder + "/a.npz", names: changed.keys) {
        .float32(try changed.floats(for: $0))
      }
      let text = message { _ = try ParameterFile(path: folder + "/a.npz") }
      #expect(
        text == "\(folder)/a.npz: does not fit tiny: 2 missing: distogram_head/half_logits//bias, "
          + "structure_module/fold_iteration/affine_update//weights; 1 surplus: extra//array; "
          + "1 misshapen: evoformer/prev_pair_norm//scale [7] instead of [16]; "
          + "is this file for another preset? "
          + "'helixfold weights inspect \(folder)/a.npz' says what it holds")
    }
  }

  @Test("weights of another preset are refused in a line of readable length")
  func otherPreset() throws {
    try withScratchFolder { folder in
      var small = FoldingConfig.tiny
      small.template = nil
      small.heads.alignedError = nil
      let path = folder + "/a.npz"
      try write(RecipeParameters(small, seed: 1), path, small)
      let text = message { _ = try ParameterFile(path: path, expecting: .tiny) }
      let missing =
        FoldingConfig.tiny.parameterManifest.count - small.parameterManifest.count
      #expect(text.contains("does not fit tiny: \(missing) missing: evoformer/template_embedding"))
      #expect(text.contains(", …; is this file for another preset?"))
      #expect(!text.contains("predicted_aligned_error_head/logits//weights"))
      #expect(!text.contains("surplus"))
      #expect(text.count - 2 * path.count < 800)
    }
  }

  @Test("every size that shapes show is recognised")
  func inference() throws {
    var config = FoldingConfig.tiny
    config.name = "custom"
    config.evoformer = EvoformerConfig(blocks: 3, msaHeads: 3, msaHeadChannels: 5)
    config.evoformer.transitionFactor = 3
    config.channels.msa = 12
    config.channels.pair = 10
    config.channels.maxRelativePosition = 8
    config.template?.blocks = 2
    config.template?.pointwiseHeads = 3
    config.template?.distanceBins = 11
    config.structure.pointValue = 5
    config.structure.scalarValue = 6
    config.structure.sidechainBlocks = 3
    config.structure.transitionLayers = 2
    config.heads.distogramBins = 20
    let shapes = Dictionary(
      uniqueKeysWithValues: config.parameterManifest.map { ($0.key, $0.shape) })
    let found = try PresetInference.config(of: shapes, path: "x.npz")
    #expect(ParameterDifferences(shapes, found).isEmpty)
    #expect(found.evoformer.blocks == 3)
    #expect(found.structure.pointValue == 5)
  }

  @Test(
    "released networks are recognised; the file name tells twins apart",
    arguments: [
      ("params_model_1.npz", "model_1", "model_1"), ("params_model_2.npz", "model_2", "model_2"),
      ("weights.npz", "model_5", "model_3"),
      ("params_model_4_ptm.npz", "model_4_ptm", "model_4_ptm"),
      ("params_model_1.npz", "model_3", "model_3"),
    ])
  func presets(file: String, arrays: String, expected: String) throws {
    let manifest = try #require(FoldingConfig.preset(named: arrays)).parameterManifest
    let shapes = Dictionary(uniqueKeysWithValues: manifest.map { ($0.key, $0.shape) })
    let found = try PresetInference.config(of: shapes, path: file)
    #expect(found.name == expected)
  }

  @Test("the report counts, verifies and names what is wrong, a line each")
  func report() throws {
    try withScratchFolder { folder in
      let bias = root + "distogram_head/half_logits//bias"
      let broken = ChangedParameters(
        base: source, changes: [bias: NDArray(repeating: .nan, shape: [64])])
      try write(broken, folder + "/a.h5", .tiny, .bfloat16)
      let report = try ParameterReport(ParameterFile(inspecting: folder + "/a.h5"))
      #expect(throws: WeightsError.notFinite(file: folder + "/a.h5", key: bias)) {
        _ = try ParameterFile(path: folder + "/a.h5").floats(for: bias)
      }
      let manifest = FoldingConfig.tiny.parameterManifest
      #expect(report.arrays == manifest.count)
      #expect(report.parameters == manifest.reduce(0) { $0 + $1.count })
      #expect(report.types.values.reduce(0, +) == manifest.count)
      #expect(report.nonFinite == [bias])
      #expect(!report.isSound)
      #expect(report.lines.contains("  not finite   \(bias)"))
      #expect(report.lines.last == "  not usable as tiny")
      try write(source, folder + "/b.npz")
      #expect(try ParameterReport(ParameterFile(path: folder + "/b.npz")).isSound)
    }
  }

  @Test("the report names the network that a file of ours is compared with, and its other settings")
  func comparedReport() throws {
    try withScratchFolder { folder in
      var other = FoldingConfig.tiny
      other.name = "other"
      other.structure.start = .torsions
      try write(source, folder + "/a.h5")
      let file = try ParameterFile(inspecting: folder + "/a.h5", config: other)
      let report = try ParameterReport(file, comparedWith: other)
      #expect(report.lines.contains("  preset       tiny"))
      #expect(report.lines.last == "  not usable as other")
      #expect(report.lines.contains { $0.hasPrefix("  setting      structure.start") })
    }
  }

  @Test(
    "parameters of AlphaFold-Multimer are called so",
    arguments: [
      "evoformer/~_relative_encoding/position_activations//bias",
      "evoformer/evoformer_iteration/triangle_multiplication_outgoing/projection//bias",
    ])
  func multimer(key: String) throws {
    try withScratchFolder { folder in
      let path = folder + "/params_model_1_v3.npz"
      try NumpyArchive.write(
        [(root + key, .float32(NDArray(repeating: 0, shape: [2])))], to: path)
      #expect(
        message { _ = try ParameterFile(inspecting: path) }.contains(
          "parameters of AlphaFold-Multimer, but only single chains are supported"))
    }
  }

  @Test("the network that is expected is checked")
  func expectedNetwork() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.npz"
      try write(source, path)
      #expect(try ParameterFile(path: path, expecting: .tiny).config.name == "tiny")
      let other = try #require(FoldingConfig.preset(named: "model_1"))
      #expect(
        message { _ = try ParameterFile(path: path, expecting: other) }
          .contains("does not fit model_1"))
    }
  }

  @Test("another block order is refused")
  func blockOrder() throws {
    try withScratchFolder { folder in
      var parallel = FoldingConfig.tiny
      parallel.blockOrder = .parallel
      try write(source, folder + "/a.h5", parallel)
      try write(source, folder + "/a.npz")
      let own = message { _ = try ParameterFile(path: folder + "/a.h5", expecting: .tiny) }
      #expect(own.contains("block order 'parallel', the configuration asks for 'serial'"))
      let npz = message { _ = try ParameterFile(path: folder + "/a.npz", expecting: parallel) }
      #expect(npz.contains("block order 'serial', the configuration asks for 'parallel'"))
    }
  }

  @Test("settings that change what a network does with its parameters are part of a file")
  func function() throws {
    try withScratchFolder { folder in
      var other = FoldingConfig.tiny
      other.evoformer.outerProduct = .covariance
      other.heads.distogramLastBreak = 40
      try write(source, folder + "/a.h5", other)
      let refused = message { _ = try ParameterFile(path: folder + "/a.h5", expecting: .tiny) }
      #expect(
        refused.contains(
          "evoformer.outerProduct covariance against mean; heads.distogramLastBreak 40 against "))
      // What a user may choose: passes, rows, dropout, the name.
      other.recycles = 7
      other.sampling.maxClusters = 3
      other.evoformer.pairDropout = 0
      other.name = "mine"
      #expect(try ParameterFile(path: folder + "/a.h5", expecting: other).config.recycles != 7)
    }
  }

  @Test("other files are refused in one line")
  func otherFiles() throws {
    try withScratchFolder { folder in
      #expect(message { _ = try ParameterFile(path: folder + "/a.bin") }.contains("no such file"))
      try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/a.bin"))
      #expect(message { _ = try ParameterFile(path: folder + "/a.bin") }.contains("unknown ending"))
      let array = AnyNDArray.float32(NDArray(repeating: 0, shape: [2]))
      try NumpyArchive.write([("x", array)], to: folder + "/a.npz")
      #expect(
        message { _ = try ParameterFile(path: folder + "/a.npz") }.contains("no known network"))
      try HDF5File.write(to: folder + "/a.h5") { try $0.write(array, to: "x") }
      #expect(message { _ = try ParameterFile(path: folder + "/a.h5") }.contains("format"))
    }
  }
}

@Suite("damaged parameter files")
struct DamagedParameterTests {
  /// A network so small that its file can be damaged everywhere.
  private static let mini: FoldingConfig = {
    var config = FoldingConfig.tiny
    config.template = nil
    config.evoformer.blocks = 1
    return config
  }()

  /// Whether all arrays can be read; their values must then be those written.
  private func isIntact(_ path: String, _ written: [String: NDArray<Float>]) -> Bool {
    guard let file = try? ParameterFile(path: path, expecting: Self.mini) else { return false }
    for (key, expected) in written {
      guard let values = try? file.floats(for: key) else { return false }
      guard values == expected else {
        Issue.record("\(key) differs unnoticed")
        return false
      }
    }
    return true
  }

  @Test("a flipped bit changes no value of our own file unnoticed, at every 3,989th byte")
  func flippedBits() throws {
    let source = RecipeParameters(Self.mini, seed: 2)
    var written: [String: NDArray<Float>] = [:]
    for key in source.keys { written[key] = try source.floats(for: key) }
    try withScratchFolder { folder in
      let path = folder + "/a.h5"
      try ParameterWriter.write(source, config: Self.mini, provenance: origin, to: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(isIntact(path, written))
      for position in stride(from: 0, to: whole.count, by: 3_989) {
        var damaged = whole
        damaged[position] ^= 1 << UInt8(position % 8)
        try damaged.write(to: URL(fileURLWithPath: folder + "/b.h5"))
        _ = isIntact(folder + "/b.h5", written)
      }
    }
  }

  @Test("a flipped bit in the values of an array is an error that names it")
  func flippedValue() throws {
    let source = RecipeParameters(Self.mini, seed: 2)
    let key = root + "predicted_lddt_head/act_0//weights"
    try withScratchFolder { folder in
      let path = folder + "/a.h5"
      try ParameterWriter.write(source, config: Self.mini, provenance: origin, to: path)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      let pattern = try source.floats(for: key).values.prefix(8).withUnsafeBytes { Data($0) }
      let place = try #require(bytes.range(of: pattern))
      bytes[place.lowerBound + 5] ^= 4
      try bytes.write(to: URL(fileURLWithPath: path))
      let file = try ParameterFile(path: path)
      #expect(message { _ = try file.floats(for: key) }.contains("'\(key)': checksum differs"))
      _ = try file.floats(for: root + "predicted_lddt_head/act_1//weights")
    }
  }

  @Test("a changed description is refused on opening")
  func changedDescription() throws {
    let source = RecipeParameters(Self.mini, seed: 2)
    try withScratchFolder { folder in
      let path = folder + "/a.h5"
      try ParameterWriter.write(source, config: Self.mini, provenance: origin, to: path)
      let original = try HDF5File.open(path: path)
      try HDF5File.write(to: folder + "/b.h5") { file in
        for name in try original.datasets(under: "parameters") {
          let array: AnyNDArray = try original.read(name)
          try file.write(array, to: name)
          let checksum = try #require(try original.attribute(OwnLayout.arrayChecksum, of: name))
          try file.setAttribute(OwnLayout.arrayChecksum, to: checksum, on: name)
        }
        for name in ["format", "config", "source", "licence", "values", "checksum"] {
          try file.setAttribute(name, to: #require(try original.attribute(name)))
        }
        try file.setAttribute("format_version", to: .integer(1))
        try file.setAttribute("licence", to: .text("all yours"))
      }
      let text = message { _ = try ParameterFile(path: folder + "/b.h5") }
      #expect(text.contains("checksum: the file has changed since it was written"))
    }
  }
}
