import FeaturePipeline
import FoldingModel
import Messages
import TensorCore
import Training
import TrainingRun

/// Most bytes that a process computing samples side by side holds, known before it starts.
struct LaneMemory {
  /// The largest chains of a set, and how many clusters there are.
  struct Extent {
    var clusters = 0
    var residues = 0
    var rows = 0

    init(_ entries: [StoreEntry]) {
      clusters = Set(entries.map { $0.cluster ?? $0.id }).count
      residues = entries.map(\.residues).max() ?? 0
      rows = entries.map(\.rows).max() ?? 0
    }
  }

  /// Bytes held once: weights and what belongs to them, and samples.
  private let common: Int
  /// Bytes for each of the samples side by side.
  private let sample: Int
  /// Results that wait for those of earlier samples: their largest number, and of each the bytes of its gradient and in all.
  private let waiting: (most: Int, gradient: Int, bytes: Int)
  /// The work, and how to reduce its memory.
  private let advice: LaneMemoryError.Advice

  /// The memory of a training run whose step has `share` samples for this process.
  static func training(
    _ config: TrainingConfig, share: Int, trained: Extent, validated: Extent
  ) -> LaneMemory {
    let size = config.size(trained, crop: config.data.crop)
    let parameters = config.layout.count
    let gradient = DType.float32.byteCount * parameters
    let features = config.data.recycleWeights.count * size.featureBytes
    let moments = config.optimizer.adam.moments == .float32 ? 8 : 4
    // Sums of pairs, of pairs of pairs and so on, and two copies.
    let sums = share.bitWidth - share.leadingZeroBitCount + 2
    let validates = config.validation.interval > 0
    return LaneMemory(
      common: MemoryPlan.processBytes + MemoryPlan.textBytes + parameters
        * (8 + moments + config.run.precision.byteCount) + sums * gradient
        + config.data.prefetch * features
        + (validates ? config.validationBytes(validated) : 0),
      sample: gradient
        + max(config.gradientBytes(size), validates ? config.forwardBytes(validated) : 0),
      waiting: (share, gradient, gradient + features),
      advice: LaneMemoryError.Advice(
        work: "training", lanes: "--lanes",
        options: ["lower data.crop or network.sampling"]
          + (config.run.recompute ? [] : ["set run.recompute"])
          + (config.run.savedActivations == nil ? ["set run.savedActivations to int8"] : [])))
  }

  /// The memory of scoring chains of `HeldOutScores`, of which `together` are read at a time.
  static func scoring(_ config: TrainingConfig, _ extent: Extent, together: Int) -> LaneMemory {
    let size = config.size(extent, crop: extent.residues)
    let gradient = DType.float32.byteCount * config.layout.count
    return LaneMemory(
      // Samples with and without their alignment; trained weights, initial ones and a copy.
      common: MemoryPlan.processBytes + MemoryPlan.textBytes + 3 * gradient
        + config.layout.count * config.run.precision.byteCount
        + 2 * together * (config.network.recycles + 1) * size.featureBytes,
      sample: gradient + config.forwardBytes(size),
      waiting: (0, gradient, 0),
      advice: LaneMemoryError.Advice(
        work: "scoring", lanes: "--threads", options: ["lower --max-length"]))
  }

  /// The memory of the loss by which averages of weights are chosen, with `held` weight files in memory.
  static func choosing(
    _ config: TrainingConfig, _ extent: Extent, held: Int, differentiates: Bool
  ) -> LaneMemory {
    let size = config.size(extent, crop: config.validation.crop)
    let gradient = DType.float32.byteCount * config.layout.count
    let work = differentiates ? config.gradientBytes(size) : config.forwardBytes(size)
    return LaneMemory(
      // Besides the files, an average that is tried, the best one, and sums of gradients.
      common: MemoryPlan.processBytes + MemoryPlan.textBytes
        + (held + (differentiates ? 4 : 2)) * gradient
        + config.layout.count * config.run.precision.byteCount + config.validationBytes(extent),
      sample: gradient + work,
      waiting: (differentiates ? config.run.batch : 0, gradient, gradient),
      advice: LaneMemoryError.Advice(
        work: "the loss of held-out chains", lanes: "--threads",
        options: ["lower validation.crop or validation.longest"]))
  }

