import Foundation
import Protein

/// From FASTA records and alignments to raw features: the first step of every prediction.
public struct TargetPreparation: Sendable {
  /// One target, ready or failed.
  public struct Outcome: Sendable {
    /// Name of the target.
    public var id: String
    /// Features, or what is wrong.
    public var features: Result<RawFeatures, InputError>
    /// What the user should know, one line each.
    public var warnings: [String]
  }

  private let records: [FASTARecord]
  private let alignmentFiles: AlignmentFiles

  /// Reads the FASTA file (`-`: standard input) and the alignment files; folders are read target by target.
  ///
  /// An alignment in place of the FASTA file gives one target, its first row, and its rows unless there are other alignments.
  ///
  /// A file that cannot be understood fails the target that its name names, or the only one.
  ///
  /// Throws if an alignment or a folder of them belongs to none of several records, unless a record is broken to which it may belong.
  public init(fasta: String, alignments: [String]) throws(InputError) {
    let text = try InputText(path: fasta)
    if let aligned = try Alignment.found(in: text) {
      let isEvidence = alignments.isEmpty && aligned.rows > 1
      records = [FASTARecord(firstRowOf: aligned, isEvidence: isEvidence)]
      alignmentFiles =
        try isEvidence
        ? AlignmentFiles([aligned])
        : AlignmentFiles(paths: alignments, ids: records.map(\.id))
    } else {
      records = try FASTA.records(in: text)
      alignmentFiles = try AlignmentFiles(paths: alignments, ids: records.map(\.id))
    }
    let sequences = records.compactMap { record in
      (try? record.sequence.get()).map { (id: record.id, sequence: $0) }
    }
    if sequences.count == records.count { try alignmentFiles.requireUse(by: sequences) }
  }

  /// Number of targets.
  public var count: Int { records.count }

  /// Names of the targets, in order.
  public var ids: [String] { records.map(\.id) }

  /// Sequence and alignment files of a target, not yet joined.
  public struct Parts: Sendable {
    /// Sequence and alignments, or what is wrong.
    public var evidence: Result<(sequence: ProteinSequence, alignments: [Alignment]), InputError>
    /// What the record says of the target, see ``RawFeatures/header``.
    public var header: String
    /// What the user should know, one line each.
    public var warnings: [String]
  }

  /// What is known of target `index` from the files given.
  public func parts(_ index: Int) -> Parts {
    let record = records[index]
    var warnings = record.warnings
    let header = TargetName.description(record.header, besides: record.id)
    do throws(InputError) {
      let sequence = try record.sequence.get()
      let alignments = try alignmentFiles.alignments(
        for: record.id, sequence, isOnlyTarget: records.count == 1)
      for alignment in alignments {
        warnings += alignment.warnings.map { "\(alignment.source): \($0)" }
      }
      return Parts(
        evidence: .success((sequence, alignments)), header: header, warnings: warnings)
    } catch {
      return Parts(evidence: .failure(error), header: header, warnings: warnings)
    }
  }

  /// Prepares target `index`; a failure is part of the outcome.
  public func outcome(_ index: Int) -> Outcome {
    let id = records[index].id
    var parts = parts(index)
    do throws(InputError) {
      let (sequence, alignments) = try parts.evidence.get()
      var raw = try RawFeatures(id: id, sequence: sequence, alignments: alignments)
      raw.header = parts.header
      if raw.rowCount == 1 { parts.warnings.append(Self.singleSequenceWarning) }
      return Outcome(id: id, features: .success(raw), warnings: parts.warnings)
    } catch {
      return Outcome(id: id, features: .failure(error), warnings: parts.warnings)
    }
  }

  /// What a user should know of a target without relatives.
  public static let singleSequenceWarning =
    "no alignment: single-sequence mode, expect lower accuracy"
}
