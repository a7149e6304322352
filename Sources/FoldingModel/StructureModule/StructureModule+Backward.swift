import FoldingCore
import NeuralNet
import Protein
import TensorCore

/// What an iteration keeps for the derivative of its transition. All `[N_res, c_s]`
struct TransitionTrace {
  /// Input of the first norm.
  let attended: Tensor
  /// Inputs of the linear layers.
  let inputs: [Tensor]
  /// Input of the second norm.
  let sum: Tensor
  /// Dropout before the first and the second norm.
  let factors: [Tensor?]
}

extension StructureModule {
  /// Derivative of lines 1 and 3 of Algorithm 20: adds to the gradient of the single representation.
  func backward(
    beginning single: Tensor, _ initial: Tensor, _ gradient: Tensor, _ context: ExecutionContext
  ) {
    let context = context.storing(.float32)
    let initialGradient = context.gradient(of: initial)
    initialProjection.backward(
      input: Matrix(initial), outputGradient: Matrix(gradient), into: Matrix(initialGradient),
      accumulates: true, context)
    singleNorm.backward(
      input: Matrix(single), outputGradient: Matrix(initialGradient),
      into: Matrix(context.gradient(of: single)), context)
  }

  /// Derivative of lines 6–9: adds to the gradients of `s` and of what was attended.
  func backward(
    transition trace: TransitionTrace, of s: Tensor, _ gradient: Tensor,
    _ context: ExecutionContext
  ) {
    let context = context.storing(.float32)
    let sumGradient = context.zeros(trace.sum.shape)
    transitionNorm.backward(
      input: Matrix(trace.sum), outputGradient: Matrix(gradient), into: Matrix(sumGradient),
      context)
    context.scale(sumGradient, by: trace.factors[1])
    let normGradient = context.copyShared(sumGradient)
    var hidden = sumGradient
    for (index, linear) in transition.enumerated().reversed() {
      let input = context.empty(trace.inputs[index].shape)
      linear.backward(
        input: Matrix(trace.inputs[index]), outputGradient: Matrix(hidden), into: Matrix(input),
        context)
      if index > 0 { context.rectifyGradient(input, of: trace.inputs[index]) }
      hidden = input
    }
    context.addShared(hidden, into: normGradient)
    let attendedGradient = context.zeros(trace.attended.shape)
    attentionNorm.backward(
      input: Matrix(trace.attended), outputGradient: Matrix(normGradient),
      into: Matrix(attendedGradient), context)
    context.scale(attendedGradient, by: trace.factors[0])
    context.addShared(attendedGradient, into: context.gradient(of: trace.attended))
    context.addShared(attendedGradient, into: context.gradient(of: s))
  }

  /// Derivative of Algorithm 24: adds to the gradients of the backbone frames and the torsions.
  func backward(
    placing aatype: [Int], _ frames: BackboneFrames, _ torsions: Torsions, _ groups: Tensor,
    _ atoms: Tensor, _ context: ExecutionContext
  ) {
    guard let traced = frames.traced else { return }
    let groupGradient = context.gradient(of: groups).array().values
    let gradients = AtomPlacement.backward(
      aatype: aatype,
      backbone: aatype.indices.map { frames.frame($0, scale: Self.positionScale) },
      torsions: torsions.sinCos.array().values,
      frameGradients: (0..<aatype.count * RigidGroups.count).map {
        RigidGradient(flat12: groupGradient, at: $0 * 12)
      },
      positionGradients: context.gradient(of: atoms).array().values)
    let backbone = context.gradient(of: traced).floats
    for (i, frame) in gradients.backbone.enumerated() {
      for (k, value) in frame.flat12.enumerated() { backbone[i * 12 + k] += value }
    }
    let sinCos = context.gradient(of: torsions.sinCos).floats
    for (k, value) in gradients.torsions.enumerated() { sinCos[k] += value }
  }
}
