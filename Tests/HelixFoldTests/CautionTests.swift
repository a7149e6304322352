import BasicTestSupport
import FeaturePipeline
import FoldingCore
import Foundation
import Messages
import NumericArrays
import Protein
import Testing
import TrainingTestSupport

@testable import HelixFold

@Suite("Warnings about targets")
struct CautionTests {
  @Test("how a file was understood is a note, and no warning")
  func notes() throws {
    let bench = try PredictionBench()
    bench.options.isDryRun = true
    var target = try PredictionBench.target(PredictionBench.letters)
    target.notes = ["its first row is the target"]
    #expect(try bench.run(["first"], [target]) == .success)
    #expect(bench.said.contains("toy: its first row is the target\n"), "\(bench.said)")
    #expect(!bench.said.contains("warning: toy: its"))
  }

  @Test(
    "sequences that look like nucleotides and unknown residues are told",
    arguments: [
      ("ACGTACGTACGTACGTACGT", "nucleotides"), ("MKXAX", "get no atoms: position 3, 5"),
    ])
  func sequences(_ letters: String, _ expected: String) throws {
    let lines = try cautions(PredictionBench.target(letters))
    #expect(lines.contains { $0.contains(expected) }, "\(lines)")
  }

  @Test(
    "ordinary and short sequences need no warning", arguments: ["MKTAYIAKQRQISFVKSHFSRQ", "ACGT"])
  func ordinary(_ letters: String) throws {
    let lines = try cautions(PredictionBench.target(letters))
    #expect(lines.isEmpty, "\(lines)")
  }

  @Test("one row is a sequence without an alignment, whatever file it came from, and is told once")
  func singleRow() throws {
    let raw = RawFeatures(id: "a", sequence: try ProteinSequence("MKV"))
    let alone = TargetPreparation.singleSequenceWarning
    let lines = try cautions(PredictionTarget(id: "a", features: .success(raw), warnings: []))
    #expect(lines == [alone])
    for told in [alone, alone + "; more"] {
      let again = try cautions(
        PredictionTarget(id: "a", features: .success(raw), warnings: [told]))
      #expect(again.isEmpty)
    }
  }

  @Test("templates of a feature file that no network has a place for are told")
  func templates() throws {
    var raw = try PredictionBench.target("MKV").features.get().load()
    raw.templates = TemplateStructures(
      names: ["1abc_A"], sequences: ["MKV"], aatype: NDArray(repeating: 0, shape: [1, 3]),
      positions: NDArray(repeating: 0, shape: [1, 3, 37, 3]),
      mask: NDArray(repeating: 0, shape: [1, 3, 37]), sumProbabilities: [0])
    let target = PredictionTarget(id: "a", features: .success(raw), warnings: [])
    let used = try cautions(target)
    #expect(used.isEmpty)
    var config = PredictionBench.model("tiny").config
    config.template = nil
    let without = PredictionBench.model("plain", config: config)
    let lines = try cautions(target, model: without)
    #expect(lines == ["templates are left out: no network of 'plain' has a place for them"])
  }

  @Test("a reference of another protein is told before anything is computed")
  func reference() throws {
    let raw = try PredictionBench.target("MKTAYIAKQRQISFVKSHFSRQ").features.get().load()
    #expect(raw.misfit(of: chain("MKTAYIAKQRQISFVKSHFSRQ")) == nil)
    #expect(raw.misfit(of: chain("TAYIAKQRQISFVKSH")) == nil)
    let target = PredictionTarget(id: "a", features: .success(raw), warnings: [])
    let lines = try cautions(target, reference: chain("GGGGGGGGGGGGGGGGGGGGGG"))
    #expect(lines.count == 1 && lines[0].contains("the reference cannot be laid"), "\(lines)")
  }

  @Test("residues are numbered as in the features, and from 1 where those do not increase")
  func numbers() throws {
    var raw = RawFeatures(id: "a", sequence: try ProteinSequence("MKV"))
    #expect(raw.residueNumbers == [1, 2, 3])
    raw.residueIndex = [9, 10, 210]
    #expect(raw.residueNumbers == [10, 11, 211])
    raw.residueIndex = [0, 1, 0]
    #expect(raw.residueNumbers == [1, 2, 3])
  }

