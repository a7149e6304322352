import AtomicFiles
import FoldingCore
import NumericArrays
import Testing

@testable import Weights

@Suite("generated parameters")
struct GeneratedTests {
  @Test(
    "the recipe gives the oracle's first values, seed 1",
    arguments: [
      (
        "distogram_head/half_logits//bias", [64],
        [Float(0.1612590253353119), Float(0.1512606143951416)]
      ),
      (
        "distogram_head/half_logits//weights", [128, 64],
        [Float(0.1506430059671402), Float(-0.02336938865482807)]
      ),
      (
        "evoformer/evoformer_iteration/msa_column_attention/attention//gating_b", [2, 8, 32],
        [Float(1.0312761068344116), Float(0.8371067047119141)]
      ),
      (
        "evoformer/evoformer_iteration/msa_column_attention/attention//gating_w", [2, 256, 8, 32],
        [Float(-0.06700624525547028), Float(-0.028624966740608215)]
      ),
    ])
  func recipe(key: String, shape: [Int], first: [Float]) {
    let array = RecipeParameters.array(key: root + key, shape: shape, seed: 1)
    #expect(array.shape == shape)
    #expect(Array(array.values.prefix(2)) == first)
  }

  @Test("initial values: branches end in zeros, gates are open, norms are the identity")
  func constants() throws {
    let source = InitialParameters(.tiny, seed: 3)
    let block = root + "evoformer/evoformer_iteration/"
    for (key, value) in [
      ("msa_transition/transition2//weights", Float(0)), ("outer_product_mean//output_w", 0),
      ("msa_column_attention/attention//output_w", 0),
      ("msa_column_attention/attention//gating_w", 0),
      ("msa_column_attention/attention//gating_b", 1),
      ("triangle_multiplication_outgoing/left_gate//bias", 1),
      ("triangle_multiplication_outgoing/left_gate//weights", 0),
      ("pair_transition/input_layer_norm//scale", 1),
    ] {
      let values = try source.floats(for: block + key).values
      #expect(values.allSatisfy { $0 == value }, "\(key)")
    }
  }

  @Test("initial matrices have the stated mean, deviation and bounds")
  func distributions() throws {
    let source = InitialParameters(FoldingConfig(), seed: 3)
    let cut = 2 / 0.8796256610342398
    let cases: [(key: String, variance: Double, bound: Double)] = [
      ("evoformer/left_single//weights", 1.0 / 22, cut),
      ("predicted_lddt_head/act_0//weights", 2.0 / 384, cut),
      ("evoformer/template_embedding/attention//query_w", 2.0 / 192, 3.0.squareRoot()),
    ]
    for (key, variance, bound) in cases {
      let deviation = variance.squareRoot()
      let values = try source.floats(for: root + key).values.map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let found = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
      let error = 5 / Double(values.count).squareRoot()  // five standard errors
      #expect(abs(mean) < error * deviation, "\(key)")
      #expect(abs(found.squareRoot() / deviation - 1) < error, "\(key)")
      #expect(values.allSatisfy { abs($0) <= bound * deviation * 1.0001 }, "\(key)")
    }
  }

  @Test("an array depends on key and seed only")
  func determinism() throws {
    let key = root + "evoformer/preprocess_msa//weights"
    let first = try InitialParameters(.tiny, seed: 3).floats(for: key)
    #expect(try InitialParameters(.tiny, seed: 3).floats(for: key) == first)
    #expect(try InitialParameters(.tiny, seed: 4).floats(for: key) != first)
    let other = try InitialParameters(.tiny, seed: 3).floats(
      for: root + "evoformer/left_single//weights")
    #expect(other.values.prefix(8) != first.values.prefix(8))
  }

  @Test(
    "local initial values: the first head of each block prefers its place by a logit of 4 or more, the rest is as published"
  )
  func localValues() throws {
    let config = FoldingConfig.mini
    let (local, published) = (
      LocalInitialParameters(config, seed: 3), InitialParameters(config, seed: 3)
    )
    #expect(local.keys == published.keys)
    let changed = try local.keys.filter { try local.floats(for: $0) != published.floats(for: $0) }
    let expected = [
      "pair_activiations//weights", "left_single//weights", "right_single//weights",
      "feat_2d_weights", "incoming/left_projection//weights", "incoming/left_gate//weights",
      "incoming/left_gate//bias", "outgoing/right_projection//weights",
      "outgoing/right_gate//weights", "outgoing/right_gate//bias",
    ]
    for key in changed { #expect(expected.contains { key.hasSuffix($0) }, "\(key)") }
    for part in expected { #expect(changed.contains { $0.hasSuffix(part) }, "\(part)") }

    // Two residues of one type, d apart: the pair representation is the sum of three rows.
    let c = config.channels.pair
    let row = { (key: String, index: Int) in
      let values = try local.floats(for: root + "evoformer/" + key).values
      return Array(values[index * c..<(index + 1) * c])
    }
    let types = zip(try row("left_single//weights", 5), try row("right_single//weights", 5)).map(+)
    let bias = try local.floats(
      for: root + "evoformer/evoformer_iteration/msa_row_attention_with_pair_bias//feat_2d_weights")
    let heads = config.evoformer.msaHeads
    for (block, place) in [-1, -3, -1, -4].enumerated() {
      let logits = try (-32...32).map { d -> Float in
        let z = zip(try row("pair_activiations//weights", d + 32), types).map(+)
        let mean = z.reduce(0, +) / Float(c)
        let deviation = (z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(c)).squareRoot()
        return (0..<c).reduce(0) {
          $0 + (z[$1] - mean) / deviation * bias.values[(block * c + $1) * heads]
        }
      }
      let others = logits.indices.filter { $0 != place + 32 }.map { logits[$0] }.max() ?? 0
      #expect(logits[place + 32] > others + 4, "block \(block): \(logits[place + 32]), \(others)")
    }
  }

  @Test("CRC-64/XZ has its check value, however the bytes are cut")
  func checksum() {
    var whole = CyclicRedundancyCheck64()
    whole.update("123456789")
    #expect(whole.value == 0x995D_C9BB_DF19_39FA)
    #expect(CyclicRedundancyCheck64().text == "0000000000000000")
    let text = String(repeating: "IEEVMKLR", count: 9) + "K"
    var once = CyclicRedundancyCheck64()
    once.update(text)
    for cut in 0...text.utf8.count {
      var parts = CyclicRedundancyCheck64()
      parts.update(String(text.prefix(cut)))
      parts.update(String(text.dropFirst(cut)))
      #expect(parts.value == once.value)
    }
  }
}
