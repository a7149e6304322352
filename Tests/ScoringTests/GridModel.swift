import Foundation
import NumericArrays
import Protein
import Scoring
import Testing

/// A model described by a seed and changes, and the scores that reference programs give it.
///
/// Carried out as `apply` in Fixtures/make_reference.py does, operation by operation.
struct GridModel: Codable, Sendable, CustomTestStringConvertible {
  var structure: String
  var kind: String
  var seed: UInt64
  var noise: Double
  var hinges: [Int]
  var drop: [[Int]]
  var mirror, swap: Bool
  var offset: Int
  var tm, gdtTS, gdtHA, lddt, lddtCA: Double

  var testDescription: String { "\(structure) \(kind) \(seed)" }

  /// The changed chain.
  func apply(to chain: Chain) -> Chain {
    var random = SplitMix64(seed: seed)
    var residues = chain.residues
    for r in residues.indices {
      for a in residues[r].atoms.indices where mirror {
        residues[r].atoms[a].position.x = -residues[r].atoms[a].position.x
      }
    }
    for hinge in hinges { bend(&residues, at: hinge, &random) }
    for r in residues.indices {
      for a in residues[r].atoms.indices {
        for axis in 0..<3 {
          let moved = residues[r].atoms[a].position[axis] + noise * random.normal()
          residues[r].atoms[a].position[axis] =
            (moved * 1000).rounded(.toNearestOrEven) / 1000
        }
        if swap {
          let name = residues[r].atoms[a].name
          residues[r].atoms[a].name = Self.exchanged(name, in: residues[r].aminoAcid)
        }
      }
      residues[r].number += offset
    }
    var changed = chain
    changed.residues = residues.indices.filter { index in
      !drop.contains { $0[0] <= index && index < $0[1] }
    }.map { residues[$0] }
    return changed
  }

  private func bend(_ residues: inout [Residue], at hinge: Int, _ random: inout SplitMix64) {
    let r = random.rotation()
    guard let pivot = residues[hinge].standardAtoms[.ca]?.position else { return }
    for index in hinge..<residues.count {
      for a in residues[index].atoms.indices {
        let d = residues[index].atoms[a].position - pivot
        for k in 0..<3 {
          residues[index].atoms[a].position[k] =
            r[k][0] * d.x + r[k][1] * d.y + r[k][2] * d.z + pivot[k]
        }
      }
    }
  }

  static func exchanged(_ name: String, in residue: AminoAcid) -> String {
    for (a, b) in residue.interchangeablePairs {
      if name == a.name { return b.name }
      if name == b.name { return a.name }
    }
    return name
  }

  /// All models of grid.json.
  static let all: [GridModel] = {
    guard let data = try? Fixture.data("grid.json") else { return [] }
    return (try? JSONDecoder().decode([GridModel].self, from: data)) ?? []
  }()
}

extension Chain {
  /// The chain with the coordinates that OpenStructure has after reading a PDB file.
  ///
  /// Its reader adds decimals one by one in single precision, which leaves errors of 10⁻⁶ Å: enough to move a distance
  /// that lies so near a threshold (models 70031 and 115003), in a small protein more than 1e-4 of the score.
  var asOpenStructureReads: Chain {
    var changed = self
    for r in changed.residues.indices {
      for a in changed.residues[r].atoms.indices {
        for axis in 0..<3 {
          let value = changed.residues[r].atoms[a].position[axis]
          changed.residues[r].atoms[a].position[axis] = Self.asOpenStructureReads(value)
        }
      }
    }
    return changed
  }

  private static func asOpenStructureReads(_ value: Double) -> Double {
    var thousandths = Int((abs(value) * 1000).rounded())
    let whole = thousandths / 1000
    thousandths -= whole * 1000
    var (sum, factor) = (Float(whole), Float(1))
    for digit in [thousandths / 100, thousandths / 10 % 10, thousandths % 10] {
      factor = Float(Double(factor) * 0.1)
      sum += factor * Float(digit)
    }
    return value < 0 ? -Double(sum) : Double(sum)
  }
}

/// The draws of make_reference.py.
extension SplitMix64 {
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func normal() -> Double {
    var total = 0.0
    for _ in 0..<12 { total += uniform() }
    return total - 6
  }

  mutating func rotation() -> [[Double]] {
    let q = (0..<4).map { _ in (uniform() - 0.5) * 4 }
    let n = (q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]).squareRoot()
    let (w, x, y, z) = (q[0] / n, q[1] / n, q[2] / n, q[3] / n)
    return [
      [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
      [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
      [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
  }
}
