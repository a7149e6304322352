import AtomicFiles
import Foundation
import Messages
import Protein
import Scoring

/// A list of targets: what to predict, where its true structure is, and how it is cut into domains.
///
/// One JSON form for CASP, CAMEO and own sets; specified in docs/scoring.md.
public struct EvaluationManifest: Codable, Sendable, Hashable {
  /// Name of the set, such as `CASP14`.
  public var name: String
  /// Where the list comes from and what it omits.
  public var about: String?
  /// Number of domains of the whole set, of which this file may hold a part.
  public var domainsTotal: Int?
  /// Number of domains in this file.
  public var domainsHeld: Int?
  /// The targets.
  public var targets: [Target]

  /// One target.
  public struct Target: Codable, Sendable, Hashable {
    /// Name; also that of its files.
    public var id: String
    /// Entry of the PDB with its structure.
    public var pdb: String?
    /// Chain of that entry.
    public var chain: String?
    /// Number of residues of the sequence that is predicted.
    public var length: Int?
    /// Residues of that chain that belong to the target, in the numbers of the entry: `337-368+532-901`.
    public var nativeRanges: String?
    /// File of the structure, relative to the manifest.
    public var native: String?
    /// SHA-256 of the entry's file as downloaded, checked by the download script.
    public var nativeSHA256: String?
    /// Parts that are scored separately, in numbers of the target's sequence.
    public var domains: [Domain]?
    /// Rows of the alignment that the set comes with.
    public var msaRows: Int?
    /// Date of the release, `YYYY-MM-DD`.
    public var released: String?
    /// Source of this information: a file, a page, a paper.
    public var source: String

    enum CodingKeys: String, CodingKey, CaseIterable {
      case id, pdb, chain, length, native, domains, released, source
      case nativeRanges = "native_ranges"
      case nativeSHA256 = "native_sha256"
      case msaRows = "msa_rows"
    }

    /// A target with only a name and its source.
    public init(id: String, source: String) {
      self.id = id
      self.source = source
    }

    /// The domains as ranges.
    func domainRanges() throws -> [DomainRange] {
      try (domains ?? []).map { domain in
        DomainRange(
          name: domain.name, ranges: try DomainRange.parse(domain.ranges).flatMap(\.ranges))
      }
    }
  }

  /// A part of a target.
  public struct Domain: Codable, Sendable, Hashable {
    /// Name, such as `T1024-D1`.
    public var name: String
    /// Residues of the target's sequence: `2-194`, or `2-50+80-194`.
    public var ranges: String

    enum CodingKeys: String, CodingKey, CaseIterable {
      case name, ranges
    }
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, about, targets
    case domainsTotal = "domains_total"
    case domainsHeld = "domains_held"
  }

  /// A list of targets.
  public init(name: String, targets: [Target]) {
    self.name = name
    self.targets = targets
  }

  /// Reads a manifest; throws the first of its problems.
  public static func read(_ path: String) throws -> EvaluationManifest {
    if PathKind.isStream(path) {
      throw EvaluationError.unreadable(path: path, reason: PathKind.streamRefusal)
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EvaluationError.unreadable(path: path, reason: PathKind.readFailure(path))
    }
    do {
      if let problem = unknownKeys(in: data).first {
        throw EvaluationError.badManifest(path: path, problem: problem)
      }
      let manifest = try JSONDecoder().decode(EvaluationManifest.self, from: data)
      if let problem = manifest.problems.first {
        throw EvaluationError.badManifest(path: path, problem: problem)
      }
      return manifest
    } catch let error as DecodingError {
      throw EvaluationError.badManifest(path: path, problem: error.problem)
    }
  }

  /// Unknown keys, one line each with their paths; empty if the data is not a manifest at all.
  static func unknownKeys(in data: Data) -> [String] {
    func unknown(_ object: [String: Any], _ known: [String], at place: String) -> [String] {
      object.keys.filter { !known.contains($0) }.sorted().map {
        "unknown key '\(place)\($0)'; known here are \(known.sorted().joined(separator: ", "))"
      }
    }
    func objects(_ value: Any?) -> [[String: Any]] {
      (value as? [Any] ?? []).map { $0 as? [String: Any] ?? [:] }
    }
    let file = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
    let targetKeys = Target.CodingKeys.allCases.map(\.rawValue)
    let domainKeys = Domain.CodingKeys.allCases.map(\.rawValue)
    var problems = unknown(file, CodingKeys.allCases.map(\.rawValue), at: "")
    for (t, target) in objects(file["targets"]).enumerated() {
      problems += unknown(target, targetKeys, at: "targets[\(t)].")
      for (d, domain) in objects(target["domains"]).enumerated() {
        problems += unknown(domain, domainKeys, at: "targets[\(t)].domains[\(d)].")
      }
    }
    return problems
  }

