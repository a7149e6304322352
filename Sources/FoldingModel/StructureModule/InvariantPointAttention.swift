import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Invariant point attention: residues attend by features, by the pair representation, and by where points that they
/// carry lie in space; the result does not change when the whole structure moves.
///
/// Algorithm 22 (Jumper et al. 2021, Suppl. 1.8.2).
///
/// Works on one query residue at a time, so that neither logits nor the normalised pair tensor are ever whole. fp32.
///
/// - Shapes: s `[N_res, c_s]`, z `[N_res, N_res, c_z]` → `[N_res, c_s]`
struct InvariantPointAttention: Sendable {
  let config: StructureConfig
  let scalarQuery, scalarKeyValue, pointQuery, pointKeyValue: Linear
  let pairLogits: Linear
  let pointWeights: Tensor  // [heads]
  let output: Linear

  init(_ scope: ParameterScope, single: Int, pair: Int, _ config: StructureConfig) throws {
    let scope = scope.scope("invariant_point_attention")
    let heads = config.heads
    self.config = config
    self.scalarQuery = try Linear(scope.scope("q_scalar"), single, heads * config.scalarQueryKey)
    self.scalarKeyValue = try Linear(
      scope.scope("kv_scalar"), single, heads * (config.scalarQueryKey + config.scalarValue))
    self.pointQuery = try Linear(
      scope.scope("q_point_local"), single, heads * 3 * config.pointQueryKey)
    self.pointKeyValue = try Linear(
      scope.scope("kv_point_local"), single, heads * 3 * (config.pointQueryKey + config.pointValue))
    self.pairLogits = try Linear(scope.scope("attention_2d"), pair, heads)
    self.pointWeights = try scope.vector("trainable_point_weights", [heads])
    self.output = try Linear(
      scope.scope("output_projection"),
      heads * (config.scalarValue + 4 * config.pointValue + pair), single)
  }

  /// The attention's output for every residue, before it is added.
  func callAsFunction(
    _ s: Tensor, _ z: Tensor, pairNorm: LayerNorm, _ frames: BackboneFrames, mask: [Float],
    _ context: ExecutionContext
  ) -> Tensor {
    let residues = s.shape[0]
    let operands = PointAttentionOperands(self, s, frames, context)
    let logitWeight = pairLogits.packed(context)
    let features = context.empty([residues, output.inputs])
    context.tiles(
      residues, tile: 1, scratch: { Scratch(residues: residues, z.channels, config.heads, context) }
    ) { range, scratch in
      let i = range.lowerBound
      pairNorm.apply(to: Matrix(z[i]), into: Matrix(scratch.pair), context)
      context.multiply(
        Matrix(scratch.pair), logitWeight, into: Matrix(scratch.logits).transposed,
        .bias(pairLogits.bias))
      operands.addLogits(of: i, to: scratch.logits, mask: mask)
      softmax(scratch.logits)
      let row = features[i].floats
      operands.gather(i, scratch.logits, frames, into: row)
      context.multiply(
        Matrix(scratch.logits), context.pack(Matrix(scratch.pair)),
        into: Matrix(
          features[i], offset: output.inputs - config.heads * z.channels, rows: config.heads,
          columns: z.channels, rowStride: z.channels))
    }
    return output(features, context)
  }

  private struct Scratch {
    let pair: Tensor  // [N_res, c_z], normalised row of z
    let logits: Tensor  // [heads, N_res], then weights

    init(residues: Int, _ channels: Int, _ heads: Int, _ context: ExecutionContext) {
      pair = context.empty([residues, channels])
      logits = context.empty([heads, residues])
    }
  }
}

/// Queries, keys and values of all residues, points in the global frame; keys are stored with residues last, so that
/// the loops over keys run over contiguous memory.
private struct PointAttentionOperands {
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
        Self.store(point, pointQuery.floats + (i * c.heads * c.pointQueryKey + index) * 3, stride: 1)
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
    // Each of the three terms of the logits has variance 1/3; a pair of points contributes 9/2.
    let scale = (1 / (3 * Float(max(c.pointQueryKey, 1)) * 4.5)).squareRoot()
    headWeights = (0..<c.heads).map { scale * softplus(layer.pointWeights.floats[$0]) }
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
    let scalarScale = (1 / (3 * Float(max(config.scalarQueryKey, 1)))).squareRoot()
    let pairScale = Float(1.0 / 3).squareRoot()
    for h in 0..<config.heads {
      let row = logits.floats + h * residues
      for j in 0..<residues { row[j] *= pairScale }
      for d in h * config.scalarQueryKey..<(h + 1) * config.scalarQueryKey {
        let q = query.floats[i * query.channels + d] * scalarScale
        let keys = key.floats + d * residues
        for j in 0..<residues { row[j] += q * keys[j] }
      }
      let weight = -0.5 * headWeights[h]
      for d in h * config.pointQueryKey * 3..<(h + 1) * config.pointQueryKey * 3 {
        let q = pointQuery.floats[i * pointQuery.channels + d]
        let keys = pointKey.floats + d * residues
        for j in 0..<residues {
          let difference = q - keys[j]
          row[j] += weight * (difference * difference)
        }
      }
      mask.withUnsafeBufferPointer { mask in
        for j in 0..<residues { row[j] -= 1e5 * (1 - mask[i] * mask[j]) }
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

/// `log(1 + eˣ)`.
private func softplus(_ x: Float) -> Float {
  Float(max(Double(x), 0) + log1p(exp(-abs(Double(x)))))
}
