import FoldingCore
import NumericArrays
import TensorCore
import TestSupport
import Testing

@testable import FoldingModel

/// Bytes and allocations of passes: what keeps long sequences within memory.
///
/// A buffer is counted as it is asked for; sizes are small, so thresholds have room for scratch of fixed size.
@Suite("Memory of a pass")
struct MemoryTests {
  /// Narrow, so that scratch of fixed width does not hide what grows with length.
  static let config: FoldingConfig = {
    var config = FoldingConfig.tiny
    config.evoformer.blocks = 1
    config.extraMSA.blocks = 1
    config.template = nil
    return config
  }()

  /// What a pass with one thread and no parameters asks for.
  static func demand(_ size: ProblemSize) -> PassDemand {
    PassDemand(
      config, size, parameters: ParameterFootprint(sizes: []), storage: .bfloat16, threads: 1)
  }

  /// Peak bytes and fresh buffers of one block on `residues` residues and `rows` rows.
  static func block(
    _ residues: Int, _ rows: Int, _ operands: PairOperands = .whole, storage: DType = .bfloat16,
    threads: Int = 1
  ) throws -> (peak: Int, allocations: Int, largest: Int, network: FoldingNetwork) {
    let network = try FoldingNetwork.random(config, storage: storage)
    let context = ExecutionContext.forTest(threads: threads, storage: storage).holding(operands)
    let m = context.zeros([rows, residues, config.channels.msa])
    let z = context.zeros([residues, residues, config.channels.pair])
    try network.updateFirstBlock(m, z, context)
    let statistics = context.pool.statistics
    return withExtendedLifetime((m, z)) {
      (statistics.peak, statistics.systemAllocations, statistics.largest, network)
    }
  }

  /// Bytes of the streams and of what triangle multiplications hold.
  static func expected(_ n: Int, _ rows: Int, _ operands: PairOperands) -> Int {
    let z = n * n * config.channels.pair * 2
    let hidden = config.evoformer.triangleChannels
    let held: Int
    switch operands {
    case .whole: held = 2 * n * n * hidden * 2
    case .streamed(let lines, let format):
      let kept = format.map { _ in hidden * n * BlockFormat.byteCount(of: n) }
      held = (kept ?? hidden * n * n * 2) + hidden * lines * n * 2
    }
    return z + rows * n * config.channels.msa * 2 + held
  }

  @Test(
    "a block needs the streams, the operands of a triangle and scratch that grows with the length only",
    arguments: [
      PairOperands.whole, .streamed(lines: 32, nil), .streamed(lines: 32, .int8),
      .streamed(lines: 32, .fp8),
    ])
  func block(operands: PairOperands) throws {
    // Packed operands of one channel are n² as well: of 128 channels in the released networks, of a few here.
    for n in [192, 384] {
      let peak = try Self.block(n, 4, operands).peak
      let rest = peak - Self.expected(n, 4, operands)
      let channel = operands == .whole ? 3 * n * n * 2 : 0
      #expect(rest >= 0 && rest <= channel + 6000 * n, "\(n): \(rest) bytes beyond the streams")
    }
  }

  @Test("no buffer has N³, S · N² or N² · 1,024 elements")
  func largestBuffer() throws {
    let (n, rows) = (160, 96)
    let largest = try Self.block(n, rows).largest
    let channels = max(Self.config.channels.pair, Self.config.evoformer.triangleChannels)
    #expect(largest <= n * n * channels * 2 + 4096)
    #expect(largest < n * n * n && largest < rows * n * n)
  }

  @Test(
    "later blocks raise no peak and ask the system for a few buffers, however long",
    arguments: [64, 96, 160])
  func reuse(residues: Int) throws {
    let context = ExecutionContext.forTest(storage: .bfloat16)
    let network = try FoldingNetwork.random(Self.config, storage: .bfloat16)
    let m = context.zeros([8, residues, Self.config.channels.msa])
    let z = context.zeros([residues, residues, Self.config.channels.pair])
    for _ in 0..<2 { try network.updateFirstBlock(m, z, context) }
    let before = context.pool.statistics
    try network.updateFirstBlock(m, z, context)
    let after = context.pool.statistics
    #expect(after.peak == before.peak)
    #expect(after.systemAllocations - before.systemAllocations <= 48)
  }