  /// Everything that is wrong, one line each; empty for a good manifest.
  public var problems: [String] {
    var problems: [String] = []
    var taken: Set<String> = []
    if targets.isEmpty { problems.append("'targets' is empty, expected at least one") }
    for (index, target) in targets.enumerated() {
      let place = "targets[\(index)] '\(target.id)'"
      if !Self.isSafe(target.id) {
        problems.append(
          "\(place): a name holds letters, digits, '.', '_' and '-', a letter or digit first")
      }
      if !taken.insert(target.id).inserted { problems.append("\(place): the name comes twice") }
      problems += target.problems.map { "\(place): \($0)" }
    }
    let held = targets.reduce(0) { $0 + ($1.domains?.count ?? 0) }
    if let domainsHeld, domainsHeld != held {
      problems.append(
        "'domains_held' is \(domainsHeld), but the targets list \(counted(held, "domain"))")
    }
    if let domainsTotal, domainsTotal < held {
      problems.append(
        "'domains_total' is \(domainsTotal), but the targets list \(counted(held, "domain"))")
    }
    return problems
  }

  private static func isSafe(_ name: String) -> Bool {
    guard let first = name.first, first.isASCII, first.isLetter || first.isNumber else {
      return false
    }
    return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
  }
}

extension EvaluationManifest.Target {
  /// What is wrong with this row.
  fileprivate var problems: [String] {
    var problems: [String] = []
    if source.allSatisfy(\.isWhitespace) {
      problems.append("'source' is empty; each row says where it is from")
    }
    if let pdb, pdb.firstMatch(of: /^[0-9][A-Za-z0-9]{3}$/) == nil {
      problems.append("'\(pdb)' is no entry of the PDB, expected four characters such as 6S44")
    }
    if let chain, chain.isEmpty || chain.count > 4 {
      problems.append("chain '\(chain)' is no chain name")
    }
    if pdb != nil && chain == nil { problems.append("'pdb' without 'chain'") }
    if let length, !(1...100_000).contains(length) { problems.append("length is \(length)") }
    if let native, native.hasPrefix("/") || native.split(separator: "/").contains("..") {
      problems.append("'native' is '\(native)', expected a path below the manifest")
    }
    if let nativeRanges, Self.ranges(nativeRanges) == nil {
      problems.append("'native_ranges' is '\(nativeRanges)', expected such as 337-368+532-901")
    }
    if let nativeSHA256, nativeSHA256.firstMatch(of: /^[0-9a-f]{64}$/) == nil {
      problems.append(
        "'native_sha256' is '\(nativeSHA256)', expected 64 digits of 0-9 and a-f, as sha256sum prints"
      )
    }
    if let msaRows, msaRows < 0 { problems.append("'msa_rows' is \(msaRows), expected 0 or more") }
    if let released, !ReleaseDate.isValid(released) {
      problems.append("'released' is '\(released)', expected a date as YYYY-MM-DD")
    }
    return problems + domainProblems
  }

  private var domainProblems: [String] {
    var problems: [String] = []
    var taken: Set<String> = []
    for domain in domains ?? [] {
      if !taken.insert(domain.name).inserted {
        problems.append("domain '\(domain.name)' comes twice")
      }
      if domain.name.allSatisfy(\.isWhitespace) {
        problems.append("the domain \(domain.ranges) has no name")
      }
      if domain.name == "whole" {
        problems.append("domain 'whole' has the name of the whole chain, expected another")
      }
      guard let ranges = Self.ranges(domain.ranges) else {
        problems.append(
          "domain '\(domain.name)' is '\(domain.ranges)', expected such as 2-50+80-194")
        continue
      }
      for range in ranges where range.lowerBound < 1 || range.upperBound > length ?? .max {
        problems.append(
          "domain '\(domain.name)' leaves the target's 1-\(length.map(String.init) ?? "…")")
      }
    }
    return problems
  }

  /// The segments of one domain; nil if the text is not one domain.
  private static func ranges(_ text: String) -> [ClosedRange<Int>]? {
    guard let domains = try? DomainRange.parse(text), domains.count == 1 else { return nil }
    return domains.first?.ranges
  }
}

/// Why an evaluation cannot begin.
public enum EvaluationError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// A file or folder is missing or not readable.
  case unreadable(path: String, reason: String)
  /// A manifest has a wrong value.
  case badManifest(path: String, problem: String)
  /// There is nothing to evaluate.
  case nothing(path: String, reason: String)

  /// One line: where, what.
  public var description: String { text.printable }

  private var text: String {
    switch self {
    case .unreadable(let path, let reason), .nothing(let path, let reason): "\(path): \(reason)"
    case .badManifest(let path, let problem): "\(path): \(problem)"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus {
    switch self {
    case .unreadable: .missingInput
    case .badManifest, .nothing: .badInput
    }
  }
}
