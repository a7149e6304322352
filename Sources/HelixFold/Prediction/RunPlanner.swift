import FeaturePipeline
import FoldingCore
import FoldingModel
import Messages
import Protein

/// The order in which a run takes its targets, which of them share passes, and the cost of each.
struct RunPlanner {
  let options: PredictionOptions
  let models: [ModelDescription]
  let queue: TargetQueue
  let reporter: ProgressReporter

  /// Unusable targets come first, so that errors surface at once and not after hours; the others as given or, if several processes
  /// take them, longest first, so that no process is left with a long one at the end.
  func order(of targets: [PredictionTarget]) -> [Int] {
    let lengths = targets.map { (try? $0.features.get())?.counts.residues }
    let usable = targets.indices.compactMap { index in lengths[index].map { (index, $0) } }
    let sorted = queue.isShared ? usable.sorted { ($1.1, $0.0) < ($0.1, $1.0) } : usable
    return targets.indices.filter { lengths[$0] == nil } + sorted.map(\.0)
  }

  /// Operations of the usable targets over all networks, seeds and passes.
  func costs(of targets: [PredictionTarget]) -> [Int: Double] {
    var costs: [Int: Double] = [:]
    for (index, target) in targets.enumerated() {
      guard let features = try? target.features.get() else { continue }
      costs[index] = runs().reduce(0) { $0 + $1.operations(features.counts) }
    }
    return costs
  }

  /// All networks with all seeds.
  func runs() -> [PredictionRun] {
    models.flatMap { model in
      (0..<max(1, options.seedCount)).map { PredictionRun(model, seedIndex: $0, options) }
    }
  }

  /// The memory plan of a run; throws if it does not fit.
  func plan(
    _ raw: RawFeatures, choosingFrom complete: DeferredFeatures? = nil, _ run: PredictionRun,
    holding held: Int = 0, announces: Bool
  ) throws -> MemoryPlan {
    let (size, limit) = (run.size(raw.counts), try memoryLimit())
    let plan = run.plan(
      raw.counts, choosingFrom: complete, options, holding: held, isShared: queue.operations != nil,
      limit: limit)
    if announces {
      let name = models.count > 1 || options.seedCount > 1 ? "\(raw.id) \(run.name)" : raw.id
      reporter.note(
        "\(name)  \(counted(size.residues, "residue")), \(size.clusters)+\(size.extraRows) MSA rows, \(counted(size.templates, "template")); plan: \(ByteCount(plan.peak)) at the peak (\(plan.moments[0].name))\(plan.operands == .whole ? "" : "; triangle operands \(plan.operands.text)")",
        event: "plan",
        [
          ("target", .string(raw.id)), ("model", .string(run.name)),
          ("peak_bytes", .integer(plan.peak)),
          ("tile_lines", .integer(plan.operands.lines ?? size.residues)),
          ("operations", .number(run.operations(raw.counts))),
        ])
    }
    try plan.requireFit(in: limit)
    return plan
  }

  /// Bytes that a plan may take: those allowed, else this process's share of the machine's memory; the smallest among processes that
  /// share operations.
  ///
  /// Collective in a team.
  private func memoryLimit() throws -> MemoryLimit {
    try queue.least(MemoryLimit(allowed: options.memoryLimit))
  }

  /// The report of a dry run about a target; returns its operations with all networks and seeds.
  func announce(
    _ raw: RawFeatures, choosingFrom complete: DeferredFeatures?, _ rate: WorkRate
  ) throws -> Double {
    var sum = 0.0
    let seeds = max(1, options.seedCount)
    for model in models {
      let run = PredictionRun(model, seedIndex: 0, options)
      _ = try plan(raw, choosingFrom: complete, run, announces: true)
      let passes =
        counted(run.recycles + 1, "pass") + (seeds > 1 ? " for each of \(seeds) seeds" : "")
      let operations = run.operations(raw.counts) * Double(seeds)
      reporter.note(
        "\(raw.id) \(run.name): \(passes), \(cost(operations, rate))", event: "cost",
        [
          ("target", .string(raw.id)), ("model", .string(run.name)),
          ("operations", .number(operations)), ("seconds", .number(operations / rate.perSecond)),
        ])
      sum += operations
    }
    return sum
  }

  /// The report of a dry run about all targets.
  func announce(total operations: Double, of count: Int, _ rate: WorkRate) {
    reporter.note("\(counted(count, "target")): \(cost(operations, rate))")
  }

  private func cost(_ operations: Double, _ rate: WorkRate) -> String {
    let time = ProgressReporter.duration(operations / rate.perSecond)
    return
      "\(fixed(operations / 1e12, decimals: 2)) TFLOP, roughly \(time) with \(counted(options.threads, "thread")) of this machine"
  }
}

/// Which targets share passes.
extension RunPlanner {
  /// Longest protein that shares a pass; the MSA track of longer ones is large enough alone.
  static let packedResidues = 128
  /// Longest common axis of a pack.
  static let packPositions = 512

  /// The targets in processing order; with packing, grouped by shared passes.
  ///
  /// Collective in a team.
  func groups(of targets: [PredictionTarget]) throws -> [[Int]] {
    let order = order(of: targets)
    guard options.packs, !options.isDryRun, !options.usesDropout,
      models.allSatisfy({ $0.config.ensembles <= 1 }),
      (options.ensembles ?? 1) <= 1
    else { return order.map { [$0] } }
    let limit = try memoryLimit().bytes
    var (groups, pack): ([[Int]], [(index: Int, counts: FeatureCounts)]) = ([], [])
    func close() {
      if !pack.isEmpty { groups.append(pack.map(\.index)) }
      pack = []
    }
    for index in order {
      guard let counts = try? targets[index].features.get().counts,
        counts.residues <= Self.packedResidues
      else {
        groups.append([index])
        continue
      }
      if !fits(pack.map(\.counts) + [counts], limit) { close() }
      pack.append((index, counts))
    }
    close()
    return groups
  }

  /// Whether proteins may share a pass: the axis is short enough and the memory limit suffices.
  private func fits(_ pack: [FeatureCounts], _ limit: Int) -> Bool {
    if ProteinPack(pack.map(\.residues)).positions > Self.packPositions { return false }
    return models.allSatisfy {
      packPlan(PredictionRun($0, seedIndex: 0, options), pack, limit).peak <= limit
    }
  }

  /// An upper bound on a pack's memory: the plan of one protein as long as all of them together.
  private func packPlan(_ run: PredictionRun, _ pack: [FeatureCounts], _ limit: Int) -> MemoryPlan {
    let sizes = pack.map(run.size)
    func largest(_ size: KeyPath<ProblemSize, Int>) -> Int {
      sizes.map { $0[keyPath: size] }.max() ?? 0
    }
    let size = ProblemSize(
      residues: ProteinPack(pack.map(\.residues)).positions, clusters: largest(\.clusters),
      extraRows: largest(\.extraRows), templates: largest(\.templates))
    let demand = run.demand(
      size, alignmentBytes: pack.reduce(0) { $0 + $1.alignmentBytes }, options)
    return MemoryPlan.fitting(demand, pairFormat: options.pairFormat, limit: limit)
  }
}
