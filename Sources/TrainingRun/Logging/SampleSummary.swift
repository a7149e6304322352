import NumericArrays
import Training
import TrainingData

/// What the log keeps of one sample; sent between processes as plain numbers.
struct SampleSummary {
  let isFinite: Bool
  let loss: LossReport
  let gradient: SampleNorm
  let lddt: Double?
  let residues: Int
  let recycles: Int

  init(_ sample: TrainingSample, _ outcome: SampleOutcome, _ gradient: SampleNorm) {
    isFinite = gradient.isFinite && outcome.loss.total.isFinite
    loss = outcome.loss
    self.gradient = gradient
    lddt = sample.lddt(of: outcome.alphaCarbons)
    residues = sample.residueCount
    recycles = sample.recycles
  }

  /// What follows the terms of the loss, in this order.
  private enum Field: Int, CaseIterable {
    case lddt, residues, recycles, isFinite, norm, isClipped
  }

  /// Numbers per sample.
  static let width = LossReport.terms.count + Field.allCases.count

  var numbers: [Double] {
    LossReport.terms.map { loss[keyPath: $0] } + Field.allCases.map(number)
  }

  private func number(_ field: Field) -> Double {
    switch field {
    case .lddt: lddt ?? .nan
    case .residues: Double(residues)
    case .recycles: Double(recycles)
    case .isFinite: isFinite ? 1 : 0
    case .norm: gradient.value
    case .isClipped: gradient.isClipped ? 1 : 0
    }
  }

  init(numbers: ArraySlice<Double>) {
    var loss = LossReport()
    for (term, value) in zip(LossReport.terms, numbers) { loss[keyPath: term] = value }
    self.loss = loss
    let fields = Array(numbers.dropFirst(LossReport.terms.count))
    func number(_ field: Field) -> Double { fields[field.rawValue] }
    lddt = number(.lddt).isNaN ? nil : number(.lddt)
    residues = Int(number(.residues))
    recycles = Int(number(.recycles))
    isFinite = number(.isFinite) > 0
    gradient = SampleNorm(value: number(.norm), isClipped: number(.isClipped) > 0)
  }
}

/// Means over the samples of a step.
struct SampleMean {
  /// The samples in their order, for finding those that made a step fail.
  private var all: [SampleSummary] = []
  private(set) var isFinite = true
  private var sum = LossReport()
  /// Samples that have each term. `[terms]`
  private var present = LossReport.terms.map { _ in 0 }
  private var lddts: [Double] = []
  private var norms = 0.0
  private var clipped = 0
  private var samples = 0
  private var residues = 0
  private var recycles = 0

  mutating func add(_ sample: SampleSummary) {
    isFinite = isFinite && sample.isFinite
    all.append(sample)
    sum.add(sample.loss)
    for (place, term) in LossReport.terms.enumerated() where sample.loss[keyPath: term] != 0 {
      present[place] += 1
    }
    norms += sample.gradient.value
    if sample.gradient.isClipped { clipped += 1 }
    if let lddt = sample.lddt { lddts.append(lddt) }
    samples += 1
    residues += sample.residues
    recycles = max(recycles, sample.recycles)
  }

  /// Means over all samples for the total, the structure loss and violations; for every other term, over the samples that have it.
  ///
  /// A chain without side chains has no torsion error (its side-chain error is that of N, CA, C and CB), one of poor resolution has
  /// no confidence loss, and a term of 0 counts as absent.
  var loss: LossReport {
    var mean = sum.scaled(by: 1 / Double(max(samples, 1)))
    for (term, count) in zip(LossReport.terms, present)
    where count > 0 && !Self.termsOfAll.contains(where: { $0 == term }) {
      mean[keyPath: term] = sum[keyPath: term] / Double(count)
    }
    return mean
  }

  private static let termsOfAll: [WritableKeyPath<LossReport, Double> & Sendable] = [
    \.total, \.structure, \.violation,
  ]

  /// Samples to look at after a skipped step: those that are not finite, else the one with the largest loss or gradient.
  private func suspects(_ decision: StepDecision) -> [Int] {
    let spoilt = all.indices.filter { !all[$0].isFinite }
    if decision == .take { return [] }
    if !spoilt.isEmpty { return spoilt }
    let size = { (sample: SampleSummary) in
      decision == .spike ? sample.loss.total : sample.gradient.value
    }
    return all.indices.max { size(all[$0]) < size(all[$1]) }.map { [$0] } ?? []
  }

  /// The line of the log.
  ///
  /// - Parameters:
  ///   - method: per-sample clipping happens before the mean, so its norm and share refer to samples.
  ///   - chain: name of the chain of a sample.
  func record(
    step: Int, report: StepReport, method: ClipMethod, guardCounts: StepGuard, seconds: Double,
    chain: (_ sample: Int) -> String
  ) -> TrainingRecord {
    // Without a finite loss nothing was measured.
    let isMeasured = loss.total.isFinite
    let lddt = isMeasured && !lddts.isEmpty ? lddts.mean : nil
    var record = TrainingRecord(
      .step, step: step, loss: loss.total, lddt: lddt, seconds: seconds)
    record.terms = isMeasured ? loss : nil
    record.rate = report.rate
    record.decision = report.decision
    record.gradientNorm = report.clip?.globalNorm
    record.clippedShare = report.clip?.clippedShare
    if case .perSample = method, report.clip != nil {
      record.gradientNorm = norms / Double(max(samples, 1))
      record.clippedShare = Double(clipped) / Double(max(samples, 1))
    }
    record.skipped = guardCounts.notFinite + guardCounts.spikes
    let suspects = suspects(report.decision)
    record.chains = suspects.isEmpty ? nil : suspects.map(chain)
    record.recycles = recycles
    record.residues = residues
    return record
  }
}
