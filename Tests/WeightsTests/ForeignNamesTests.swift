import BasicTestSupport
import FoldingCore
import Foundation
import NumericArrays
import Testing

@testable import ArrayFiles
@testable import Weights

@Suite("names and layouts of other programs")
struct ForeignNamesTests {
  /// Official array number `k` of the fixtures counts up from 1000 k.
  private func expectRamp(_ array: NDArray<Float>, _ k: Int, _ shape: [Int], _ note: Comment) {
    #expect(array.shape == shape, note)
    #expect(array.values == (0..<array.count).map { Float(1000 * k + $0) }, note)
  }

  private static let block = root + "evoformer/evoformer_iteration/"

  @Test(
    "OpenFold's arrays of both versions are transposed, split and stacked",
    arguments: [
      ("msa_row_attention_with_pair_bias/attention//query_w", 0, [2, 16, 2, 8]),
      ("msa_row_attention_with_pair_bias/attention//key_w", 1, [2, 16, 2, 8]),
      ("msa_row_attention_with_pair_bias/attention//value_w", 2, [2, 16, 2, 8]),
      ("msa_row_attention_with_pair_bias/attention//gating_b", 3, [2, 2, 8]),
      ("msa_row_attention_with_pair_bias/attention//output_w", 4, [2, 2, 8, 16]),
      ("msa_row_attention_with_pair_bias//feat_2d_weights", 5, [2, 16, 2]),
      ("triangle_multiplication_incoming/left_projection//weights", 6, [2, 16, 16]),
      ("triangle_multiplication_incoming/right_projection//weights", 7, [2, 16, 16]),
      ("triangle_multiplication_outgoing/left_gate//bias", 8, [2, 16]),
      ("outer_product_mean//output_w", 9, [2, 8, 8, 16]),
    ])
  func openFoldBlocks(key: String, k: Int, shape: [Int]) throws {
    let file = try ParameterFile(inspecting: fixture("openfold_part.pt"), config: .tiny)
    expectRamp(try file.floats(for: Self.block + key), k, shape, "\(key)")
  }

  @Test("OpenFold's arrays outside the blocks are found; what is missing or unknown is named")
  func openFoldTops() throws {
    let file = try ParameterFile(inspecting: fixture("openfold_part.pt"), config: .tiny)
    #expect(file.config.name == "tiny")
    let global = "evoformer/extra_msa_stack/msa_column_global_attention/attention//key_w"
    expectRamp(try file.floats(for: root + global), 10, [1, 16, 8], "global key")
    let relpos = "evoformer/pair_activiations//weights"
    expectRamp(try file.floats(for: root + relpos), 11, [65, 16], "relative positions")
    let points =
      "structure_module/fold_iteration/invariant_point_attention//trainable_point_weights"
    expectRamp(try file.floats(for: root + points), 12, [2], "point weights")
    expectRamp(
      try file.floats(for: root + "predicted_lddt_head/act_0//weights"), 13, [16, 16], "act_0")
    #expect(file.differences.surplus == ["something.else"])
    #expect(file.differences.misshapen.isEmpty)
    #expect(file.differences.missing.count == FoldingConfig.tiny.parameterManifest.count - 14)
  }

  @Test("HelixFold's merged projections, pairs and plain arrays are read")
  func helixFold() throws {
    let file = try ParameterFile(inspecting: fixture("helixfold_part.pdparams"))
    let attention = Self.block + "msa_row_attention_with_pair_bias/attention//"
    for (k, name) in ["query_w", "key_w", "value_w"].enumerated() {
      expectRamp(try file.floats(for: attention + name), k, [2, 16, 2, 8], "\(name)")
    }
    expectRamp(try file.floats(for: attention + "gating_b"), 3, [2, 2, 8], "gating_b")
    let gate = "triangle_multiplication_outgoing/left_gate//bias"
    expectRamp(try file.floats(for: Self.block + gate), 8, [2, 16], "gate")
    let global = "evoformer/extra_msa_stack/msa_column_global_attention/attention//key_w"
    expectRamp(try file.floats(for: root + global), 10, [1, 16, 8], "global key")
    #expect(file.differences.surplus.isEmpty)
    #expect(file.blockOrder == nil)
  }

