import FoldingCore
import Protein
import TensorCore

/// What determines the memory of a pass, tiling aside.
public struct PassDemand: Sendable {
  /// The network.
  public var config: FoldingConfig
  /// Sizes of the features.
  public var size: ProblemSize
  /// Sizes of the parameters.
  public var parameters: ParameterFootprint
  /// Storage of activations and trunk weights.
  public var storage: DType
  /// Worker threads.
  public var threads: Int
  /// Draws averaged per pass.
  public var ensembles = 1
  /// Whether processes share the operations and so exchange whole packed operands.
  public var isShared = false
  /// Bytes of the alignment from which rows are drawn, held twice during the draw.
  public var alignmentBytes = 0
  /// Bytes of the alignment that those rows were chosen from, held twice while they are; 0 where all rows stay.
  public var completeBytes = 0
  /// Whether that alignment stays in memory.
  public var holdsComplete = false
  /// Bytes of logits and representations that are written with the results, if they are.
  public var rawBytes = 0
  /// Whether the state is written after each pass, from a copy.
  public var savesPasses = false
  /// Bytes that the process holds besides the network and its passes.
  public var otherBytes = 0

  /// One pass with one draw and nothing else.
  ///
  /// - Parameter parameters: sizes of the parameters; nil for those of the whole network.
  public init(
    _ config: FoldingConfig, _ size: ProblemSize, parameters: ParameterFootprint? = nil,
    storage: DType, threads: Int
  ) {
    (self.config, self.size, self.storage, self.threads) = (config, size, storage, threads)
    self.parameters =
      parameters ?? ParameterFootprint(config)
  }
}

/// How many bytes a prediction will need, computed before it starts.
///
/// Several moments of a pass compete for the peak: each holds the parameters, the features, the MSA and pair representations, and
/// what its own operation adds.
public struct MemoryPlan: Sendable {
  /// A moment that may be the peak.
  public struct Moment: Sendable, Hashable {
    /// What runs.
    public let name: String
    /// Bytes needed, everything included.
    public let bytes: Int
  }

  /// Parameters in memory.
  public let parameterBytes: Int
  /// How operands of triangle multiplications are held.
  public let operands: PairOperands
  /// The competing moments, largest first.
  public let moments: [Moment]

  /// Bytes of the largest moment.
  public var peak: Int { moments.first?.bytes ?? 0 }

  /// Code, libraries, the runtime and its small allocations.
  public static let processBytes = 40 << 20
  /// What reading inputs and writing results adds in a whole prediction: texts, regular expressions, Unicode tables.
  ///
  /// Measured: 11 to 18 MiB, whatever the size of the target.
  public static let textBytes = 21 << 20

  /// The plan of a prediction that holds operands of triangle multiplications as given.
  public init(_ demand: PassDemand, operands: PairOperands = .whole) {
    let (config, size) = (demand.config, demand.size)
    let sizes = Sizes(demand, operands)
    let parameterBytes = demand.parameters.byteCount(demand.storage)
    let base =
      Self.processBytes + demand.otherBytes + demand.alignmentBytes
      + (demand.holdsComplete ? demand.completeBytes : 0) + parameterBytes + sizes.features
    var streams = sizes.pair
    // The recycled pair tensor, the sum of all draws and the MSA of the first one, while another draw runs.
    if demand.ensembles > 1 { streams += 2 * sizes.pair + sizes.pairFloat + sizes.msa }
    var moments = [
      Moment(
        name: "extra_msa_stack",
        bytes: base + streams + sizes.extra + max(sizes.extraOuter, sizes.pairTrack)),
      Moment(
        name: "evoformer",
        bytes: base + streams + sizes.msa
          + max(sizes.mainOuter, sizes.pairTrack, sizes.rowAttention)),
      Moment(
        name: "loading",
        bytes: base - sizes.features - parameterBytes
          + demand.parameters.loadingBytes(demand.storage)),
      Moment(
        name: "drawing",
        bytes: base + (demand.ensembles > 1 ? streams : sizes.pair) + demand.alignmentBytes),
      Moment(name: "heads", bytes: base + streams + sizes.msa + sizes.heads),
      Moment(
        name: "results",
        // A complete alignment that waits in a file is read where the target's folder is made.
        bytes: base + (demand.savesPasses ? 2 : 1) * sizes.pair + sizes.heads
          + (demand.holdsComplete ? 0 : demand.completeBytes)),
    ]
    if demand.completeBytes > 0 {
      moments.append(
        Moment(
          name: "choosing_rows",
          bytes: Self.processBytes + demand.otherBytes + demand.alignmentBytes
            + 2 * demand.completeBytes))
    }
    if demand.rawBytes > 0 {
      moments.append(
        Moment(name: "raw_outputs", bytes: base + sizes.pair + demand.rawBytes + sizes.logits))
    }
    if size.templates > 0 && config.template != nil {
      moments.append(Moment(name: "template_embedding", bytes: base + streams + sizes.templates))
    }
    self.parameterBytes = parameterBytes
    self.operands = operands
    self.moments = moments.sorted { $0.bytes > $1.bytes }
  }

