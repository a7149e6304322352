import FeaturePipeline
import Foundation
import NumericArrays
import Protein

/// Chains without meaning: ideal helices with random sequences and alignments.
public enum SyntheticStore {
  /// Writes a store of `count` chains of 20 to 43 residues, two per cluster, and returns its path.
  public static func write(
    to path: String, count: Int = 40, named name: (Int) -> String = { "chain\($0)" }
  ) throws {
    try FeatureStore.write((0..<count).map { record($0, name: name) }, to: path)
  }

  /// A made-up target of that number.
  public static func record(_ index: Int, name: (Int) -> String) -> TargetRecord {
    let key = RandomKey(seed: 7).child(index)
    let residues = 20 + key.integer(0, below: 24)
    let rows = 1 + key.integer(1, below: 40)
    let types = (0..<residues).map { UInt8(key.child(0).integer($0, below: 20)) }
    var raw = RawFeatures(
      id: name(index), sequence: ProteinSequence(types.map { AminoAcid(rawValue: $0) ?? .unknown }))
    let cells = (0..<rows * residues).map { cell in
      cell < residues || key.child(1).uniform(cell) < 0.6
        ? types[cell % residues] : UInt8(key.child(2).integer(cell, below: 22))
    }
    raw.msa = NDArray(shape: [rows, residues], values: cells)
    raw.deletions = NDArray(repeating: 0, shape: [rows, residues])
    raw.rowNames = []
    let (positions, mask) = helix(types)
    let labels = TargetLabels(
      positions: positions, mask: mask, resolution: 2, cluster: name(index / 2 * 2))
    return TargetRecord(features: raw, labels: labels)
  }

  /// N, CA, C, O (and CB) on a helix of 3.6 residues per turn and 1.5 Å rise.
  private static func helix(_ types: [UInt8]) -> (NDArray<Float>, NDArray<Float>) {
    var positions = NDArray<Float>(repeating: 0, shape: [types.count, AtomName.count, 3])
    var mask = NDArray<Float>(repeating: 0, shape: [types.count, AtomName.count])
    // Radius (Å), angle (degrees) and height (Å) of each atom relative to CA.
    let atoms: [(AtomName, Double, Double, Double)] = [
      (.n, 1.55, -28, -0.9), (.ca, 2.28, 0, 0), (.c, 1.66, 26, 1.1), (.o, 2.0, 23, 2.3),
      (.cb, 3.3, -18, 0.4),
    ]
    for (residue, type) in types.enumerated() {
      for (atom, radius, angle, height) in atoms {
        if atom == .cb, type == AminoAcid.glycine.rawValue { continue }
        let turn = (Double(residue) * 100 + angle) * .pi / 180
        let place = [radius * cos(turn), radius * sin(turn), 1.5 * Double(residue) + height]
        let slot = residue * AtomName.count + atom.index
        mask.values[slot] = 1
        for axis in 0..<3 {
          positions.values[slot * 3 + axis] = Float((place[axis] * 1000).rounded() / 1000)
        }
      }
    }
    return (positions, mask)
  }
}
