import BasicTestSupport
import FeaturePipeline
import FoldingCore
import Foundation
import Messages
import Protein
import Synchronization
import Testing
import Weights

@testable import HelixFold

/// A folder for predictions by the tiny network under several names, which notes what is said.
final class PredictionBench {
  /// Lines that a reporter has written.
  final class Lines: Sendable {
    private let texts = Mutex<[String]>([])

    func add(_ text: String) { texts.withLock { $0.append(text) } }

    var all: String { texts.withLock { $0.joined() } }
  }

  static let letters = "MKTAYIAKQRQISFVKSHFSRQ"

  var options = PredictionOptions()
  /// Passes of the last run.
  private(set) var passes = 0
  /// What the last run said.
  private(set) var said = ""
  private let scratch: ScratchFolder

  init() throws {
    scratch = try ScratchFolder()
    options.output = path
    options.recycles = 1
  }

  /// The folder of the results.
  var path: String { scratch.file("out") }

  /// Predicts a target by networks of the given names; each name has parameters of its own.
  func run(
    _ names: [String], letters: String = PredictionBench.letters, gathered: GatheredEvidence? = nil,
    stopAfter: Int? = nil
  ) throws -> Messages.ExitStatus {
    var target = try Self.target(letters)
    target.gathered = gathered
    return try run(names, [target], stopAfter: stopAfter)
  }

  /// Predicts a target and expects that nothing fails.
  func predict(_ names: [String], letters: String = PredictionBench.letters) throws {
    let status = try run(names, letters: letters)
    #expect(status == .success)
  }

  /// Predicts targets by networks of the given names.
  func run(
    _ names: [String], _ targets: [PredictionTarget], stopAfter: Int? = nil
  ) throws -> Messages.ExitStatus {
    let lines = Lines()
    let reporter = ProgressReporter(
      style: .lines, isSilent: false, clock: { 0 }, output: { lines.add($0) })
    let pipeline = try FoldingPipeline(
      options, models: names.map { Self.model($0) }, reporter: reporter)
    passes = 0
    pipeline.afterPass = {
      self.passes += 1
      if self.passes == stopAfter { throw Interrupted(.goesOnWithResume) }
    }
    defer { said = lines.all }
    return try pipeline.predict(targets) { _, _ in }
  }

  static func model(_ name: String, config: FoldingConfig = .tiny) -> ModelDescription {
    let seed = name.utf8.reduce(UInt64(0)) { $0 &* 31 &+ UInt64($1) }
    return ModelDescription(
      name: name, source: "recipe", checksum: "\(seed)", config: config,
      parameters: RecipeParameters(config, seed: seed), isRandom: true)
  }

  /// A target with an alignment of itself and other rows, its letters in reverse if nothing else is said.
  static func target(
    _ letters: String, id: String = "toy", others: [String]? = nil
  ) throws -> PredictionTarget {
    let rows = [letters] + (others ?? [String(letters.reversed())])
    let text = rows.enumerated().map { ">\($0.offset)\n\($0.element)\n" }.joined()
    let raw = try RawFeatures(
      id: id, sequence: try ProteinSequence(letters),
      alignments: [try Alignment.parse(InputText(name: "toy.a3m", text))])
    return PredictionTarget(id: id, features: .success(raw), warnings: [])
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: path + "/" + name, encoding: .utf8)
  }

  func write(_ text: String, to name: String) throws {
    try BasicTestSupport.write(text, path + "/" + name)
  }

  /// Names of the files of the target `toy`, sorted; without its lock.
  func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path + "/toy")
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  /// What a file of the target `toy` holds.
  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path + "/toy/" + name))
  }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

  /// The ranking of the target `toy`: names, the best first.
  func order() throws -> [String] {
    struct Ranking: Decodable { let order: [String] }
    let data = Data(try text("toy/ranking_debug.json").utf8)
    return try JSONDecoder().decode(Ranking.self, from: data).order
  }
}