  /// The fastest plan that stays within `limit`, or the smallest plan there is.
  ///
  /// Fewer lines per tile change no bits. Blocks do, and are used only if a format is given. Processes that share operations hold
  /// operands whole.
  public static func fitting(
    _ demand: PassDemand, pairFormat: BlockFormat? = nil, limit: Int?
  ) -> MemoryPlan {
    let most = max(64, min(512, demand.size.residues / 8 / 32 * 32))
    let tiles = [most] + [256, 128, 64].filter { $0 < most }
    let choices: [PairOperands] =
      demand.isShared
      ? [.whole]
      : (pairFormat == nil ? [.whole] : []) + tiles.map { .streamed(lines: $0, pairFormat) }
    let plans = choices.map { MemoryPlan(demand, operands: $0) }
    guard let limit else { return plans[0] }
    return plans.first { $0.peak <= limit } ?? plans.min { $0.peak < $1.peak } ?? plans[0]
  }
}

/// Bytes of the parts of a plan.
private struct Sizes {
  let features, pair, pairFloat, msa, extra, templates, heads, logits: Int
  let pairTrack, rowAttention, mainOuter, extraOuter: Int

  init(_ demand: PassDemand, _ operands: PairOperands) {
    let (config, size, threads) = (demand.config, demand.size, demand.threads)
    let (n, b) = (size.residues, demand.storage.byteCount)
    let rows = size.clusters + (config.template?.embedsTorsions == true ? size.templates : 0)
    let c = config.channels
    features = size.featureBytes
    pair = n * n * c.pair * b
    pairFloat = n * n * c.pair * 4
    msa = rows * n * (c.msa * b + 8)
    extra = size.extraRows * n * (c.extraMSA * b + 8)
    let bins = max(config.heads.distogramBins, config.heads.alignedError?.bins ?? 0)
    logits = n * n * bins * 4
    heads = 3 * n * n * 4 + threads * n * (c.pair + bins) * 4

    let work = WorkSizes(
      n: n, b: b, operand: ExecutionContext.operandType(demand.storage).byteCount,
      threads: threads, operands: operands, isShared: demand.isShared)
    let main = config.evoformer
    pairTrack = work.triangles(
      c.pair, main.triangleChannels, (main.pairHeads, main.pairHeadChannels))
    rowAttention =
      main.msaHeads * n * n * b
      + work.attention(max(n, rows), c.msa, (main.msaHeads, main.msaHeadChannels))
    mainOuter = work.outer(main, rows)
    extraOuter = work.outer(config.extraMSA, size.extraRows)
    if let template = config.template {
      // One per template, and the one that the last of them is normalised from.
      let stacks = (size.templates + 1) * n * n * template.channels * b
      templates =
        stacks
        + work.triangles(
          template.channels, template.triangleChannels,
          (template.pairHeads, template.pairHeadChannels))
    } else {
      templates = 0
    }
  }
}

/// Bytes that operations add while they run: n residues, b bytes of a stored number.
private struct WorkSizes {
  let n, b, operand, threads: Int
  let operands: PairOperands
  let isShared: Bool

  func attention(_ positions: Int, _ channels: Int, _ stack: (heads: Int, channels: Int)) -> Int {
    let width = stack.heads * stack.channels
    let scratch = ExecutionContext.attentionScratch(keys: positions, channels: stack.channels)
    return threads * (positions * (channels + 5 * width) * b + scratch)
  }

  func outer(_ stack: EvoformerConfig, _ sequences: Int) -> Int {
    let outer = stack.outerProductChannels
    let (left, right) = (OuterProductMean.tileLeft, OuterProductMean.tileRight)
    let packed = sequences * (right + left) * outer * operand
    return 2 * sequences * n * outer * b + threads * (packed + left * right * outer * outer * b)
  }

  /// Both operands whole and a channel of each per thread, or one of them and a few lines of the other.
  func products(_ hidden: Int) -> Int {
    switch operands {
    case .whole:
      return (isShared ? 3 : 2) * hidden * n * n * b + threads * 2 * n * n * operand
    case .streamed(let lines, let format):
      let kept = format.map { _ in hidden * n * BlockFormat.byteCount(of: n) }
      return (kept ?? hidden * n * n * b) + hidden * min(lines, n) * n * b
        + threads * n * (lines * operand + StreamedTriangle.productColumns * (b + operand))
    }
  }

  func triangles(_ pair: Int, _ hidden: Int, _ heads: (heads: Int, channels: Int)) -> Int {
    max(
      products(hidden)
        + threads * TriangleMultiplication.tilePairs * (3 * pair + hidden) * b,
      heads.heads * n * n * b + attention(n, pair, heads))
  }
}
