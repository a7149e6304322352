import Messages
import Protein
import Scoring
import StructureIO

/// The results for one protein, and the page and drawings made from them.
public struct PredictionReport: Sendable {
  /// The prediction of one network with one seed.
  public struct Entry: Sendable {
    /// Coordinates and confidence.
    public var structure: PredictedStructure
    /// Expected errors, Å; nil without that head. `[N_res, N_res]`
    public var alignedError: [Float]?
    /// Largest error that `alignedError` can express, Å.
    public var maxAlignedError: Float?
    /// Contact probabilities. `[N_res, N_res]`
    public var contacts: [Float]?
    /// Mean pLDDT and change of the structure after each pass.
    public var history: [(plddt: Double, change: Double?)]
    /// How it was made: parameters, checksum, seed, version.
    public var provenance: [(name: String, value: String)]
    /// Peptide bonds of a wrong length, if they were counted.
    public var brokenBonds: Int?

    /// The prediction of one network.
    public init(
      structure: PredictedStructure, alignedError: [Float]? = nil, maxAlignedError: Float? = nil,
      contacts: [Float]? = nil, history: [(plddt: Double, change: Double?)] = [],
      provenance: [(name: String, value: String)] = [], brokenBonds: Int? = nil
    ) {
      self.structure = structure
      self.alignedError = alignedError
      self.maxAlignedError = maxAlignedError
      self.contacts = contacts
      self.history = history
      self.provenance = provenance
      self.brokenBonds = brokenBonds
    }
  }

  /// Name of the protein.
  public var target: String
  /// Predictions, best first.
  public var entries: [Entry]
  /// Rows with a residue in each column of the alignment, by their least identity with the target. `[bands][N_res]`
  public var depths: [(leastIdentity: Double, depth: [Int])] = []
  /// Rows of the alignment, the target included.
  public var rows = 0
  /// Number of effective sequences, if known.
  public var neff: Double?
  /// Seconds by step.
  public var timings: [(name: String, value: Double)] = []
  /// Warnings at the top of the page.
  public var warnings: [String] = []
  /// Structure that the predictions are superposed on and scored against.
  public var reference: Structure? { didSet { compared = nil } }
  /// Comparisons with the reference, in the order of the entries, once they are made.
  private var compared: [Comparison?]?

  /// A report of predictions, best first.
  public init(target: String, entries: [Entry]) {
    self.target = target
    self.entries = entries
  }

  /// Most residues in all scenes of a page together, about 3 MB.
  private static let residueLimit = 50_000

  /// Scores of each prediction that can be superposed on the reference, best ranked first.
  public mutating func scores() throws -> [(model: String, report: ScoreReport)] {
    let all = try compared ?? entries.map { try comparison($0) }
    compared = all
    return zip(entries, all).compactMap { entry, comparison in
      guard case .scored(let report)? = comparison else { return nil }
      return (entry.structure.modelName, report)
    }
  }

  /// The page.
  public func page() throws -> ReportPage {
    let comparisons = try compared ?? entries.map { try comparison($0) }
    var page = ReportPage(
      title: target, lead: lead,
      footer:
        "helixfold \(entries.first?.structure.softwareVersion ?? ""). This file needs no network.")
    page.warnings = warnings + problems(comparisons)
    page.figures = figures(comparisons.first ?? nil)
    page.scenes = try scenes(comparisons)
    page.scenesAreOneChain = true
    page.sections = [.plots(figures().map(\.figure))]
    page.sections.append(.table(ranking(comparisons)))
    if let best = entries.first, !best.provenance.isEmpty {
      page.sections.append(.table(provenance))
    }
    if !timings.isEmpty {
      let rows = timings.map { [$0.name, "\(number($0.value)) s"] }
      page.sections.append(.table(.init(title: "Time", rows: rows)))
    }
    return page
  }

  /// All drawings with names for files.
  public func figures() -> [(name: String, figure: Figure)] {
    guard let best = entries.first else { return [] }
    let residues = best.structure.sequence.count
    let predictions = entries.map { (name: $0.structure.modelName, plddt: $0.structure.plddt) }
    let model = entries.count > 1 ? best.structure.modelName : nil
    let numbers = best.structure.residueNumbers
    var figures = [("plddt", PredictionPlot.confidence(predictions, numbers: numbers))]
    if let errors = best.alignedError, let maximum = best.maxAlignedError {
      figures.append(
        (
          "pae",
          PredictionPlot.alignedError(
            errors, residues: residues, maximum: maximum, model: model, numbers: numbers)
        ))
    }
    if let contacts = best.contacts {
      figures.append(
        (
          "contacts",
          PredictionPlot.contacts(contacts, residues: residues, model: model, numbers: numbers)
        ))
    }
    if !depths.isEmpty {
      figures.append(
        ("coverage", PredictionPlot.coverage(depths, rows: rows, neff: neff, numbers: numbers)))
    }
    let histories = entries.filter { !$0.history.isEmpty }.map {
      (name: $0.structure.modelName, passes: $0.history)
    }
    if !histories.isEmpty { figures.append(("recycles", PredictionPlot.recycles(histories))) }
    return figures
  }

  // MARK: Parts of the page

  private var lead: String {
    let structure = entries.first?.structure
    let residues = structure?.sequence.count ?? 0
    let title = structure.map { $0.title == target ? "" : "\($0.title): " } ?? ""
    return title
      + "\(counted(residues, "residue")), \(counted(rows, "alignment row")), \(counted(entries.count, "prediction"))"
      + (entries.count == 1 ? "" : ", the best first")
  }

