import ArrayFiles
import FoldingCore
import FoldingModel
import Foundation
import NumericArrays
import Testing

@testable import HelixFold

@Suite("Logits and representations on request")
struct RawOutputTests {
  private let name = "toy/result_net.npz"

  /// A prediction of 22 residues with the file.
  private func predicted() throws -> (bench: PredictionBench, archive: NumpyArchive) {
    let bench = try PredictionBench()
    bench.options.savesRaw = true
    bench.options.storage = .float32
    try bench.predict(["net"])
    return (bench, try NumpyArchive(path: bench.path + "/" + name))
  }

  @Test("AlphaFold2's names and shapes, as many bytes as the memory plan counts")
  func shapes() throws {
    let (_, archive) = try predicted()
    func shape(_ name: String) throws -> [Int] { try archive.array(named: name).shape }
    let (n, config) = (22, FoldingConfig.tiny)
    let (bins, channels) = (config.heads.distogramBins, config.channels)
    let planned = [
      "distogram/logits": [n, n, bins], "representations/pair": [n, n, channels.pair],
      "predicted_aligned_error/logits": [n, n, try #require(config.heads.alignedError).bins],
      "representations/single": [n, channels.single],
      "representations/msa_first_row": [n, channels.msa],
      "predicted_lddt/logits": [n, config.heads.confidenceBins],
      "experimentally_resolved/logits": [n, 37],
    ]
    let others = [
      "distogram/bin_edges": [bins - 1], "plddt": [n], "predicted_aligned_error": [n, n],
      "ptm": [], "max_predicted_aligned_error": [], "ranking_confidence": [],
      "structure_module/final_atom_positions": [n, 37, 3],
      "structure_module/final_atom_mask": [n, 37],
    ]
    for (name, expected) in planned.merging(others, uniquingKeysWith: { $1 }) {
      #expect(try shape(name) == expected, "\(name)")
    }
    #expect(archive.names.count == planned.count + others.count)
    let bytes = planned.values.reduce(0) { $0 + 4 * $1.reduce(1, *) }
    #expect(RecyclingInference.rawOutputBytes(config, residues: n) == bytes)
  }

  @Test("confidences are the expectations of the logits beside them")
  func expectations() throws {
    let (_, archive) = try predicted()
    func values(_ name: String) throws -> [Float] {
      try #require(try archive.array(named: name).floats).values
    }
    func expectation(_ logits: ArraySlice<Float>, _ center: (Int) -> Double) -> Double {
      let weights = logits.map { exp(Double($0 - (logits.max() ?? 0))) }
      let sum = weights.reduce(0, +)
      return weights.enumerated().reduce(0) { $0 + $1.element / sum * center($1.offset) }
    }
    let heads = FoldingConfig.tiny.heads
    let (lddt, plddt) = (try values("predicted_lddt/logits"), try values("plddt"))
    for (residue, value) in plddt.enumerated() {
      let row = lddt[residue * heads.confidenceBins..<(residue + 1) * heads.confidenceBins]
      let found = expectation(row) { 100 * (Double($0) + 0.5) / Double(heads.confidenceBins) }
      #expect(abs(found - Double(value)) < 1e-3)
    }
    let error = try #require(heads.alignedError)
    let step = Double(error.maxError) / Double(error.bins - 2)
    let (logits, pae) = (
      try values("predicted_aligned_error/logits"), try values("predicted_aligned_error")
    )
    for (pair, value) in pae.enumerated() {
      let row = logits[pair * error.bins..<(pair + 1) * error.bins]
      #expect(abs(expectation(row) { (Double($0) + 0.5) * step } - Double(value)) < 1e-3)
    }
    let distogram = try values("distogram/logits")
    let (n, bins) = (22, heads.distogramBins)
    for (i, j) in [(0, 5), (3, 21), (7, 8)] {
      let first = distogram[(i * n + j) * bins..<(i * n + j + 1) * bins]
      let second = distogram[(j * n + i) * bins..<(j * n + i + 1) * bins]
      #expect(Array(first) == Array(second))
    }
  }

  @Test("the file is one of the result's: whole for a run that resumes, gone with the others")
  func belongs() throws {
    let (bench, _) = try predicted()
    bench.options.resumes = true
    try bench.predict(["net"])
    #expect(bench.said.contains("nothing to do") && bench.has(name))
    // A flipped bit, with which the file stays as long as it was.
    let url = URL(fileURLWithPath: bench.path + "/" + name)
    let sound = try Data(contentsOf: url)
    var data = sound
    data[data.count / 2] ^= 1
    try data.write(to: url)
    try bench.predict(["net"])
    #expect(bench.passes > 0)
    #expect(try Data(contentsOf: url) == sound)
    #expect(throws: Never.self) { try NumpyArchive(path: bench.path + "/" + name) }
    bench.options.resumes = false
    bench.options.savesRaw = false
    try bench.predict(["net"])
    #expect(!bench.has(name))
    bench.options.resumes = true
    bench.options.savesRaw = true
    try bench.predict(["net"])
    #expect(bench.said.contains("--save-raw does nothing for it"))
  }
}
