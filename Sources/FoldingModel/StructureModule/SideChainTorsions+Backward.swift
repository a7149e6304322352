import NeuralNet
import TensorCore

/// What the torsion network keeps for its derivative: inputs of its layers, all rectified.
struct SideChainTrace {
  /// Of the current and the initial representation. `[N_res, c_s]`
  var inputs: [Tensor] = []
  /// Inputs of both layers of each block. `[N_res, c]`
  var blocks: [(first: Tensor, second: Tensor)] = []
  /// Input of the last layer. `[N_res, c]`
  var last: Tensor
}

extension SideChainTorsions {
  /// Derivative of the torsion network: adds to the gradients of both representations and of all parameters.
  func backward(
    _ s: Tensor, _ initial: Tensor, _ trace: SideChainTrace, _ torsions: Torsions,
    _ context: ExecutionContext
  ) {
    let context = context.storing(.float32)
    let angleGradient = context.gradient(of: torsions.unnormalized)
    torsions.addNormalizationGradient(
      context.gradient(of: torsions.sinCos), to: angleGradient)
    let hidden = context.empty(trace.last.shape)
    angles.backward(
      input: Matrix(trace.last), outputGradient: Matrix(angleGradient.reshaped([s.shape[0], 14])),
      into: Matrix(hidden), context)
    context.rectifyGradient(hidden, of: trace.last)
    for (block, inputs) in zip(residualBlocks, trace.blocks).reversed() {
      let middle = context.empty(inputs.second.shape)
      block.second.backward(
        input: Matrix(inputs.second), outputGradient: Matrix(hidden), into: Matrix(middle), context)
      context.rectifyGradient(middle, of: inputs.second)
      let start = context.empty(inputs.first.shape)
      block.first.backward(
        input: Matrix(inputs.first), outputGradient: Matrix(middle), into: Matrix(start), context)
      context.rectifyGradient(start, of: inputs.first)
      context.addShared(start, into: hidden)
    }
    for ((linear, input), source) in zip(zip(inputs, trace.inputs), [s, initial]) {
      let gradient = context.empty(input.shape)
      linear.backward(
        input: Matrix(input), outputGradient: Matrix(hidden), into: Matrix(gradient), context)
      context.rectifyGradient(gradient, of: input)
      context.addShared(gradient, into: context.gradient(of: source))
    }
  }
}

extension Torsions {
  /// Adds the derivative of `x / √max(x·x, 10⁻¹²)` to the gradient of the angles before normalisation.
  fileprivate func addNormalizationGradient(_ gradient: Tensor, to sum: Tensor) {
    for pair in 0..<sinCos.count / 2 {
      let (x, y) = (unnormalized.floats + pair * 2, sinCos.floats + pair * 2)
      let (upstream, target) = (gradient.floats + pair * 2, sum.floats + pair * 2)
      let squared = x[0] * x[0] + x[1] * x[1]
      let length = max(squared, 1e-12).squareRoot()
      let along = squared > 1e-12 ? y[0] * upstream[0] + y[1] * upstream[1] : 0
      target[0] += (upstream[0] - y[0] * along) / length
      target[1] += (upstream[1] - y[1] * along) / length
    }
  }
}