  @Test("every array has a place of its own in both programs")
  func distinctPlaces() {
    for config in FoldingConfig.presets {
      var openFold: Set<String> = [], helixFold: Set<String> = []
      for spec in config.parameterManifest {
        let key = OfficialKey(spec.key)
        for block in 0..<(spec.isStacked ? spec.shape[0] : 1) {
          let block = spec.isStacked ? block : nil
          let place = OpenFoldNames.places(of: key, block: block).first?.name ?? "none"
          #expect(openFold.insert(place).inserted, "\(spec.key) \(place)")
          let other = HelixFoldNames.places(of: key, block: block).last?.name ?? "none"
          #expect(helixFold.insert(other).inserted, "\(spec.key) \(other)")
        }
      }
    }
  }

  @Test("model_1_ptm has 4,630 tensors in HelixFold, as its authors count them")
  func helixFoldTensorCount() throws {
    var config = try #require(FoldingConfig.preset(named: "model_1_ptm"))
    let deep = config.parameterManifest.reduce(0) { $0 + ($1.isStacked ? $1.shape[0] : 1) }
    config.evoformer.blocks = 1
    config.extraMSA.blocks = 1
    config.template?.blocks = 1
    let names = try HelixFoldNames.exported(ZeroParameters(config: config), config: config)
    let merged = names.keys.filter { $0.hasSuffix("qkv_w") }
    let perBlock = { (stack: String) in merged.count { $0.contains(stack) } }
    let saved =
      2
      * (48 * perBlock("evoformer_iteration") + 4 * perBlock("extra_msa_stack")
        + 2 * perBlock("template_pair_stack"))
    #expect(deep - saved == 4_630)
  }

  @Test("a whole network survives the way to each program and back")
  func roundTrip() throws {
    let source = RecipeParameters(.tiny, seed: 5)
    let openFold = try OpenFoldNames.exported(source, config: .tiny)
    let helixFold = try HelixFoldNames.exported(source, config: .tiny)
    let stores = [
      try ForeignStore(
        path: "x.pt", arrays: openFold.mapValues(pickled), naming: OpenFoldNames.self,
        expected: .tiny),
      try ForeignStore(
        path: "x.pdparams", arrays: helixFold.mapValues(pickled), naming: HelixFoldNames.self,
        expected: nil),
    ]
    for store in stores {
      #expect(ParameterDifferences(store.shapes, .tiny).isEmpty, "\(store.path)")
      for key in source.keys {
        #expect(try store.array(for: key) == .float32(source.floats(for: key)), "\(key)")
      }
    }
  }

