import Foundation

/// Parameter names of OpenFold, version 2; files of version 1 are renamed first.
///
/// Matrices are `[out, in]` with heads flattened. The outgoing triangle multiplication calls left `a` and right `b`, the incoming
/// one the other way round.
enum OpenFoldNames: ForeignNaming {
  static func places(of key: OfficialKey, block: Int?) -> [ForeignArray] {
    guard let module = module(of: key, block: block) else { return [] }
    let scope = key.block?.scope ?? key.scope
    if let special = specials["\(scope)//\(key.name)"] {
      return [ForeignArray(name: module + special.suffix, transform: special.transform)]
    }
    guard let leaf = leaves[key.name] else { return [] }
    return [ForeignArray(name: module + leaf.suffix, transform: leaf.transform)]
  }

  private static func module(of key: OfficialKey, block: Int?) -> String? {
    guard let (stack, scope) = key.block else { return modules[key.scope] }
    guard let block, let prefix = stacks[stack] else { return nil }
    if let pair = pairModules[scope] {
      let holder = stack.hasPrefix("evoformer/template") ? "" : "pair_stack."
      return "\(prefix).\(block).\(holder)\(pair)"
    }
    return msaModules[scope].map { "\(prefix).\(block).\($0)" }
  }

  private typealias Leaf = (suffix: String, transform: ArrayTransform)

  /// Names of the arrays of a module.
  private static let leaves: [String: Leaf] = [
    "weights": (".weight", .transposed), "bias": (".bias", .copied),
    "scale": (".weight", .copied), "offset": (".bias", .copied),
    "query_w": (".linear_q.weight", .transposed), "key_w": (".linear_k.weight", .transposed),
    "value_w": (".linear_v.weight", .transposed), "gating_w": (".linear_g.weight", .transposed),
    "gating_b": (".linear_g.bias", .copied), "output_w": (".linear_o.weight", .transposed),
    "output_b": (".linear_o.bias", .copied),
  ]

  /// Arrays that have their own module in OpenFold.
  private static let specials: [String: Leaf] = [
    "msa_row_attention_with_pair_bias//feat_2d_weights": (".linear_z.weight", .transposed),
    "triangle_attention_starting_node//feat_2d_weights": (".linear.weight", .transposed),
    "triangle_attention_ending_node//feat_2d_weights": (".linear.weight", .transposed),
    "outer_product_mean//output_w": (".linear_out.weight", .transposed),
    "outer_product_mean//output_b": (".linear_out.bias", .copied),
    "structure_module/fold_iteration/invariant_point_attention//trainable_point_weights":
      (".head_weights", .copied),
  ]

  private static let stacks = [
    OfficialKey.stacks[0]: "evoformer.blocks", OfficialKey.stacks[1]: "extra_msa_stack.blocks",
    OfficialKey.stacks[2]: "template_embedder.template_pair_stack.blocks",
  ]

  private static let msaModules = [
    "msa_row_attention_with_pair_bias": "msa_att_row",
    "msa_row_attention_with_pair_bias/query_norm": "msa_att_row.layer_norm_m",
    "msa_row_attention_with_pair_bias/feat_2d_norm": "msa_att_row.layer_norm_z",
    "msa_row_attention_with_pair_bias/attention": "msa_att_row.mha",
    "msa_column_attention/query_norm": "msa_att_col._msa_att.layer_norm_m",
    "msa_column_attention/attention": "msa_att_col._msa_att.mha",
    "msa_column_global_attention/query_norm": "msa_att_col.layer_norm_m",
    "msa_column_global_attention/attention": "msa_att_col.global_attention",
    "msa_transition/input_layer_norm": "msa_transition.layer_norm",
    "msa_transition/transition1": "msa_transition.linear_1",
    "msa_transition/transition2": "msa_transition.linear_2",
    "outer_product_mean": "outer_product_mean",
    "outer_product_mean/layer_norm_input": "outer_product_mean.layer_norm",
    "outer_product_mean/left_projection": "outer_product_mean.linear_1",
    "outer_product_mean/right_projection": "outer_product_mean.linear_2",
  ]

  private static let pairModules: [String: String] = {
    var table = [
      "pair_transition/input_layer_norm": "pair_transition.layer_norm",
      "pair_transition/transition1": "pair_transition.linear_1",
      "pair_transition/transition2": "pair_transition.linear_2",
    ]
    for (node, short) in [("starting", "tri_att_start"), ("ending", "tri_att_end")] {
      let scope = "triangle_attention_\(node)_node"
      table[scope] = short
      table[scope + "/query_norm"] = short + ".layer_norm"
      table[scope + "/attention"] = short + ".mha"
    }
    for (direction, short, left, right) in [
      ("outgoing", "tri_mul_out", "a", "b"), ("incoming", "tri_mul_in", "b", "a"),
    ] {
      let scope = "triangle_multiplication_\(direction)/"
      table[scope + "layer_norm_input"] = short + ".layer_norm_in"
      table[scope + "left_projection"] = "\(short).linear_\(left)_p"
      table[scope + "right_projection"] = "\(short).linear_\(right)_p"
      table[scope + "left_gate"] = "\(short).linear_\(left)_g"
      table[scope + "right_gate"] = "\(short).linear_\(right)_g"
      table[scope + "center_layer_norm"] = short + ".layer_norm_out"
      table[scope + "output_projection"] = short + ".linear_z"
      table[scope + "gating_linear"] = short + ".linear_g"
    }
    return table
  }()

