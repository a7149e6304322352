import ArrayFiles
import FeaturePipeline
import Protein

/// One protein to predict, or why it cannot be.
public struct PredictionTarget: Sendable {
  /// Name, safe as a folder name and unique in the run.
  public let id: String
  /// Features as far as they are known without drawing; the error that ends this target otherwise.
  public let features: Result<RawFeatures, any Error>
  /// Things to tell the user before work starts.
  public let warnings: [String]
}

extension PredictionTarget {
  /// The targets of a run: FASTA records with their alignments, and feature files.
  ///
  /// An alignment belongs to the records whose sequence is its first row; one alignment and one record belong together,
  /// so that a mismatch can be explained.
  public static func collect(
    fasta: String?, alignments paths: [String], features: [String]
  ) throws -> [PredictionTarget] {
    var targets: [PredictionTarget] = []
    var taken: Set<String> = []
    func add(_ name: String, _ result: Result<RawFeatures, any Error>, _ warnings: [String]) {
      let id = TargetName.unique(name, among: taken)
      taken.insert(id)
      let renamed = result.map { raw in
        var raw = raw
        raw.id = id
        return raw
      }
      let notes = id == name ? [] : ["the name '\(name)' is taken; the second one is called '\(id)'"]
      targets.append(PredictionTarget(id: id, features: renamed, warnings: warnings + notes))
    }
    if let fasta {
      let records = try FASTA.records(in: try InputText(path: fasta))
      let alignments = try paths.map { try AlignmentFile(path: $0) }
      for record in records {
        let own =
          records.count == 1 ? alignments : alignments.filter { $0.matches(record.sequence) }
        let result = Result { try rawFeatures(record, own) }
        var warnings = record.warnings
        if case .success(let raw) = result, raw.rowCount <= 1 {
          warnings.append("no alignment: predicting from the sequence alone, which is rarely accurate")
        }
        add(record.id, result, warnings)
      }
      for alignment in alignments where records.count > 1 {
        if !records.contains(where: { alignment.matches($0.sequence) }) {
          throw PredictionError.ambiguousInput(
            "\(alignment.path): the first row is none of the sequences of \(fasta); which target is it for?")
        }
      }
    }
    for path in features {
      let file = try FeatureFile.open(path: path)
      for id in file.ids { add(id, Result { try file.features(of: id) }, []) }
    }
    return targets
  }

  private static func rawFeatures(
    _ record: FASTARecord, _ alignments: [AlignmentFile]
  ) throws -> RawFeatures {
    try RawFeatures(
      id: record.id, sequence: try record.sequence.get(),
      alignments: try alignments.map { try $0.alignment.get() })
  }
}

/// An alignment file, read once.
private struct AlignmentFile {
  let path: String
  let alignment: Result<Alignment, any Error>

  init(path: String) throws {
    let text = try InputText(path: path)
    self.path = path
    self.alignment = Result { try Alignment.parse(text) }
  }

  /// Whether the first row, gaps removed, is the sequence.
  func matches(_ sequence: Result<ProteinSequence, InputError>) -> Bool {
    guard let alignment = try? alignment.get(), let sequence = try? sequence.get() else {
      return false
    }
    return (try? alignment.checkQuery(is: sequence)) != nil
  }
}
