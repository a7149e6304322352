import NumericArrays
import Protein

/// Structural violations of predicted atoms and their parts.
///
/// Suppl. 1.9.11.
public struct ViolationLoss<Real: RealNumber>: Sendable {
  /// Sum of all parts.
  public var value: Real
  /// Gradient of the sum, per Å. `[N_res, 14, 3]`
  public var gradient: [Real]
  /// Peptide bonds.
  public var peptideBond: PeptideBondViolation<Real>
  /// Overlaps between residues per atom, Å.
  public var clash: Real
  /// Distances out of bounds inside residues per atom, Å.
  public var withinResidue: Real
}

/// Tolerances of the violation loss.
public struct ViolationTolerances: Codable, Hashable, Sendable {
  /// Standard deviations by which bonds and angles may deviate (`violation_tolerance_factor`).
  public var deviations = 12.0
  /// Overlap of van der Waals spheres allowed, Å (`clash_overlap_tolerance`).
  public var overlap = 1.5

  /// The released values.
  public init() {}
}

/// Computes the violation loss with bounds that are computed once.
public struct StructuralViolations: Sendable {
  let tolerances: ViolationTolerances
  let bounds: DistanceBounds

  /// Violations with the given tolerances.
  public init(_ tolerances: ViolationTolerances = ViolationTolerances()) {
    self.tolerances = tolerances
    bounds = DistanceBounds(
      overlapTolerance: tolerances.overlap, bondToleranceFactor: tolerances.deviations)
  }

  /// The loss of predicted atoms: peptide bonds plus clashes and bounds per atom.
  ///
  /// - Parameters:
  ///   - atom14Positions: Å. `[N_res, 14, 3]`
  ///   - aatype: residue types. `[N_res]`
  ///   - residueIndex: residue numbers. `[N_res]`
  public func callAsFunction<Real: RealNumber>(
    atom14Positions: [Real], aatype: [Int], residueIndex: [Int]
  ) -> ViolationLoss<Real> {
    let bonds = PeptideBondViolation(
      atom14Positions: atom14Positions, aatype: aatype, residueIndex: residueIndex,
      toleranceFactor: Real(tolerances.deviations))
    let clash = clashViolation(
      atom14Positions: atom14Positions, aatype: aatype, residueIndex: residueIndex,
      tolerance: Real(tolerances.overlap))
    let within = withinResidueViolation(
      atom14Positions: atom14Positions, aatype: aatype, bounds: bounds)
    let atoms = aatype.reduce(0) { count, type in
      count + Atom14.mask.row(type, of: Atom14.count).count { $0 != 0 }
    }
    let perAtom = 1 / (1e-6 + Real(atoms))
    let gradient = bonds.gradient.indices.map {
      bonds.gradient[$0] + perAtom * (clash.gradient[$0] + within.gradient[$0])
    }
    let parts = bonds.bond + bonds.angleAtC + bonds.angleAtN
    return ViolationLoss(
      value: parts + perAtom * (clash.value + within.value), gradient: gradient,
      peptideBond: bonds, clash: clash.value * perAtom,
      withinResidue: within.value * perAtom)
  }
}
