import CLibrary
import FoldingCore
import NeuralNet
import TensorCore

extension InvariantPointAttention {
  /// Derivative of Algorithm 22: adds to the gradients of s, z, the frames' translations and all parameters.
  ///
  /// Attention weights and the gradient of the logits are kept whole, `[heads, N_res, N_res]` fp32; the normalised pair tensor is
  /// computed again, some rows at a time. Sums over residues are matrix products or run in a fixed order.
  ///
  /// - Departure: as in the released code rotations are constants here; see ``BackboneFrames``.
  func backward(
    _ input: PointAttentionInput, features: Tensor, outputGradient: Tensor,
    _ context: ExecutionContext
  ) {
    let context = context.storing(.float32)
    let step = PointAttentionBackward(self, input, features, outputGradient, context)
    step.attend(context)
    step.addScalarGradients(context)
    step.addPointGradients(context)
    step.addFrameGradient(context)
    for h in 0..<config.heads {
      // d softplus(x)/dx = sigmoid(x)
      let slope = config.pointScale / (1 + exp(-pointWeights.floats[h]))
      context.gradient(of: pointWeights).floats[h] += slope * step.headWeightGradient(h)
    }
  }
}

/// The parts of one derivative of invariant point attention.
private struct PointAttentionBackward {
  let layer: InvariantPointAttention
  let config: StructureConfig
  let input: PointAttentionInput
  let operands: PointAttentionOperands
  /// Gradient of what every residue gathered. `[N_res, features]`
  let featureGradient: Tensor
  /// Gradient of the attended points in the global frame. `[N_res, heads · points · 3]`
  let attendedGradient: Tensor
  /// Attention weights, once computed again. `[heads, N_res, N_res]`
  let weights: Tensor
  /// Gradient of the weights, then of the logits. `[heads, N_res, N_res]`
  let logitGradient: Tensor
  /// Per residue, the gradient of the weights of squared distances. `[N_res, heads]`
  let distanceGradient: Tensor
  /// Gradient of the translations, 10 Å. `[N_res, 3]`
  let translationGradient: Tensor

  private var residues: Int { input.s.shape[0] }
  private var heads: Int { config.heads }

  /// Pairs of residues whose normalised representations are in memory at a time; a constant, so that sums have one order.
  private static let pairsAtATime = 8192

  init(
    _ layer: InvariantPointAttention, _ input: PointAttentionInput, _ features: Tensor,
    _ outputGradient: Tensor, _ context: ExecutionContext
  ) {
    let residues = input.s.shape[0]
    let config = layer.config
    self.layer = layer
    self.config = config
    self.input = input
    operands = PointAttentionOperands(layer, input.s, input.frames, context)
    featureGradient = context.empty(features.shape)
    attendedGradient = context.empty([residues, config.heads * config.pointValue * 3])
    weights = context.empty([config.heads, residues, residues])
    logitGradient = context.empty([config.heads, residues, residues])
    distanceGradient = context.empty([residues, config.heads])
    translationGradient = context.zeros([residues, 3])
    layer.output.backward(
      input: Matrix(features), outputGradient: Matrix(outputGradient),
      into: Matrix(featureGradient), context)
    for i in 0..<residues { turnAttendedPoints(i, features) }
  }

  /// Converts the gradient of local attended points and of their norms into that of the global points.
  private func turnAttendedPoints(_ i: Int, _ features: Tensor) {
    let count = heads * config.pointValue
    let local = features[i].floats + heads * config.scalarValue
    let gradient = featureGradient[i].floats + heads * config.scalarValue
    let target = attendedGradient[i].floats
    let rotation = input.frames.rotation(i)
    var sum = Vector3<Float>.zero
    for index in 0..<count {
      let point = Vector3(local[index], local[count + index], local[2 * count + index])
      let ofNorm = gradient[3 * count + index] / local[3 * count + index]
      let direct = Vector3(gradient[index], gradient[count + index], gradient[2 * count + index])
      let global = rotation * (direct + point * ofNorm)
      sum += global
      for (axis, value) in [global.x, global.y, global.z].enumerated() {
        target[3 * index + axis] = value
      }
    }
    addTranslation(i, -sum)
  }

