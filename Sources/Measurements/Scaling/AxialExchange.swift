import FoldingCore
import FoldingModel

/// Bytes that processes which share operations gather per block, counted as whole tensors.
///
/// Forward: m three times, z six (the outer product mean, two triangle multiplications, two attentions, the transition), and the
/// projections of the triangle multiplications. Backward: the same in fp32, with the sums of pair biases and of projections.
struct AxialExchange {
  let forward: Double
  let backward: Double
  let forwardCalls = 12.0
  let backwardCalls = 20.0

  init(_ config: FoldingConfig, _ size: ProblemSize) {
    let n = Double(size.residues)
    let m = Double(size.clusters) * n * Double(config.channels.msa)
    let z = n * n * Double(config.channels.pair)
    let projection = n * n * Double(config.evoformer.triangleChannels)
    let heads = Double(config.evoformer.msaHeads + 2 * config.evoformer.pairHeads)
    forward = 2 * (3 * m + 6 * z + 3 * projection)
    let outer = 2 * Double(size.clusters) * n * Double(config.evoformer.outerProductChannels)
    backward =
      4 * (4 * m + 8 * z + 2 * 3 * projection + n * n * heads + 2 * outer) + 2 * 3 * projection
  }
}
