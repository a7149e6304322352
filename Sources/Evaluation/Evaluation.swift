import Messages
import Protein
import Scoring
import StructureIO

/// Scores of one predictor on a whole target or a domain of it.
public struct EvaluationRow: Sendable {
  /// Who predicted.
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
  /// What a reader of the scores should know, one line each; of the whole chain.
  public var notes: [String] = []

  /// Whether it is about a chain or a domain of one.
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
  /// Whether something is wrong, rather than not available.
  public var isFailure: Bool
}

/// Predictions of one program or set of weights: a folder with a file or folder per target.
public struct Predictor: Sendable, Hashable {
  /// Name in tables.
  public var name: String
  /// Folder of the predictions.
  public var folder: String
  /// What a reader should know of it, such as that its network is small; one line.
  public var note: String?
  /// The parameters that predicted; nil where only the predictions are known.
  public var weights: PredictorWeights?

  /// Predictions in a folder.
  public init(
    name: String, folder: String, note: String? = nil, weights: PredictorWeights? = nil
  ) {
    self.name = name
    self.folder = folder
    self.note = note
    self.weights = weights
  }
}

/// Parameters of a predictor: what tells it from others of the same network.
public struct PredictorWeights: Sendable, Hashable, Codable {
  /// The file as it was given, or what replaces one.
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
  /// All targets, those without a structure included; lengths are filled in from structures.
  public private(set) var targets: [EvaluationTarget]
  /// The predictors, in the order given.
  public let predictors: [String]
  /// What a reader should know of them: name and one line.
  public let predictorNotes: [(predictor: String, note: String)]
  /// Parameters of those whose predictions were made for this evaluation.
  public let predictorWeights: [(predictor: String, weights: PredictorWeights)]
  /// What a reader should know of the set, one line each.
  public let cautions: [String]
  /// Scores, by target, then predictor, then whole chain and domains.
  public private(set) var rows: [EvaluationRow] = []
  /// What could not be scored.
  public private(set) var gaps: [EvaluationGap] = []
  /// Structures for the page: the first predictor's, on the natives.
  public private(set) var comparisons: [(target: String, report: ScoreReport)] = []

  /// Scores every target with a structure; one that fails is written down and the others go on.
  ///
  /// - Parameters:
  ///   - cautions: what a reader of the page should know of the set.
  ///   - progress: called before each target with its place.
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
        guard let path = EvaluationTarget.file(of: target.id, in: predictor.folder, isNative: false)
        else {
          throw EvaluationError.nothing(
            path: predictor.folder, reason: "no prediction of \(target.id)")
        }
        let model = try StructureFile.read(path)
        native.keepOneChain(for: model)
        // Domains are in numbers of the sequence, which are those of predictions.
        let report = try ScoreReport(
          model: model, reference: native, domains: target.domains, countsAlongModel: true)
        add(report, target, predictor.name)
        targets[index].length = targets[index].length ?? report.whole.referenceResidues
        targets[index].msaRows =
          targets[index].msaRows
          ?? EvaluationTarget.rows(ofPredictionIn: "\(predictor.folder)/\(target.id)")
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

  /// What does not have the length that the set states of the target, one line each.
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

  /// Leaves one protein chain of a native, which all predictors are then scored against.
  ///
  /// It is that with the most residues in common with a prediction, the first among equals; nothing happens where none fits.
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
    warnings.append("\(chains.count) protein chains; '\(chosen.id)' is used for all predictors")
  }
}
