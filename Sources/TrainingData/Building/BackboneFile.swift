import FeaturePipeline
import Messages
import Protein

/// A chain of N, CA and C only, with one line per residue.
///
/// Line 1: sequence; line 2: secondary structure (not used); then twelve numbers per residue, Å: N, CA, C and the
/// side chain's centroid (not used), as published with CGDMS (Greener & Jones 2021).
///
/// - Departure: CB is placed at its ideal position on the backbone, because the network learns distances between CBs.
enum BackboneFile {
  static func read(_ path: String) throws(InputError) -> [Residue] {
    let text = try InputText(path: path)
    let lines = text.lines.filter { !$0.range.isEmpty }
    guard let first = lines.first else { throw .content(file: path, problem: "is empty") }
    let letters = text.string(first.range)
    guard lines.count == letters.count + 2 else {
      throw .content(
        file: path,
        problem:
          "\(counted(letters.count, "residue")), but \(counted(lines.count, "line")), expected \(letters.count + 2)"
      )
    }
    var residues: [Residue] = []
    for (index, letter) in letters.enumerated() {
      let line = lines[index + 2]
      let numbers = text.string(line.range).split(separator: " ").compactMap { Double($0) }
      guard numbers.count == 12, numbers.allSatisfy({ $0.isFinite && abs($0) < 1e6 }),
        let type = AminoAcid(letter: letter)
      else {
        throw text.problem(
          "expected twelve finite numbers for a residue '\(letter)'", line: line.number)
      }
      residues.append(residue(type, numbers, number: index + 1))
    }
    return residues
  }

  private static func residue(_ type: AminoAcid, _ numbers: [Double], number: Int) -> Residue {
    func point(_ k: Int) -> SIMD3<Double> { SIMD3(numbers[k], numbers[k + 1], numbers[k + 2]) }
    let (n, ca, c) = (point(0), point(3), point(6))
    var atoms = [
      Atom(name: "N", element: "N", position: n), Atom(name: "CA", element: "C", position: ca),
      Atom(name: "C", element: "C", position: c),
    ]
    if let ideal = type.idealAtoms.first(where: { $0.name == .cb }) {
      atoms.append(
        Atom(name: "CB", element: "C", position: place(ideal.position, n: n, ca: ca, c: c)))
    }
    return Residue(name: type.code, number: number, isHetero: false, atoms: atoms)
  }

  /// A point of the backbone frame: origin CA, x towards C, N in the upper half of the xy plane.
  private static func place(
    _ local: SIMD3<Double>, n: SIMD3<Double>, ca: SIMD3<Double>, c: SIMD3<Double>
  ) -> SIMD3<Double> {
    let e1 = unit(c - ca)
    let towardsN = n - ca
    let e2 = unit(towardsN - e1 * (towardsN * e1).sum())
    let e3 = SIMD3(
      e1.y * e2.z - e1.z * e2.y, e1.z * e2.x - e1.x * e2.z, e1.x * e2.y - e1.y * e2.x)
    return ca + e1 * local.x + e2 * local.y + e3 * local.z
  }

  private static func unit(_ v: SIMD3<Double>) -> SIMD3<Double> {
    v / max((v * v).sum().squareRoot(), 1e-8)
  }
}
