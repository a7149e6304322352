import FoldingCore
import Testing

@testable import Weights

/// OpenFold's names once more, after its `openfold/utils/import_weights.py`: arrays of equal shapes are told apart by nothing else.
@Suite("OpenFold's names")
struct OpenFoldNamesTests {
  @Test("every array of a network with all heads has the name and the layout of OpenFold's")
  func names() throws {
    let config = try #require(FoldingConfig.preset(named: "model_1_ptm"))
    var left = Self.expected
    for spec in config.parameterManifest {
      let places = OpenFoldNames.places(
        of: OfficialKey(spec.key), block: spec.isStacked ? Self.block : nil)
      let listed = left.removeValue(forKey: spec.key)
      let name = try #require(listed, "\(spec.key) is not listed")
      let transform = spec.inputAxes > 0 ? ArrayTransform.transposed : .copied
      #expect(places == [ForeignArray(name: name, transform: transform)], "\(spec.key)")
    }
    #expect(left.isEmpty, "\(left.keys.sorted())")
  }

  @Test(
    "names of version 1 become those of version 2",
    arguments: [
      (
        "evoformer.blocks.3.core.msa_transition.linear_1.bias",
        "evoformer.blocks.3.msa_transition.linear_1.bias"
      ),
      (
        "evoformer.blocks.3.core.outer_product_mean.linear_out.weight",
        "evoformer.blocks.3.outer_product_mean.linear_out.weight"
      ),
      (
        "extra_msa_stack.blocks.0.core.tri_mul_in.linear_a_p.weight",
        "extra_msa_stack.blocks.0.pair_stack.tri_mul_in.linear_a_p.weight"
      ),
      (
        "evoformer.blocks.47.core.tri_att_end.mha.linear_q.weight",
        "evoformer.blocks.47.pair_stack.tri_att_end.mha.linear_q.weight"
      ),
      (
        "evoformer.blocks.3.core.pair_transition.layer_norm.weight",
        "evoformer.blocks.3.pair_stack.pair_transition.layer_norm.weight"
      ),
      (
        "structure_module.ipa.linear_q_points.weight",
        "structure_module.ipa.linear_q_points.linear.weight"
      ),
      (
        "structure_module.ipa.linear_kv_points.bias",
        "structure_module.ipa.linear_kv_points.linear.bias"
      ),
      (
        "template_angle_embedder.linear_2.weight",
        "template_embedder.template_single_embedder.linear_2.weight"
      ),
      (
        "template_pair_embedder.linear.bias",
        "template_embedder.template_pair_embedder.linear.bias"
      ),
      (
        "template_pair_stack.blocks.1.tri_att_start.linear.weight",
        "template_embedder.template_pair_stack.blocks.1.tri_att_start.linear.weight"
      ),
      (
        "template_pointwise_att.mha.linear_k.weight",
        "template_embedder.template_pointwise_att.mha.linear_k.weight"
      ),
    ])
  func versionOne(old: String, current: String) {
    #expect(OpenFoldNames.currentName(old) == current)
  }