  /// Modules outside the stacks.
  private static let modules: [String: String] = {
    var table: [String: String] = [:]
    for (scope, rows) in modulesByScope {
      for (official, openFold) in rows { table[scope + official] = openFold }
    }
    return table
  }()

  private static let modulesByScope: [(String, [(String, String)])] = [
    (
      "evoformer/",
      [
        ("preprocess_1d", "input_embedder.linear_tf_m"),
        ("preprocess_msa", "input_embedder.linear_msa_m"),
        ("left_single", "input_embedder.linear_tf_z_i"),
        ("right_single", "input_embedder.linear_tf_z_j"),
        ("pair_activiations", "input_embedder.linear_relpos"),
        ("prev_pos_linear", "recycling_embedder.linear"),
        ("prev_msa_first_row_norm", "recycling_embedder.layer_norm_m"),
        ("prev_pair_norm", "recycling_embedder.layer_norm_z"),
        ("extra_msa_activations", "extra_msa_embedder.linear"),
        ("single_activations", "evoformer.linear"),
        ("template_single_embedding", "template_embedder.template_single_embedder.linear_1"),
        ("template_projection", "template_embedder.template_single_embedder.linear_2"),
        ("template_embedding/attention", "template_embedder.template_pointwise_att.mha"),
        (
          "template_embedding/single_template_embedding/embedding2d",
          "template_embedder.template_pair_embedder.linear"
        ),
        (
          "template_embedding/single_template_embedding/output_layer_norm",
          "template_embedder.template_pair_stack.layer_norm"
        ),
      ]
    ),
    (
      "structure_module/",
      [
        ("single_layer_norm", "structure_module.layer_norm_s"),
        ("initial_projection", "structure_module.linear_in"),
        ("pair_layer_norm", "structure_module.layer_norm_z"),
      ]
    ),
    (
      "structure_module/fold_iteration/",
      [
        ("invariant_point_attention", "structure_module.ipa"),
        ("invariant_point_attention/q_scalar", "structure_module.ipa.linear_q"),
        ("invariant_point_attention/kv_scalar", "structure_module.ipa.linear_kv"),
        ("invariant_point_attention/q_point_local", "structure_module.ipa.linear_q_points.linear"),
        (
          "invariant_point_attention/kv_point_local", "structure_module.ipa.linear_kv_points.linear"
        ),
        ("invariant_point_attention/attention_2d", "structure_module.ipa.linear_b"),
        ("invariant_point_attention/output_projection", "structure_module.ipa.linear_out"),
        ("attention_layer_norm", "structure_module.layer_norm_ipa"),
        ("transition", "structure_module.transition.layers.0.linear_1"),
        ("transition_1", "structure_module.transition.layers.0.linear_2"),
        ("transition_2", "structure_module.transition.layers.0.linear_3"),
        ("transition_layer_norm", "structure_module.transition.layer_norm"),
        ("affine_update", "structure_module.bb_update.linear"),
        ("rigid_sidechain/input_projection", "structure_module.angle_resnet.linear_in"),
        ("rigid_sidechain/input_projection_1", "structure_module.angle_resnet.linear_initial"),
        ("rigid_sidechain/resblock1", "structure_module.angle_resnet.layers.0.linear_1"),
        ("rigid_sidechain/resblock2", "structure_module.angle_resnet.layers.0.linear_2"),
        ("rigid_sidechain/resblock1_1", "structure_module.angle_resnet.layers.1.linear_1"),
        ("rigid_sidechain/resblock2_1", "structure_module.angle_resnet.layers.1.linear_2"),
        ("rigid_sidechain/unnormalized_angles", "structure_module.angle_resnet.linear_out"),
      ]
    ),
    (
      "",
      [
        ("distogram_head/half_logits", "aux_heads.distogram.linear"),
        ("masked_msa_head/logits", "aux_heads.masked_msa.linear"),
        ("experimentally_resolved_head/logits", "aux_heads.experimentally_resolved.linear"),
        ("predicted_lddt_head/input_layer_norm", "aux_heads.plddt.layer_norm"),
        ("predicted_lddt_head/act_0", "aux_heads.plddt.linear_1"),
        ("predicted_lddt_head/act_1", "aux_heads.plddt.linear_2"),
        ("predicted_lddt_head/logits", "aux_heads.plddt.linear_3"),
        ("predicted_aligned_error_head/logits", "aux_heads.tm.linear"),
      ]
    ),
  ]

  /// Name in version 2 of a name of version 1; names of version 2 stay as they are.
  static func currentName(_ name: String) -> String {
    var name = name
    for (old, new) in [
      ("core.msa_transition", "msa_transition"), ("core.outer_product_mean", "outer_product_mean"),
      ("core.tri_", "pair_stack.tri_"), ("core.pair_transition", "pair_stack.pair_transition"),
      ("_points.weight", "_points.linear.weight"), ("_points.bias", "_points.linear.bias"),
      ("template_angle_embedder", "template_single_embedder"),
    ] {
      name = name.replacingOccurrences(of: old, with: new)
    }
    let isTopTemplate = name.hasPrefix("template_") && !name.hasPrefix("template_embedder.")
    return isTopTemplate ? "template_embedder." + name : name
  }
}
