import FoldingCore
import NumericArrays
import Protein

/// The true structure in every form in which a loss reads it.
///
/// Made from atom coordinates by the released conversions: rigid groups (Suppl. Table 2), torsions, atom14 and its
/// renamed twin (Suppl. Table 3), pseudo-beta.
public struct StructureLabels<Real: RealNumber>: Sendable, Hashable {
  /// Residue types, 0 … 20. `[N_res]`
  public var aatype: [Int]
  /// Residue numbers; a step other than 1 is a chain break. `[N_res]`
  public var residueIndex: [Int]
  /// 1 where a residue takes part. `[N_res]`
  public var sequenceMask: [Real]
  /// Resolution in Å; 0 for NMR and predictions, which are excluded from the confidence losses.
  public var resolution: Real
  /// Atoms in the atom37 order, Å; 0 where unknown. `[N_res, 37, 3]`
  public var atom37Positions: [Real]
  /// 1 where the atom is known. `[N_res, 37]`
  public var atom37Mask: [Real]
  /// Atoms in the atom14 order, Å; 0 where unknown. `[N_res, 14, 3]`
  public var atom14Positions: [Real]
  /// 1 where the atom is known. `[N_res, 14]`
  public var atom14Mask: [Real]
  /// Atoms with symmetric names exchanged, Å. `[N_res, 14, 3]`
  public var alternativeAtom14Positions: [Real]
  /// 1 where the atom is known after the exchange. `[N_res, 14]`
  public var alternativeAtom14Mask: [Real]
  /// Frames of the rigid groups, Å. `[N_res, 8]`
  public var groupFrames: [RigidTransform<Real>]
  /// Frames with symmetric names exchanged: half a turn about x. `[N_res, 8]`
  public var alternativeGroupFrames: [RigidTransform<Real>]
  /// 1 where the three atoms of the group are known. `[N_res, 8]`
  public var groupMask: [Real]
  /// Sine and cosine of chi1 … chi4, of unit length. `[N_res, 4, 2]`
  public var chiSineCosine: [Real]
  /// 1 where the angle's four atoms are known. `[N_res, 4]`
  public var chiMask: [Real]
  /// Sine and cosine of omega, phi and psi, of unit length. `[N_res, 3, 2]`
  public var backboneSineCosine: [Real]
  /// 1 where the angle's four atoms are known and neighbours in the chain. `[N_res, 3]`
  public var backboneTorsionMask: [Real]
  /// CB, CA for glycine, Å. `[N_res, 3]`
  public var pseudoBeta: [Real]
  /// 1 where it is known. `[N_res]`
  public var pseudoBetaMask: [Real]

  /// Number of residues.
  public var count: Int { aatype.count }

  /// Backbone frames, Å. `[N_res]`
  public var backboneFrames: [RigidTransform<Real>] {
    (0..<count).map { groupFrames[$0 * RigidGroups.count] }
  }

  /// 1 where N, CA and C are known. `[N_res]`
  public var backboneMask: [Real] { (0..<count).map { groupMask[$0 * RigidGroups.count] } }

  /// Labels of a structure.
  ///
  /// - Parameters:
  ///   - aatype: residue types, 0 … 20. `[N_res]`
  ///   - residueIndex: residue numbers. `[N_res]`
  ///   - sequenceMask: 1 where a residue takes part; nil for all. `[N_res]`
  ///   - positions: atom37 coordinates in Å, 0 where missing. `[N_res, 37, 3]`
  ///   - mask: 1 where the atom is known. `[N_res, 37]`
  ///   - resolution: Å; 0 for NMR and predictions.
  @_specialize(where Real == Float)
  @_specialize(where Real == Double)
  public init(
    aatype: [Int], residueIndex: [Int], sequenceMask: [Real]? = nil, positions: [Real],
    mask: [Real], resolution: Real
  ) {
    let count = aatype.count
    programmingError(
      unless: residueIndex.count == count && positions.count == count * Atom37.count * 3
        && mask.count == count * Atom37.count,
      "StructureLabels: positions and mask must be those of \(count) residues")
    self.aatype = aatype
    self.residueIndex = residueIndex
    self.sequenceMask = sequenceMask ?? [Real](repeating: 1, count: count)
    self.resolution = resolution
    atom37Positions = positions
    atom37Mask = mask

    let atoms = AtomLabels(aatype: aatype, positions: positions, mask: mask)
    atom14Positions = atoms.positions
    atom14Mask = atoms.mask
    alternativeAtom14Positions = atoms.alternativePositions
    alternativeAtom14Mask = atoms.alternativeMask

    let groups = GroupLabels(aatype: aatype, positions: positions, mask: mask)
    groupFrames = groups.frames
    alternativeGroupFrames = groups.alternativeFrames
    groupMask = groups.mask

    let torsions = TorsionAngles(aatype: aatype, positions: positions, mask: mask)
    chiMask = (0..<count).flatMap { torsions.mask.row($0, of: 7).dropFirst(3) }
    chiSineCosine = (0..<count * ChiAngles.count).flatMap { angle in
      let place = (angle / 4 * 7 + 3 + angle % 4) * 2
      return unitVector(torsions.sineCosine[place], torsions.sineCosine[place + 1])
    }

    let backbone = BackboneTorsionLabels(
      residueIndex: residueIndex, positions: positions, mask: mask)
    backboneSineCosine = backbone.sineCosine
    backboneTorsionMask = backbone.mask

    let beta = aatype.enumerated().map { residue, type in
      residue * Atom37.count + AtomName.pseudoBeta(of: type).index
    }
    pseudoBeta = beta.flatMap { positions.row($0, of: 3) }
    pseudoBetaMask = beta.map { mask[$0] }
  }

  /// The target of the side-chain error when the given residues take their alternative names.
  func renamed(
    where renamed: [Bool]
  ) -> (
    groupFrames: [RigidTransform<Real>], groupMask: [Real], atom14Positions: [Real],
    atom14Mask: [Real]
  ) {
    func choose<Value>(_ plain: [Value], _ alternative: [Value]) -> [Value] {
      let size = plain.count / max(count, 1)
      return (0..<count).flatMap { (renamed[$0] ? alternative : plain).row($0, of: size) }
    }
    return (
      choose(groupFrames, alternativeGroupFrames), groupMask,
      choose(atom14Positions, alternativeAtom14Positions),
      choose(atom14Mask, alternativeAtom14Mask)
    )
  }
}

/// The vector divided by its length; (0, 1), the angle 0, for the zero vector.
private func unitVector<Real: RealNumber>(_ sine: Real, _ cosine: Real) -> [Real] {
  let length = (sine * sine + cosine * cosine).squareRoot()
  return length > 0 ? [sine / length, cosine / length] : [0, 1]
}
