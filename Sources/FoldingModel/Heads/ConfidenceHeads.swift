import CLibrary
import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// Predicts lDDT-Cα per residue from the structure module's activation.
///
/// Algorithm 29 (Jumper et al. 2021, Suppl. 1.9.6).
struct PredictedLDDTHead: Sendable {
  let norm: LayerNorm
  let first, second, logits: Linear

  init(_ scope: ParameterScope, single: Int, _ config: HeadConfig) throws {
    let scope = scope.scope("predicted_lddt_head").inFloat32
    let channels = config.confidenceChannels
    self.norm = try LayerNorm(scope.scope("input_layer_norm"), single)
    self.first = try Linear(scope.scope("act_0"), single, channels)
    self.second = try Linear(scope.scope("act_1"), channels, channels)
    self.logits = try Linear(scope.scope("logits"), channels, config.confidenceBins)
  }

  /// - Shapes: activation `[N_res, c_s]` fp32 → `[N_res, bins]`
  func callAsFunction(_ activation: Tensor, _ context: ExecutionContext) -> Tensor {
    let fp32Unrecorded = context.storing(.float32).unrecorded
    let normed = norm(activation, fp32Unrecorded)
    let hidden = first(normed, activation: .relu, fp32Unrecorded)
    let last = second(hidden, activation: .relu, fp32Unrecorded)
    let result = logits(last, fp32Unrecorded)
    context.record { context in
      let context = context.storing(.float32)
      var gradient = context.gradient(of: result)
      for (linear, input, isRectified) in [
        (logits, last, true), (second, hidden, true), (first, normed, false),
      ] {
        let inputGradient = context.empty(input.shape)
        linear.backward(
          input: Matrix(input), outputGradient: Matrix(gradient), into: Matrix(inputGradient),
          context)
        if isRectified { context.rectifyGradient(inputGradient, of: input) }
        gradient = inputGradient
      }
      norm.backward(
        input: Matrix(activation), outputGradient: Matrix(gradient),
        into: Matrix(context.gradient(of: activation)), context)
    }
    return result
  }

  /// pLDDT, 0 … 100: the expectation over bins with centres (b + ½) / bins.
  static func expectation(_ logits: NDArray<Float>) -> [Float] {
    let bins = logits.shape[1]
    return (0..<logits.shape[0]).map { residue in
      let row = probabilities(logits.values[residue * bins..<(residue + 1) * bins])
      var sum = 0.0
      for (bin, p) in row.enumerated() { sum += p * (Double(bin) + 0.5) / Double(bins) }
      return Float(100 * sum)
    }
  }
}

/// Predicts, for each pair, the error of residue j when structures are aligned on residue i.
///
/// Jumper et al. 2021, Suppl. 1.9.7.
struct PredictedAlignedErrorHead: Sendable {
  let config: AlignedErrorConfig
  let logits: Linear

  init(_ scope: ParameterScope, pair: Int, _ config: AlignedErrorConfig) throws {
    self.config = config
    self.logits = try Linear(
      scope.scope("predicted_aligned_error_head").scope("logits").inFloat32, pair, config.bins)
  }

  /// Centres of the bins, Å; the last bin is open, with its centre one step further.
  var centers: [Double] { config.breaks.centers }

  /// Logits for the loss. `[N_res, N_res, bins]` fp32
  func callAsFunction(_ z: Tensor, _ context: ExecutionContext) -> Tensor {
    logits.logits(of: z, context)
  }

  /// Expected errors `[N_res, N_res]`, Å, and the predicted TM-score, one row of pairs at a time.
  ///
  /// pTM: Suppl. 1.9.7; d0 clips the length at 19, the mean is over all residues, and the best alignment counts.
  func summarize(_ z: Tensor, _ context: ExecutionContext) -> (error: NDArray<Float>, ptm: Float) {
    let residues = z.shape[0]
    let error = context.empty([residues, residues], .float32)
    let scores = context.empty([residues], .float32)
    let fp32 = context.storing(.float32)
    let weight = logits.packed(fp32)
    let length = Double(max(residues, 19))
    let d0 = 1.24 * cbrt(length - 15) - 1.8
    let centers = centers
    let gains = centers.map { 1 / (1 + $0 * $0 / (d0 * d0)) }
    context.tiles(
      residues, tile: 1,
      scratch: {
        (input: fp32.empty([residues, z.channels]), logits: fp32.empty([residues, config.bins]))
      }
    ) { range, scratch in
      let i = range.lowerBound
      scratch.input.assign(z[i])
      fp32.multiply(
        Matrix(scratch.input), weight, into: Matrix(scratch.logits), .bias(logits.bias))
      var score = 0.0
      for j in 0..<residues {
        let row = UnsafeBufferPointer(
          start: scratch.logits.floats + j * config.bins, count: config.bins)
        let p = probabilities(row)
        var expected = 0.0
        for bin in 0..<config.bins {
          expected += p[bin] * centers[bin]
          score += p[bin] * gains[bin]
        }
        error.floats[i * residues + j] = Float(expected)
      }
      scores.floats[i] = Float(score / Double(residues))
    }
    return (error.array(), scores.array().values.max() ?? 0)
  }
}

/// Softmax of one row of logits, in double precision.
func probabilities(_ logits: some Collection<Float>) -> [Double] {
  let top = Double(logits.max() ?? 0)
  var result = logits.map { exp(Double($0) - top) }
  let sum = result.reduce(0, +)
  for index in result.indices { result[index] /= sum }
  return result
}
