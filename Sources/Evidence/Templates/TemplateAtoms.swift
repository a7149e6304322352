import Protein

extension TemplateChain {
  /// Throws if an atom lies farther out than 10⁶ Å, or the CAs of neighbours are farther apart than the limit in Å.
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
        let difference = previous - current
        let distance = (difference * difference).sum().squareRoot()
        if distance > limit { throw .brokenCoordinates(residue: place, distance: distance) }
      }
      previous = current
    }
  }
}
