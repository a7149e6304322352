import AtomicFiles
import Foundation
import Protein

/// From FASTA records and alignments to raw features: the first step of every prediction.
public struct TargetPreparation: Sendable {
  /// One target, ready or failed.
  public struct Outcome: Sendable {
    /// Name of the target.
    public var id: String
    /// Features, or why there are none.
    public var features: Result<RawFeatures, InputError>
    /// Warnings for the user, one line each.
    public var warnings: [String]
  }

  private let records: [FASTARecord]
  /// Alignments given with targets, by the index of the target.
  private let own: [Int: Own]
  /// Alignments beside FASTA files and named like them, but not given, by the index of the target.
  private let unused: [Int: String]
  private let alignmentFiles: AlignmentFiles

  /// Alignments that belong to one target because of where they were found.
  private enum Own {
    /// The file that defines the target, already read.
    case whole(Alignment)
    /// Files, read when the target's turn comes; if there are several records, each takes those with its sequence in the first row.
    case files([String], isOnlyRecord: Bool)
  }

  /// Reads one FASTA file (`-`: standard input), see ``init(inputs:alignments:)``.
  public init(fasta: String, alignments: [String]) throws(InputError) {
    try self.init(inputs: [fasta], alignments: alignments)
  }

  /// Reads the FASTA files (`-`: standard input), or folders of them, and the alignment files; folders of alignments are read
  /// target by target.
  ///
  /// An alignment in place of a FASTA file gives one target, its first row, and its rows unless there are other alignments. In a
  /// folder, an alignment with the name of a FASTA file beside it belongs to that file, and results of searches in several databases
  /// with the same first row are one target, named after the folder.
  ///
  /// A file that cannot be parsed fails the target in its name, or the only one.
  ///
  /// Throws if an alignment or folder belongs to none of several records, unless it may belong to a broken record.
  public init(inputs: [String], alignments: [String]) throws(InputError) {
    var places: [(path: String, folder: InputFolder?)] = []
    var count = 0
    var pairs: [String: [String]] = [:]
    for path in inputs {
      let folder = PathKind(of: path) == .folder ? try InputFolder(path) : nil
      places.append((path, folder))
      count += folder.map { $0.targets.count + $0.results.count } ?? 1
      pairs.merge(folder?.pairs ?? [:]) { first, _ in first }
    }
    var collected = Collected(isAlone: count == 1, usesOwn: alignments.isEmpty, pairs: pairs)
    for (path, folder) in places {
      for file in folder?.targets ?? [path] { try collected.add(file) }
      if let folder { try collected.add(resultsOf: folder) }
    }
    records = collected.records
    own = collected.own
    unused = collected.unused
    alignmentFiles = try AlignmentFiles(paths: alignments, ids: records.map(\.id))
    let sequences = records.compactMap { record in
      (try? record.sequence.get()).map { (id: record.id, sequence: $0) }
    }
    if sequences.count == records.count { try alignmentFiles.requireUse(by: sequences) }
  }

  /// Targets of several files, with unique names.
  private struct Collected {
    let isAlone: Bool
    let usesOwn: Bool
    let pairs: [String: [String]]
    var records: [FASTARecord] = []
    var own: [Int: Own] = [:]
    var unused: [Int: String] = [:]
    private var names = TargetNames()
    /// Indices of targets by name and sequence.
    private var places: [String: Int] = [:]

    init(isAlone: Bool, usesOwn: Bool, pairs: [String: [String]]) {
      (self.isAlone, self.usesOwn, self.pairs) = (isAlone, usesOwn, pairs)
    }

    /// Adds the targets of a file; a file that cannot be parsed becomes a failed target, unless it is the only one.
    mutating func add(_ path: String) throws(InputError) {
      do throws(InputError) {
        let text = try InputText(path: path)
        guard let alignment = try Alignment.found(in: text) else {
          let found = try FASTA.records(in: text)
          let beside = usesOwn && pairs[path] == nil ? InputFolder.alignment(beside: path) : nil
          for record in found {
            if usesOwn, let paths = pairs[path] {
              own[records.count] = .files(paths, isOnlyRecord: found.count == 1)
            }
            unused[records.count] = beside
            add(record)
          }
          return
        }
        let isEvidence = usesOwn && alignment.rows > 1
        if isEvidence {
          let isHeld = isAlone || !PathKind.isReadAgain(path)
          own[records.count] = isHeld ? .whole(alignment) : .files([path], isOnlyRecord: true)
        }
        add(FASTARecord(firstRowOf: alignment, isEvidence: isEvidence))
      } catch {
        if isAlone || !error.isAboutContent { throw error }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        add(
          FASTARecord(
            id: TargetName.sanitized(name), header: "", line: 0, sequence: .failure(error),
            warnings: []))
      }
    }

