import FoldingCore
import FoldingModel
import HelixFold
import Messages
import NumericArrays
import TensorCore
import Weights

/// Times one Evoformer block on several short proteins: one after the other, in a pack, and as if they were one protein.
public struct PackBenchmark: Sendable {
  /// Lengths of the proteins.
  public var lengths = [64, 64, 64, 64]
  /// Alignment rows of each.
  public var rows = 32
  /// Network whose widths are used.
  public var config = FoldingConfig()
  /// Timed rounds, after a warm-up; the three take turns.
  public var repeats = 5
  /// Workers.
  public var threads = 1
  /// Storage of activations and weights.
  public var storage = DType.bfloat16
  /// Library that multiplies matrices.
  public var backend = MatrixBackend.native

  /// The defaults.
  public init() {}

  /// The measurements: seconds of each round.
  public struct Report: Sendable {
    /// Proteins one after the other.
    public var loop: [Double] = []
    /// All in one pack.
    public var pack: [Double] = []
    /// One protein as long as all together: the cost with padding and masks.
    public var whole: [Double] = []
  }

  /// Runs the benchmark.
  public func run() throws -> Report {
    var config = config
    config.evoformer.blocks = 1
    let context = ExecutionContext(
      workers: WorkerGroup(count: threads), pool: BufferPool(), storage: storage, backend: backend)
    let network = try FoldingNetwork(
      config, parameters: RecipeParameters(config, seed: 1), storage: storage, pool: context.pool)
    func tensor(_ shape: [Int]) -> Tensor {
      Tensor(.meaningless(shape), storage, pool: context.pool)
    }
    let (c, cz) = (config.channels.msa, config.channels.pair)
    func seconds(_ pack: ProteinPack, _ m: Tensor, _ zs: [Tensor]) throws -> Double {
      let start = ContinuousClock.now
      let rows = pack.places.map { _ in self.rows }
      try network.updateFirstBlock(m, zs, pack, rows: rows, context)
      return (ContinuousClock.now - start).seconds
    }
    var report = Report()
    for round in 0...repeats {
      let apart = try lengths.map { length in
        try seconds(
          ProteinPack([length]), tensor([rows, length, c]), [tensor([length, length, cz])])
      }
      let pack = ProteinPack(lengths)
      let together = try seconds(
        pack, tensor([rows, pack.positions, c]), lengths.map { tensor([$0, $0, cz]) })
      let length = lengths.reduce(0, +)
      let whole = try seconds(
        ProteinPack([length]), tensor([rows, length, c]), [tensor([length, length, cz])])
      if round == 0 { continue }
      report.loop.append(apart.reduce(0, +))
      report.pack.append(together)
      report.whole.append(whole)
    }
    return report
  }
}

extension PackBenchmark.Report {
  /// The report as JSON.
  public func json(_ plan: PackBenchmark) -> JSONValue {
    return .object([
      ("benchmark", .string("pack")), ("network", .string(plan.config.name)),
      ("lengths", .array(plan.lengths.map { .integer($0) })), ("rows", .integer(plan.rows)),
      ("positions", .integer(ProteinPack(plan.lengths).positions)),
      ("precision", .string(plan.storage.rawValue)),
      ("threads", .integer(plan.threads)),
      ("loop_seconds", .number(loop.median)), ("pack_seconds", .number(pack.median)),
      ("whole_seconds", .number(whole.median)),
      ("pack_share_of_loop", .number(pack.median / loop.median)),
    ])
  }

  /// The report for people.
  public var text: String {
    """
    one by one      \(ReportSection.text(loop))
    in a pack       \(ReportSection.text(pack)), \(fixed(pack.median / loop.median, decimals: 2)) of the loop
    as one protein  \(ReportSection.text(whole))
    """
  }
}
