import CLibrary

/// Bounds on the distance of two atoms of one residue, beyond which the violation loss counts.
///
/// Suppl. 1.9.11.
public struct DistanceBounds: Sendable, Hashable {
  /// Smallest distances allowed, Å; 0 where an atom is missing. `[21, 14, 14]`
  public let lower: [Float]
  /// Largest distances allowed, Å; 10¹⁰ between atoms not linked by a bond or angle. `[21, 14, 14]`
  public let upper: [Float]
  /// Standard deviation of distances fixed by a bond or an angle, Å; 0 elsewhere. `[21, 14, 14]`
  public let deviation: [Float]

  /// Bounds with given tolerances.
  ///
  /// - Parameters:
  ///   - overlapTolerance: how far van der Waals spheres may overlap, Å.
  ///   - bondToleranceFactor: how many standard deviations a bond or an angle's chord may deviate.
  public init(overlapTolerance: Double = 1.5, bondToleranceFactor: Double = 15) {
    let slots = Atom14.count
    var lower = [Float](repeating: 0, count: AminoAcid.allCases.count * slots * slots)
    var upper = lower
    var deviation = lower
    for residue in AminoAcid.allCases {
      let base = residue.index * slots * slots
      for (i, first) in residue.atoms.enumerated() {
        for (j, second) in residue.atoms.enumerated() where i != j {
          let contact = first.element.vanDerWaalsRadius + second.element.vanDerWaalsRadius
          lower[base + i * slots + j] = Float(contact - overlapTolerance)
          upper[base + i * slots + j] = 1e10
        }
      }
      for tie in residue.idealBonds + residue.idealAngleChords {
        guard let i = residue.atom14Index(of: tie.first),
          let j = residue.atom14Index(of: tie.second)
        else { continue }
        for place in [base + i * slots + j, base + j * slots + i] {
          lower[place] = Float(tie.length - bondToleranceFactor * tie.deviation)
          upper[place] = Float(tie.length + bondToleranceFactor * tie.deviation)
          deviation[place] = Float(tie.deviation)
        }
      }
    }
    self.lower = lower
    self.upper = upper
    self.deviation = deviation
  }
}

extension AminoAcid {
  /// Bond angles as distances between their outer atoms.
  ///
  /// Law of cosines, `c² = a² + b² − 2ab cos γ`; the deviation propagates those of a, b and γ as independent.
  public var idealAngleChords: [IdealBond] {
    let bonds = idealBonds
    func bond(_ first: AtomName, _ second: AtomName) -> IdealBond? {
      bonds.first {
        ($0.first, $0.second) == (first, second) || ($0.first, $0.second) == (second, first)
      }
    }
    return idealAngles.compactMap { angle in
      guard let a = bond(angle.first, angle.vertex), let b = bond(angle.vertex, angle.second) else {
        return nil
      }
      let gamma = angle.degrees * .pi / 180
      let (sine, cosine) = (sin(gamma), cos(gamma))
      let length = (a.length * a.length + b.length * b.length - 2 * a.length * b.length * cosine)
        .squareRoot()
      let byAngle = a.length * b.length * sine / length * (angle.deviation * .pi / 180)
      let byA = (a.length - b.length * cosine) / length * a.deviation
      let byB = (b.length - a.length * cosine) / length * b.deviation
      return IdealBond(
        angle.first, angle.second, length,
        (byAngle * byAngle + byA * byA + byB * byB).squareRoot())
    }
  }
}
