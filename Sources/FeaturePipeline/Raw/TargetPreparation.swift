import AtomicFiles
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
  /// Alignments that came with targets, by the number of the target.
  private let own: [Int: Own]
  /// Alignments with the names of FASTA files, beside them and not given, by the number of the target.
  private let unused: [Int: String]
  private let alignmentFiles: AlignmentFiles

  /// Alignments that belong to one target by the place where they were found.
  private enum Own {
    /// The file that names the target, read already.
    case whole(Alignment)
    /// Files, read when the turn of the target comes; one of several records takes those with its sequence in the first row.
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
  /// that have the same first row are one target, named after the folder.
  ///
  /// A file that cannot be understood fails the target that its name names, or the only one.
  ///
  /// Throws if an alignment or a folder of them belongs to none of several records, unless a record is broken to which it may belong.
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

  /// Targets of several files, with names that differ.
  private struct Collected {
    let isAlone: Bool
    let usesOwn: Bool
    let pairs: [String: [String]]
    var records: [FASTARecord] = []
    var own: [Int: Own] = [:]
    var unused: [Int: String] = [:]
    private var names = TargetNames()
    /// Places of targets by name and sequence.
    private var places: [String: Int] = [:]

    init(isAlone: Bool, usesOwn: Bool, pairs: [String: [String]]) {
      (self.isAlone, self.usesOwn, self.pairs) = (isAlone, usesOwn, pairs)
    }

    /// Adds the targets of a file; one that cannot be understood is a target that fails, unless it is the only file.
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

    /// Adds the targets of search results, for all files with the same first row one; a file that shares it with none names its
    /// target as elsewhere, unless nothing else is in the folder.
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

    /// Adds a target, unless it is there already.
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

    /// Whether the target that comes next has no alignment that the one at `place` lacks.
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

  /// Number of targets.
  public var count: Int { records.count }

  /// Names of the targets, in order.
  public var ids: [String] { records.map(\.id) }

  /// How the file of target `index` was understood where there was a choice, one line each: nothing to worry about.
  public func notes(_ index: Int) -> [String] { records[index].notes }

  /// Sequence and alignment files of a target, not yet joined.
  public struct Parts: Sendable {
    /// Sequence and alignments, or what is wrong.
    public var evidence: Result<(sequence: ProteinSequence, alignments: [Alignment]), InputError>
    /// What the record says of the target, see ``RawFeatures/header``.
    public var header: String
    /// What the user should know, one line each.
    public var warnings: [String]
    /// What the user should know besides if nothing is known of relatives, see ``TargetPreparation/singleSequenceWarning``.
    public var singleSequenceWarning: String
  }

  /// What is known of target `index` from the files given.
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

  /// What a user should know of target `index` if it has no relatives: also which alignment was perhaps forgotten.
  private func warningIfAlone(_ index: Int) -> String {
    guard let path = unused[index] else { return Self.singleSequenceWarning }
    return
      "\(Self.singleSequenceWarning); an alignment of its name is beside the FASTA file: give --msa \(path) to use it"
  }

  /// What a user should know of a target without relatives; what is known of the single target may follow.
  public static let singleSequenceWarning =
    "no alignment: single-sequence mode, expect lower accuracy"
}
