import FoldingCore
import Foundation

/// Infers the network that a set of arrays belongs to from their names and shapes.
///
/// Every size is read from one array that shows it. A released network takes precedence over sizes read this way if it differs from
/// the file in no more arrays, so that a single damaged array is reported as such, not as a new kind of network.
enum PresetInference {
  /// The network that differs least from the arrays of the given shapes.
  static func config(of shapes: [String: [Int]], path: String) throws -> FoldingConfig {
    guard shapes.keys.contains(where: { $0.hasPrefix(OfficialKey.root) }) else {
      let names = shapes.keys.sorted().prefix(3).joined(separator: ", ")
      throw WeightsError.unrecognised(
        file: path, reason: "no array of AlphaFold2's, but \(names.isEmpty ? "nothing" : names)")
    }
    let inferred = Sizes(shapes: shapes).config
    let candidates = presets(named: path) + [inferred]
    let ranked = candidates.map { (config: $0, count: ParameterDifferences(shapes, $0).count) }
    let best = ranked.dropFirst().reduce(ranked[0]) { $1.count < $0.count ? $1 : $0 }
    return best.config
  }

  /// Throws for parameters of AlphaFold-Multimer, or with its merged projections, which no network here has.
  static func refuseMultimer(_ shapes: [String: [Int]], path: String) throws {
    let marks = ["/~_relative_encoding/", "_outgoing/projection//", ".tri_mul_out.linear_ab_p."]
    guard shapes.keys.contains(where: { key in marks.contains { key.contains($0) } }) else {
      return
    }
    throw WeightsError.unrecognised(
      file: path, reason: "parameters of AlphaFold-Multimer, but only single chains are supported")
  }

  /// Released networks, those whose name occurs in the file name first, longer names before shorter ones.
  private static func presets(named path: String) -> [FoldingConfig] {
    let file = URL(fileURLWithPath: path).lastPathComponent
    let hinted = FoldingConfig.presets.filter { file.contains($0.name) }
      .sorted { $0.name.count > $1.name.count }
    return hinted + FoldingConfig.presets.filter { !file.contains($0.name) }
  }
}

/// Reads sizes from the shapes of arrays; sizes that no array shows keep their released values.
private struct Sizes {
  /// No width, depth or number of heads reaches this; products of sizes then fit.
  private static let largest = 1 << 14

  let shapes: [String: [Int]]

  var config: FoldingConfig {
    var config = FoldingConfig()
    config.name = "custom"
    readTrunk(&config)
    read(&config.evoformer, OfficialKey.stacks[0])
    read(&config.extraMSA, OfficialKey.stacks[1])
    config.template = template
    readStructure(&config)
    readHeads(&config)
    return config
  }

  private func axis(_ key: String, _ index: Int) -> Int? {
    guard let shape = shapes[OfficialKey.root + key], shape.indices.contains(index) else {
      return nil
    }
    return (1...Self.largest).contains(shape[index]) ? shape[index] : nil
  }

  private func set(_ size: inout Int, _ key: String, _ index: Int) {
    if let found = axis(key, index) { size = found }
  }

  private func readTrunk(_ config: inout FoldingConfig) {
    set(&config.channels.msa, "evoformer/preprocess_1d//bias", 0)
    set(&config.channels.pair, "evoformer/left_single//bias", 0)
    set(&config.channels.single, "evoformer/single_activations//bias", 0)
    set(&config.channels.extraMSA, "evoformer/extra_msa_activations//bias", 0)
    set(&config.channels.recycleBins, "evoformer/prev_pos_linear//weights", 0)
    if let positions = axis("evoformer/pair_activiations//weights", 0) {
      config.channels.maxRelativePosition = (positions - 1) / 2
    }
  }

