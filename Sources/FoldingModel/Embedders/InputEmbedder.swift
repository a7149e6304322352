import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// Input embedder: makes the first MSA and pair representations from features, positions and the previous pass.
///
/// Algorithm 3 (Jumper et al. 2021, Suppl. 1.5), with relative positions and recycling added in the same sweep,
/// so that the pair tensor is written once.
///
/// - Shapes: → m `[N_clust, N_res, c_m]`, z `[N_res, N_res, c_z]`
struct InputEmbedder: Sendable {
  let target, msa: Linear
  let left, right: Linear
  let relativePosition: RelativePosition
  let recycling: RecyclingEmbedder

  /// Width of `msa_feat`.
  static let msaWidth = FeatureWidths.msa

  init(_ scope: ParameterScope, _ config: ChannelConfig) throws {
    self.target = try Linear(scope.scope("preprocess_1d"), config.target.width, config.msa)
    self.msa = try Linear(scope.scope("preprocess_msa"), Self.msaWidth, config.msa)
    self.left = try Linear(scope.scope("left_single"), config.target.width, config.pair)
    self.right = try Linear(scope.scope("right_single"), config.target.width, config.pair)
    self.relativePosition = try RelativePosition(scope, config)
    self.recycling = try RecyclingEmbedder(scope, config)
  }

  /// Writes the first `draw.clusterCount` rows of `m`.
  func embedMSA(
    _ features: TargetFeatures, _ draw: AlignmentDraw, _ previous: PreviousPass, into m: Tensor,
    _ context: ExecutionContext
  ) {
    let firstRow = previous.msaFirstRow
    context.record { context in
      backwardMSA(features, draw, firstRow: firstRow, context.gradient(of: m), context)
    }
    let residues = features.residueCount
    let targetFeature = Tensor(features.targetFeature, .float32, pool: context.pool)
    let fp32Unrecorded = context.storing(.float32).unrecorded
    let shared = target(targetFeature, fp32Unrecorded)  // Alg. 3 line 4, right term
    let weight = fp32Unrecorded.pack(Matrix(msa.weight))
    let recycled = recycling.firstRowNorm(firstRow, fp32Unrecorded)
    let width = residues * Self.msaWidth
    context.tiles(
      draw.clusterCount, tile: 1,
      scratch: {
        (
          input: context.empty([residues, Self.msaWidth], .float32),
          output: context.empty([residues, m.channels], .float32)
        )
      }
    ) { row, scratch in
      draw.msaFeature.values.withUnsafeBufferPointer { values in
        for index in 0..<width {
          scratch.input.floats[index] = values[row.lowerBound * width + index]
        }
      }
      scratch.output.assign(shared)
      var epilogue = Epilogue.bias(msa.bias)
      epilogue.accumulates = true
      fp32Unrecorded.multiply(
        Matrix(scratch.input), weight, into: Matrix(scratch.output), epilogue)  // Alg. 3 line 4
      if row.lowerBound == 0 {
        context.add(Matrix(recycled), into: Matrix(scratch.output))  // Alg. 32 line 4
      }
      m[row.lowerBound].assign(scratch.output)
    }
  }

  /// Turns the recycled pair tensor into the new one, in place.
  func embedPair(
    _ features: TargetFeatures, _ previous: PreviousPass, _ context: ExecutionContext
  ) -> Tensor {
    let (z, positions) = (previous.pair, previous.positions)
    context.record(updating: z) { recycled, gradient, context in
      backwardPair(features, positions: positions, recycled: recycled, gradient, context)
    }
    let (residues, channels) = (features.residueCount, z.channels)
    let fp32Unrecorded = context.storing(.float32).unrecorded
    let targetFeature = Tensor(features.targetFeature, .float32, pool: context.pool)
    let leftPart = left(targetFeature, fp32Unrecorded)  // Alg. 3 line 1
    let rightPart = right(targetFeature, fp32Unrecorded)  // Alg. 3 line 1
    let relative = context.copyShared(relativePosition.linear.weight, as: .float32)
    let distance = context.copyShared(recycling.positionLinear.weight, as: .float32)
    let beta = pseudoBeta(aatype: features.aatype, positions: previous.positions)
    let bias = context.empty([channels], .float32)
    for c in 0..<channels {
      bias.floats[c] =
        (recycling.positionLinear.bias?.floats[c] ?? 0)
        + (relativePosition.linear.bias?.floats[c] ?? 0)
    }
    context.tiles(residues, tile: 1, scratch: { context.empty([residues, channels], .float32) }) {
      row, scratch in
      let i = row.lowerBound
      recycling.pairNorm.apply(to: Matrix(z[i]), into: Matrix(scratch), context)  // Alg. 32 line 3
      for j in 0..<residues {
        let target = scratch.floats + j * channels
        // Alg. 4 lines 1 and 3, Alg. 5: the row of the bin.
        let offset = features.residueIndex[i] - features.residueIndex[j]
        let relativeRow = relative.floats + relativePosition.bin(offset, 0) * channels
        let (a, b) = (leftPart.floats + i * channels, rightPart.floats + j * channels)
        // Alg. 3 lines 2 and 3.
        for c in 0..<channels { target[c] += a[c] + b[c] + relativeRow[c] + bias.floats[c] }
        let d = beta[i] - beta[j]  // Alg. 32 line 1
        if let bin = recycling.bins.bin((d * d).sum()) {
          let distanceRow = distance.floats + bin * channels
          for c in 0..<channels { target[c] += distanceRow[c] }  // Alg. 32 lines 2 and 3
        }
      }
      z[i].assign(scratch)
    }
    return z
  }
}