  @Test("peptide bonds are judged by their kind, over gaps not; a chain is bad with over one in 20")
  func bonds() throws {
    /// A chain whose bonds have the given lengths, Å.
    func check(
      _ lengths: [Double], letters: String? = nil, gap: Int? = nil
    ) throws -> BackboneCheck {
      let count = lengths.count + 1
      var raw = RawFeatures(
        id: "a",
        sequence: try ProteinSequence(letters ?? String(repeating: "A", count: count)))
      if let gap { for residue in gap..<count { raw.residueIndex[residue] += 1 } }
      var positions = NDArray<Float>(repeating: 0, shape: [count, 37, 3])
      for residue in 0..<count {
        positions.values[(residue * 37 + AtomName.c.index) * 3] = Float(10 * residue)
        if residue == 0 { continue }
        positions.values[(residue * 37 + AtomName.n.index) * 3] =
          Float(Double(10 * residue - 10) + lengths[residue - 1])
      }
      return BackboneCheck(
        Prediction(
          positions: positions, atomMask: NDArray(repeating: 1, shape: [count, 37]),
          plddt: [Float](repeating: 50, count: count), alignedError: nil, maxAlignedError: nil,
          ptm: nil, contactProbability: nil, passes: 1), of: raw)
    }
    let good = [Double](repeating: 1.33, count: 19)
    let one = try check(good + [2])
    #expect(one.bonds == 20 && one.broken == 1 && !one.isBad)
    let two = try check(good.dropLast() + [2, 2])
    #expect(two.bonds == 20 && two.broken == 2 && two.isBad)
    let apart = try check(good + [2], gap: 20)
    #expect(apart.bonds == 19 && apart.broken == 0)
    // Twelve deviations beyond the mean: 1.497 Å, before proline 1.533 Å.
    #expect(try check([1.52], letters: "AA").broken == 1)
    #expect(try check([1.52], letters: "AP").broken == 0)
    #expect(try check([1.54], letters: "AP").broken == 1)
    #expect(try check([], letters: "A").bonds == 0)
  }

  @Test("what is said of a target and of its chain stands on its page too")
  func page() throws {
    let bench = try PredictionBench()
    try bench.predict(["first"], letters: "MKTAYIAKQRXISFVKSHFSRQ")
    let page = try bench.text("toy/report.html")
    #expect(bench.said.contains("unknown residues (X) get no atoms: position 11"))
    #expect(page.contains("Unknown residues (X) get no atoms: position 11"))
    #expect(page.contains(">broken bonds</th>"))
    let bonds = "peptide bonds of first have a wrong length"
    #expect(bench.said.contains(bonds) && page.contains(bonds))
  }

