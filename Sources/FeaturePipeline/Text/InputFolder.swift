import AtomicFiles
import Foundation

/// The inputs in a folder that was given in place of files.
package struct InputFolder {
  /// FASTA files and alignments that name targets, sorted by name; an alignment with the name of a FASTA file is not among them.
  package let targets: [String]
  /// Alignments with the name of a FASTA file, which belong to its records, by the path of that file.
  package let pairs: [String: [String]]
  /// Search results of several databases, in the order in which AlphaFold2 joins them; they define no other targets.
  package let results: [String]
  /// The name of the target of the results: the folder's, or that of the folder around one called `msas` or `a3m`.
  package let name: String

  /// Endings of FASTA files, and of tables of sequences.
  private static let endings =
    [".fasta", ".fa", ".faa", ".fas"].flatMap { [$0, $0 + ".gz"] } + tableEndings
  /// Endings of tables, of sequences or of anything else.
  private static let tableEndings = [".csv", ".tsv"].flatMap { [$0, $0 + ".gz"] }
  /// Endings of feature files.
  private static let featureEndings = [".pkl", ".pkl.gz", ".npz", ".h5"]

  /// Looks for FASTA files and alignments; throws if there are none.
  package init(_ path: String) throws(InputError) {
    let names = try Self.names(in: path).filter { PathKind(of: "\(path)/\($0)") != .folder }
    let fasta = names.filter { Self.holdsSequences($0, in: path) }
    let alignments = Dictionary(
      grouping: names.filter(AlignmentFiles.isEvidence),
      by: { Self.stem($0, AlignmentFiles.endings) ?? $0 })
    var pairs: [String: [String]] = [:]
    for name in fasta {
      guard let own = alignments[Self.stem(name, Self.endings) ?? name] else { continue }
      pairs["\(path)/\(name)"] = own.map { "\(path)/\($0)" }
    }
    self.pairs = pairs
    let paired = Set(pairs.values.joined())
    let ordered = try AlignmentFiles.alignments(in: path)
    var results = ordered.filter { DatabaseRole(file: $0) != nil && !paired.contains($0) }
    let others = paired.union(results)
    targets = (fasta + alignments.values.joined()).sorted().map { "\(path)/\($0)" }
      .filter { !others.contains($0) }
    for place in AlignmentFiles.places where targets.isEmpty && results.isEmpty {
      results = try AlignmentFiles.alignments(in: path + place)
    }
    self.results = results
    name = Self.name(of: path)
    if targets.isEmpty && results.isEmpty {
      let features = (try? Self.features(in: path))?.first.map { $0.dropFirst(path.count + 1) }
      let advice = features.map { "; it holds \($0): give --features \(path)" } ?? ""
      throw .content(
        file: path,
        problem:
          "holds no FASTA file or alignment, expected .fasta, .fa, .csv, .tsv, .a3m or .sto\(advice)"
      )
    }
  }

  /// An alignment beside a FASTA file and with its name; nil if there is none.
  static func alignment(beside fasta: String) -> String? {
    guard let stem = Self.stem(fasta, endings) else { return nil }
    return AlignmentFiles.endings.map { stem + $0 }.first {
      PathKind(of: $0) == .file && !PathKind.isStream($0)
    }
  }

  /// Feature files of a folder, sorted by name, or else one from each subfolder in the layout of AlphaFold2 and `predict`
  /// (`ID/features.pkl`); throws if there are none.
  package static func features(in path: String) throws(InputError) -> [String] {
    let names = try names(in: path)
    let found = names.filter {
      stem($0, featureEndings) != nil && PathKind(of: "\(path)/\($0)") != .folder
    }
    if !found.isEmpty { return found.map { "\(path)/\($0)" } }
    let inner = names.compactMap { name in
      featureEndings.map { "\(path)/\(name)/features\($0)" }.first {
        PathKind(of: $0) == .file && !PathKind.isStream($0)
      }
    }
    if inner.isEmpty {
      throw .content(
        file: path,
        problem:
          "holds no feature file, expected \(featureEndings.joined(separator: ", ")), or folders with features.pkl"
      )
    }
    return inner
  }

  /// Whether a file is a table by its ending.
  static func isTable(_ path: String) -> Bool { stem(path, tableEndings) != nil }

  /// Whether a file is FASTA by its ending, or a table of sequences by its first line.
  private static func holdsSequences(_ name: String, in folder: String) -> Bool {
    if stem(name, tableEndings) == nil { return stem(name, endings) != nil }
    let path = "\(folder)/\(name)"
    let start =
      name.lowercased().hasSuffix(".gz")
      ? try? InputText(path: path).bytes : try? InputText.firstBytes(of: path, count: 64)
    return start.map(SequenceLayout.beginsTable) ?? false
  }

  /// The name for the target of the search results in a folder.
  private static func name(of path: String) -> String {
    let url = URL(fileURLWithPath: path).standardizedFileURL
    let isInner = AlignmentFiles.places.contains("/" + url.lastPathComponent)
    let name = (isInner ? url.deletingLastPathComponent() : url).lastPathComponent
    return TargetName.sanitized(TargetName.oneWord(name))
  }

  private static func names(in path: String) throws(InputError) -> [String] {
    try FolderContents.inputs(in: path) { !$0.hasPrefix(".") }
  }

  /// A name without its ending; nil if it has none of the given ones.
  private static func stem(_ name: String, _ endings: [String]) -> String? {
    let lower = name.lowercased()
    guard let ending = endings.filter(lower.hasSuffix).max(by: { $0.count < $1.count }),
      name.count > ending.count
    else { return nil }
    return String(name.dropLast(ending.count))
  }
}

extension FolderContents {
  /// ``names(in:ifPresent:where:)`` with errors turned into those of an input.
  package static func inputs(
    in folder: String, ifPresent: Bool = false, where isWanted: (String) -> Bool = { _ in true }
  ) throws(InputError) -> [String] {
    do throws(FolderError) {
      return try names(in: folder, ifPresent: ifPresent, where: isWanted)
    } catch {
      throw .unreadable(file: error.path, reason: error.reason)
    }
  }
}