  /// Memory with which a lane rarely has to allocate: freed buffers of several sizes are kept beside those in use.
  private var easyBytes: Int { max(sample, min(2 * sample, NetworkEngine.mostKeptBytes)) }

  /// Bytes with `lanes` samples side by side, each lane keeping `kept` bytes or what its sample needs, if more.
  func bytes(_ lanes: Int, kept: Int = 0) -> Int {
    let results = min(NetworkEngine.window(lanes: lanes, waiting.gradient), waiting.most)
    return common + lanes * max(sample, kept) + results * waiting.bytes
  }

  /// A limit raised so that one sample at a time always fits.
  ///
  /// For processes that share operations: they divide part of what the plan counts, but it does not know how much.
  func eased(_ limit: MemoryLimit) -> MemoryLimit {
    MemoryLimit(bytes: max(limit.bytes, bytes(1)), isMachine: limit.isMachine)
  }

  /// The most samples side by side, at most `wanted`, that stay within a limit, and what each lane may keep; throws if not even one
  /// sample fits, or fewer than were requested.
  func fitting(
    wanted: Int, isAsked: Bool = false, in limit: MemoryLimit
  ) throws(LaneMemoryError) -> (lanes: Int, keptBytes: Int) {
    var lanes = wanted
    while lanes > 1 && !isAsked && bytes(lanes) > limit.bytes { lanes -= 1 }
    if bytes(lanes) > limit.bytes {
      throw LaneMemoryError(needed: bytes(lanes), lanes: lanes, limit: limit, advice: advice)
    }
    return (lanes, min(easyBytes, sample + (limit.bytes - bytes(lanes)) / lanes))
  }
}

extension TrainingConfig {
  /// The size of the largest sample of a set of chains.
  fileprivate func size(_ extent: LaneMemory.Extent, crop: Int) -> ProblemSize {
    network.problemSize(
      residues: min(crop, extent.residues), rows: extent.rows, templates: .max)
  }

  /// Peak of loss and gradient of a sample.
  fileprivate func gradientBytes(_ size: ProblemSize) -> Int {
    SampleMemory(
      network, size, storage: run.precision, recomputes: run.recompute,
      format: run.savedActivations
    ).peak
  }

  /// Peak of the passes of a sample without gradient.
  fileprivate func forwardBytes(_ size: ProblemSize) -> Int {
    MemoryPlan(
      PassDemand(
        network, size, parameters: ParameterFootprint(sizes: []), storage: run.precision,
        threads: 1)
    ).peak - MemoryPlan.processBytes
  }

  /// The same for the largest validation sample.
  fileprivate func forwardBytes(_ validated: LaneMemory.Extent) -> Int {
    forwardBytes(size(validated, crop: validation.crop))
  }

  /// The validation samples, which stay in memory.
  fileprivate func validationBytes(_ validated: LaneMemory.Extent) -> Int {
    min(validation.targets, validated.clusters) * (validation.recycles + 1)
      * size(validated, crop: validation.crop).featureBytes
  }
}

/// Samples need more memory than allowed, or than the machine has.
public struct LaneMemoryError: ExitStatusError, CustomStringConvertible {
  /// What needs the memory, and how to need less.
  struct Advice: Hashable {
    /// The work.
    let work: String
    /// The option for fewer samples side by side.
    let lanes: String
    /// Other ways to reduce memory.
    let options: [String]
  }

  let needed: Int
  let lanes: Int
  let limit: MemoryLimit
  let advice: Advice

  /// One line: what is needed, what to try.
  public var description: String {
    let (given, end) =
      limit.isMachine
      ? (
        "this machine can give this process \(ByteCount(limit.bytes))",
        "try all the same with --max-memory \(ByteCount(needed).flag)"
      )
      : ("only \(ByteCount(limit.bytes)) is allowed", "raise --max-memory")
    let samples = lanes == 1 ? "one sample at a time" : "\(lanes) samples side by side"
    let options = (lanes > 1 ? ["lower \(advice.lanes)"] : []) + advice.options
    return
      "\(advice.work) needs about \(ByteCount(needed)) for \(samples), \(given); \(options.joined(separator: ", ")), or \(end)"
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .memory }
}
