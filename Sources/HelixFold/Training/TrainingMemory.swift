import FeaturePipeline
import FoldingModel
import Messages
import TensorCore
import Training
import TrainingRun

/// How many bytes a process of a training run holds at most, known before it starts.
struct TrainingMemory {
  /// The largest chains of a split, and how many clusters there are.
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

  /// Weights, moments, averages, sums of gradients, and samples that wait.
  private let common: Int
  /// What each of the samples side by side needs at once.
  private let sample: Int
  private let gradient: Int
  private let features: Int
  /// Samples of a step that this process takes.
  private let share: Int
  /// What a configuration can still change to need less.
  private let advice: String

  /// The memory of a run whose step has `share` samples for this process.
  init(_ config: TrainingConfig, share: Int, trained: Extent, validated: Extent) {
    let (network, storage) = (config.network, config.run.precision)
    func size(_ extent: Extent, crop: Int) -> ProblemSize {
      network.problemSize(
        residues: min(crop, extent.residues), rows: extent.rows, templates: .max)
    }
    let training = size(trained, crop: config.data.crop)
    let validation = size(validated, crop: config.validation.crop)
    let parameters = config.layout.count
    gradient = DType.float32.byteCount * parameters
    self.share = share

    features = config.data.recycleWeights.count * training.featureBytes
    let moments = config.optimizer.adam.moments == .float32 ? 8 : 4
    // Sums of pairs, of pairs of pairs and so on, and two copies.
    let sums = share.bitWidth - share.leadingZeroBitCount + 2
    let held =
      config.validation.interval == 0
      ? 0
      : min(config.validation.targets, validated.clusters) * (config.validation.recycles + 1)
        * validation.featureBytes
    common =
      MemoryPlan.processBytes + MemoryPlan.textBytes + parameters
      * (8 + moments + storage.byteCount) + sums * gradient
      + config.data.prefetch * features + held
    let pass = SampleMemory(
      network, training, storage: storage, recomputes: config.run.recompute,
      format: config.run.savedActivations
    ).peak
    let forward =
      config.validation.interval == 0
      ? 0
      : MemoryPlan(
        PassDemand(
          network, validation, parameters: ParameterFootprint(sizes: []), storage: storage,
          threads: 1)
      ).peak - MemoryPlan.processBytes
    sample = gradient + max(pass, forward)

    advice =
      (["lower data.crop or network.sampling"]
      + (config.run.recompute ? [] : ["set run.recompute"])
      + (config.run.savedActivations == nil ? ["set run.savedActivations to int8"] : []))
      .joined(separator: ", ")
  }

  /// Memory of a lane with which it hardly ever asks the system for more: buffers of several sizes wait beside those in use.
  private var easyBytes: Int { max(sample, min(2 * sample, NetworkEngine.mostKeptBytes)) }

  /// Bytes with so many samples side by side, each lane keeping so many, or no more than its sample needs.
  func bytes(_ lanes: Int, kept: Int = 0) -> Int {
    let waiting = min(NetworkEngine.window(lanes: lanes, gradient), share)
    return common + lanes * max(sample, kept) + waiting * (gradient + features)
  }

  /// A limit within which one sample at a time is not refused.
  ///
  /// For processes that share operations: they divide a part of what the plan counts, and it does not know how much.
  func eased(_ limit: MemoryLimit) -> MemoryLimit {
    MemoryLimit(bytes: max(limit.bytes, bytes(1)), isMachine: limit.isMachine)
  }

  /// The most samples side by side, at most `wanted`, that stay within a limit, and what each lane may keep; throws if not even one
  /// sample does, or not as many as were asked for.
  func fitting(
    wanted: Int, isAsked: Bool, in limit: MemoryLimit
  ) throws(TrainingMemoryError) -> (lanes: Int, keptBytes: Int) {
    var lanes = wanted
    while lanes > 1 && !isAsked && bytes(lanes) > limit.bytes { lanes -= 1 }
    if bytes(lanes) > limit.bytes {
      throw TrainingMemoryError(
        needed: bytes(lanes), lanes: lanes, limit: limit,
        advice: (lanes > 1 ? "lower --lanes, " : "") + advice)
    }
    return (lanes, min(easyBytes, sample + (limit.bytes - bytes(lanes)) / lanes))
  }
}

/// A training run needs more memory than allowed, or than the machine has.
public struct TrainingMemoryError: ExitStatusError, CustomStringConvertible {
  let needed: Int
  let lanes: Int
  let limit: MemoryLimit
  let advice: String

  /// One line: what is needed, what to try.
  public var description: String {
    let (given, end) =
      limit.isMachine
      ? (
        "this machine can give this process",
        "try all the same with --max-memory \(ByteCount(needed).flag)"
      )
      : ("allowed are", "raise --max-memory")
    let samples = lanes == 1 ? "one sample at a time" : "\(lanes) samples side by side"
    return
      "training needs about \(ByteCount(needed)) for \(samples), \(given) \(ByteCount(limit.bytes)); \(advice), or \(end)"
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .memory }
}