  private func addTranslation(_ i: Int, _ gradient: Vector3<Float>) {
    let target = translationGradient[i].floats
    target[0] += gradient.x
    target[1] += gradient.y
    target[2] += gradient.z
  }

  /// Computes the attention weights again, then the gradient of the logits, and adds that of the pair representation.
  func attend(_ context: ExecutionContext) {
    for h in 0..<heads {
      product(scalarGradient(h), values(h).transposed, into: Matrix(logitGradient[h]), context)
      product(
        pointGradient(h), pointValues(h).transposed, into: Matrix(logitGradient[h]),
        accumulates: true, context)
    }
    let channels = input.z.channels
    let rows = max(1, Self.pairsAtATime / max(1, residues))
    let logitWeight = layer.pairLogits.packed(context)
    let tile = PairTile(rows: min(rows, residues), residues: residues, channels, heads, context)
    for start in stride(from: 0, to: residues, by: rows) {
      let range = start..<min(start + rows, residues)
      context.tiles(
        range.count, tile: 1,
        scratch: { (context.empty([heads, residues]), context.empty([heads, residues])) }
      ) { piece, scratch in
        attend(
          start + piece.lowerBound, tile.row(piece.lowerBound), logitWeight,
          logits: scratch.0, weightGradient: scratch.1, context)
      }
      let part = tile.rows(0..<range.count)
      layer.pairLogits.backward(
        input: Matrix(part.pair), outputGradient: Matrix(part.logitGradient),
        into: Matrix(part.pairGradient), accumulates: true, context)
      input.pairNorm.backward(
        input: Matrix(input.z[range]), outputGradient: Matrix(part.pairGradient),
        into: Matrix(context.gradient(of: input.z)[range]), context)
    }
  }

  /// One query residue, on the calling thread.
  private func attend(
    _ i: Int, _ tile: PairTile, _ logitWeight: PackedMatrix, logits: Tensor,
    weightGradient: Tensor, _ context: ExecutionContext
  ) {
    input.pairNorm.apply(to: Matrix(input.z[i]), into: Matrix(tile.pair), context)
    context.multiply(
      Matrix(tile.pair), logitWeight, into: Matrix(logits).transposed,
      .bias(layer.pairLogits.bias))
    operands.addLogits(of: i, to: logits, mask: input.mask)
    softmaxInPlace(logits)
    let channels = input.z.channels
    let attendedPairs = Matrix(
      featureGradient[i], offset: featureGradient.channels - heads * channels, rows: heads,
      columns: channels, rowStride: channels)
    context.multiply(
      attendedPairs, context.pack(Matrix(tile.pair).transposed), into: Matrix(weightGradient))
    context.multiply(
      Matrix(logits).transposed, context.pack(attendedPairs), into: Matrix(tile.pairGradient))
    for h in 0..<heads {
      differentiateSoftmax(
        i, h, weights: logits[h].floats, pairPart: weightGradient[h].floats,
        pairLogits: tile.logitGradient.floats + h)
    }
  }

  /// `∂l_j = a_j (∂a_j − Σ_k ∂a_k a_k)` for one row of one head.
  private func differentiateSoftmax(
    _ i: Int, _ h: Int, weights a: UnsafeMutablePointer<Float>,
    pairPart: UnsafeMutablePointer<Float>, pairLogits: UnsafeMutablePointer<Float>
  ) {
    let gradient = logitGradient[h][i].floats
    let kept = weights[h][i].floats
    var mean: Float = 0
    for j in 0..<residues {
      gradient[j] += pairPart[j]
      mean += gradient[j] * a[j]
      pairPart[j] = 0
    }
    operands.addSquaredDistances(of: i, head: h, times: -0.5, to: pairPart)
    var distances: Float = 0
    for j in 0..<residues {
      gradient[j] = a[j] * (gradient[j] - mean)
      kept[j] = a[j]
      distances += gradient[j] * pairPart[j]
      pairLogits[j * heads] = config.pairScale * gradient[j]
    }
    distanceGradient.floats[i * heads + h] = distances
  }

