import Foundation
import Protein
import Scoring
import StructureIO

/// A comparison of a model file with a reference file, as `helixfold score` runs it.
public struct ScoringRequest: Sendable {
  /// Paths of PDB or mmCIF files, gzip-compressed or not.
  public var modelPath, referencePath: String
  /// Chains to compare; nil for those that fit best.
  public var modelChain, referenceChain: String?
  /// Which model of each file, by its number in the file; nil for the first.
  public var modelNumber, referenceNumber: Int?
  /// Domains of the reference to score for themselves as well.
  public var domains: [DomainRange]

  /// A comparison of two files.
  public init(
    modelPath: String, referencePath: String, modelChain: String? = nil,
    referenceChain: String? = nil, modelNumber: Int? = nil, referenceNumber: Int? = nil,
    domains: [DomainRange] = []
  ) {
    self.modelPath = modelPath
    self.referencePath = referencePath
    self.modelChain = modelChain
    self.referenceChain = referenceChain
    self.modelNumber = modelNumber
    self.referenceNumber = referenceNumber
    self.domains = domains
  }

  /// Reads both files and scores; throws `StructureIOError` or `ScoringError`, also if all domains are empty.
  public func run() throws -> ScoreReport {
    let model = try Self.read(modelPath, model: modelNumber)
    let reference = try Self.read(referencePath, model: referenceNumber)
    let report = try ScoreReport(
      model: model, reference: reference, modelChain: modelChain, referenceChain: referenceChain,
      domains: domains)
    if report.domains.isEmpty, let problem = report.emptyDomains.first { throw problem }
    return report
  }

  private static func read(_ path: String, model: Int?) throws -> Structure {
    var structure = try StructureFile.read(path)
    guard let model else { return structure }
    let numbers = structure.models.map { "\($0.number)" }
    structure.models.removeAll { $0.number != model }
    guard !structure.models.isEmpty else {
      throw StructureIOError.unexpectedContent(
        path: path,
        message: "no model \(model), the file has \(numbers.prefix(10).joined(separator: ", "))"
          + (numbers.count > 10 ? ", …" : ""))
    }
    return structure
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