    /// Adds the targets of search results, one for all files with the same first row; a file that shares its first row with none
    /// names its target as usual, unless it is the only one in the folder.
    mutating func add(resultsOf folder: InputFolder) throws(InputError) {
      var groups: [(query: Alignment, paths: [String])] = []
      var damaged: [String] = []
      for path in folder.results {
        guard let query = try? Alignment.read(path: path).prefix(1) else {
          damaged.append(path)
          continue
        }
        if let place = groups.firstIndex(where: { $0.query.row(0) == query.row(0) }) {
          groups[place].paths.append(path)
        } else {
          groups.append((query, [path]))
        }
      }
      let isOne = groups.count == 1 && folder.targets.isEmpty
      if isOne {
        // Their target fails, as it does for a damaged file in a folder of --msa.
        groups[0].paths += damaged
        damaged = []
      }
      for (query, paths) in groups {
        guard isOne || paths.count > 1 else {
          try add(paths[0])
          continue
        }
        if usesOwn { own[records.count] = .files(paths, isOnlyRecord: true) }
        add(
          FASTARecord(
            folder.name, firstRowOf: query, ofResults: paths.count, isEvidence: usesOwn))
      }
      for path in damaged { try add(path) }
    }

    /// Adds a target, unless it exists already.
    private mutating func add(_ record: FASTARecord) {
      if let sequence = try? record.sequence.get() {
        let key = "\(record.id)\n\(sequence.letters)"
        if let place = places[key], addsNothing(to: place) {
          let line = "this target is given more than once, and predicted once"
          if !records[place].warnings.contains(line) { records[place].warnings.append(line) }
          (own[records.count], unused[records.count]) = (nil, nil)
          return
        }
        places[key] = places[key] ?? records.count
      }
      var record = record
      let name = record.id
      record.id = names.claim(name)
      if record.id != name {
        record.warnings.append("the name '\(name)' is taken; this one is called '\(record.id)'")
      }
      records.append(record)
    }

    /// Whether the next target has no alignment that the one at `place` lacks.
    private func addsNothing(to place: Int) -> Bool {
      switch own[records.count] {
      case nil: return true
      case .whole?: return false
      case .files(let paths, _)?:
        if case .files(let earlier, _)? = own[place] { return earlier == paths }
        return false
      }
    }
  }

  /// Whether any target may have an alignment.
  public var hasAlignments: Bool { !own.isEmpty || !alignmentFiles.isEmpty }

  /// Number of targets.
  public var count: Int { records.count }

  /// Names of the targets, in order.
  public var ids: [String] { records.map(\.id) }

  /// How an ambiguous file of target `index` was understood, one line each; for information only.
  public func notes(_ index: Int) -> [String] { records[index].notes }

  /// Sequence and alignment files of a target, not yet joined.
  public struct Parts: Sendable {
    /// Sequence and alignments, or why there are none.
    public var evidence: Result<(sequence: ProteinSequence, alignments: [Alignment]), InputError>
    /// The record's description of the target, see ``RawFeatures/header``.
    public var header: String
    /// Warnings for the user, one line each.
    public var warnings: [String]
    /// A further warning if no related sequences are known, see ``TargetPreparation/singleSequenceWarning``.
    public var singleSequenceWarning: String
  }

  /// The parts of target `index` in the given files.
  public func parts(_ index: Int) -> Parts {
    let record = records[index]
    var warnings = record.warnings
    let header = TargetName.description(record.header, besides: record.id)
    let alone = warningIfAlone(index)
    do throws(InputError) {
      let sequence = try record.sequence.get()
      let alignments = try alignments(of: index, record, sequence)
      for alignment in alignments {
        warnings += alignment.warnings.map { "\(alignment.source): \($0)" }
      }
      return Parts(
        evidence: .success((sequence, alignments)), header: header, warnings: warnings,
        singleSequenceWarning: alone)
    } catch {
      return Parts(
        evidence: .failure(error), header: header, warnings: warnings,
        singleSequenceWarning: alone)
    }
  }

  private func alignments(
    of index: Int, _ record: FASTARecord, _ sequence: ProteinSequence
  ) throws(InputError) -> [Alignment] {
    switch own[index] {
    case .whole(let alignment)?: return [alignment]
    case .files(let paths, let isOnlyRecord)?:
      return try AlignmentFiles(paths: paths, ids: [record.id]).alignments(
        for: record.id, sequence, isOnlyTarget: isOnlyRecord)
    case nil:
      return try alignmentFiles.alignments(
        for: record.id, sequence, isOnlyTarget: records.count == 1)
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
      if raw.rowCount == 1 { parts.warnings.append(parts.singleSequenceWarning) }
      return Outcome(id: id, features: .success(raw), warnings: parts.warnings)
    } catch {
      return Outcome(id: id, features: .failure(error), warnings: parts.warnings)
    }
  }

  /// The warning for target `index` if it has no related sequences, with an alignment that may have been forgotten.
  private func warningIfAlone(_ index: Int) -> String {
    guard let path = unused[index] else { return Self.singleSequenceWarning }
    return
      "\(Self.singleSequenceWarning); an alignment of its name is beside the FASTA file: give --msa \(path) to use it"
  }

  /// The warning for a target without related sequences; details of the target may follow.
  public static let singleSequenceWarning =
    "no aligned relatives: single-sequence mode, expect lower accuracy"
}
