import Foundation
import HelixFold
import Messages
import NumericArrays
import TensorCore

/// Times gated attention with pair bias, alone or on proteins packed side by side.
public struct AttentionBenchmark: Sendable {
  /// Positions that attend to each other.
  public var positions = 256
  /// Heads.
  public var heads = 4
  /// Channels of a head.
  public var channels = 32
  /// Lengths of packed proteins; empty for one attention over all positions.
  public var lengths: [Int] = []
  /// Timed rounds, the kinds taking turns.
  public var repeats = 20
  /// Storage of the operands.
  public var storage = DType.bfloat16

  /// The default sizes.
  public init() {}

  /// What was measured: seconds of each round.
  public struct Report: Sendable {
    /// Forward and backward, hidden pairs skipped.
    public let skipping: (forward: [Double], backward: [Double])
    /// The same, nothing skipped.
    public let dense: (forward: [Double], backward: [Double])
    /// Share of the pairs that is hidden.
    public let hiddenShare: Double
    /// Share of the pairs that is skipped: those in blocks of keys that a query does not see.
    public let skippedShare: Double
    /// Operations of the dense forward pass.
    public let operations: Double
    /// Operations per second of a large product on one core.
    public let peak: Double
    /// Largest resident size of the process, bytes.
    public let residentPeak: Int
    /// Largest number of bytes in tensors at one time.
    public let tensorPeak: Int

    /// Time of the passes that skip, relative to dense ones.
    var shareOfDense: (forward: Double, backward: Double) {
      (
        skipping.forward.median / dense.forward.median,
        skipping.backward.median / dense.backward.median
      )
    }
  }

  /// Runs the benchmark on the calling thread.
  public func run() -> Report {
    let context = ExecutionContext(
      workers: WorkerGroup(count: 1), pool: BufferPool(), storage: storage)
    let width = heads * channels
    func tensor(_ shape: [Int], _ seed: Int, _ dtype: DType) -> Tensor {
      Tensor(.meaningless(shape, seed: seed), dtype, pool: context.pool)
    }
    let inputs = (0..<5).map { tensor([positions, width], $0, storage) }
    var operands = AttentionOperands(
      query: Matrix(inputs[0]), key: Matrix(inputs[1]), value: Matrix(inputs[2]),
      gate: Matrix(inputs[3]), heads: heads)
    operands.bias = tensor([heads, positions, positions], 9, storage)
    let mask = lengths.isEmpty ? nil : AttentionIntervals.packed(lengths, positions: positions)
    operands.intervals = mask
    let buffers = (0..<5).map { _ in context.zeros([positions, width]) }
    var gradients = AttentionGradients(
      query: Matrix(buffers[0]), key: Matrix(buffers[1]), value: Matrix(buffers[2]),
      gate: Matrix(buffers[3]))
    gradients.bias = context.zeros([heads, positions, positions], .float32)
    var times: [[Double]] = [[], [], [], []]
    for round in 0...repeats {
      for kind in 0..<4 {
        operands.visitsHidden = kind % 2 == 1
        // Twice, the second timed: in a network, too, attention follows others of its kind, with scratch already allocated.
        var start = ContinuousClock.now
        for _ in 0..<2 {
          start = ContinuousClock.now
          if kind < 2 {
            context.attend(operands, into: Matrix(buffers[4]))
          } else {
            context.attendBackward(
              operands, outputGradient: Matrix(inputs[4]), heads: 0..<heads,
              result: Matrix(buffers[4]),
              into: gradients)
          }
        }
        if round > 0 { times[kind].append((ContinuousClock.now - start).seconds) }
      }
    }
    return Report(
      skipping: (times[0], times[2]), dense: (times[1], times[3]),
      hiddenShare: mask?.hiddenShare(queries: positions) ?? 0,
      skippedShare: mask?.skippedShare(queries: positions) ?? 0,
      operations: 4 * Double(positions * positions * width), peak: ProductPeak.measure(storage),
      residentPeak: ProcessMemory.residentPeak, tensorPeak: context.pool.statistics.peak)
  }
}

extension AttentionBenchmark.Report {
  /// The report as JSON.
  public func json(_ plan: AttentionBenchmark) -> JSONValue {
    var fields: ReportSection.Fields = [
      ("benchmark", .string("attention")), ("positions", .integer(plan.positions)),
      ("heads", .integer(plan.heads)), ("channels", .integer(plan.channels)),
    ]
    fields += ReportSection.machine(plan.storage, .native, threads: 1)
    fields += [
      ("hidden_share", .number(hiddenShare)), ("skipped_share", .number(skippedShare)),
      ("forward_seconds", .object(ReportSection.spread(skipping.forward))),
      ("backward_seconds", .object(ReportSection.spread(skipping.backward))),
      ("dense_forward_seconds", .object(ReportSection.spread(dense.forward))),
      ("dense_backward_seconds", .object(ReportSection.spread(dense.backward))),
      ("forward_share_of_dense", .number(shareOfDense.forward)),
      ("backward_share_of_dense", .number(shareOfDense.backward)),
      ("dense_gflop_per_second", .number(rate / 1e9)),
    ]
    fields += ReportSection.peak(perCore: peak, threads: 1)
    fields.append(("dense_share_of_peak", .number(rate / peak)))
    fields += ReportSection.memory(resident: residentPeak, tensors: tensorPeak)
    return .object(fields)
  }

  /// Operations per second of the dense forward pass.
  private var rate: Double { operations / dense.forward.median }

  /// The report for people.
  public var text: String {
    func milliseconds(_ seconds: [Double]) -> String {
      func three(_ value: Double) -> String { fixed(value * 1e3, decimals: 3) }
      let sorted = seconds.sorted()
      return
        "\(three(seconds.median)) ms (\(three(sorted[0])) to \(three(sorted[sorted.count - 1])))"
    }
    func share(_ x: Double) -> String { fixed(x, decimals: 3) }
    return """
      forward  \(milliseconds(dense.forward)), \(fixed(rate / 1e9, decimals: 1)) GFLOP/s; backward \(milliseconds(dense.backward))
      hidden share \(share(hiddenShare)), skipped \(share(skippedShare)): forward \(milliseconds(skipping.forward)), \(share(shareOfDense.forward)) of dense; backward \(milliseconds(skipping.backward)), \(share(shareOfDense.backward))
      one core multiplies at \(fixed(peak / 1e9, decimals: 1)) GFLOP/s; peak RSS \(ByteCount(residentPeak))
      """
  }
}