  @Test(
    "the plan is that of the pool for the pair track, within a tenth",
    arguments: [
      PairOperands.whole, .streamed(lines: 32, nil), .streamed(lines: 32, .int8),
    ])
  func plan(operands: PairOperands) throws {
    let (n, rows) = (384, 4)
    let network = try Self.block(n, rows, operands)
    let size = ProblemSize(residues: n, clusters: rows, extraRows: 0, templates: 0)
    let plan = MemoryPlan(Self.demand(size), operands: operands)
    let moment = try #require(plan.moments.first { $0.name == "evoformer" })
    let features = rows * n * (49 * 4 + 9)
    let planned = Double(moment.bytes - MemoryPlan.processBytes - features)
    #expect(abs(planned / Double(network.peak) - 1) <= 0.1, "\(planned) of \(network.peak)")
  }

  @Test(
    "what an ensemble holds besides is planned, and not much more than it", arguments: [4, 256])
  func ensemble(clusters: Int) throws {
    var config = Self.config
    config.heads.alignedError = AlignedErrorConfig()
    let problem = Problem(residues: 160, templates: 0, clusters: clusters, extra: 4)
    func peak(_ draws: Int) throws -> Int {
      let context = ExecutionContext.forTest(storage: .bfloat16)
      let network = try FoldingNetwork.random(config, storage: .bfloat16)
      let state = network.initialState(problem.target, context)
      let names = (0..<draws).map { "draw \($0)" }
      _ = try network.pass(problem.target, draws: names.map { problem.draw($0) }, state, context)
      return context.pool.statistics.peak
    }
    func planned(_ ensembles: Int) -> Int {
      let size = ProblemSize(
        residues: 160, clusters: clusters, extraRows: 4, templates: 0)
      var demand = Self.demand(size)
      demand.config = config
      demand.ensembles = ensembles
      return MemoryPlan(demand).peak
    }
    let (held, plan) = (try peak(3) - peak(1), planned(3) - planned(1))
    #expect(held <= plan && 4 * held >= 3 * plan, "\(held) of \(plan)")
  }

  // A state is encoded while the representation that it holds goes on to be used.
  @Test("a pass that is saved needs a second pair representation with the results")
  func savedPasses() throws {
    let size = ProblemSize(residues: 512, clusters: 1, extraRows: 0, templates: 0)
    func results(_ savesPasses: Bool) throws -> Int {
      var demand = Self.demand(size)
      demand.savesPasses = savesPasses
      return try #require(MemoryPlan(demand).moments.first { $0.name == "results" }).bytes
    }
    #expect(try results(true) - results(false) == 512 * 512 * Self.config.channels.pair * 2)
  }

  @Test("a limit streams operands before it is refused; a format streams them always")
  func fitting() throws {
    let config = try #require(FoldingConfig.preset(named: "model_1"))
    let size = ProblemSize(residues: 2048, clusters: 32, extraRows: 0, templates: 0)
    var demand = PassDemand(
      config, size, parameters: ParameterFootprint(sizes: [1000]), storage: .bfloat16, threads: 2)
    func plan(_ limit: Int?, _ format: BlockFormat? = nil) -> MemoryPlan {
      MemoryPlan.fitting(demand, pairFormat: format, limit: limit)
    }
    #expect(plan(nil).operands == .whole)
    let whole = plan(nil).peak
    #expect(plan(whole).operands == .whole)
    let streamed = plan(whole * 8 / 10)
    #expect(streamed.operands == .streamed(lines: 256, nil) && streamed.peak <= whole * 8 / 10)
    // Ever smaller tiles, each planned with less.
    let tiles = [streamed.peak - 1, plan(streamed.peak - 1).peak - 1].map { plan($0).operands }
    #expect(tiles == [.streamed(lines: 128, nil), .streamed(lines: 64, nil)])
    #expect(plan(1).operands == .streamed(lines: 64, nil))
    #expect(plan(nil, .int8).operands == .streamed(lines: 256, .int8))
    #expect(plan(nil, .int8).peak < streamed.peak)
    demand.isShared = true
    #expect(plan(1).operands == .whole && plan(1).peak > whole)
  }
}
