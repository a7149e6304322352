import BasicTestSupport
import Foundation
import Protein
import StructureIO
import Testing

@testable import Evaluation

@Suite("Natives of a set")
struct NativeTests {
  /// A manifest of one target `x` with a file of two chains, A and B, that differ.
  private static func targets(_ keys: String, named file: String = "x.pdb") throws
    -> (ScratchFolder, [EvaluationTarget])
  {
    let folder = try ScratchFolder()
    var native = coil(40)
    native.models[0].chains += coil(40, noise: 3).models[0].chains
    native.models[0].chains[1].id = "B"
    let header =
      "HEADER    TEST" + String(repeating: " ", count: 36) + "01-JAN-20   1ABC\n"
    try folder.write(header + (try PDBWriter.text(of: native)), to: file)
    try folder.write(try PDBWriter.text(of: coil(40)), to: "a/x.pdb")
    try folder.write(try PDBWriter.text(of: coil(40, noise: 3)), to: "b/x.pdb")
    try folder.write(
      "{\"name\": \"n\", \"targets\": [{\"id\": \"x\", \"source\": \"s\"\(keys)}]}", to: "set.json")
    return (folder, try EvaluationTarget.read(manifest: "\(folder.path)/set.json"))
  }

  private static func evaluation(_ keys: String, named file: String = "x.pdb") throws -> Evaluation
  {
    let (folder, targets) = try targets(keys, named: file)
    return Evaluation(
      name: "n", targets: targets,
      predictors: ["a", "b"].map { Predictor(name: $0, folder: "\(folder.path)/\($0)") })
  }

  @Test(
    "chain and ranges cut the native that a manifest names, and any file where it names no entry",
    arguments: [
      (#", "pdb": "9XYZ", "native": "y.pdb""#, "y.pdb"), (#", "native": "y.pdb""#, "y.pdb"),
      (#", "pdb": "1abc""#, "x.pdb"), ("", "x.pdb"),
    ])
  func cut(keys: String, file: String) throws {
    let (folder, targets) = try Self.targets(
      #", "chain": "B", "native_ranges": "11-20+31-34""# + keys, named: file)
    let native = try withExtendedLifetime(folder) { try targets.first?.native?() }
    let chains = try #require(native).models[0].chains
    #expect(chains.map(\.id) == ["B"])
    #expect(chains.first?.residues.map(\.number) == Array(11...20) + Array(31...34))
  }

  @Test("what is not applied to the file of another entry is noted")
  func otherEntry() throws {
    let rows = try Self.evaluation(#", "pdb": "9XYZ", "chain": "B", "native_ranges": "1-9""#).rows
    #expect(rows.count == 2)
    for row in rows {
      #expect(row.scores.referenceResidues == 40)
      let expected =
        "reference: the file is 1ABC, not 9XYZ, so chain and native_ranges were not applied"
      #expect(row.notes.contains(expected), "\(row.notes)")
    }
  }

  @Test("all predictors are scored against one chain, the first among equals or the one named")
  func oneChain() throws {
    let free = try Self.evaluation("")
    #expect(free.rows.map(\.referenceChain) == ["A", "A"])
    #expect(free.rows.map { $0.scores.superposed.gdtHA == 1 } == [true, false])
    let note = "reference: 2 protein chains; chain 'A' is used for all predictors"
    #expect(free.rows.allSatisfy { $0.notes.contains(note) }, "\(free.rows.map(\.notes))")
    let named = try Self.evaluation(#", "chain": "B""#)
    #expect(named.rows.map(\.referenceChain) == ["B", "B"])
    #expect(named.rows.map(\.modelChain) == ["A", "A"])
    #expect(named.rows.map { $0.scores.superposed.gdtHA == 1 } == [false, true])
  }

  @Test(
    "a chain or ranges that the native lacks are a gap of the target, once",
    arguments: [
      (#", "chain": "C""#, "x.pdb: no chain 'C'; it has A, B"),
      (
        #", "chain": "A", "native_ranges": "500-600""#,
        "x.pdb: no residue of 'native_ranges' 500-600 in chain 'A'"
      ),
    ])
  func lacking(keys: String, reason: String) throws {
    let evaluation = try Self.evaluation(keys)
    #expect(evaluation.rows.isEmpty)
    #expect(evaluation.gaps.map(\.predictor) == [nil])
    let gap = try #require(evaluation.gaps.first)
    #expect(gap.isFailure && gap.reason.hasPrefix("native: "))
    #expect(gap.reason.hasSuffix(reason), "\(gap.reason)")
  }

  @Test(
    "a length that native or prediction do not have is noted",
    arguments: [
      (30, ["the native has 40 residues", "the model has 40 residues"]),
      (50, ["the model has 40 residues"]), (40, []),
    ])
  func length(_ length: Int, _ starts: [String]) throws {
    let row = try #require(try Self.evaluation(#", "chain": "A", "length": \#(length)"#).rows.first)
    #expect(row.notes == starts.map { "\($0), the target's length is \(length)" })
  }

  @Test("a native without an amino acid is no predictor's failure")
  func noAminoAcid() throws {
    let folder = try ScratchFolder()
    try folder.write(try PDBWriter.text(of: coil(40)), to: "p/x.pdb")
    var native = coil(3)
    for index in 0..<3 {
      native.models[0].chains[0].residues[index].name = "DG"
      native.models[0].chains[0].residues[index].atoms = [
        Atom(name: "P", element: "P", position: .zero)
      ]
    }
    let target = EvaluationTarget(id: "x", native: { [native] in native })
    let predictor = Predictor(name: "p", folder: "\(folder.path)/p")
    let evaluation = Evaluation(name: "n", targets: [target], predictors: [predictor])
    #expect(
      evaluation.gaps == [
        EvaluationGap(
          target: "x", predictor: nil, reason: "native: the reference has no amino acid",
          isFailure: true)
      ])
  }
}