  private func read(_ stack: inout EvoformerConfig, _ scope: String) {
    set(&stack.blocks, scope + "outer_product_mean//output_b", 0)
    let row = scope + "msa_row_attention_with_pair_bias/attention//gating_b"
    set(&stack.msaHeads, row, 1)
    set(&stack.msaHeadChannels, row, 2)
    let triangle = scope + "triangle_attention_starting_node/attention//gating_b"
    set(&stack.pairHeads, triangle, 1)
    set(&stack.pairHeadChannels, triangle, 2)
    set(
      &stack.triangleChannels, scope + "triangle_multiplication_outgoing/left_projection//bias", 1)
    set(&stack.outerProductChannels, scope + "outer_product_mean/left_projection//bias", 1)
    readFactor(&stack.transitionFactor, scope)
  }

  private func readFactor(_ factor: inout Int, _ scope: String) {
    let key = scope + "pair_transition/transition1//weights"
    if let narrow = axis(key, 1), let wide = axis(key, 2), wide >= narrow {
      factor = wide / narrow
    }
  }

  private var template: TemplateConfig? {
    let scope = "evoformer/template_embedding/"
    let stack = OfficialKey.stacks[2]
    guard shapes.keys.contains(where: { $0.hasPrefix(OfficialKey.root + scope) }) else {
      return nil
    }
    var template = TemplateConfig()
    set(&template.blocks, stack + "pair_transition/transition1//bias", 0)
    set(&template.channels, scope + "single_template_embedding/embedding2d//bias", 0)
    let triangle = stack + "triangle_attention_starting_node/attention//gating_b"
    set(&template.pairHeads, triangle, 1)
    set(&template.pairHeadChannels, triangle, 2)
    set(
      &template.triangleChannels, stack + "triangle_multiplication_outgoing/left_projection//bias",
      1)
    readFactor(&template.transitionFactor, stack)
    set(&template.pointwiseHeads, scope + "attention//query_w", 1)
    set(&template.pointwiseHeadChannels, scope + "attention//query_w", 2)
    if let inputs = axis(scope + "single_template_embedding/embedding2d//weights", 0),
      inputs > FeatureWidths.templatePairWithoutBins
    {
      template.distanceBins = inputs - FeatureWidths.templatePairWithoutBins
    }
    template.embedsTorsions = axis("evoformer/template_projection//bias", 0) != nil
    return template
  }

  private func readStructure(_ config: inout FoldingConfig) {
    let fold = "structure_module/fold_iteration/"
    let attention = fold + "invariant_point_attention"
    set(&config.structure.heads, attention + "//trainable_point_weights", 0)
    let heads = config.structure.heads
    func perHead(_ key: String, _ width: Int) -> Int? {
      axis("\(attention)/\(key)//bias", 0).map { $0 / (heads * width) }
    }
    if let queries = perHead("q_scalar", 1), let both = perHead("kv_scalar", 1), both > queries {
      config.structure.scalarQueryKey = queries
      config.structure.scalarValue = both - queries
    }
    if let queries = perHead("q_point_local", 3), let both = perHead("kv_point_local", 3),
      both > queries
    {
      config.structure.pointQueryKey = queries
      config.structure.pointValue = both - queries
    }
    config.structure.transitionLayers = count(fold + "transition", of: 8)
    set(&config.structure.sidechainChannels, fold + "rigid_sidechain/input_projection//bias", 0)
    config.structure.sidechainBlocks = count(fold + "rigid_sidechain/resblock1", of: 8)
  }

  /// Number of consecutive `name`, `name_1`, `name_2` …, at least one.
  private func count(_ name: String, of limit: Int) -> Int {
    (1..<limit).first { axis("\(name)_\($0)//bias", 0) == nil } ?? limit
  }

  private func readHeads(_ config: inout FoldingConfig) {
    set(&config.heads.distogramBins, "distogram_head/half_logits//bias", 0)
    set(&config.heads.maskedMSAClasses, "masked_msa_head/logits//bias", 0)
    set(&config.heads.confidenceBins, "predicted_lddt_head/logits//bias", 0)
    set(&config.heads.confidenceChannels, "predicted_lddt_head/act_0//bias", 0)
    if let bins = axis("predicted_aligned_error_head/logits//bias", 0) {
      var error = AlignedErrorConfig()
      error.bins = bins
      config.heads.alignedError = error
    }
  }
}