  @Test("whole numbers are no parameters; blocks of two types are held in the wider one")
  func types() throws {
    let source = RecipeParameters(.tiny, seed: 5)
    let names = try HelixFoldNames.exported(source, config: .tiny)
    func store(_ changed: (String) -> Bool, _ type: ElementType) throws -> ForeignStore {
      let arrays = names.map { name, array in
        (name, changed(name) ? pickled(array, as: type) : pickled(array))
      }
      return try ForeignStore(
        path: "x.pdparams", arrays: Dictionary(uniqueKeysWithValues: arrays),
        naming: HelixFoldNames.self, expected: nil)
    }
    let key = try #require(source.keys.first { $0.contains("evoformer_iteration") })
    let integers = try store({ _ in true }, ElementType(.int32, size: 4))
    #expect(message { _ = try integers.array(for: key) }.contains("is of type int32"))
    let mixed = try store({ $0.contains(".0.") }, ElementType(.uint16, size: 2))
    let wide = try source.floats(for: key)
    guard case .float32(let found) = try mixed.array(for: key) else {
      Issue.record("not in single precision")
      return
    }
    let half = wide.count / wide.shape[0]
    #expect(Array(found.values[half...]) == Array(wide.values[half...]))
    #expect(
      zip(found.values[..<half], wide.values[..<half]).allSatisfy { abs($0 - $1) <= abs($1) / 256 })
  }

  @Test("a block of another shape, an array without elements and one that fits no layout are named")
  func unfitArrays() throws {
    let source = RecipeParameters(.tiny, seed: 5)
    let helixFold = try HelixFoldNames.exported(source, config: .tiny)
    let openFold = try OpenFoldNames.exported(source, config: .tiny)
    /// What is said of a file with one array of another shape.
    func refusal<Naming: ForeignNaming>(
      of naming: Naming.Type, _ arrays: [String: NDArray<Float>], _ name: String, _ shape: [Int],
      expecting config: FoldingConfig? = nil
    ) throws -> String {
      var arrays = arrays
      _ = try #require(arrays[name])
      arrays[name] = NDArray(repeating: 0, shape: shape)
      return message {
        _ = try ForeignStore(
          path: "x", arrays: arrays.mapValues(pickled), naming: naming, expected: config)
      }
    }
    let second = "alphafold_iteration.evoformer.evoformer_iteration.1.msa_transition.transition1"
    #expect(
      try refusal(of: HelixFoldNames.self, helixFold, second + ".bias", [3])
        == "x: '\(second).bias' has shape [3], expected [32] like the other blocks")
    let single = "alphafold_iteration.evoformer.preprocess_1d.weight"
    #expect(
      try refusal(of: HelixFoldNames.self, helixFold, single, [0, 16])
        == "x: '\(single)' has shape [0, 16], expected at least one element")
    #expect(
      try refusal(
        of: OpenFoldNames.self, openFold, "input_embedder.linear_tf_m.weight", [352],
        expecting: .tiny)
        == "x: 'input_embedder.linear_tf_m.weight' has shape [352], expected one that fits [22, 16]"
    )
  }

  @Test("arrays that one block in the middle lacks are named as missing, and no others")
  func missingBlock() throws {
    var config = FoldingConfig.tiny
    config.evoformer.blocks = 3
    let names = try OpenFoldNames.exported(RecipeParameters(config, seed: 5), config: config)
    let isBlock = { (name: String) in name.hasPrefix("evoformer.blocks.1.") }
    let store = try ForeignStore(
      path: "x.pt", arrays: names.filter { !isBlock($0.key) }.mapValues(pickled),
      naming: OpenFoldNames.self, expected: config)
    let found = ParameterDifferences(store.shapes, config, absent: store.absent)
    #expect(found.missing == names.keys.filter(isBlock).sorted())
    #expect(!found.missing.isEmpty && found.surplus.isEmpty && found.misshapen.isEmpty)
  }

  @Test("an array under its names of both versions of OpenFold is refused")
  func bothVersions() throws {
    let storage = "(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI1\ntQ"
    let tensor = "ctorch._utils\n_rebuild_tensor_v2\n(\(storage)I0\n(I1\nt(I1\ntI00\ntR"
    let current = "template_embedder.template_single_embedder.linear_1.bias"
    let pickle = "(dVtemplate_angle_embedder.linear_1.bias\n\(tensor)sV\(current)\n\(tensor)s."
    try withScratchFolder { folder in
      let path = folder + "/a.pt"
      try ZipWriter.write(to: path, names: ["a/data.pkl", "a/data/0"], deflated: false) { name in
        let bytes = name == "a/data.pkl" ? Array(pickle.utf8) : [0, 0, 0, 0]
        return FileContent(head: bytes, bodyCount: 0) { _ in }
      }
      let text = message { _ = try ForeignStore(openFold: path, config: .tiny) }
      #expect(
        text
          == "\(path): a second array '\(current)', under an older name or this one; expected one")
    }
  }

  private func pickled(_ array: NDArray<Float>, as type: ElementType) -> PickledArray {
    let bytes =
      type.size == 2
      ? array.values.map { BFloat16($0).bitPattern }.withUnsafeBytes { Array($0) }
      : array.values.map { Int32($0) }.withUnsafeBytes { Array($0) }
    return PickledArray(
      shape: array.shape,
      payload: .bytes(
        PickledBytes(file: FileBytes(path: "x", bytes: bytes), range: 0..<bytes.count), type,
        isColumnMajor: false), file: "x")
  }

  private func pickled(_ array: NDArray<Float>) -> PickledArray {
    let bytes = array.values.withUnsafeBytes { Array($0) }
    let file = FileBytes(path: "x", bytes: bytes)
    let type = ElementType(.float32, size: 4)
    return PickledArray(
      shape: array.shape,
      payload: .bytes(
        PickledBytes(file: file, range: 0..<bytes.count), type, isColumnMajor: false), file: "x")
  }
}

/// Zeros of the right shapes.
private struct ZeroParameters: ParameterSource {
  let config: FoldingConfig
  var keys: [String] { config.parameterManifest.map(\.key) }
  func shape(of key: String) -> [Int]? { config.parameterManifest.first { $0.key == key }?.shape }
  func floats(for key: String) throws -> NDArray<Float> {
    NDArray(repeating: 0, shape: try #require(shape(of: key)))
  }
}
