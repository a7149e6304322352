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
