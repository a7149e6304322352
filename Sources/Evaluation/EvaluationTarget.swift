import AtomicFiles
import Foundation
import Protein
import Scoring
import StructureIO

/// A protein whose structure is known, or at least listed.
public struct EvaluationTarget: Sendable {
  /// Name, also that of its predictions.
  public var id: String
  /// Number of residues; nil until a structure is read.
  public var length: Int?
  /// Rows of its alignment; nil if unknown.
  public var msaRows: Int?
  /// Its use in the store it comes from, such as `training`; nil for other sets.
  public var split: String?
  /// Parts that are scored separately, in numbers of the target's sequence.
  public var domains: [DomainRange]
  /// Reads the true structure; nil if there is none.
  public var native: (@Sendable () throws -> Structure)?

  /// A target.
  public init(
    id: String, length: Int? = nil, msaRows: Int? = nil, split: String? = nil,
    domains: [DomainRange] = [], native: (@Sendable () throws -> Structure)? = nil
  ) {
    self.id = id
    self.length = length
    self.msaRows = msaRows
    self.split = split
    self.domains = domains
    self.native = native
  }

  /// The targets of a manifest, with natives found beside it or in a folder.
  public static func read(manifest path: String, natives: String? = nil) throws
    -> [EvaluationTarget]
  {
    let manifest = try EvaluationManifest.read(path)
    let home = URL(fileURLWithPath: path).deletingLastPathComponent().path
    return try manifest.targets.map { try target($0, home: home, natives: natives ?? home) }
  }

  private static func target(
    _ row: EvaluationManifest.Target, home: String, natives: String
  ) throws -> EvaluationTarget {
    let part = NativePart(
      // A file named by the manifest is used as it is, whatever entry it holds.
      entry: row.native == nil ? row.pdb : nil, chain: row.chain,
      ranges: try row.nativeRanges.map { try DomainRange.parse($0).flatMap(\.ranges) })
    var target = EvaluationTarget(
      id: row.id, length: row.length, msaRows: row.msaRows, domains: try row.domainRanges())
    // A file named by the manifest has no substitute: reading it reports what is wrong.
    let named = row.native.map { "\(home)/\($0)" }
    if let file = named ?? file(of: row.id, in: natives, isNative: true) {
      target.native = { try part.cut(try StructureFile.read(file), file: file) }
    }
    return target
  }

  /// The targets of a folder: its manifest.json, or else one target per structure file or per folder with one.
  public static func read(folder: String) throws -> [EvaluationTarget] {
    if let manifest = existing("\(folder)/manifest.json") { return try read(manifest: manifest) }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw EvaluationError.unreadable(path: folder, reason: "no such folder or no permission")
    }
    let ids = Set(names.compactMap { id(of: $0, in: folder) }).sorted()
    let targets = ids.compactMap { id in
      file(of: id, in: folder, isNative: true).map { file in
        EvaluationTarget(id: id, native: { try StructureFile.read(file) })
      }
    }
    if targets.isEmpty {
      throw EvaluationError.nothing(
        path: folder, reason: "holds neither manifest.json nor PDB or mmCIF files")
    }
    return targets
  }

  /// The target name for a file or folder; nil for other files.
  private static func id(of name: String, in folder: String) -> String? {
    if PathKind(of: "\(folder)/\(name)") == .folder { return name.hasPrefix(".") ? nil : name }
    guard let ending = StructureFile.nameEnding(of: name) else { return nil }
    let stem = String(name.dropLast(ending.count))
    return stem.hasPrefix("native_") ? String(stem.dropFirst(7)) : stem
  }

  /// The file of a target in a folder: for natives `ID.pdb`, `native_ID.pdb`, also below `ID/`; for predictions `ID/ranked_0.pdb`,
  /// then `ID.pdb` and `ID/ID.pdb`; each as PDB or mmCIF, plain or compressed.
  public static func file(of id: String, in folder: String, isNative: Bool) -> String? {
    let stems =
      isNative
      ? [id, "native_\(id)", "\(id)/native_\(id)", "\(id)/\(id)", "\(id)/native"]
      : ["\(id)/ranked_0", id, "\(id)/\(id)"]
    for stem in stems {
      for ending in StructureFile.nameEndings {
        if let path = existing("\(folder)/\(stem)\(ending)") { return path }
      }
    }
    return nil
  }

  /// Rows of the alignment behind a prediction, as its `provenance_<model>.json` says, or the first one of a file that is ranked; nil if there is none.
  static func rows(behind file: String, in folder: String) -> Int? {
    struct Provenance: Decodable { let msa_rows: Int }
    let stem = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    let own = stem.wholeMatch(of: /unrelaxed_(.+)/).map { "provenance_\($0.1).json" }
    let names =
      own.map { [$0] } ?? (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().lazy.filter { $0.hasPrefix("provenance_") && $0.hasSuffix(".json") }
      .compactMap { FileManager.default.contents(atPath: "\(folder)/\($0)") }
      .compactMap { try? JSONDecoder().decode(Provenance.self, from: $0).msa_rows }.first
  }

  private static func existing(_ path: String) -> String? {
    PathKind.isReadAgain(path) ? path : nil
  }
}

/// The part of a native's file that is the target, according to a manifest.
private struct NativePart: Sendable {
  /// The PDB entry that chain and ranges refer to; nil for any file.
  let entry: String?
  /// The chain; nil for all.
  let chain: String?
  /// Its residues, in the numbers of the file; nil for all.
  let ranges: [ClosedRange<Int>]?

  /// The structure of only the target.
  ///
  /// A file of another entry or of none, such as those released by CASP, has its own numbering: it stays whole, and its warnings
  /// say so.
  func cut(_ structure: Structure, file: String) throws -> Structure {
    guard chain != nil || ranges != nil, let model = structure.models.first else {
      return structure
    }
    var result = structure
    if let entry, structure.name.lowercased() != entry.lowercased() {
      let keys = [chain.map { _ in "chain" }, ranges.map { _ in "native_ranges" }]
        .compactMap { $0 }.joined(separator: " and ")
      let name =
        structure.name.isEmpty
        ? "does not say that it is \(entry)" : "is \(structure.name), not \(entry)"
      let verb = ranges != nil ? "were" : "was"
      result.warnings.append("the file \(name), so \(keys) \(verb) not applied")
      return result
    }
    var chains = try chains(of: model, file: file)
    for index in chains.indices {
      chains[index].residues.removeAll { residue in
        ranges.map { !$0.contains { $0.contains(residue.number) } } ?? false
      }
    }
    if let ranges, chains.allSatisfy(\.residues.isEmpty) {
      throw EvaluationError.nothing(
        path: file,
        reason:
          "no residue of 'native_ranges' \(DomainRange(name: "", ranges: ranges).label)\(chain.map { " in chain '\($0)'" } ?? "")"
      )
    }
    result.models = [Model(number: model.number, chains: chains)]
    return result
  }

  /// The chains with the wanted name: the authors' or, if there is none, that of mmCIF.
  private func chains(of model: Model, file: String) throws -> [Chain] {
    guard let chain else { return model.chains }
    let named = model.chains.filter { $0.id == chain }
    let found = named.isEmpty ? model.chains.filter { $0.labelID == chain } : named
    if found.isEmpty {
      let present = Set(model.chains.map(\.id)).sorted().joined(separator: ", ")
      throw EvaluationError.nothing(path: file, reason: "no chain '\(chain)'; it has \(present)")
    }
    return found
  }
}
