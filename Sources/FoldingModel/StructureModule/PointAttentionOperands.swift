import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// Queries, keys and values of all residues, points in the global frame; keys are stored with residues last, so that
/// the loops over keys run over contiguous memory.
struct PointAttentionOperands {
  let config: StructureConfig
  let query: Tensor  // [N_res, heads · c]
  let key: Tensor  // [heads · c, N_res]
  let value: Tensor  // [N_res, heads · c]
  let pointQuery: Tensor  // [N_res, heads · points · 3]
  let pointKey: Tensor  // [heads · points · 3, N_res]
  let pointValue: Tensor  // [N_res, heads · points · 3]
  let headWeights: [Float]

  init(
    _ layer: InvariantPointAttention, _ s: Tensor, _ frames: BackboneFrames,
    _ context: ExecutionContext
  ) {
    let residues = s.shape[0]
    let c = layer.config
    config = c
    query = layer.scalarQuery(s, context)
    let keyValue = layer.scalarKeyValue(s, context)
    key = context.empty([c.heads * c.scalarQueryKey, residues])
    value = context.empty([residues, c.heads * c.scalarValue])
    let perHead = c.scalarQueryKey + c.scalarValue
    for i in 0..<residues {
      let row = keyValue[i].floats
      for h in 0..<c.heads {
        for d in 0..<c.scalarQueryKey {
          key.floats[(h * c.scalarQueryKey + d) * residues + i] = row[h * perHead + d]
        }
        for d in 0..<c.scalarValue {
          value.floats[(i * c.heads + h) * c.scalarValue + d] =
            row[h * perHead + c.scalarQueryKey + d]
        }
      }
    }
    let localQuery = layer.pointQuery(s, context)
    let localKeyValue = layer.pointKeyValue(s, context)
    let points = c.pointQueryKey + c.pointValue
    pointQuery = context.empty([residues, c.heads * c.pointQueryKey * 3])
    pointKey = context.empty([c.heads * c.pointQueryKey * 3, residues])
    pointValue = context.empty([residues, c.heads * c.pointValue * 3])
    for i in 0..<residues {
      let frame = frames.frame(i)
      let (q, kv) = (localQuery[i].floats, localKeyValue[i].floats)
      for index in 0..<c.heads * c.pointQueryKey {
        let point = frame.apply(to: Self.point(q, index, of: c.heads * c.pointQueryKey))
        Self.store(
          point, pointQuery.floats + (i * c.heads * c.pointQueryKey + index) * 3, stride: 1)
      }
      for h in 0..<c.heads {
        for p in 0..<points {
          let point = frame.apply(to: Self.point(kv, h * points + p, of: c.heads * points))
          if p < c.pointQueryKey {
            let start = (h * c.pointQueryKey + p) * 3 * residues + i
            Self.store(point, pointKey.floats + start, stride: residues)
          } else {
            let start = ((i * c.heads + h) * c.pointValue + p - c.pointQueryKey) * 3
            Self.store(point, pointValue.floats + start, stride: 1)
          }
        }
      }
    }
    headWeights = (0..<c.heads).map {
      c.pointScale * Float(Double.softplus(Double(layer.pointWeights.floats[$0])))
    }
  }

  /// Point `index` of `count` in the official layout: all x, then all y, then all z.
  private static func point(
    _ values: UnsafeMutablePointer<Float>, _ index: Int, of count: Int
  ) -> Vector3<Float> {
    Vector3(values[index], values[count + index], values[2 * count + index])
  }

  private static func store(
    _ point: Vector3<Float>, _ target: UnsafeMutablePointer<Float>, stride: Int
  ) {
    target[0] = point.x
    target[stride] = point.y
    target[2 * stride] = point.z
  }

  /// Scales the pair logits of query residue `i`, adds the scalar and point terms and the mask. `[heads, N_res]`
  func addLogits(of i: Int, to logits: Tensor, mask: [Float]) {
    let residues = logits.shape[1]
    for h in 0..<config.heads {
      let row = logits.floats + h * residues
      for j in 0..<residues { row[j] *= config.pairScale }
      for d in h * config.scalarQueryKey..<(h + 1) * config.scalarQueryKey {
        let q = query.floats[i * query.channels + d] * config.scalarScale
        let keys = key.floats + d * residues
        for j in 0..<residues { row[j] += q * keys[j] }
      }
      addSquaredDistances(of: i, head: h, times: -0.5 * headWeights[h], to: row)
      mask.withUnsafeBufferPointer { mask in
        for j in 0..<residues { row[j] -= 1e5 * (1 - mask[i] * mask[j]) }
      }
    }
  }

  /// Adds the squared distances of the points of a head, from those of residue `i` to those of every residue. `[N_res]`
  func addSquaredDistances(
    of i: Int, head h: Int, times factor: Float, to row: UnsafeMutablePointer<Float>
  ) {
    let residues = pointKey.shape[1]
    for d in h * config.pointQueryKey * 3..<(h + 1) * config.pointQueryKey * 3 {
      let q = pointQuery.floats[i * pointQuery.channels + d]
      let keys = pointKey.floats + d * residues
      for j in 0..<residues {
        let difference = q - keys[j]
        row[j] += factor * (difference * difference)
      }
    }
  }

  /// Writes the attended scalars, the attended points in the local frame as x, y, z, and their norms.
  func gather(
    _ i: Int, _ weights: Tensor, _ frames: BackboneFrames,
    into features: UnsafeMutablePointer<Float>
  ) {
    let residues = weights.shape[1]
    let (c, heads) = (config, config.heads)
    let count = heads * c.pointValue
    let points = features + heads * c.scalarValue
    let frame = frames.frame(i)
    var sums = [Float](repeating: 0, count: c.pointValue * 3)
    for h in 0..<heads {
      let row = weights.floats + h * residues
      let scalars = features + h * c.scalarValue
      for d in 0..<c.scalarValue { scalars[d] = 0 }
      sums.withUnsafeMutableBufferPointer { sums in
        for d in sums.indices { sums[d] = 0 }
        for j in 0..<residues {
          let values = value.floats + (j * heads + h) * c.scalarValue
          for d in 0..<c.scalarValue { scalars[d] += row[j] * values[d] }
          let pointValues = pointValue.floats + (j * heads + h) * c.pointValue * 3
          for d in sums.indices { sums[d] += row[j] * pointValues[d] }
        }
      }
      for p in 0..<c.pointValue {
        let global = Vector3(sums[p * 3], sums[p * 3 + 1], sums[p * 3 + 2])
        let local = frame.applyInverse(to: global)
        let index = h * c.pointValue + p
        Self.store(local, points + index, stride: count)
        points[3 * count + index] = (1e-8 + local.dot(local)).squareRoot()
      }
    }
  }
}

extension StructureConfig {
  // Each of the three terms of the logits has variance 1/3; a pair of points contributes 9/2.

  /// Factor of the scalar products.
  var scalarScale: Float { (1 / (3 * Float(max(scalarQueryKey, 1)))).squareRoot() }
  /// Factor of the pair logits.
  var pairScale: Float { Float(1.0 / 3).squareRoot() }
  /// Factor of the trainable weight of squared distances.
  var pointScale: Float { (1 / (3 * Float(max(pointQueryKey, 1)) * 4.5)).squareRoot() }
}
