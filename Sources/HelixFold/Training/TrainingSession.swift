import AtomicFiles
import Distribution
import FeaturePipeline
import FoldingCore
import Foundation
import Messages
import Protein
import TensorCore
import TrainingData
import TrainingRun

/// A training run as the command starts it: opens store and network, trains, reports progress.
public struct TrainingSession {
  /// The run.
  public var config: TrainingConfig
  /// Path of the training store.
  public var store: String
  /// Folder of the run.
  public var folder: String
  /// Whether to resume from the folder's checkpoint.
  public var resumes: Bool
  /// Worker threads; results do not depend on them.
  public var threads: Int
  /// Samples computed side by side; nil for one per thread, or as many as fit into memory.
  ///
  /// Results do not depend on it.
  public var lanes: Int?
  /// Most bytes that each process may hold; nil for its share of what the machine can provide.
  public var memoryLimit: Int?
  /// How many processes train on different samples, share operations, and run one branch of a block each.
  public var grid = ProcessGrid()

  /// A run.
  public init(
    config: TrainingConfig, store: String, folder: String, resumes: Bool, threads: Int
  ) {
    self.config = config
    self.store = store
    self.folder = folder
    self.resumes = resumes
    self.threads = threads
  }

  /// Trains to the end, or until a signal asks to stop.
  ///
  /// - Parameter world: the processes of the run.
  public func run(_ reporter: ProgressReporter, world: any Communicator = SingleMember()) throws {
    if grid.branches > 1, let reason = config.network.blockOrder.branchRefusal {
      throw ConfigurationError.badValue(
        file: "--bp \(grid.branches)", key: "network.blockOrder", reason: reason)
    }
    // One process with --bp 2 runs both branches on its own workers.
    let isOneProcess = world.size == 1 && grid == ProcessGrid(branches: 2)
    if isOneProcess && threads < 2 {
      reporter.note("--bp 2 runs the branches on two threads, although --threads is \(threads)")
    }
    let member = isOneProcess ? .single : try GridMember(grid, in: world)
    let branches: BranchSchedule? =
      isOneProcess ? .sideBySide : member.branches.map { .apart(RemoteBranch($0)) }
    let source = try SampleSource(
      store: FeatureStore(path: store), network: config.network, config: config.data,
      seed: config.run.seed)
    try source.requireTrainable(validates: config.validation.interval > 0)
    if world.size > 1 {
      try world.requireSame(
        ProgramIdentity.lines + ["resume: \(resumes)"]
          + config.document().components(separatedBy: "\n"))
    }
    let ranks = try introduce(world, reporter)
    let share = member.share(of: config.run.batch).count
    let validation = config.validation
    let held = source.validationClusters(lengths: validation.shortest...validation.longest)
    let plan = LaneMemory.training(
      config, share: share, trained: .init(source.plan.others),
      validated: .init(held.flatMap { $0 }))
    let threads = isOneProcess ? max(2, self.threads) : self.threads
    let most = NetworkEngine.mostLanes(
      asked: self.lanes ?? (isOneProcess ? threads / 2 : nil), threads: threads, samples: share,
      isAlone: member.branches == nil && member.axes == nil)
    let (lanes, keptBytes) = try plan.fitting(
      wanted: most, isAsked: self.lanes != nil, in: try limit(world, plan, reporter))
    let engine = try NetworkEngine(
      config, threads: threads, lanes: lanes, keptBytes: keptBytes, branches: branches,
      axial: member.axes.map { AxialMembers($0) })
    // Several processes agree between their samples, so that all stop before the same one.
    if world.size == 1 { engine.shouldStop = { Interruption.isRequested } }
    let trainer = try Trainer(
      config, folder: RunFolder(path: folder), source: source, engine: engine, resumes: resumes,
      program: "helixfold \(helixFoldVersion)", kernels: ProgramIdentity.kernels, member: member)
    if trainer.isFinished {
      reporter.note(
        "\(folder): all \(counted(config.run.steps, "step")) are done already", event: "finished",
        [("steps", .integer(config.run.steps))])
      return try trainer.run()
    }
    let chains = validation.interval == 0 ? 0 : min(validation.targets, held.count)
    let bytes = plan.bytes(lanes, kept: keptBytes)
    reporter.note(
      "\(config.preset): \(config.layout.count) parameters, \(counted(source.plan.clusters.count, "training cluster")), \(counted(chains, "validation chain")), steps \(trainer.step) to \(config.run.steps) of \(counted(config.run.batch, "sample")), \(lanes) side by side in about \(ByteCount(bytes))",
      event: "start",
      [
        ("parameters", .integer(config.layout.count)),
        ("clusters", .integer(source.plan.clusters.count)),
        ("validation_chains", .integer(chains)), ("step", .integer(trainer.step)),
        ("steps", .integer(config.run.steps)), ("lanes", .integer(lanes)),
        ("planned_bytes", .integer(bytes)),
      ])
    for caution in config.cautions { reporter.warn(caution) }
    if chains < validation.targets && validation.interval > 0 {
      reporter.warn(
        "'validation.targets' is \(validation.targets), the store has \(counted(chains, "validation cluster")) with chains of \(validation.shortest) to \(validation.longest) residues within the limits of 'data': the fewer there are, the more best.h5 is a matter of chance"
      )
    }
    let first = trainer.step
    try trainer.run(shouldStop: { Interruption.isRequested }) { event in
      if case .started = event, let ranks {
        try AtomicFile.write(ranks, to: RunFolder(path: folder).ranks)
      }
      report(event, reporter, first: first)
    }
    if let line = skipped(trainer) { reporter.warn(line) }
  }

