import FoldingCore
import NeuralNet
import NumericArrays
import PlainTensors

/// Plain twin of `InvariantPointAttention`, Algorithm 22: the attention's output before it is added.
struct PlainInvariantPointAttention<Real: RealNumber> {
  let config: StructureConfig
  let scalarQuery, scalarKeyValue, pointQuery, pointKeyValue, pairLogits: PlainLinear<Real>
  let pointWeights: PlainTensor<Real>  // [heads]
  let output: PlainLinear<Real>

  init(_ layer: InvariantPointAttention) {
    self.config = layer.config
    self.scalarQuery = PlainLinear(layer.scalarQuery)
    self.scalarKeyValue = PlainLinear(layer.scalarKeyValue)
    self.pointQuery = PlainLinear(layer.pointQuery)
    self.pointKeyValue = PlainLinear(layer.pointKeyValue)
    self.pairLogits = PlainLinear(layer.pairLogits)
    self.pointWeights = PlainTensor(layer.pointWeights)
    self.output = PlainLinear(layer.output)
  }

  /// - Shapes: s `[N_res, c_s]`, z `[N_res, N_res, c_z]`, normalised; mask `[N_res]` → `[N_res, c_s]`
  func callAsFunction(
    _ s: PlainTensor<Real>, _ z: PlainTensor<Real>, _ frames: PlainFrames<Real>,
    mask: PlainTensor<Real>
  ) -> PlainTensor<Real> {
    let (residues, c) = (s.shape[0], config)
    let q = scalarQuery(s).reshaped([residues, c.heads, c.scalarQueryKey])  // line 1
    let kv = scalarKeyValue(s).reshaped([residues, c.heads, c.scalarQueryKey + c.scalarValue])
    let k = kv.slice(0..<c.scalarQueryKey, axis: -1)
    let v = kv.slice(c.scalarQueryKey..<c.scalarQueryKey + c.scalarValue, axis: -1)
    let b = pairLogits(z).permuted([2, 0, 1])  // line 4
    let qPoints = global(pointQuery(s), frames, points: c.pointQueryKey)  // lines 2, 7
    let kvPoints = global(pointKeyValue(s), frames, points: c.pointQueryKey + c.pointValue)
    let kPoints = kvPoints.slice(0..<c.pointQueryKey, axis: 2)
    let vPoints = kvPoints.slice(c.pointQueryKey..<c.pointQueryKey + c.pointValue, axis: 2)
    let weightC = Real(2.0 / (9.0 * Double(c.pointQueryKey))).squareRoot()  // line 5
    let weightL = Real(1.0 / 3.0).squareRoot()  // line 6
    let difference =
      qPoints.reshaped([residues, 1, c.heads, c.pointQueryKey * 3])
      - kPoints.reshaped([1, residues, c.heads, c.pointQueryKey * 3])
    let distances = einsum("ijhp,ijhp->hij", difference, difference)
    let gamma = softplus(pointWeights).reshaped([c.heads, 1, 1])
    let scalar = einsum("ihd,jhd->hij", q, k) / Real(c.scalarQueryKey).squareRoot()
    let hidden = (1 - einsum("i,j->ij", mask, mask)) * 1e5
    let a = softmax(weightL * (scalar + b - gamma * distances * (weightC / 2)) - hidden)  // line 7
    let oPair = einsum("hij,ijc->ihc", a, z)  // line 8
    let o = einsum("hij,jhd->ihd", a, v)  // line 9
    let attended = einsum("hij,jhpx->ihpx", a, vPoints)  // line 10
    let oPoints = frames.applyInverse(to: attended.reshaped([residues, c.heads * c.pointValue, 3]))
    let norms = sqrt((oPoints * oPoints).sum([2]) + 1e-8)
    let parts = [o, oPoints.permuted([0, 2, 1]), norms, oPair]
    let features = parts.map { $0.reshaped([residues, $0.shape.dropFirst().reduce(1, *)]) }
    return output(concatenate(features, axis: 1))  // line 11
  }

  /// Local points, stored as all x, all y, all z, moved to global ones. `[N_res, heads, points, 3]`
  private func global(
    _ local: PlainTensor<Real>, _ frames: PlainFrames<Real>, points: Int
  ) -> PlainTensor<Real> {
    let residues = local.shape[0]
    let points3 = local.reshaped([residues, 3, config.heads * points]).permuted([0, 2, 1])
    return frames.apply(to: points3).reshaped([residues, config.heads, points, 3])
  }
}