  /// Gradient of the weight of squared distances of a head.
  func headWeightGradient(_ h: Int) -> Float {
    var sum = 0.0
    for i in 0..<residues { sum += Double(distanceGradient.floats[i * heads + h]) }
    return Float(sum)
  }

  /// Scalar queries, keys and values.
  func addScalarGradients(_ context: ExecutionContext) {
    let perHead = config.scalarQueryKey + config.scalarValue
    let query = context.empty([residues, heads * config.scalarQueryKey])
    let keyValue = context.empty([residues, heads * perHead])
    for h in 0..<heads {
      let logits = Matrix(logitGradient[h])
      let range = h * config.scalarQueryKey..<(h + 1) * config.scalarQueryKey
      let start = h * perHead
      product(
        logits, Matrix(operands.key[range]).transposed, into: Matrix(query).columns(range),
        scale: config.scalarScale, context)
      product(
        logits.transposed, Matrix(operands.query).columns(range),
        into: Matrix(keyValue).columns(start..<start + config.scalarQueryKey),
        scale: config.scalarScale, context)
      product(
        Matrix(weights[h]).transposed, scalarGradient(h),
        into: Matrix(keyValue).columns(start + config.scalarQueryKey..<start + perHead), context)
    }
    addInput(layer.scalarQuery, query, context)
    addInput(layer.scalarKeyValue, keyValue, context)
  }

  /// Points of queries, keys and values: global gradients first, then those of the local points and of translations.
  func addPointGradients(_ context: ExecutionContext) {
    let (points, values) = (config.pointQueryKey, config.pointValue)
    let query = context.empty([residues, heads * points * 3])
    let key = context.empty([residues, heads * points * 3])
    let value = context.empty([residues, heads * values * 3])
    for h in 0..<heads {
      let range = h * points * 3..<(h + 1) * points * 3
      let (logits, weight) = (Matrix(logitGradient[h]), operands.headWeights[h])
      subtractOwnPoints(h, from: query, key)
      product(
        logits, Matrix(operands.pointKey[range]).transposed, into: Matrix(query).columns(range),
        scale: weight, accumulates: true, context)
      product(
        logits.transposed, Matrix(operands.pointQuery).columns(range),
        into: Matrix(key).columns(range), scale: weight, accumulates: true, context)
      product(
        Matrix(weights[h]).transposed, pointGradient(h),
        into: Matrix(value).columns(h * values * 3..<(h + 1) * values * 3), context)
    }
    let localQuery = context.empty([residues, heads * points * 3])
    let localKeyValue = context.empty([residues, heads * (points + values) * 3])
    for i in 0..<residues {
      for h in 0..<heads {
        let all = (heads * points, heads * (points + values))
        for p in 0..<points {
          let place = h * points + p
          turn(i, query, place, into: localQuery, place, of: all.0)
          turn(i, key, place, into: localKeyValue, h * (points + values) + p, of: all.1)
        }
        for p in 0..<values {
          turn(
            i, value, h * values + p, into: localKeyValue, h * (points + values) + points + p,
            of: all.1)
        }
      }
    }
    addInput(layer.pointQuery, localQuery, context)
    addInput(layer.pointKeyValue, localKeyValue, context)
  }

  /// Writes `−w q_i Σ_j ∂l_ij` and `−w k_j Σ_i ∂l_ij`: the part of squared distances besides the products.
  private func subtractOwnPoints(_ h: Int, from query: Tensor, _ key: Tensor) {
    let width = config.pointQueryKey * 3
    let weight = operands.headWeights[h]
    var columnSums = [Float](repeating: 0, count: residues)
    for i in 0..<residues {
      let row = logitGradient[h][i].floats
      var sum: Float = 0
      for j in 0..<residues {
        sum += row[j]
        columnSums[j] += row[j]
      }
      let (points, target) = (operands.pointQuery[i].floats, query[i].floats)
      for d in h * width..<(h + 1) * width { target[d] = -weight * sum * points[d] }
    }
    for j in 0..<residues {
      let target = key[j].floats
      for d in h * width..<(h + 1) * width {
        target[d] = -weight * columnSums[j] * operands.pointKey.floats[d * residues + j]
      }
    }
  }

