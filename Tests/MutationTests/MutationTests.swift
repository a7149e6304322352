import BasicTestSupport
import Foundation
import MutatedInputs
import Testing

/// A short slice of the run over mutated inputs; tools/evidence.d has the long one.
@Suite("Mutated inputs")
struct MutationTests {
  /// Inputs of each format: what an ordinary test run affords, or `HELIXFOLD_MUTATIONS`.
  static let count =
    ProcessInfo.processInfo.environment["HELIXFOLD_MUTATIONS"].flatMap { Int($0) } ?? 400

  @Test(
    "damaged files of each format are read, and what is read makes sense, or refused in one line",
    arguments: InputFormat.allCases)
  func readers(format: InputFormat) throws {
    let scratch = try ScratchFolder()
    let run = try MutationRun(seed: 42, scratch: scratch.path)
    #expect(run.unreadSeeds(of: format) == [], "mutations must start from good files")
    let outcome = run.run(format, numbers: 0..<Self.count)
    #expect(outcome.inputs == Self.count)
    #expect(outcome.hangs == [], "inputs that took more than a second, twice")
    for bad in outcome.contradictions {
      Issue.record("input \(bad.input): \(bad.message)")
    }
    for bad in outcome.badMessages {
      Issue.record("input \(bad.input): message \(bad.message.debugDescription)")
    }
  }

  @Test("the same seed gives the same inputs, another seed others")
  func seeds() throws {
    let scratch = try ScratchFolder()
    let runs = try [7, 7, 8].map { try MutationRun(seed: $0, scratch: scratch.path) }
    let inputs = runs.map { run in (0..<20).map { run.input($0, of: .mmcif) } }
    #expect(inputs[0] == inputs[1])
    #expect(inputs[0] != inputs[2])
  }
}
