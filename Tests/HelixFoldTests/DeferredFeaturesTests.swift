import BasicTestSupport
import FeaturePipeline
import Foundation
import NumericArrays
import Testing
import TrainingTestSupport

@testable import HelixFold

@Suite("Features that wait for their turn")
struct DeferredFeaturesTests {
  /// Features with everything in them: templates, empty and unusual names, large counts of deletions.
  private func features(_ index: Int) -> RawFeatures {
    var raw = SyntheticStore.record(index) { "chain\($0)" }.features
    let (n, rows) = (raw.residueCount, raw.rowCount)
    raw.header = "chain\(index) of nothing"
    raw.rowNames = (0..<rows).map { $0 % 3 == 0 ? "" : "höchste \($0)" }
    raw.deletions.values[n - 1] = 65_535
    if index % 2 == 0 {
      raw.templates = TemplateStructures(
        names: ["1abc_A"], sequences: [""], aatype: NDArray(repeating: 7, shape: [1, n]),
        positions: NDArray(
          shape: [1, n, 37, 3], values: (0..<n * 111).map { Float($0) * 0.1 - 3 }),
        mask: NDArray(repeating: 1, shape: [1, n, 37]), sumProbabilities: [9.5])
    }
    return raw
  }

  @Test("what waits in a file comes back equal, in any order, and the file has no name")
  func file() throws {
    let scratch = try ScratchFolder()
    let spill = FeatureSpill(folder: scratch.file("out"), memoryBytes: 0)
    let all = (0..<5).map(features)
    let deferred = all.map(spill.keep)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("out")).isEmpty)
    for index in [3, 0, 4, 1, 2, 0] {
      let raw = try deferred[index].load()
      #expect(raw == all[index] && deferred[index].counts == all[index].counts)
    }
  }

  @Test("only what is beyond the memory of a spill goes to the file")
  func limit() throws {
    let scratch = try ScratchFolder()
    let raw = features(1)
    let bytes = raw.counts.alignmentBytes
    let spill = FeatureSpill(folder: scratch.file("out"), memoryBytes: 2 * bytes)
    let inMemory = [spill.keep(raw), spill.keep(raw)]
    #expect(!FileManager.default.fileExists(atPath: scratch.file("out")))
    let inFile = spill.keep(raw)
    #expect(FileManager.default.fileExists(atPath: scratch.file("out")))
    for deferred in inMemory + [inFile] { #expect(try deferred.load() == raw) }
  }

  @Test("where no file can be made all wait in memory")
  func noFile() throws {
    let scratch = try ScratchFolder()
    try Data().write(to: URL(fileURLWithPath: scratch.file("file")))
    for folder in [nil, scratch.file("file/out")] {
      let spill = FeatureSpill(folder: folder, memoryBytes: 0)
      #expect(try spill.keep(features(0)).load() == features(0))
    }
  }

  @Test("a run gives the same structures wherever features wait")
  func sameBits() throws {
    let letters = PredictionBench.letters
    let raw = try PredictionBench.target(letters).features.get().load()
    let (memory, file) = (try PredictionBench(), try PredictionBench())
    try memory.predict(["a"])
    let spill = FeatureSpill(folder: file.path, memoryBytes: 0)
    let target = PredictionTarget(id: "toy", features: .success(raw), warnings: [], spill: spill)
    #expect(try file.run(["a"], [target]) == .success)
    #expect(try memory.text("toy/ranked_0.cif") == file.text("toy/ranked_0.cif"))
  }

  @Test("a target whose run is stopped is in the table as begun, or as predicted if it was before")
  func begun() throws {
    let bench = try PredictionBench()
    func state() throws -> [String] {
      try bench.text("summary.tsv").split(separator: "\n").dropFirst().map {
        String($0.split(separator: "\t")[1])
      }
    }
    #expect(throws: Interrupted(.goesOnWithResume)) { try bench.run(["a"], stopAfter: 1) }
    #expect(try state() == ["begun"])
    bench.options.resumes = true
    try bench.predict(["a"])
    #expect(try state() == ["predicted"])
    // The results of before are there until there are new ones.
    (bench.options.resumes, bench.options.recycles) = (false, 2)
    #expect(throws: Interrupted(.goesOnWithReplace)) { try bench.run(["a"], stopAfter: 1) }
    #expect(try state() == ["predicted"])
    #expect(throws: Interrupted(.goesOnWithReplace)) { try bench.run(["a", "b"], stopAfter: 4) }
    #expect(try state() == ["begun"])
  }
}
