import Foundation
import Scoring
import StructureIO

/// A comparison of a model file with a reference file, as `helixfold score` runs it.
public struct ScoringRequest: Sendable {
  /// Paths of PDB or mmCIF files, gzip-compressed or not.
  public var modelPath, referencePath: String
  /// Chains to compare; nil for those that fit best.
  public var modelChain, referenceChain: String?
  /// Domains of the reference to score for themselves as well.
  public var domains: [DomainRange]

  /// A comparison of two files.
  public init(
    modelPath: String, referencePath: String, modelChain: String? = nil,
    referenceChain: String? = nil, domains: [DomainRange] = []
  ) {
    self.modelPath = modelPath
    self.referencePath = referencePath
    self.modelChain = modelChain
    self.referenceChain = referenceChain
    self.domains = domains
  }

  /// Reads both files and scores; throws `StructureIOError` or `ScoringError`, also where no domain holds anything.
  public func run() throws -> ScoreReport {
    let model = try StructureFile.read(modelPath)
    let reference = try StructureFile.read(referencePath)
    let report = try ScoreReport(
      model: model, reference: reference, modelChain: modelChain, referenceChain: referenceChain,
      domains: domains)
    if report.domains.isEmpty, let domain = domains.first { throw ScoringError.emptyDomain(domain) }
    return report
  }
}

extension ScoreReport {
  /// The report as JSON text with sorted keys.
  public func json(perResidue: Bool = false) throws -> String {
    try scoreJSON(ScoreDocument(self, perResidue: perResidue))
  }
}

extension [(model: String, report: ScoreReport)] {
  /// An object with the report of each model by its name.
  func json() throws -> String {
    let documents = map { ($0.model, ScoreDocument($0.report)) }
    return try scoreJSON(Dictionary(documents) { first, _ in first })
  }
}

private func scoreJSON(_ document: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
}
