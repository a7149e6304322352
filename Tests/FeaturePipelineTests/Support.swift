import ArrayFiles
import BasicTestSupport
import FeaturePipeline
import Foundation
import NumericArrays
import Protein
import Testing

/// Folder with `data/`, for the cases that need it; nil when the tests run without.
let testData = ProcessInfo.processInfo.environment["HELIXFOLD_TEST_DATA"]

/// Folder of dumps that Fixtures/make_features.py made from real alignments; nil when there is none.
let featureCases = ProcessInfo.processInfo.environment["HELIXFOLD_FEATURE_CASES"]

/// Path of a file under Fixtures.
func fixture(_ name: String) throws -> String { try Bundle.module.fixture(name) }

/// Letters of an alignment row.
func letters(_ alignment: Alignment, _ row: Int) -> String {
  String(decoding: alignment.row(row), as: UTF8.self)
}

/// Deletions of an alignment row.
func deletions(_ alignment: Alignment, _ row: Int) -> [UInt16] {
  Array(alignment.deletions[row * alignment.columns..<(row + 1) * alignment.columns])
}

/// A random alignment with the target in row 0.
func randomFeatures(residues: Int, rows: Int, seed: UInt64) throws -> RawFeatures {
  let key = RandomKey(seed: seed)
  let letters = Array("ARNDCQEGHILKMFPSTWYVX-")
  let query = try ProteinSequence(
    String((0..<residues).map { letters[key.child(0).integer($0, below: 20)] }))
  var raw = RawFeatures(id: "random", sequence: query)
  var msa = raw.aatype
  var deleted = [UInt16](repeating: 0, count: residues)
  for cell in 0..<(rows - 1) * residues {
    let changed = key.child(1).uniform(cell) < 0.5
    msa.append(
      changed
        ? UInt8(key.child(2).integer(cell, below: 22)) : raw.aatype[cell % residues])
    deleted.append(
      key.child(3).uniform(cell) < 0.1 ? UInt16(key.child(4).integer(cell, below: 9)) : 0)
  }
  raw.msa = NDArray(shape: [rows, residues], values: msa)
  raw.deletions = NDArray(shape: [rows, residues], values: deleted)
  raw.rowNames = []
  return raw
}

/// A record with everything in it: templates, labels, unusual residue numbers and types.
func fullRecord(_ id: String, seed: UInt64 = 1) throws -> TargetRecord {
  var raw = try randomFeatures(residues: 9, rows: 5, seed: seed)
  let key = RandomKey(seed: seed)
  func coordinates(_ count: Int) -> [Float] {
    (0..<count).map { Float(Double(key.integer($0, below: 90_000) - 45_000) / 1000) }
  }
  raw.id = id
  raw.header = "\(id) Ubiquitin é"
  raw.rowNames = ["q", "hit é", "", "d", "e"]
  raw.aatype[3] = 20
  raw.residueIndex[8] = 30
  raw.hasBreak[4] = true
  raw.deletions.values[9] = 700
  let mask = (0..<2 * 9 * 37).map { Float(key.integer($0, below: 2)) }
  let positions = zip(coordinates(2 * 9 * 37 * 3), 0...).map { $0 * mask[$1 / 3] }
  raw.templates = TemplateStructures(
    names: ["1abc_A", "2xyz_B"], sequences: ["ACD", ""],
    aatype: NDArray(shape: [2, 9], values: (0..<18).map { UInt8($0 % 22) }),
    positions: NDArray(shape: [2, 9, 37, 3], values: positions),
    mask: NDArray(shape: [2, 9, 37], values: mask), sumProbabilities: [90.5, 3])
  raw.sources = [AlignmentSource(name: "a.a3m", rows: 6, newRows: 5)]
  let known = Array(mask.prefix(9 * 37))
  let labels = TargetLabels(
    positions: NDArray(shape: [9, 37, 3], values: Array(positions.prefix(9 * 37 * 3))),
    mask: NDArray(shape: [9, 37], values: known), resolution: 1.85, releaseDate: "2020-01-31",
    cluster: "c7")
  return TargetRecord(
    features: raw, labels: labels,
    provenance: Provenance(
      created: "2026-01-01T00:00:00Z", program: "test", alignments: raw.sources,
      notes: ["jackhmmer": "3.4"]))
}
