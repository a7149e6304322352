import Messages
import Protein
import Scoring
import StructureIO

/// Scores of one predictor on a whole target or a domain of it.
public struct EvaluationRow: Sendable {
  /// The predictor.
  public var predictor: String
  /// The target.
  public var target: String
  /// `whole`, or the domain's name.
  public var unit: String
  /// The domain's residues.
  public var ranges: String?
  /// All scores.
  public var scores: ScoreSet
  /// Residues of the model with the wrong hand, broken peptide bonds, and overlaps of atoms; of the whole chain.
  public var wrongHand, brokenBonds, clashes: Int
  /// Chains that were compared.
  public var modelChain, referenceChain: String
  /// Remarks on the scores of the whole chain, one line each.
  public var notes: [String] = []

  /// Whether the row is for a chain or a domain.
  public var scope: EvaluationScope { ranges == nil ? .chains : .domains }
}

/// A target or prediction that could not be scored, and why.
public struct EvaluationGap: Sendable, Hashable {
  /// The target.
  public var target: String
  /// The predictor; nil if the target itself cannot be used.
  public var predictor: String?
  /// One line.
  public var reason: String
  /// Whether this is an error, rather than missing data.
  public var isFailure: Bool
}

/// Predictions of one program or set of weights: a folder with a file or folder per target.
public struct Predictor: Sendable, Hashable {
  /// Name in tables.
  public var name: String
  /// Folder of the predictions.
  public var folder: String
  /// A remark for the reader, such as that its network is small; one line.
  public var note: String?
  /// The parameters used; nil if only the predictions are known.
  public var weights: PredictorWeights?
  /// What became of each target that was to be predicted for this evaluation; nil where predictions are looked for in the folder.
  ///
  /// The folder may hold predictions of other weights and seeds too.
  public var outcomes: [String: Outcome]?

  /// What became of a target.
  public enum Outcome: Sendable, Hashable {
    /// It was predicted, now or by an earlier run in the same way: the file of the structure.
    case predicted(file: String)
    /// It was not, and why; one line.
    case failed(reason: String)
  }

  /// Predictions in a folder.
  public init(
    name: String, folder: String, note: String? = nil, weights: PredictorWeights? = nil
  ) {
    self.name = name
    self.folder = folder
    self.note = note
    self.weights = weights
  }

  /// The file with the prediction of a target.
  func file(of target: String) throws -> String {
    guard let outcomes else {
      guard let path = EvaluationTarget.file(of: target, in: folder, isNative: false) else {
        throw EvaluationError.nothing(path: folder, reason: "no prediction of \(target)")
      }
      return path
    }
    switch outcomes[target] {
    case .predicted(let file): return file
    case .failed(let reason):
      throw EvaluationError.nothing(path: folder, reason: "not predicted: \(reason)")
    case nil:
      throw EvaluationError.nothing(
        path: folder, reason: "not predicted: no sequence or features of \(target) were given")
    }
  }
}

/// Parameters of a predictor, which distinguish it from others with the same network.
public struct PredictorWeights: Sendable, Hashable, Codable {
  /// The file as given, or what replaces one.
  public var file: String
  /// Checksum of the parameters.
  public var checksum: String

  /// Parameters in a file.
  public init(file: String, checksum: String) {
    self.file = file
    self.checksum = checksum
  }
}

/// Scores of several predictors on a set of targets.
public struct Evaluation: Sendable {
  /// Name of the set.
  public let name: String
  /// All targets, including those without a structure; lengths are filled in from structures.
  public private(set) var targets: [EvaluationTarget]
  /// The predictors, in the order given.
  public let predictors: [String]
  /// Remarks on predictors: name and one line.
  public let predictorNotes: [(predictor: String, note: String)]
  /// Parameters of those whose predictions were made for this evaluation.
  public let predictorWeights: [(predictor: String, weights: PredictorWeights)]
  /// Cautions about the set, one line each.
  public let cautions: [String]
  /// Scores, by target, then predictor, then whole chain and domains.
  public private(set) var rows: [EvaluationRow] = []
  /// Targets and predictions that could not be scored.
  public private(set) var gaps: [EvaluationGap] = []
  /// Structures for the page: the first predictor's, on the natives.
  public private(set) var comparisons: [(target: String, report: ScoreReport)] = []

