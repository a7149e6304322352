import Protein

/// One array of parameters: its official key, its shape and how training starts it.
public struct ParameterSpec: Sendable, Hashable {
  /// Official key, `scope//name`.
  public let key: String
  /// Extent of each axis, the block axis of stacked arrays first.
  public let shape: [Int]
  /// How many leading axes of one block are inputs; 0 for vectors.
  public let inputAxes: Int
  /// Whether the first axis counts blocks.
  public let isStacked: Bool
  /// The part of an Evoformer or extra-MSA block that it belongs to; nil elsewhere.
  public let part: BlockPart?
  /// Values before training.
  public let start: ParameterStart

  /// Root of the official keys.
  package static let root = "alphafold/alphafold_iteration"

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// Shape of one block, without the block axis.
  public var blockShape: [Int] { isStacked ? Array(shape.dropFirst()) : shape }
}

/// Values before training, as in the released code (`common_modules.py`, `modules.py`, `folding.py`).
public enum ParameterStart: Sendable, Hashable {
  /// One value everywhere: zeros end every residual branch, ones are scales and gate biases.
  case constant(Float)
  /// Normal with variance `scale / fan-in`, cut at two standard deviations; 1 before linear maps, 2 before ReLU.
  case truncatedNormal(scale: Float)
  /// Uniform with variance `2 / (fan-in + fan-out)`: attention queries, keys and values.
  case glorotUniform
}

extension FoldingConfig {
  /// Every parameter array of a network of this configuration, sorted by official key.
  ///
  /// 336 arrays and 93,229,082 parameters for `model_1`. Depends on sizes and heads, not on the block order.
  public var parameterManifest: [ParameterSpec] {
    var list = ManifestBuilder()
    list.scope(ParameterSpec.root) { list in
      list.scope("evoformer") { self.listTrunk(&$0) }
      list.scope("structure_module") { self.listStructureModule(&$0) }
      self.listHeads(&list)
    }
    return list.specs.sorted { $0.key < $1.key }
  }

  /// Embedders and stacks.
  ///
  /// Suppl. Algorithms 3–19 and 32.
  private func listTrunk(_ list: inout ManifestBuilder) {
    let c = channels
    list.linear("preprocess_1d", c.target.width, c.msa)
    list.linear("preprocess_msa", FeatureWidths.msa, c.msa)
    list.linear("left_single", c.target.width, c.pair)
    list.linear("right_single", c.target.width, c.pair)
    list.linear("prev_pos_linear", c.recycleBins, c.pair)
    list.layerNorm("prev_msa_first_row_norm", c.msa)
    list.layerNorm("prev_pair_norm", c.pair)
    list.linear("pair_activiations", 2 * c.maxRelativePosition + 1, c.pair)
    list.linear("extra_msa_activations", FeatureWidths.extraMSA, c.extraMSA)
    list.linear("single_activations", c.msa, c.single)
    if let template { listTemplates(template, &list) }
    list.stack("extra_msa_stack", blocks: extraMSA.blocks) {
      $0.evoformerBlock(extraMSA, msa: c.extraMSA, pair: c.pair, isGlobal: true)
    }
    list.stack("evoformer_iteration", blocks: evoformer.blocks) {
      $0.evoformerBlock(evoformer, msa: c.msa, pair: c.pair, isGlobal: false)
    }
  }

  /// Template embedding.
  ///
  /// Suppl. Algorithms 16 and 17.
  private func listTemplates(_ template: TemplateConfig, _ list: inout ManifestBuilder) {
    if template.embedsTorsions {
      list.linear(
        "template_single_embedding", FeatureWidths.templateTorsions, channels.msa, scale: 2)
      list.linear("template_projection", channels.msa, channels.msa, scale: 2)
    }
    let width = template.channels
    list.scope("template_embedding") { list in
      list.attention(
        query: channels.pair, keys: width, heads: template.pointwiseHeads,
        channels: template.pointwiseHeadChannels, out: channels.pair, isGated: false)
      list.scope("single_template_embedding") { list in
        list.linear(
          "embedding2d", template.distanceBins + FeatureWidths.templatePairWithoutBins, width,
          scale: 2)
        list.layerNorm("output_layer_norm", width)
        list.scope("template_pair_stack") {
          $0.stack("__layer_stack_no_state", blocks: template.blocks) {
            $0.pairTrack(
              width, heads: template.pairHeads, headChannels: template.pairHeadChannels,
              triangleChannels: template.triangleChannels, factor: template.transitionFactor)
          }
        }
      }
    }
  }

  /// Structure module.
  ///
  /// Suppl. Algorithms 20, 22 and 23.
  private func listStructureModule(_ list: inout ManifestBuilder) {
    let s = structure, width = channels.single
    list.layerNorm("single_layer_norm", width)
    list.linear("initial_projection", width, width)
    list.layerNorm("pair_layer_norm", channels.pair)
    list.scope("fold_iteration") { list in
      list.scope("invariant_point_attention") { $0.invariantPointAttention(s, channels) }
      list.layerNorm("attention_layer_norm", width)
      for layer in 0..<s.transitionLayers {
        let isLast = layer == s.transitionLayers - 1
        list.linear("transition" + suffix(layer), width, width, scale: isLast ? 0 : 2)
      }
      list.layerNorm("transition_layer_norm", width)
      list.linear("affine_update", width, 6, scale: 0)
      list.scope("rigid_sidechain") { list in
        let c = s.sidechainChannels
        list.linear("input_projection", width, c)
        list.linear("input_projection_1", width, c)
        for block in 0..<s.sidechainBlocks {
          list.linear("resblock1" + suffix(block), c, c, scale: 2)
          list.linear("resblock2" + suffix(block), c, c, scale: 0)
        }
        list.linear("unnormalized_angles", c, 14)
      }
    }
  }

  /// Heads.
  ///
  /// Suppl. 1.9 and Algorithm 29.
  private func listHeads(_ list: inout ManifestBuilder) {
    let c = channels
    list.linear("distogram_head/half_logits", c.pair, heads.distogramBins, scale: 0)
    list.linear("masked_msa_head/logits", c.msa, heads.maskedMSAClasses, scale: 0)
    list.linear("experimentally_resolved_head/logits", c.single, AtomName.count, scale: 0)
    list.scope("predicted_lddt_head") { list in
      list.layerNorm("input_layer_norm", c.single)
      list.linear("act_0", c.single, heads.confidenceChannels, scale: 2)
      list.linear("act_1", heads.confidenceChannels, heads.confidenceChannels, scale: 2)
      list.linear("logits", heads.confidenceChannels, heads.confidenceBins, scale: 0)
    }
    if let error = heads.alignedError {
      list.linear("predicted_aligned_error_head/logits", c.pair, error.bins, scale: 0)
    }
  }

  /// Second and later modules of one name are called `name_1`, `name_2` … by haiku.
  private func suffix(_ index: Int) -> String { index == 0 ? "" : "_\(index)" }
}
