/// Collects parameter specifications scope by scope; one function for each module that occurs more than once.
struct ManifestBuilder {
  private(set) var specs: [ParameterSpec] = []
  private var scopes: [String] = []
  private var blocks: Int?
  private var part: BlockPart?

  /// Adds what `body` lists below a scope.
  mutating func scope(_ name: String, _ body: (inout ManifestBuilder) -> Void) {
    scopes.append(name)
    body(&self)
    scopes.removeLast()
  }

  /// Adds what `body` lists for one block, with a leading block axis.
  mutating func stack(_ name: String, blocks: Int, _ body: (inout ManifestBuilder) -> Void) {
    self.blocks = blocks
    scope(name, body)
    self.blocks = nil
  }

  /// Adds what `body` lists for one part of an Evoformer block.
  private mutating func part(_ part: BlockPart, _ body: (inout ManifestBuilder) -> Void) {
    self.part = part
    body(&self)
    self.part = nil
  }

  /// Adds one array of the current scope.
  mutating func parameter(
    _ name: String, _ shape: [Int], inputAxes: Int = 0, _ start: ParameterStart
  ) {
    specs.append(
      ParameterSpec(
        key: scopes.joined(separator: "/") + "//" + name,
        shape: (blocks.map { [$0] } ?? []) + shape,
        inputAxes: inputAxes, isStacked: blocks != nil, part: part, start: start))
  }

  /// Linear map with bias; `scale` 1 before linear, 2 before ReLU, 0 at the end of a residual branch.
  mutating func linear(
    _ name: String, _ input: Int, _ output: Int, scale: Float = 1, bias: Float = 0
  ) {
    scope(name) {
      $0.parameter(
        "weights", [input, output], inputAxes: 1,
        scale == 0 ? .constant(0) : .truncatedNormal(scale: scale))
      $0.parameter("bias", [output], .constant(bias))
    }
  }

  /// Layer normalisation: scale 1, offset 0.
  mutating func layerNorm(_ name: String, _ channels: Int) {
    scope(name) {
      $0.parameter("scale", [channels], .constant(1))
      $0.parameter("offset", [channels], .constant(0))
    }
  }

  /// Multi-head attention; global attention shares one key and value head.
  ///
  /// Suppl. Algorithms 7, 8, 13, 14, 17, 19.
  mutating func attention(
    query: Int, keys: Int, heads: Int, channels: Int, out: Int, isGated: Bool = true,
    isGlobal: Bool = false
  ) {
    let keyShape = isGlobal ? [keys, channels] : [keys, heads, channels]
    scope("attention") {
      $0.parameter("query_w", [query, heads, channels], inputAxes: 1, .glorotUniform)
      $0.parameter("key_w", keyShape, inputAxes: 1, .glorotUniform)
      $0.parameter("value_w", keyShape, inputAxes: 1, .glorotUniform)
      if isGated {
        $0.parameter("gating_w", [query, heads, channels], inputAxes: 1, .constant(0))
        $0.parameter("gating_b", [heads, channels], .constant(1))
      }
      $0.parameter("output_w", [heads, channels, out], inputAxes: 2, .constant(0))
      $0.parameter("output_b", [out], .constant(0))
    }
  }

  /// One Evoformer block; global column attention in the extra-MSA stack.
  ///
  /// Suppl. Algorithms 6 and 18.
  mutating func evoformerBlock(_ config: EvoformerConfig, msa: Int, pair: Int, isGlobal: Bool) {
    part(.msaTrack) {
      $0.scope("msa_row_attention_with_pair_bias") {
        $0.layerNorm("query_norm", msa)
        $0.layerNorm("feat_2d_norm", pair)
        $0.parameter(
          "feat_2d_weights", [pair, config.msaHeads], inputAxes: 1, .truncatedNormal(scale: 1))
        $0.attention(
          query: msa, keys: msa, heads: config.msaHeads, channels: config.msaHeadChannels, out: msa)
      }
      $0.scope(isGlobal ? "msa_column_global_attention" : "msa_column_attention") {
        $0.layerNorm("query_norm", msa)
        $0.attention(
          query: msa, keys: msa, heads: config.msaHeads, channels: config.msaHeadChannels,
          out: msa, isGlobal: isGlobal)
      }
      $0.transition("msa_transition", msa, factor: config.transitionFactor)
    }
    part(.outerProductMean) {
      $0.scope("outer_product_mean") {
        let c = config.outerProductChannels
        $0.layerNorm("layer_norm_input", msa)
        $0.linear("left_projection", msa, c)
        $0.linear("right_projection", msa, c)
        $0.parameter("output_w", [c, c, pair], inputAxes: 2, .constant(0))
        $0.parameter("output_b", [pair], .constant(0))
      }
    }
    part(.pairTrack) {
      $0.pairTrack(
        pair, heads: config.pairHeads, headChannels: config.pairHeadChannels,
        triangleChannels: config.triangleChannels, factor: config.transitionFactor)
    }
  }

  /// Triangle updates and pair transition.
  ///
  /// Suppl. Algorithms 11–15.
  mutating func pairTrack(
    _ pair: Int, heads: Int, headChannels: Int, triangleChannels: Int, factor: Int
  ) {
    for direction in ["outgoing", "incoming"] {
      scope("triangle_multiplication_" + direction) {
        $0.layerNorm("layer_norm_input", pair)
        for side in ["left", "right"] {
          $0.linear(side + "_projection", pair, triangleChannels)
          $0.linear(side + "_gate", pair, triangleChannels, scale: 0, bias: 1)
        }
        $0.layerNorm("center_layer_norm", triangleChannels)
        $0.linear("output_projection", triangleChannels, pair, scale: 0)
        $0.linear("gating_linear", pair, pair, scale: 0, bias: 1)
      }
    }
    for node in ["starting", "ending"] {
      scope("triangle_attention_\(node)_node") {
        $0.layerNorm("query_norm", pair)
        $0.parameter("feat_2d_weights", [pair, heads], inputAxes: 1, .truncatedNormal(scale: 1))
        $0.attention(query: pair, keys: pair, heads: heads, channels: headChannels, out: pair)
      }
    }
    transition("pair_transition", pair, factor: factor)
  }

  /// Two-layer transition.
  ///
  /// Suppl. Algorithms 9 and 15.
  mutating func transition(_ name: String, _ channels: Int, factor: Int) {
    scope(name) {
      $0.layerNorm("input_layer_norm", channels)
      $0.linear("transition1", channels, channels * factor, scale: 2)
      $0.linear("transition2", channels * factor, channels, scale: 0)
    }
  }

  /// Invariant point attention.
  ///
  /// Suppl. Algorithm 22.
  mutating func invariantPointAttention(_ config: StructureConfig, _ channels: ChannelConfig) {
    let h = config.heads, width = channels.single
    linear("q_scalar", width, h * config.scalarQueryKey)
    linear("kv_scalar", width, h * (config.scalarQueryKey + config.scalarValue))
    linear("q_point_local", width, h * config.pointQueryKey * 3)
    linear("kv_point_local", width, h * (config.pointQueryKey + config.pointValue) * 3)
    linear("attention_2d", channels.pair, h)
    // ln(e − 1), which softplus maps to 1
    parameter("trainable_point_weights", [h], .constant(0.541324854612918))
    let perHead = config.scalarValue + 4 * config.pointValue + channels.pair
    linear("output_projection", h * perHead, width, scale: 0)
  }
}
