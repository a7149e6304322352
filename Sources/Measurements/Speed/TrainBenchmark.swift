import FoldingCore
import FoldingModel
import Foundation
import HelixFold
import Messages
import NumericArrays
import Protein
import TensorCore
import Training
import Weights

/// Times a forward and backward pass of a network on synthetic features: the cost of one training sample.
///
/// Blocks are checkpointed: activations of only one block at a time are in memory.
public struct TrainBenchmark: Sendable {
  /// The loss to differentiate.
  public enum Loss: String, Sendable, CaseIterable {
    /// Mean squares of the MSA, pair and single representations, as in published measurements of other programs.
    case surrogate
    /// All terms of the training loss, on a meaningless structure.
    case full
  }

  /// The run to time.
  public struct Plan: Sendable {
    /// Sizes of the problem.
    public var size: ProblemSize
    /// The network.
    public var config: FoldingConfig
    /// The loss.
    public var loss = Loss.surrogate
    /// Whether structure module and heads are skipped; the full loss needs them.
    public var isTrunkOnly = true
    /// Timed runs, after one that is not timed.
    public var repeats = 3
    /// Worker threads.
    public var threads = 1
    /// Storage of activations.
    public var storage = DType.bfloat16
    /// Whether blocks are recomputed for their gradients.
    public var recomputes = true
    /// Block format in which their inputs are kept for that; nil to keep their own type.
    public var checkpointFormat: BlockFormat?
    /// Library that multiplies matrices.
    public var backend = MatrixBackend.native

    /// The given sizes.
    public init(_ config: FoldingConfig, _ size: ProblemSize) {
      self.config = config
      self.size = size
    }
  }

  /// The measurements.
  public struct Report: Sendable {
    /// Seconds of each run, in order.
    public let seconds: [Double]
    /// Seconds of the forward part of each run.
    public let forwardSeconds: [Double]
    /// Operations of one forward pass, of what was run of it.
    public let operations: Double
    /// Operations per second of a large product on one core.
    public let peakPerCore: Double
    /// Norm of the whole gradient, which shows whether two measurements computed the same.
    public let gradientNorm: Double
    /// Value of the loss.
    public let loss: Double
    /// Largest resident size of the process, bytes.
    public let residentPeak: Int
    /// Largest number of bytes in tensors at one time.
    public let tensorPeak: Int
    /// Bytes of block inputs that are kept for recomputation.
    public let checkpointBytes: Int

    /// Median of the runs, seconds.
    public var median: Double { seconds.median }
  }

  private let plan: Plan

  /// A benchmark of `plan`.
  public init(_ plan: Plan) { self.plan = plan }

  /// Runs the benchmark.
  public func run() throws -> Report {
    let context = ExecutionContext(
      workers: WorkerGroup(count: plan.threads), pool: BufferPool(), storage: plan.storage,
      backend: plan.backend)
    let step = try TrainStep(plan, pool: context.pool)
    let runs = try (0...max(1, plan.repeats)).map { _ in try step.run(context) }
    let timed = runs.dropFirst()
    let costs = CostModel(plan.config, plan.size)
    return Report(
      seconds: timed.map(\.seconds), forwardSeconds: timed.map(\.forwardSeconds),
      operations: plan.isTrunkOnly ? costs.trunk : costs.pass,
      peakPerCore: ProductPeak.measure(plan.storage), gradientNorm: runs[0].gradientNorm,
      loss: runs[0].loss, residentPeak: ProcessMemory.residentPeak,
      tensorPeak: context.pool.statistics.peak, checkpointBytes: runs[0].checkpointBytes)
  }
}

/// Forward and backward pass of one sample: timed by training benchmarks.
struct TrainStep {
  /// The result of one run.
  struct Outcome {
    let seconds: Double
    let forwardSeconds: Double
    let loss: Double
    let gradientNorm: Double
    /// A digest of the bits of all gradients, by which two runs can be compared.
    let gradientDigest: UInt64
    let checkpointBytes: Int
  }

  private let plan: TrainBenchmark.Plan
  private let network: FoldingNetwork
  private let features: SyntheticFeatures

  init(_ plan: TrainBenchmark.Plan, pool: BufferPool) throws {
    self.plan = plan
    network = try FoldingNetwork(
      plan.config, parameters: RecipeParameters(plan.config, seed: 1), storage: plan.storage,
      pool: pool)
    features = SyntheticFeatures(plan.size, config: plan.config)
  }

  func run(_ context: ExecutionContext) throws -> Outcome {
    let start = ContinuousClock.now
    let tape = Tape(recomputes: plan.recomputes, checkpointFormat: plan.checkpointFormat)
    let gradients = Gradients(pool: context.pool)
    let loss = try record(tape, gradients, context)
    let middle = ContinuousClock.now
    tape.replay(context.accumulating(in: gradients))
    let end = ContinuousClock.now
    let (norm, digest) = summary(of: gradients)
    return Outcome(
      seconds: (end - start).seconds, forwardSeconds: (middle - start).seconds, loss: loss,
      gradientNorm: norm, gradientDigest: digest, checkpointBytes: tape.checkpointBytes)
  }