  @Test("names of version 2 stay as they are")
  func versionTwo() {
    for name in Self.expected.values { #expect(OpenFoldNames.currentName(name) == name) }
  }

  /// Stacks are looked at in their second block.
  private static let block = 1

  /// OpenFold's name of each official array.
  private static let expected: [String: String] = {
    let evoformer = msaModules + columnModules + inFolder("pair_stack.", pairModules)
    let extra = msaModules + globalColumnModules + inFolder("pair_stack.", pairModules)
    let stacks: [(String, String, [Row])] = [
      ("", "", topModules),
      ("evoformer/evoformer_iteration/", "evoformer.blocks.1.", evoformer),
      ("evoformer/extra_msa_stack/", "extra_msa_stack.blocks.1.", extra),
      (
        "evoformer/template_embedding/single_template_embedding/template_pair_stack/"
          + "__layer_stack_no_state/",
        "template_embedder.template_pair_stack.blocks.1.", pairModules
      ),
    ]
    var names: [String: String] = [:]
    for (scope, folder, rows) in stacks {
      for row in rows {
        for (array, name) in row.arrays {
          names["\(root)\(scope)\(row.scope)//\(array)"] = "\(folder)\(row.module).\(name)"
        }
      }
    }
    return names
  }()

  private typealias Row = (scope: String, module: String, arrays: [(String, String)])

  private static func inFolder(_ folder: String, _ rows: [Row]) -> [Row] {
    rows.map { ($0.scope, folder + $0.module, $0.arrays) }
  }

  private static let linear = [("weights", "weight"), ("bias", "bias")]
  private static let norm = [("scale", "weight"), ("offset", "bias")]
  private static let attention = [
    ("query_w", "linear_q.weight"), ("key_w", "linear_k.weight"), ("value_w", "linear_v.weight"),
    ("output_w", "linear_o.weight"), ("output_b", "linear_o.bias"),
  ]
  private static let gated =
    attention + [("gating_w", "linear_g.weight"), ("gating_b", "linear_g.bias")]

  private static let msaModules: [Row] = [
    (
      "msa_row_attention_with_pair_bias", "msa_att_row", [("feat_2d_weights", "linear_z.weight")]
    ),
    ("msa_row_attention_with_pair_bias/query_norm", "msa_att_row.layer_norm_m", norm),
    ("msa_row_attention_with_pair_bias/feat_2d_norm", "msa_att_row.layer_norm_z", norm),
    ("msa_row_attention_with_pair_bias/attention", "msa_att_row.mha", gated),
    ("msa_transition/input_layer_norm", "msa_transition.layer_norm", norm),
    ("msa_transition/transition1", "msa_transition.linear_1", linear),
    ("msa_transition/transition2", "msa_transition.linear_2", linear),
    (
      "outer_product_mean", "outer_product_mean",
      [("output_w", "linear_out.weight"), ("output_b", "linear_out.bias")]
    ),
    ("outer_product_mean/layer_norm_input", "outer_product_mean.layer_norm", norm),
    ("outer_product_mean/left_projection", "outer_product_mean.linear_1", linear),
    ("outer_product_mean/right_projection", "outer_product_mean.linear_2", linear),
  ]

  private static let columnModules: [Row] = [
    ("msa_column_attention/query_norm", "msa_att_col._msa_att.layer_norm_m", norm),
    ("msa_column_attention/attention", "msa_att_col._msa_att.mha", gated),
  ]

  private static let globalColumnModules: [Row] = [
    ("msa_column_global_attention/query_norm", "msa_att_col.layer_norm_m", norm),
    ("msa_column_global_attention/attention", "msa_att_col.global_attention", gated),
  ]

  private static let pairModules: [Row] = [
    ("triangle_multiplication_outgoing/layer_norm_input", "tri_mul_out.layer_norm_in", norm),
    ("triangle_multiplication_outgoing/left_projection", "tri_mul_out.linear_a_p", linear),
    ("triangle_multiplication_outgoing/right_projection", "tri_mul_out.linear_b_p", linear),
    ("triangle_multiplication_outgoing/left_gate", "tri_mul_out.linear_a_g", linear),
    ("triangle_multiplication_outgoing/right_gate", "tri_mul_out.linear_b_g", linear),
    ("triangle_multiplication_outgoing/center_layer_norm", "tri_mul_out.layer_norm_out", norm),
    ("triangle_multiplication_outgoing/output_projection", "tri_mul_out.linear_z", linear),
    ("triangle_multiplication_outgoing/gating_linear", "tri_mul_out.linear_g", linear),
    ("triangle_multiplication_incoming/layer_norm_input", "tri_mul_in.layer_norm_in", norm),
    ("triangle_multiplication_incoming/left_projection", "tri_mul_in.linear_b_p", linear),
    ("triangle_multiplication_incoming/right_projection", "tri_mul_in.linear_a_p", linear),
    ("triangle_multiplication_incoming/left_gate", "tri_mul_in.linear_b_g", linear),
    ("triangle_multiplication_incoming/right_gate", "tri_mul_in.linear_a_g", linear),
    ("triangle_multiplication_incoming/center_layer_norm", "tri_mul_in.layer_norm_out", norm),
    ("triangle_multiplication_incoming/output_projection", "tri_mul_in.linear_z", linear),
    ("triangle_multiplication_incoming/gating_linear", "tri_mul_in.linear_g", linear),
    ("triangle_attention_starting_node", "tri_att_start", [("feat_2d_weights", "linear.weight")]),
    ("triangle_attention_starting_node/query_norm", "tri_att_start.layer_norm", norm),
    ("triangle_attention_starting_node/attention", "tri_att_start.mha", gated),
    ("triangle_attention_ending_node", "tri_att_end", [("feat_2d_weights", "linear.weight")]),
    ("triangle_attention_ending_node/query_norm", "tri_att_end.layer_norm", norm),
    ("triangle_attention_ending_node/attention", "tri_att_end.mha", gated),
    ("pair_transition/input_layer_norm", "pair_transition.layer_norm", norm),
    ("pair_transition/transition1", "pair_transition.linear_1", linear),
    ("pair_transition/transition2", "pair_transition.linear_2", linear),
  ]

  private static let topModules: [Row] =
    inScope("evoformer/", embedders) + inScope("structure_module/", structureModules) + heads

  private static func inScope(_ scope: String, _ rows: [Row]) -> [Row] {
    rows.map { (scope + $0.scope, $0.module, $0.arrays) }
  }

  private static let embedders: [Row] = [
    ("preprocess_1d", "input_embedder.linear_tf_m", linear),
    ("preprocess_msa", "input_embedder.linear_msa_m", linear),
    ("left_single", "input_embedder.linear_tf_z_i", linear),
    ("right_single", "input_embedder.linear_tf_z_j", linear),
    ("pair_activiations", "input_embedder.linear_relpos", linear),
    ("prev_pos_linear", "recycling_embedder.linear", linear),
    ("prev_msa_first_row_norm", "recycling_embedder.layer_norm_m", norm),
    ("prev_pair_norm", "recycling_embedder.layer_norm_z", norm),
    ("extra_msa_activations", "extra_msa_embedder.linear", linear),
    ("single_activations", "evoformer.linear", linear),
    (
      "template_single_embedding", "template_embedder.template_single_embedder.linear_1", linear
    ),
    ("template_projection", "template_embedder.template_single_embedder.linear_2", linear),
    ("template_embedding/attention", "template_embedder.template_pointwise_att.mha", attention),
    (
      "template_embedding/single_template_embedding/embedding2d",
      "template_embedder.template_pair_embedder.linear", linear
    ),
    (
      "template_embedding/single_template_embedding/output_layer_norm",
      "template_embedder.template_pair_stack.layer_norm", norm
    ),
  ]

  private static let structureModules: [Row] = [
    ("single_layer_norm", "structure_module.layer_norm_s", norm),
    ("initial_projection", "structure_module.linear_in", linear),
    ("pair_layer_norm", "structure_module.layer_norm_z", norm),
    (
      "fold_iteration/invariant_point_attention", "structure_module.ipa",
      [("trainable_point_weights", "head_weights")]
    ),
    (
      "fold_iteration/invariant_point_attention/q_scalar", "structure_module.ipa.linear_q", linear
    ),
    (
      "fold_iteration/invariant_point_attention/kv_scalar", "structure_module.ipa.linear_kv",
      linear
    ),
    (
      "fold_iteration/invariant_point_attention/q_point_local",
      "structure_module.ipa.linear_q_points.linear", linear
    ),
    (
      "fold_iteration/invariant_point_attention/kv_point_local",
      "structure_module.ipa.linear_kv_points.linear", linear
    ),
    (
      "fold_iteration/invariant_point_attention/attention_2d", "structure_module.ipa.linear_b",
      linear
    ),
    (
      "fold_iteration/invariant_point_attention/output_projection",
      "structure_module.ipa.linear_out", linear
    ),
    ("fold_iteration/attention_layer_norm", "structure_module.layer_norm_ipa", norm),
    ("fold_iteration/transition", "structure_module.transition.layers.0.linear_1", linear),
    ("fold_iteration/transition_1", "structure_module.transition.layers.0.linear_2", linear),
    ("fold_iteration/transition_2", "structure_module.transition.layers.0.linear_3", linear),
    ("fold_iteration/transition_layer_norm", "structure_module.transition.layer_norm", norm),
    ("fold_iteration/affine_update", "structure_module.bb_update.linear", linear),
    (
      "fold_iteration/rigid_sidechain/input_projection", "structure_module.angle_resnet.linear_in",
      linear
    ),
    (
      "fold_iteration/rigid_sidechain/input_projection_1",
      "structure_module.angle_resnet.linear_initial", linear
    ),
    (
      "fold_iteration/rigid_sidechain/resblock1",
      "structure_module.angle_resnet.layers.0.linear_1", linear
    ),
    (
      "fold_iteration/rigid_sidechain/resblock2",
      "structure_module.angle_resnet.layers.0.linear_2", linear
    ),
    (
      "fold_iteration/rigid_sidechain/resblock1_1",
      "structure_module.angle_resnet.layers.1.linear_1", linear
    ),
    (
      "fold_iteration/rigid_sidechain/resblock2_1",
      "structure_module.angle_resnet.layers.1.linear_2", linear
    ),
    (
      "fold_iteration/rigid_sidechain/unnormalized_angles",
      "structure_module.angle_resnet.linear_out", linear
    ),
  ]

  private static let heads: [Row] = [
    ("distogram_head/half_logits", "aux_heads.distogram.linear", linear),
    ("masked_msa_head/logits", "aux_heads.masked_msa.linear", linear),
    ("experimentally_resolved_head/logits", "aux_heads.experimentally_resolved.linear", linear),
    ("predicted_lddt_head/input_layer_norm", "aux_heads.plddt.layer_norm", norm),
    ("predicted_lddt_head/act_0", "aux_heads.plddt.linear_1", linear),
    ("predicted_lddt_head/act_1", "aux_heads.plddt.linear_2", linear),
    ("predicted_lddt_head/logits", "aux_heads.plddt.linear_3", linear),
    ("predicted_aligned_error_head/logits", "aux_heads.tm.linear", linear),
  ]
}
