import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// Torsion angles of the templates as additional MSA rows.
///
/// Line 7 of Algorithm 2 (Jumper et al. 2021, Suppl. 1.4 and 1.7.1): residue type (22), sines and cosines (14), those of the
/// alternative naming (14), masks (7).
struct TemplateTorsionEmbedding: Sendable {
  let first, second: Linear

  static let width = FeatureWidths.templateTorsions

  init(_ scope: ParameterScope, msa: Int) throws {
    self.first = try Linear(scope.scope("template_single_embedding"), Self.width, msa)
    self.second = try Linear(scope.scope("template_projection"), msa, msa)
  }

  /// Writes one row per template into `rows` `[N_templ, N_res, c_m]` and returns their mask, that of psi.
  func embed(
    _ templates: TemplateFeatures, into rows: Tensor, _ context: ExecutionContext
  ) -> NDArray<Float> {
    let residues = rows.shape[1]
    let fp32Unrecorded = context.storing(.float32).unrecorded
    let features = fp32Unrecorded.zeros([templates.count * residues, Self.width])
    var mask = NDArray<Float>(repeating: 0, shape: [templates.count, residues])
    let (types, angles) = (FeatureWidths.templateTypes, TorsionAngles<Double>.count)
    for template in 0..<templates.count {
      let aatype = templates.aatype.slice(template).values.map { Int($0) }
      // In Double: if atoms are nearly collinear, a dihedral in Float loses half its digits.
      let torsions = TorsionAngles<Double>(
        aatype: aatype, positions: templates.positions.slice(template).values.map { Double($0) },
        mask: templates.mask.slice(template).values.map { Double($0) })
      for residue in 0..<residues {
        let row = features.floats + (template * residues + residue) * Self.width
        row[min(aatype[residue], types - 1)] = 1
        let sineCosine = row + types
        let alternative = sineCosine + 2 * angles
        let known = alternative + 2 * angles
        for index in 0..<2 * angles {
          sineCosine[index] = Float(torsions.sineCosine[residue * 2 * angles + index])
          alternative[index] = Float(torsions.alternative[residue * 2 * angles + index])
        }
        for index in 0..<angles { known[index] = Float(torsions.mask[residue * angles + index]) }
        mask.values[template * residues + residue] = known[2]  // psi
      }
    }
    let hidden = first(features, activation: .relu, fp32Unrecorded)
    rows.assign(second(hidden, fp32Unrecorded))
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