  /// Forward pass and gradient of the loss with respect to its inputs; returns the loss.
  private func record(
    _ tape: Tape, _ gradients: Gradients, _ context: ExecutionContext
  ) throws -> Double {
    let forward = context.recording(on: tape).droppingOut(by: RandomKey(seed: 1))
    let draw = features.draw(pass: 0, ensemble: 0)
    let backward = context.accumulating(in: gradients)
    switch plan.loss {
    case .surrogate where plan.isTrunkOnly:
      let output = try network.representations(features.target, draw, forward)
      return [output.msa, output.pair, output.single].reduce(0) {
        $0 + meanSquare($1, backward)
      }
    case .surrogate:
      let passes = RecyclingTraining(network, features, recycles: 0)
      guard let output = try passes.run(forward).output else { throw PassError.noOutput }
      let heads = [output.heads.distogram, output.heads.maskedMSA, output.confidence]
      return (heads + [output.structure.atom14].compactMap { $0 }).reduce(0) {
        $0 + meanSquare($1, backward)
      }
    case .full:
      let passes = RecyclingTraining(network, features, recycles: 0)
      guard let output = try passes.run(forward).output else { throw PassError.noOutput }
      let (report, gradients) = FoldingLoss(.fineTune, heads: plan.config.heads)(
        LossInputs(output), labels: labels(features), alignment: AlignmentLabels(draw))
      output.seed(gradients, backward)
      return report.total
    }
  }

  /// Mean square of a tensor; seeds the gradient `2 x / n`.
  private func meanSquare(_ x: Tensor, _ backward: ExecutionContext) -> Double {
    let values = x.array().values
    let gradient = backward.gradient(of: x).floats
    let share = 2 / Float(values.count)
    var sum = 0.0
    for (index, value) in values.enumerated() {
      gradient[index] += share * value
      sum += Double(value * value)
    }
    return sum / Double(values.count)
  }

  /// A stretched chain with the sequence of the features.
  private func labels(_ features: SyntheticFeatures) -> StructureLabels<Float> {
    let target = features.target
    let count = target.residueCount
    let slots = AtomName.count
    var positions = [Float](repeating: 0, count: count * slots * 3)
    for atom in 0..<count * slots {
      positions[atom * 3] = 3.8 * Float(atom / slots) + Float(atom % slots % 5)
      positions[atom * 3 + 1] = Float(atom % slots % 7)
      positions[atom * 3 + 2] = Float(atom % slots % 3)
    }
    return StructureLabels(
      aatype: target.aatype, residueIndex: target.residueIndex, positions: positions,
      mask: StructureMask.all(target.aatype), resolution: 2)
  }

  /// Norm and digest of the gradients of all parameters.
  private func summary(of gradients: Gradients) -> (norm: Double, digest: UInt64) {
    var sum = 0.0
    var digest = FNV1a()
    for key in network.parameters.keys.sorted() {
      guard let tensor = network.parameters[key], gradients.contains(tensor) else { continue }
      digest.add(key.utf8)
      for value in gradients[tensor].array().values {
        sum += Double(value) * Double(value)
        digest.add(integers: CollectionOfOne(UInt64(value.bitPattern)))
      }
    }
    return (sum.squareRoot(), digest.value)
  }
}

/// Atoms that residue types have.
private enum StructureMask {
  static func all(_ aatype: [Int]) -> [Float] {
    aatype.flatMap { Atom37.mask[$0 * Atom37.count..<($0 + 1) * Atom37.count] }
  }
}

extension TrainBenchmark.Report {
  /// The report as JSON.
  public func json(_ plan: TrainBenchmark.Plan) -> JSONValue {
    var fields: ReportSection.Fields = [
      ("benchmark", .string("train")), ("network", .string(plan.config.name)),
      ("loss", .string(plan.loss.rawValue)), ("trunk_only", .bool(plan.isTrunkOnly)),
    ]
    fields += ReportSection.problem(plan.size, plan.config)
    fields.append(("recompute", .bool(plan.recomputes)))
    fields += ReportSection.machine(plan.storage, plan.backend, threads: plan.threads)
    fields += ReportSection.spread(seconds, prefix: "seconds_")
    fields += [
      ("forward_seconds_median", .number(forwardSeconds.median)),
      ("forward_gflop", .number(operations / 1e9)),
      ("forward_share_of_peak", .number(forwardRate / (peakPerCore * Double(plan.threads)))),
    ]
    fields += ReportSection.peak(perCore: peakPerCore, threads: plan.threads)
    fields += [("loss_value", .number(loss)), ("gradient_norm", .number(gradientNorm))]
    fields += ReportSection.memory(resident: residentPeak, tensors: tensorPeak)
    fields += [
      ("saved_activations", .string(plan.checkpointFormat?.rawValue ?? "plain")),
      ("saved_activation_bytes", .integer(checkpointBytes)),
      (
        "saved_activation_share_of_tensor_peak",
        .number(Double(checkpointBytes) / Double(max(1, tensorPeak)))
      ),
    ]
    return .object(fields)
  }

  /// Operations per second of the forward part.
  private var forwardRate: Double { operations / forwardSeconds.median }

  /// The report for people.
  public var text: String {
    """
    \(ReportSection.text(seconds)), forward \(fixed(forwardSeconds.median, decimals: 2)) s of it
    \(fixed(operations / 1e9, decimals: 0)) GFLOP in the forward pass, \(fixed(forwardRate / 1e9, decimals: 1)) GFLOP/s; one core multiplies at \(fixed(peakPerCore / 1e9, decimals: 1)) GFLOP/s
    loss \(loss), gradient norm \(gradientNorm)
    peak RSS \(ByteCount(residentPeak)), tensors \(ByteCount(tensorPeak)), saved activations \(ByteCount(checkpointBytes)) of them
    """
  }
}