  private func figures(_ comparison: Comparison?) -> [(value: String, name: String)] {
    guard let best = entries.first else { return [] }
    var figures = [(fixedDecimals(best.structure.meanPLDDT, 1), "mean pLDDT")]
    if let ptm = best.structure.ptm { figures.append((fixedDecimals(Double(ptm), 3), "pTM")) }
    if let neff { figures.append((fixedDecimals(neff, 1), "effective sequences")) }
    if case .scored(let report)? = comparison {
      figures.append((fixedDecimals(report.whole.superposed.tmScore.value, 3), "TM-score"))
      figures.append((fixedDecimals(report.whole.superposed.gdtTS, 3), "GDT-TS"))
      figures.append((report.whole.lddt.score.map { fixedDecimals($0, 3) } ?? "–", "lDDT"))
    }
    return figures
  }

  private enum Comparison: Sendable {
    case scored(ScoreReport)
    case failed(String)
  }

  private func comparison(_ entry: Entry) throws -> Comparison? {
    guard let reference else { return nil }
    let structure = try entry.structure.structure()
    do {
      return .scored(try ScoreReport(model: structure, reference: reference))
    } catch {
      return .failed("\(error)")
    }
  }

  private func problems(_ comparisons: [Comparison?]) -> [String] {
    guard case .failed(let reason)? = comparisons.first ?? nil,
      !warnings.contains(where: { $0.hasSuffix(reason) })
    else { return [] }
    return ["The reference cannot be laid over the prediction: \(reason)"]
  }

  /// Without a reference all are superposed on the best one.
  private func scenes(_ comparisons: [Comparison?]) throws -> [StructureScene] {
    var scenes: [StructureScene] = []
    var budget = Self.residueLimit
    for (entry, comparison) in zip(entries, comparisons) {
      budget -= entry.structure.sequence.count * (comparison == nil ? 1 : 2)
      guard scenes.isEmpty || budget >= 0 else { break }
      let name = entry.structure.modelName
      var scene: StructureScene?
      if case .scored(let report)? = comparison {
        scene = StructureScene(name: name, report, confidence: true)
      } else if let residues = try residues(of: entry) {
        let motion = scenes.first.map { Self.motion(of: residues, onto: $0.model.residues) }
        scene = StructureScene(
          name: name,
          model: ChainTrace(residues, superposition: motion ?? .identity, confidence: true))
      }
      guard var scene else { continue }
      scene.model.place(along: entry.structure.residueNumbers)
      scenes.append(scene)
    }
    return scenes
  }

  private func residues(of entry: Entry) throws -> [Residue]? {
    try entry.structure.structure().models.first?.chains.first?.residues
  }

  /// The least-squares superposition of the C-alphas of residues with the same labels.
  private static func motion(of residues: [Residue], onto best: [Residue]) -> Superposition {
    let places = Dictionary(
      best.compactMap { residue in residue.standardAtoms[.ca].map { (residue.label, $0.position) }
      },
      uniquingKeysWith: { first, _ in first })
    let pairs = residues.compactMap { residue in
      residue.standardAtoms[.ca].flatMap { alpha in
        places[residue.label].map { (alpha.position, $0) }
      }
    }
    return .leastSquares(pairs.map(\.0), onto: pairs.map(\.1))
  }

  private func ranking(_ comparisons: [Comparison?]) -> ReportPage.Table {
    var head = ["model", "mean pLDDT", "pTM", "passes"]
    let showsBonds = entries.contains { $0.brokenBonds != nil }
    if showsBonds { head.append("broken bonds") }
    if reference != nil { head += ["TM-score", "GDT-TS", "lDDT", "lDDT-CA", "RMSD95, Å"] }
    let rows = zip(entries, comparisons).map { entry, comparison in
      var row = [
        entry.structure.modelName, fixedDecimals(entry.structure.meanPLDDT, 2),
        entry.structure.ptm.map { fixedDecimals(Double($0), 4) } ?? "–", "\(entry.history.count)",
      ]
      if showsBonds { row.append(entry.brokenBonds.map { "\($0)" } ?? "–") }
      if case .scored(let report)? = comparison {
        let scores = report.whole
        row += [
          fixedDecimals(scores.superposed.tmScore.value, 4),
          fixedDecimals(scores.superposed.gdtTS, 4),
          scores.lddt.score.map { fixedDecimals($0, 4) } ?? "–",
          scores.lddtAlpha.score.map { fixedDecimals($0, 4) } ?? "–",
          scores.rmsd95.map { fixedDecimals($0.value, 2) } ?? "–",
        ]
      }
      return row
    }
    return .init(title: "Predictions", head: head, rows: rows)
  }

  /// One value for all predictions if they agree, else that of each after its name.
  private var provenance: ReportPage.Table {
    let names = entries[0].provenance.map(\.name)
    let rows = names.map { name -> [String] in
      let values = entries.map { entry in
        entry.provenance.first { $0.name == name }?.value ?? "–"
      }
      if Set(values).count == 1 { return [name, values[0]] }
      let named = zip(entries, values).map { "\($0.structure.modelName): \($1)" }
      return [name, named.joined(separator: ", ")]
    }
    return .init(title: "How this was made", rows: rows)
  }
}

/// Text with a fixed number of decimals, a dash if it is not a number.
public func fixedDecimals(_ value: Double, _ count: Int) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "–" }
  return fixed(value, decimals: min(max(count, 0), 6))
}