  /// Scores every target with a structure; a failure is recorded and the others continue.
  ///
  /// - Parameters:
  ///   - cautions: cautions about the set for the page.
  ///   - progress: called before each target with its index.
  public init(
    name: String, targets: [EvaluationTarget], predictors: [Predictor], cautions: [String] = [],
    progress: (Int, EvaluationTarget) -> Void = { _, _ in }
  ) {
    self.name = name
    self.cautions = cautions
    self.targets = targets
    self.predictors = predictors.map(\.name)
    predictorNotes = predictors.compactMap { item in item.note.map { (item.name, $0) } }
    predictorWeights = predictors.compactMap { item in item.weights.map { (item.name, $0) } }
    for index in targets.indices {
      progress(index, targets[index])
      score(index, predictors)
    }
  }

  private mutating func score(_ index: Int, _ predictors: [Predictor]) {
    let target = targets[index]
    guard let read = target.native else {
      gaps.append(
        EvaluationGap(
          target: target.id, predictor: nil, reason: "no native structure", isFailure: false))
      return
    }
    var native: Structure
    do {
      native = try read()
      if native.proteinChains.isEmpty { throw ScoringError.noAminoAcid(.reference, chain: nil) }
    } catch {
      gaps.append(
        EvaluationGap(
          target: target.id, predictor: nil, reason: "native: \(error)", isFailure: true))
      return
    }
    for predictor in predictors {
      do {
        let path = try predictor.file(of: target.id)
        let model = try StructureFile.read(path)
        native.keepOneChain(for: model)
        // Domains use numbers of the sequence, as do predictions.
        let report = try ScoreReport(
          model: model, reference: native, domains: target.domains, countsAlongModel: true)
        add(report, target, predictor.name)
        targets[index].length = targets[index].length ?? report.whole.referenceResidues
        targets[index].msaRows =
          targets[index].msaRows
          ?? EvaluationTarget.rows(behind: path, in: "\(predictor.folder)/\(target.id)")
      } catch {
        gaps.append(
          EvaluationGap(
            target: target.id, predictor: predictor.name, reason: "\(error)", isFailure: true))
      }
    }
  }

  private mutating func add(
    _ report: ScoreReport, _ target: EvaluationTarget, _ predictor: String
  ) {
    if predictor == predictors.first { comparisons.append((target.id, report)) }
    let notes = report.warnings + Self.notes(onLengthOf: target, report)
    let units =
      [("whole", nil, report.whole)]
      + report.domains.map { ($0.domain.name, Optional($0.domain.label), $0.scores) }
    for (unit, ranges, scores) in units {
      rows.append(
        EvaluationRow(
          predictor: predictor, target: target.id, unit: unit, ranges: ranges, scores: scores,
          wrongHand: report.quality.wrongHand.count,
          brokenBonds: report.quality.brokenBonds.count, clashes: report.quality.clashCount,
          modelChain: report.modelChain, referenceChain: report.referenceChain,
          notes: notes))
    }
  }

  /// Deviations from the target's length as stated in the set, one line each.
  private static func notes(onLengthOf target: EvaluationTarget, _ report: ScoreReport) -> [String]
  {
    guard let length = target.length else { return [] }
    let (native, model) = (report.whole.referenceResidues, report.modelResidues.count)
    var notes: [String] = []
    if native > length {
      notes.append("the native has \(counted(native, "residue")), the target's length is \(length)")
    }
    if model != length {
      notes.append("the model has \(counted(model, "residue")), the target's length is \(length)")
    }
    return notes
  }
}

extension Structure {
  /// Chains of the first model that hold amino acids.
  fileprivate var proteinChains: [Chain] {
    (models.first?.chains ?? []).filter { !$0.aminoAcidResidues.isEmpty }
  }

  /// Reduces a native to one protein chain, against which all predictors are then scored.
  ///
  /// Keeps the chain with the most residues in common with a prediction, the first in case of ties; does nothing if none fits.
  fileprivate mutating func keepOneChain(for model: Structure) {
    let chains = proteinChains
    if chains.count < 2 { return }
    var (most, chosen) = (0, Chain?.none)
    for chain in chains {
      for partner in model.proteinChains {
        guard let matching = try? ResidueMatching(model: partner, reference: chain) else {
          continue
        }
        let identical = matching.matchedIndices.count - matching.mismatches.count
        if identical > most { (most, chosen) = (identical, chain) }
      }
    }
    guard let chosen else { return }
    models[0].chains = [chosen]
    warnings.append(
      "\(chains.count) protein chains; \(Chain.title(chosen.id)) is used for all predictors")
  }
}
