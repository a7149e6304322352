import AtomicFiles
import Evidence
import FeaturePipeline
import FoldingCore
import FoldingModel
import Foundation
import Messages
import NumericArrays
import TensorCore

/// What dropping alignment rows saves and changes.
extension FoldingPipeline {
  /// Measures what a row budget saves and changes, and writes `msa_budget.tsv`.
  ///
  /// The first pass is run with all rows, with the rows kept, with as many rows drawn uniformly (the baseline to beat, unless the kept
  /// rows were drawn that way) and with all rows and another seed (the change between any two draws), and the distogram logits are
  /// compared.
  func reportRowBudget(
    _ raw: RawFeatures, _ gathered: GatheredEvidence, _ run: PredictionRun,
    _ folder: PredictionFolder, _ timings: inout [(name: String, value: Double)]
  ) throws {
    guard options.checksRowBudget, let complete = try gathered.complete?.load(),
      let kept = gathered.kept
    else { return }
    let clock = ContinuousClock.now
    // Logits of two passes, and what a head takes that makes them.
    let logits = 4 * distogramBytes(raw, run)
    let (all, few) = (complete.counts.alignmentBytes, raw.counts.alignmentBytes)
    // With all rows: those kept, and as many drawn uniformly.
    let held = 2 * few + logits
    do {
      _ = try planner.plan(complete, run, holding: held, announces: false)
    } catch let error as PredictionError {
      return reporter.warn("\(raw.id): the change by --msa-budget is not measured: \(error)")
    }
    let reference = try firstPass(complete, run, seed: run.seed, held)
    // Logits of a pass go as soon as they are compared.
    var passes = [("all", reference.pass, LogitChange())]
    func compare(_ name: String, _ features: RawFeatures, seed: UInt64, _ held: Int) throws {
      let (pass, logits) = try firstPass(features, run, seed: seed, held)
      passes.append((name, pass, LogitChange(from: reference.logits, to: logits)))
    }
    try compare("kept, \(kept.rule.rawValue)", raw, seed: run.seed, all + logits)
    if kept.rule != .uniform {
      let uniform = RowSelection.choose(
        count: complete.rowCount, budget: kept.rows.count, seed: run.seed)
      try compare("uniform", complete.keepingRows(uniform), seed: run.seed, all + few + logits)
    }
    try compare("all, other draw", complete, seed: run.seed &+ 1, held)
    var table = "rows\tcount\ttflop_per_pass\tseconds\tlogit_rms_change\tlogit_max_change\n"
    for (name, pass, change) in passes {
      table += "\(name)\t\(pass.rows)\t\(String(format: "%.4g", pass.operations / 1e12))"
      table += "\t\(fixed(pass.seconds, decimals: 2))"
      table +=
        "\t\(fixed(change.rms, decimals: 4))\t\(fixed(change.maximum, decimals: 3))\n"
    }
    try folder.keep("msa_budget.tsv") { try AtomicFile.write(table, to: $0) }
    let saved = 100 * (1 - passes[1].1.operations / reference.pass.operations)
    let changes = passes.dropFirst().map { name, _, change in
      "\(fixed(change.rms, decimals: 3)) (\(name))"
    }
    reporter.note(
      "\(raw.id)  --msa-budget saves \(Int(saved.rounded())) % of a pass; distogram logits of the first pass change by \(changes.joined(separator: ", "))",
      event: "msa_budget", [("target", .string(raw.id)), ("saved_percent", .number(saved))])
    timings.append(("check_msa_budget", (ContinuousClock.now - clock).seconds))
  }

  /// Bytes of the distogram's logits.
  private func distogramBytes(_ raw: RawFeatures, _ run: PredictionRun) -> Int {
    raw.residueCount * raw.residueCount * run.config.heads.distogramBins * DType.float32.byteCount
  }

  /// The first pass with given features, and its distogram logits `[N_res, N_res, 64]`.
  ///
  /// - Parameter held: bytes that are in memory besides.
  private func firstPass(
    _ raw: RawFeatures, _ run: PredictionRun, seed: UInt64, _ held: Int
  ) throws -> (pass: FirstPass, logits: [Float]) {
    let context = self.context.following(
      try planner.plan(raw, run, holding: held, announces: false))
    let network = try network(run.model)
    let features = SampledFeatures(raw, config: run.config, seed: seed)
    let clock = ContinuousClock.now
    let output = try network.pass(
      features.target, draws: [features.draw(pass: 0, ensemble: 0)],
      network.initialState(features.target, context), context,
      PassMonitor { _ in
        try Interruption.check(.goesOnWithResume)
      })
    let seconds = (ContinuousClock.now - clock).seconds
    let pass = FirstPass(
      rows: raw.rowCount, operations: CostModel(run.config, run.size(raw.counts)).pass,
      seconds: seconds)
    return (pass, network.distogramLogits(output, context).array().values)
  }
}

/// What a first pass costs.
private struct FirstPass {
  /// Rows of the alignment.
  let rows: Int
  /// Floating-point operations.
  let operations: Double
  /// Time, s.
  let seconds: Double
}

/// Difference between two sets of logits.
private struct LogitChange {
  /// Root mean square difference.
  private(set) var rms = 0.0
  /// Largest difference.
  private(set) var maximum = 0.0

  init() {}

  init(from first: [Float], to second: [Float]) {
    var sum = 0.0
    for (a, b) in zip(first, second) {
      let difference = abs(Double(a) - Double(b))
      sum += difference * difference
      maximum = max(maximum, difference)
    }
    rms = (sum / Double(max(1, first.count))).squareRoot()
  }
}
