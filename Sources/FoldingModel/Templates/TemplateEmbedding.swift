import FoldingCore
import NeuralNet
import NumericArrays
import Protein
import TensorCore

/// What templates contribute: an update of the pair tensor, and rows for the MSA that carry their torsion angles.
///
/// Lines 7–13 of Algorithm 2 (Jumper et al. 2021, Suppl. 1.4 and 1.7.1).
struct TemplateEmbedding: Sendable {
  let config: TemplateConfig
  let pairStack: TemplatePairStack
  let pointwiseAttention: TemplatePointwiseAttention
  let torsions: TemplateTorsionEmbedding?

  init(_ scope: ParameterScope, _ channels: ChannelConfig, _ config: TemplateConfig) throws {
    self.config = config
    let embedding = scope.scope("template_embedding")
    self.pairStack = try TemplatePairStack(embedding, config)
    self.pointwiseAttention = try TemplatePointwiseAttention(
      embedding, pair: channels.pair, config)
    self.torsions =
      config.embedsTorsions ? try TemplateTorsionEmbedding(scope, msa: channels.msa) : nil
  }

  /// Updates z in place; does nothing when no template is present.
  func update(
    _ z: Tensor, _ templates: TemplateFeatures, pairMask: AttentionMask,
    _ context: ExecutionContext, _ probe: Probe?
  ) {
    if !templates.templateMask.contains(where: { $0 > 0 }) { return }
    let residues = z.shape[0]
    let representations = (0..<templates.count).map { index in
      pairStack(
        TemplatePairFeatures(templates, template: index, config), residues: residues,
        mask: pairMask, context.scoped("template", index))
    }
    if let probe {
      let size = residues * residues * config.channels
      let all = context.empty([templates.count, residues, residues, config.channels], .float32)
      for (index, representation) in representations.enumerated() {
        all[index].assign(representation)
      }
      if size > 0 { probe("template/pair_stack", all) }
    }
    probe.step("template/update", on: z, context) {
      pointwiseAttention.update(z, representations, mask: templates.templateMask, context)
    }
  }
}

/// Torsion angles of the templates as additional MSA rows.
///
/// Jumper et al. 2021, Suppl. 1.7.1: residue type (22), sines and cosines (14), those of the alternative naming (14),
/// masks (7).
struct TemplateTorsionEmbedding: Sendable {
  let first, second: Linear

  static let width = 57

  init(_ scope: ParameterScope, msa: Int) throws {
    self.first = try Linear(scope.scope("template_single_embedding"), Self.width, msa)
    self.second = try Linear(scope.scope("template_projection"), msa, msa)
  }

  /// Writes one row per template into `rows` `[N_templ, N_res, c_m]` and returns their mask, that of psi.
  func embed(
    _ templates: TemplateFeatures, into rows: Tensor, _ context: ExecutionContext
  ) -> NDArray<Float> {
    let residues = rows.shape[1]
    let plain = context.storing(.float32).recording(on: nil)
    let features = plain.zeros([templates.count * residues, Self.width])
    var mask = NDArray<Float>(repeating: 0, shape: [templates.count, residues])
    for template in 0..<templates.count {
      let aatype = templates.aatype.slice(template).values.map { Int($0) }
      // In Double: where atoms are nearly in line, a dihedral in Float loses half its digits.
      let torsions = TorsionAngles<Double>(
        aatype: aatype, positions: templates.positions.slice(template).values.map { Double($0) },
        mask: templates.mask.slice(template).values.map { Double($0) })
      for residue in 0..<residues {
        let row = features.floats + (template * residues + residue) * Self.width
        row[min(aatype[residue], TemplatePairFeatures.typeCount - 1)] = 1
        for index in 0..<14 {
          row[22 + index] = Float(torsions.sineCosine[residue * 14 + index])
          row[36 + index] = Float(torsions.alternative[residue * 14 + index])
        }
        for index in 0..<7 { row[50 + index] = Float(torsions.mask[residue * 7 + index]) }
        mask.values[template * residues + residue] = Float(torsions.mask[residue * 7 + 2])
      }
    }
    let hidden = first(features, activation: .relu, plain)
    rows.assign(second(hidden, plain))
    context.record { context in backward(features, hidden, context.gradient(of: rows), context) }
    return mask
  }

  /// Derivative of the two layers with respect to their parameters; the features are data.
  private func backward(
    _ features: Tensor, _ hidden: Tensor, _ gradient: Tensor, _ context: ExecutionContext
  ) {
    let context = context.storing(.float32)
    let hiddenGradient = context.empty(hidden.shape)
    second.backward(
      input: Matrix(hidden), outputGradient: Matrix(gradient), into: Matrix(hiddenGradient), context
    )
    for index in 0..<hidden.count where hidden.floats[index] <= 0 {
      hiddenGradient.floats[index] = 0
    }
    first.backward(
      input: Matrix(features), outputGradient: Matrix(hiddenGradient), into: nil, context)
  }
}
