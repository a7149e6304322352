import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `SideChainTorsions`, lines 11–14 of Algorithm 20.
struct PlainSideChainTorsions<Real: RealNumber> {
  let inputs: [PlainLinear<Real>]
  let residualBlocks: [(first: PlainLinear<Real>, second: PlainLinear<Real>)]
  let angles: PlainLinear<Real>

  init(_ layer: SideChainTorsions) {
    self.inputs = layer.inputs.map { PlainLinear($0) }
    self.residualBlocks = layer.residualBlocks.map {
      (PlainLinear($0.first), PlainLinear($0.second))
    }
    self.angles = PlainLinear(layer.angles)
  }

  /// - Shapes: s, initial `[N_res, c_s]` → of unit length and unnormalised `[N_res, 7, 2]`
  func callAsFunction(
    _ s: PlainTensor<Real>, _ initial: PlainTensor<Real>
  ) -> (sinCos: PlainTensor<Real>, unnormalized: PlainTensor<Real>) {
    var a = inputs[0](relu(s)) + inputs[1](relu(initial))  // line 11
    for block in residualBlocks { a = a + block.second(relu(block.first(relu(a)))) }  // lines 12–13
    let angle = angles(relu(a)).reshaped([s.shape[0], 7, 2])  // line 14
    let length = sqrt(maximum((angle * angle).sum([2], keeping: true), 1e-12))
    return (angle / length, angle)
  }
}
