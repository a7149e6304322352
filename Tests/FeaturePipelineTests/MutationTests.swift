import BasicTestSupport
import FeaturePipeline
import Foundation
import NumericArrays
import Protein
import Testing

/// Changes a text at random places: a byte replaced, removed, doubled, a run moved, the end cut off.
struct Mutator {
  let key: RandomKey

  /// Bytes that mean something in these formats.
  private static let telling = Array(">#-.*\n\r\t\u{0} aAzZ19/:;".utf8)

  func mutated(_ text: [UInt8]) -> [UInt8] {
    var bytes = text
    for step in 0..<1 + key.integer(0, below: 6) where !bytes.isEmpty {
      let stepKey = key.child(step)
      let place = stepKey.integer(1, below: bytes.count)
      switch stepKey.integer(2, below: 6) {
      case 0: bytes[place] = UInt8(stepKey.integer(3, below: 256))
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(bytes[place], at: place)
      case 3: bytes[place] = Self.telling[stepKey.integer(3, below: Self.telling.count)]
      case 4: bytes.removeSubrange(place..<min(bytes.count, place + stepKey.integer(3, below: 40)))
      default:
        let run = Array(bytes[place..<min(bytes.count, place + stepKey.integer(3, below: 40))])
        bytes.insert(contentsOf: run, at: stepKey.integer(4, below: bytes.count))
      }
    }
    return bytes
  }
}

@Suite("damaged text never crashes a reader")
struct MutationTests {
  static let seeds: [(name: String, text: String)] = [
    ("t.fasta", ">sp|P1|A some\nACDEFGHIKLMNPQRSTVWY\nACD*\n\n>b\r\nacdef\r\n>c\nUBZJOX\n"),
    (
      "t.a3m",
      "#12\t1\n>q\nACDEFGHIKLMN\n>h1 a\nAC-aaaDEFGHI--N\n>ss_pred x\nCCCC\n"
        + ">h2\n--DEFG\nHIKLMNx\n"
    ),
    (
      "t.sto",
      "# STOCKHOLM 1.0\n#=GS h DE x\nq ACD--EFG\nh ACDkkE-G\n#=GC RF xxx..xxx\n\nq HIK\nh H.K\n//\n"
    ),
  ]

  /// Rounds per format: what an ordinary test run affords, or `HELIXFOLD_MUTATIONS`.
  static let rounds =
    ProcessInfo.processInfo.environment["HELIXFOLD_MUTATIONS"].flatMap { Int($0) } ?? 4_000

  @Test("thousands of mutations of each format: read, or refused in one line", arguments: 0..<3)
  func mutations(format: Int) throws {
    let (name, text) = Self.seeds[format]
    let bytes = Array(text.utf8)
    var read = 0
    for round in 0..<Self.rounds {
      let mutator = Mutator(key: RandomKey(seed: UInt64(format)).child(round))
      let input = InputText(name: name, bytes: mutator.mutated(bytes))
      let problem = messageIfRefused {
        if format == 0 {
          for record in try FASTA.records(in: input) { try checkName(record.id) }
        } else {
          try check(try Alignment.parse(input))
        }
        read += 1
      }
      #expect(problem?.hasPrefix(name) != false, "round \(round): \(problem ?? "")")
    }
    #expect(read > 100 && (format == 0 || read < Self.rounds))
  }

  private func checkName(_ id: String) throws {
    #expect(!id.isEmpty && id.utf8.count <= 100 && !id.hasPrefix(".") && !id.contains("/"))
  }

  /// What was read is consistent, and survives writing.
  private func check(_ alignment: Alignment) throws {
    #expect(alignment.letters.count == alignment.rows * alignment.columns)
    #expect(alignment.letters.allSatisfy { (65...90).contains($0) || $0 == 45 })
    let text = A3M.write(alignment)
    let back = try A3M.parse(InputText(name: alignment.source, text))
    #expect(back.letters == alignment.letters && back.deletions == alignment.deletions)
    guard let sequence = try? ProteinSequence(String(decoding: alignment.row(0), as: UTF8.self))
    else { return }
    let raw = try RawFeatures(id: "t", sequence: sequence, alignments: [alignment])
    try raw.validate(file: alignment.source)
  }
}
