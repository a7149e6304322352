import BasicTestSupport
import Evidence
import FoldingCore
import Foundation
import Messages
import Protein
import Weights

@testable import HelixFold

/// A folder with a database, a stand-in for jackhmmer and the network `tiny`.
final class GatheringBench {
  static let sequence = "MKTAYIAKQRQISFVKSHFSRQ"
  static let goodResult =
    "printf '# STOCKHOLM 1.0\\n\\ntarget \(sequence)\\nhit/1-22 \(sequence.replacing("K", with: "R"))\\n//\\n' > \"$OUT\""

  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try write("db.fasta", ">one\n\(Self.sequence)\n")
    try write("db2.fasta", ">two\n\(Self.sequence)\n")
  }

  var root: String { folder.path }

  func write(_ name: String, _ text: String) throws { try folder.write(text, to: name) }

  func text(_ folder: String, _ name: String) throws -> String {
    try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
  }

  /// A program in place of one for searches.
  func program(_ name: String, _ body: String) throws {
    try folder.writeProgram(body, to: "bin/\(name)")
  }

  /// The stand-in: each run adds a line to `runs`.
  ///
  /// In `body`, `$OUT` is the path of the result and `$ALL` all arguments.
  func jackhmmer(_ body: String) throws {
    try folder.writeSearchProgram(
      "echo run >> '\(root)/runs'\n\(body)", to: "bin/jackhmmer", version: "echo '# HMMER 9.9'")
  }

  var runs: Int { (try? text(root, "runs"))?.split(separator: "\n").count ?? 0 }

  /// `predict` of one target; without `evidence` the databases are searched.
  func predict(
    _ name: String, alignments: [String] = [],
    databases: [String: String] = ["uniref90": "db.fasta"],
    evidence: EvidenceOptions? = nil
  ) throws -> Messages.ExitStatus {
    let reporter = ProgressReporter(style: .quiet)
    var options = PredictionOptions()
    options.output = root + "/" + name
    options.recycles = 1
    var asked = evidence ?? EvidenceOptions()
    if evidence == nil {
      asked.search = SearchOptions(
        databases: databases.sorted { $0.key < $1.key }.map {
          SearchDatabase(name: $0.key, path: "\(root)/\($0.value)")
        }, tools: ToolPaths(path: root + "/bin"), threads: 1, cacheFolder: root + "/cache")
    }
    let collector = try EvidenceCollector(asked, output: options.output, reporter: reporter)
    try write("toy.fasta", ">toy\n\(Self.sequence)\n")
    let targets = try PredictionTarget.collect(
      fasta: [root + "/toy.fasta"], alignments: alignments, features: [], collector: collector)
    return try FoldingPipeline(options, models: [Self.model], reporter: reporter)
      .predict(targets) { _, _ in }
  }

  /// What is said while a target's evidence is collected.
  func told(_ options: EvidenceOptions) throws -> String {
    let lines = PredictionBench.Lines()
    let reporter = ProgressReporter(
      style: .lines, isSilent: false, clock: { 0 }, output: { lines.add($0) })
    let collector = try EvidenceCollector(options, output: root + "/told", reporter: reporter)
    try write("toy.fasta", ">toy\n\(Self.sequence)\n")
    _ = try PredictionTarget.collect(
      fasta: [root + "/toy.fasta"], alignments: [], features: [], collector: collector)
    return lines.all
  }

  static let model = ModelDescription(
    name: "tiny", source: "recipe", checksum: "1", config: .tiny,
    parameters: RecipeParameters(.tiny, seed: 1), isRandom: true)

  /// CA atoms of the target, 3.8 Å apart on a line.
  static let straightChain: String = {
    let codes = sequence.map { AminoAcid(letter: $0)?.code ?? "UNK" }
    return codes.enumerated().map { place, code in
      func field(_ value: Double) -> String {
        let text = String(format: "%.3f", value)
        return String(repeating: " ", count: 8 - text.count) + text
      }
      let number = String(format: "%4d", place + 1)
      return
        "ATOM  \(" " + number)  CA  \(code) A\(number)    \(field(3.8 * Double(place)))\(field(0))\(field(0))"
        + "  1.00 10.00           C\n"
    }.joined() + "END\n"
  }()

  /// A hit of columns 1 … 20 of the target, so that it is no duplicate of the target.
  static let hhr = """
    Query         toy
    Match_columns 22

    No 1
    >1ABC_A made up
    Probab=99.84  E-value=2.1e-25  Score=158.41  Aligned_cols=20  Identities=100%  Similarity=1.106  Sum_probs=19.5  Template_Neff=10.900

    Q toy               1 MKTAYIAKQRQISFVKSHFS   20 (22)
    T 1ABC_A            1 MKTAYIAKQRQISFVKSHFS   20 (22)

    """

  /// Rows that share less and less with the target.
  static func deepAlignment(rows: Int) -> String {
    let other = Array("ACDEFGHIKLMNPQRSTVWY")
    return (0..<rows).map { row in
      let letters = sequence.enumerated().map { place, letter in
        (row * 7 + place * 3) % rows < row ? other[(row + place * place) % 20] : letter
      }
      return ">row\(row)\n\(row == 0 ? sequence : String(letters))\n"
    }.joined()
  }
}
