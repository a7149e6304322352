import FeaturePipeline
import FoldingModel
import Messages
import Protein

/// In which order a run takes its targets, and what each of them costs.
extension FoldingPipeline {
  /// Targets that cannot be used come first, so that one learns of them at once and not after hours; the others as given, or,
  /// where several processes take them, the longest first, so that none is left with one at the end.
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

  /// The memory plan of a run, refused when it does not fit.
  func plan(
    _ raw: RawFeatures, _ run: PredictionRun, announces: Bool
  ) throws -> MemoryPlan {
    let (size, limit) = (run.size(raw.counts), try memoryLimit())
    let plan = run.plan(raw.counts, options, isShared: queue.operations != nil, limit: limit)
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

  /// Bytes that a plan may take: those allowed, else this process's share of what the machine has, the least among processes that share
  /// operations.
  ///
  /// Collective in a team.
  func memoryLimit() throws -> MemoryLimit {
    try queue.least(MemoryLimit(allowed: options.memoryLimit))
  }

  /// What a dry run says about a target.
  func announce(_ raw: RawFeatures) throws {
    let seeds = max(1, options.seedCount)
    for model in models {
      let run = PredictionRun(model, seedIndex: 0, options)
      _ = try plan(raw, run, announces: true)
      let passes =
        counted(run.recycles + 1, "pass") + (seeds > 1 ? " for each of \(seeds) seeds" : "")
      let operations = run.operations(raw.counts) * Double(seeds)
      reporter.note(
        "\(raw.id) \(run.name): \(passes), \(fixed(operations / 1e12, decimals: 2)) TFLOP")
    }
  }
}