  /// Converts the gradient of a global point into that of the local one, which is stored as all x, all y, all z.
  private func turn(
    _ i: Int, _ global: Tensor, _ place: Int, into local: Tensor, _ index: Int, of count: Int
  ) {
    let source = global[i].floats + place * 3
    let gradient = Vector3(source[0], source[1], source[2])
    addTranslation(i, gradient)
    let turned = input.frames.rotation(i).transposeTimes(gradient)
    let target = local[i].floats + index
    (target[0], target[count], target[2 * count]) = (turned.x, turned.y, turned.z)
  }

  /// Adds the gradient of the translations to that of the frames.
  func addFrameGradient(_ context: ExecutionContext) {
    guard let traced = input.frames.traced else { return }
    let target = context.gradient(of: traced).floats
    for i in 0..<residues {
      for axis in 0..<3 {
        target[i * 12 + 9 + axis] +=
          translationGradient.floats[i * 3 + axis] / StructureModule.positionScale
      }
    }
  }

  /// Derivative of a projection of s.
  private func addInput(_ linear: Linear, _ gradient: Tensor, _ context: ExecutionContext) {
    linear.backward(
      input: Matrix(input.s), outputGradient: Matrix(gradient),
      into: Matrix(context.gradient(of: input.s)), accumulates: true, context)
  }

  private func values(_ h: Int) -> Matrix {
    Matrix(operands.value).columns(h * config.scalarValue..<(h + 1) * config.scalarValue)
  }

  private func pointValues(_ h: Int) -> Matrix {
    Matrix(operands.pointValue).columns(h * config.pointValue * 3..<(h + 1) * config.pointValue * 3)
  }

  /// Gradient of the attended scalars of a head. `[N_res, c]`
  private func scalarGradient(_ h: Int) -> Matrix {
    Matrix(featureGradient).columns(h * config.scalarValue..<(h + 1) * config.scalarValue)
  }

  /// Gradient of the attended points of a head. `[N_res, points · 3]`
  private func pointGradient(_ h: Int) -> Matrix {
    Matrix(attendedGradient).columns(h * config.pointValue * 3..<(h + 1) * config.pointValue * 3)
  }

  /// `result (+)= scale · left · right`, all workers sharing the rows.
  private func product(
    _ left: Matrix, _ right: Matrix, into result: Matrix, scale: Float = 1,
    accumulates: Bool = false, _ context: ExecutionContext
  ) {
    var epilogue = Epilogue()
    epilogue.scale = scale
    epilogue.accumulates = accumulates
    context.multiplyShared(left, context.pack(right), into: result, epilogue)
  }
}

/// Rows of the pair representation with their gradients.
private struct PairTile {
  /// Normalised. `[rows, N_res, c_z]`
  var pair: Tensor
  /// With respect to `pair`. `[rows, N_res, c_z]`
  var pairGradient: Tensor
  /// With respect to the pair logits. `[rows, N_res, heads]`
  var logitGradient: Tensor

  init(rows: Int, residues: Int, _ channels: Int, _ heads: Int, _ context: ExecutionContext) {
    pair = context.empty([rows, residues, channels])
    pairGradient = context.empty([rows, residues, channels])
    logitGradient = context.empty([rows, residues, heads])
  }

  func row(_ index: Int) -> PairTile {
    var result = self
    result.pair = pair[index]
    result.pairGradient = pairGradient[index]
    result.logitGradient = logitGradient[index]
    return result
  }

  func rows(_ range: Range<Int>) -> PairTile {
    var result = self
    result.pair = pair[range]
    result.pairGradient = pairGradient[range]
    result.logitGradient = logitGradient[range]
    return result
  }
}
