import Foundation

/// The inputs in a folder that was given in place of files.
package struct InputFolder {
  /// FASTA files and alignments that name targets, sorted by name; an alignment with the name of a FASTA file is none.
  package let targets: [String]
  /// Whether there are alignments with the names of FASTA files, to which they belong.
  package let hasPairs: Bool

  /// Endings of FASTA files.
  private static let endings = [".fasta", ".fa", ".faa", ".fas"].flatMap { [$0, $0 + ".gz"] }
  /// Endings of feature files.
  private static let featureEndings = [".h5", ".pkl", ".npz"]

  /// Looks for FASTA files and alignments; throws if there are none.
  package init(_ path: String) throws(InputError) {
    let names = Self.names(in: path)
    let fasta = Set(names.compactMap { Self.stem($0, Self.endings) })
    let alignments = names.filter { Self.stem($0, AlignmentFiles.endings) != nil }
    let paired = alignments.filter { name in
      Self.stem(name, AlignmentFiles.endings).map(fasta.contains) ?? false
    }
    hasPairs = !paired.isEmpty
    let own = Set(alignments).subtracting(paired)
    targets = names.filter { own.contains($0) || Self.stem($0, Self.endings) != nil }
      .map { "\(path)/\($0)" }
    if targets.isEmpty {
      throw .content(
        file: path, problem: "holds no FASTA file or alignment, expected .fasta, .fa, .a3m or .sto")
    }
  }

  /// Feature files of a folder, sorted by name; throws if there are none.
  package static func features(in path: String) throws(InputError) -> [String] {
    let found = names(in: path).filter { stem($0, featureEndings) != nil }
    if found.isEmpty {
      throw .content(
        file: path,
        problem: "holds no feature file, expected \(featureEndings.joined(separator: ", "))")
    }
    return found.map { "\(path)/\($0)" }
  }

  private static func names(in path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  /// A name without whichever of the endings it has; nil if it has none.
  private static func stem(_ name: String, _ endings: [String]) -> String? {
    let lower = name.lowercased()
    guard let ending = endings.filter(lower.hasSuffix).max(by: { $0.count < $1.count }),
      name.count > ending.count
    else { return nil }
    return String(name.dropLast(ending.count))
  }
}