  @Test("a damaged feature file among several is a target that fails; alone it ends the run")
  func damagedFeatures() throws {
    let scratch = try ScratchFolder()
    let (good, bad) = (scratch.file("good.h5"), scratch.file("bad.pkl"))
    try FeatureStore.write([SyntheticStore.record(0) { "chain\($0)" }], to: good)
    try Data([0x80, 0x04, 0x2E]).write(to: URL(fileURLWithPath: bad))
    let targets = try PredictionTarget.collect(fasta: [], alignments: [], features: [good, bad])
    #expect(targets.map(\.id) == ["chain0", "bad"])
    #expect(throws: Never.self) { _ = try targets[0].features.get().load() }
    let refusal = "\(bad): byte 2: an empty stack, expected a value"
    #expect(message { _ = try targets[1].features.get().load() } == refusal)
    #expect(
      message { _ = try PredictionTarget.collect(fasta: [], alignments: [], features: [bad]) }
        == refusal)
  }

  @Test("a feature file that is named and not there, or no such file, ends the run")
  func wrongFeatures() throws {
    let scratch = try ScratchFolder()
    let fasta = scratch.file("a.fasta")
    try Data(">a\nMKV\n".utf8).write(to: URL(fileURLWithPath: fasta))
    func problem(_ features: String...) -> String {
      message {
        _ = try PredictionTarget.collect(fasta: [fasta], alignments: [], features: features)
      }
    }
    #expect(problem("/nowhere.pkl") == "/nowhere.pkl: no such file")
    #expect(problem(fasta, fasta).contains("a.fasta: is no feature file"))
  }

  @Test(
    "features with the sequence of a record without alignment are that record's, others are targets"
  )
  func featuresOfRecord() throws {
    let scratch = try ScratchFolder()
    let records = (0..<2).map { SyntheticStore.record($0 + 3) { "chain\($0)" } }
    try FeatureStore.write(records, to: scratch.file("s.h5"))
    let fasta = scratch.file("a.fasta")
    let letters = records[0].features.sequence
    try Data(">mine\n\(letters)\n>other\nACDEFGHIKL\n>again\n\(letters)\n".utf8)
      .write(to: URL(fileURLWithPath: fasta))
    var options = EvidenceOptions()
    options.rowBudget = 1000
    let collector = try EvidenceCollector(
      options, output: scratch.file("out"), reporter: ProgressReporter(style: .quiet))
    for collector in [nil, collector] {
      let targets = try PredictionTarget.collect(
        fasta: [fasta], alignments: [], features: [scratch.file("s.h5")], collector: collector)
      #expect(targets.map(\.id) == ["mine", "other", "again", "chain4"])
      for place in [0, 2] {
        let raw = try targets[place].features.get().load()
        #expect(raw.id == targets[place].id && raw.msa == records[0].features.msa)
        #expect(raw.rowCount > 1 && targets[place].warnings.isEmpty)
      }
      #expect(try targets[1].features.get().load().rowCount == 1)
    }
  }

  @Test("a target without a known residue fails")
  func unknownResidues() throws {
    let raw = RawFeatures(id: "x", sequence: try ProteinSequence("XXXX"))
    let target = PredictionTarget(id: "x", features: .success(raw), warnings: [])
    let error = #expect(throws: InputError.self) { try target.features.get() }
    #expect("\(try #require(error))".contains("all 4 residues are unknown (X)"))
    let some = RawFeatures(id: "x", sequence: try ProteinSequence("XXAX"))
    #expect(throws: Never.self) {
      try PredictionTarget(id: "x", features: .success(some), warnings: []).features.get()
    }
  }

  @Test("the true structure of a store has the numbers of predictions")
  func nativeNumbers() throws {
    let scratch = try ScratchFolder()
    var record = SyntheticStore.record(0) { "chain\($0)" }
    let count = record.features.residueCount
    record.features.residueIndex = (0..<count).map { Int32($0 < 5 ? $0 : $0 + 100) }
    try FeatureStore.write([record], to: scratch.file("s.h5"))
    let request = EvaluationRequest(set: scratch.file("s.h5"), output: scratch.path)
    let native = try #require(try request.targets().targets.first?.native)
    let residues = try native().models[0].chains[0].residues
    #expect(residues.map(\.number) == record.features.residueNumbers)
    #expect(residues.map(\.number).prefix(6) == [1, 2, 3, 4, 5, 106])
  }

  @Test("a target of ColabFold keeps the name of its file on its way into a run")
  func fileName() throws {
    let scratch = try ScratchFolder()
    let path = scratch.file("T1026.a3m")
    try Data(">101\nACDE\n>h\nACDF\n".utf8).write(to: URL(fileURLWithPath: path))
    let targets = try PredictionTarget.collect(fasta: [path], alignments: [], features: [])
    #expect(targets.map(\.id) == ["T1026"])
    let raw = try targets[0].features.get().load()
    #expect(raw.id == "T1026" && raw.rowCount == 2)
  }

  // MARK: - Support

  private func cautions(
    _ target: PredictionTarget, model: ModelDescription = PredictionBench.model("tiny"),
    reference: Structure? = nil
  ) throws -> [String] {
    let bench = try PredictionBench()
    bench.options.reference = reference
    return TargetCautions(options: bench.options, models: [model])
      .about(target, try target.features.get().load())
  }

  /// A stretched chain of C-alphas.
  private func chain(_ letters: String) -> Structure {
    let residues = letters.enumerated().map { place, letter in
      let position = SIMD3(3.8 * Double(place), 0, 0)
      return Residue(
        name: AminoAcid(letter: letter)?.code ?? "UNK", number: place + 40,
        atoms: [Atom(name: "CA", element: "C", position: position)])
    }
    return Structure(models: [Model(chains: [Chain(id: "A", residues: residues)])])
  }
}