  /// What this process may hold; processes on one machine share what it can provide.
  private func limit(
    _ world: any Communicator, _ plan: LaneMemory, _ reporter: ProgressReporter
  ) throws -> MemoryLimit {
    let limit = try MemoryLimit(allowed: memoryLimit, among: world)
    let needed = plan.bytes(1)
    if grid.axes == 1 || !limit.isMachine || needed <= limit.bytes { return limit }
    reporter.warn(
      "a process that shares nothing would need about \(ByteCount(needed)), this machine can give this process \(ByteCount(limit.bytes)); how much of that --dap \(grid.axes) divides is not known"
    )
    return plan.eased(limit)
  }

  /// The final line about skipped steps; nil if there were none.
  private func skipped(_ trainer: Trainer) -> String? {
    let (all, last) = trainer.skipped
    if all == 0 { return nil }
    let end =
      last == 0
      ? "" : ", the last \(last == 1 ? "one" : "\(last)") too, so look at the weights before use"
    return
      "\(all) of \(counted(config.run.steps, "step")) \(all == 1 ? "was" : "were") left out\(end); \(folder)/log.jsonl says which, and with which chains"
  }

  /// Reports how many processes there are.
  ///
  /// - Returns: the process of each rank, since launchers name a process when it dies; nil if not needed.
  private func introduce(
    _ world: any Communicator, _ reporter: ProgressReporter
  ) throws -> String? {
    if world.size == 1 { return nil }
    let info = ProcessInfo.processInfo
    let places = try world.allGather("\(info.processIdentifier)\t\(info.hostName)")
    if world.rank > 0 { return nil }
    let lines = places.enumerated().map { "\($0.offset)\t\($0.element)\n" }
    reporter.note(
      "\(world.size) processes: \(grid); \(folder)/ranks.tsv will say which is which",
      event: "ranks", [("processes", .integer(world.size))])
    return "rank\tprocess\thost\n" + lines.joined()
  }

  /// - Parameter first: the step with which this call begins, which gets a line of its own if there is no bar.
  private func report(_ event: Trainer.Event, _ reporter: ProgressReporter, first: Int) {
    switch event {
    case .started: break
    case .caution(let line): reporter.warn(line)
    case .part(let part, let fraction, let remaining):
      let unit = part.isValidation ? "validation chain" : "sample"
      reporter.progress(
        "\(Self.name(ofStep: part.step)): \(part.done) of \(counted(part.count, unit))", fraction,
        remaining: remaining)
    case .step(let record, let fraction, let remaining):
      if reporter.style == .json {
        reporter.note("step \(record.step + 1)", event: "step", fields(record))
      } else if reporter.style == .lines && record.step == first {
        reporter.note(Self.line(record))
      }
      reporter.progress(Self.line(record), fraction, remaining: remaining)
    case .validation(let record, let isBest):
      reporter.note(
        "\(Self.name(ofStep: record.step))  validation lDDT-Cα \(record.lddt.map { fixed($0, decimals: 4) } ?? "– (no chain has two known residues)")  loss \(fixed(record.loss, decimals: 3))\(isBest ? "  best so far" : "")",
        event: "validation", fields(record) + [("best", .bool(isBest))])
    case .skipped(let record):
      reporter.warn(
        "step \(record.step + 1) left out (\(record.decision?.rawValue ?? "?")), loss \(fixed(record.loss, decimals: 3)), \(Self.names(record.chains ?? [])); \(record.skipped ?? 0) so far"
      )
    }
  }

  /// `step 120  0.84 s  loss 3.21  lDDT 0.31 (fape 0.91, distogram 2.8, msa 1.2)`, with torsions of the backbone and smooth lDDT where
  /// they are trained.
  private static func line(_ record: TrainingRecord) -> String {
    var line =
      "step \(record.step + 1)  \(fixed(record.seconds, decimals: 2)) s  loss \(fixed(record.loss, decimals: 2))"
    if let lddt = record.lddt { line += "  lDDT \(fixed(lddt, decimals: 2))" }
    if let terms = record.terms {
      let list: [(String, Double?)] = [
        ("fape", terms.fape), ("torsions", record.optional(\.backboneTorsions)),
        ("smooth lddt", record.optional(\.smoothLDDT)), ("distogram", terms.distogram),
        ("msa", terms.maskedMSA),
      ]
      let words = list.compactMap { name, value in
        value.map { "\(name) \(fixed($0, decimals: 2))" }
      }
      line += " (\(words.joined(separator: ", ")))"
    }
    return line
  }

  /// Name of a step for people, counted from 1; the one before the first has its own name.
  private static func name(ofStep step: Int) -> String {
    step < 0 ? "before step 1" : "step \(step + 1)"
  }

  /// `chain 1abc_A` or `chains 1abc_A, 2xyz_B, … (12)`.
  private static func names(_ chains: [String]) -> String {
    let rest = chains.count > 5 ? ", … (\(chains.count))" : ""
    return (chains.count == 1 ? "chain " : "chains ") + chains.prefix(5).joined(separator: ", ")
      + rest
  }

  private func fields(_ record: TrainingRecord) -> [(String, JSONValue)] {
    [("step", .integer(record.step))] + record.scalars.map { ($0.tag, .number($0.value)) }
  }
}

extension BlockOrder {
  /// Why the branches of such a block do not run at the same time; nil where they do.
  fileprivate var branchRefusal: String? {
    switch self {
    case .parallel: nil
    case .serial:
      "is 'serial': the pair track of such a block waits for its MSA track, so they cannot run at the same time; branch parallelism needs 'parallel', and weights trained in that order (those of AlphaFold2 are serial)"
    case .outerProductFirst:
      "is '\(rawValue)': branch parallelism is not implemented for this order, although both tracks of such a block could run at the same time after the outer product mean; use 'parallel', or --bp 1"
    }
  }
}
