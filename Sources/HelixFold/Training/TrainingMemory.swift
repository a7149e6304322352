import FoldingModel
import Messages
import Training
import TrainingRun

/// How many bytes a training run holds, known before it starts.
struct TrainingMemory {
  /// Weights, moments, averages, sums of gradients, and samples that wait.
  let common: Int
  /// What each of the samples side by side adds.
  let sample: Int
  private let gradient: Int
  private let batch: Int

  /// The memory of a run on chains up to a size.
  ///
  /// - Parameter longest: residues and alignment rows of the largest chain.
  init(_ config: TrainingConfig, longest: (residues: Int, rows: Int)) {
    let (network, storage) = (config.network, config.run.precision)
    func size(crop: Int) -> ProblemSize {
      ProblemSize(
        residues: min(crop, longest.residues),
        clusters: min(network.sampling.maxClusters, longest.rows),
        extraRows: min(network.sampling.maxExtraRows, longest.rows),
        templates: network.template == nil ? 0 : network.sampling.maxTemplates)
    }
    let (trained, validated) = (size(crop: config.data.crop), size(crop: config.validation.crop))
    let parameters = config.layout.count
    gradient = 4 * parameters
    batch = config.run.batch

    let passes = config.data.recycleWeights.count
    let moments = config.optimizer.adam.moments == .float32 ? 8 : 4
    // Sums of pairs, of pairs of pairs and so on, and two copies.
    let sums = batch.bitWidth - batch.leadingZeroBitCount + 2
    let held =
      config.validation.interval == 0
      ? 0 : config.validation.targets * (config.validation.recycles + 1) * validated.featureBytes
    common =
      MemoryPlan.processBytes + parameters * (8 + moments + storage.byteCount) + sums * gradient
      + config.data.prefetch * passes * trained.featureBytes + held
    let pass = SampleMemory(
      network, trained, storage: storage, recomputes: config.run.recompute,
      format: config.run.savedActivations)
    let validation = MemoryPlan(
      network, validated, parameters: ParameterFootprint(sizes: []), storage: storage, threads: 1)
    sample =
      gradient
      + max(pass.peak + passes * trained.featureBytes, validation.peak - MemoryPlan.processBytes)
  }

  /// Bytes with so many samples side by side.
  func bytes(_ lanes: Int) -> Int {
    common + lanes * sample + min(NetworkEngine.window(lanes: lanes, gradient), batch) * gradient
  }

  /// The most samples side by side, at most `wanted`, that stay within a limit; throws if not even one does, or not as many as were
  /// asked for.
  func lanes(
    wanted: Int, isAsked: Bool, in limit: MemoryLimit
  ) throws(TrainingMemoryError) -> Int {
    var lanes = wanted
    while lanes > 1 && !isAsked && bytes(lanes) > limit.bytes { lanes -= 1 }
    if bytes(lanes) > limit.bytes {
      throw TrainingMemoryError(needed: bytes(lanes), lanes: lanes, limit: limit)
    }
    return lanes
  }
}

/// A training run needs more memory than allowed, or than the machine has.
public struct TrainingMemoryError: ExitStatusError, CustomStringConvertible {
  let needed: Int
  let lanes: Int
  let limit: MemoryLimit

  /// One line: what is needed, what to try.
  public var description: String {
    let fewer = lanes > 1 ? "lower --lanes, " : ""
    let end =
      limit.isMachine
      ? "this machine can give \(ByteCount(limit.bytes)); \(fewer)lower data.crop or network.sampling, set run.recompute, keep run.savedActivations as int8, or try all the same with --max-memory \(ByteCount(needed).description.filter { $0 != " " })"
      : "allowed are \(ByteCount(limit.bytes)); \(fewer)lower data.crop or network.sampling, set run.recompute, keep run.savedActivations as int8, or raise --max-memory"
    return
      "training needs about \(ByteCount(needed)) for \(counted(lanes, "sample")) side by side, \(end)"
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .memory }
}
