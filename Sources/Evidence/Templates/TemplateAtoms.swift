import Protein

extension Residue {
  /// Atoms of a residue by the 37 names, as AlphaFold takes them for templates.
  ///
  /// Selenium of selenomethionine stands for sulfur; NH1 and NH2 of arginine are swapped where NH2 is nearer to CD
  /// (`templates.py`, `_get_atom_positions`).
  var templateAtoms: [AtomName: SIMD3<Double>] {
    var atoms = standardAtoms.mapValues(\.position)
    if name == "ARG", let cd = atoms[.cd], let nh1 = atoms[.nh1], let nh2 = atoms[.nh2],
      squaredDistance(nh1, cd) > squaredDistance(nh2, cd)
    {
      atoms[.nh1] = nh2
      atoms[.nh2] = nh1
    }
    return atoms
  }
}

extension TemplateChain {
  /// Throws where an atom lies farther out than 10⁶ Å, or neighbours with a CA are farther apart than the limit in Å.
  func checkCoordinates(neighbourLimit limit: Double) throws(TemplateRejection) {
    for (place, residue) in residues.enumerated() {
      if residue?.atoms.contains(where: { !$0.isPlausible }) == true {
        throw .coordinatesTooLarge(residue: place + 1)
      }
    }
    var previous: SIMD3<Double>?
    for (place, residue) in residues.enumerated() {
      let current = residue?.standardAtoms[.ca]?.position
      if let previous, let current {
        let distance = squaredDistance(previous, current).squareRoot()
        if distance > limit { throw .brokenCoordinates(residue: place, distance: distance) }
      }
      previous = current
    }
  }
}

/// Squared distance of two points, Å².
private func squaredDistance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
  let difference = a - b
  return (difference * difference).sum()
}
