import FoldingCore
import NeuralNet
import NumericArrays
import Protein
import TensorCore

/// Predicts the distance between pseudo-betas of every pair, in bins.
///
/// Jumper et al. 2021, Suppl. 1.9.8. Logits are made symmetric by adding the transpose, bias twice.
struct DistogramHead: Sendable {
  let config: HeadConfig
  let halfLogits: Linear

  init(_ scope: ParameterScope, pair: Int, _ config: HeadConfig) throws {
    self.config = config
    self.halfLogits = try Linear(
      scope.scope("distogram_head").scope("half_logits").inFloat32, pair, config.distogramBins)
  }

  /// `[N_res, N_res, bins]` fp32.
  func callAsFunction(_ z: Tensor, _ context: ExecutionContext) -> Tensor {
    let result = symmetric(halfLogits.logits(of: z, context.unrecorded), context)
    context.record { context in
      let halfGradient = symmetric(context.gradient(of: result), context)
      halfLogits.addGradient(of: z, from: halfGradient, context)
    }
    return result
  }

  /// `x_ij + x_ji`, which is its own derivative. `[N_res, N_res, bins]`
  private func symmetric(_ x: Tensor, _ context: ExecutionContext) -> Tensor {
    let (residues, bins) = (x.shape[0], x.channels)
    let result = context.empty(x.shape, .float32)
    context.tiles(residues, tile: 1, scratch: {}) { range, _ in
      let i = range.lowerBound
      for j in 0..<residues {
        let (a, b) = (x.floats + (i * residues + j) * bins, x.floats + (j * residues + i) * bins)
        let target = result.floats + (i * residues + j) * bins
        for bin in 0..<bins { target[bin] = a[bin] + b[bin] }
      }
    }
    return result
  }

  /// Probability that two pseudo-betas are within 8 Å. `[N_res, N_res]`
  ///
  /// One row of pairs and one column at a time; bins whose upper edge is at most 8 Å count.
  func contactProbability(_ z: Tensor, _ context: ExecutionContext) -> NDArray<Float> {
    let fp32 = context.storing(.float32)
    let (residues, bins) = (z.shape[0], config.distogramBins)
    let weight = halfLogits.packed(fp32)
    let contactBins = config.distogramBreaks.countWithin(8)
    let result = fp32.empty([residues, residues])
    context.tiles(
      residues, tile: 1,
      scratch: {
        (input: fp32.empty([residues, z.channels]), logits: fp32.empty([residues, bins]))
      }
    ) { range, scratch in
      let i = range.lowerBound
      var twice = Epilogue.bias(halfLogits.bias)
      for isColumn in [false, true] {
        let source = Matrix(
          z, offset: i * z.channels * (isColumn ? 1 : residues), rows: residues,
          columns: z.channels,
          rowStride: z.channels * (isColumn ? residues : 1))
        twice.accumulates = isColumn
        fp32.multiply(source, weight, into: Matrix(scratch.logits), twice)
      }
      for j in 0..<residues {
        let row = UnsafeBufferPointer(start: scratch.logits.floats + j * bins, count: bins)
        result.floats[i * residues + j] = Float(probabilities(row).prefix(contactBins).reduce(0, +))
      }
    }
    return result.array()
  }
}

/// Reconstructs hidden cells of the MSA.
///
/// Jumper et al. 2021, Suppl. 1.9.9.
struct MaskedMSAHead: Sendable {
  let logits: Linear

  init(_ scope: ParameterScope, msa: Int, _ config: HeadConfig) throws {
    self.logits = try Linear(
      scope.scope("masked_msa_head").scope("logits").inFloat32, msa, config.maskedMSAClasses)
  }

  /// - Shapes: m `[N_clust, N_res, c_m]`, template rows cut off → `[N_clust, N_res, 23]` fp32
  func callAsFunction(_ m: Tensor, _ context: ExecutionContext) -> Tensor {
    logits.logits(of: m, context)
  }
}

/// Predicts which atoms an experiment would have seen.
///
/// Jumper et al. 2021, Suppl. 1.9.10.
struct ExperimentallyResolvedHead: Sendable {
  let logits: Linear

  init(_ scope: ParameterScope, single: Int) throws {
    self.logits = try Linear(
      scope.scope("experimentally_resolved_head").scope("logits").inFloat32, single,
      AtomName.count)
  }

  /// - Shapes: single `[N_res, c_s]` fp32 → `[N_res, 37]`
  func callAsFunction(_ single: Tensor, _ context: ExecutionContext) -> Tensor {
    logits.logits(of: single, context)
  }
}
