import Protein

/// Helices and strands by hydrogen bonds of the backbone.
///
/// Kabsch & Sander 1983: C=O and N–H are bonded if their electrostatic energy is below −0.5 kcal/mol; two turns in a row make a
/// helix, two bridges in a row a strand.
///
/// - Departure: three kinds, for drawing: 3₁₀, α and π helices are all helices, and single bridges are coil.
public enum SecondaryStructure: Character, Sendable {
  case coil = "C"
  case helix = "H"
  case strand = "E"

  /// The kind of each residue of a chain; coil if backbone atoms are missing. `[N_res]`
  public static func assign(_ residues: [Residue]) -> [SecondaryStructure] {
    // Each interruption of the chain leaves more empty places than a turn is long, so that no turn spans it.
    var places: [Int] = []
    for (index, residue) in residues.enumerated() {
      let isInterrupted = index > 0 && residue.isAfterBreak(residues[index - 1])
      places.append((places.last.map { $0 + 1 } ?? 0) + (isInterrupted ? 10 : 0))
    }
    var chain = [Residue?](repeating: nil, count: (places.last ?? -1) + 1)
    for (place, residue) in zip(places, residues) { chain[place] = residue }
    let bonds = HydrogenBonds(chain)
    var kinds = [SecondaryStructure](repeating: .coil, count: chain.count)
    for residue in bonds.strandResidues { kinds[residue] = .strand }
    for length in [5, 3, 4] {
      for start in chain.indices.dropFirst()
      where bonds.isTurn(at: start - 1, length: length) && bonds.isTurn(at: start, length: length) {
        for residue in start..<min(start + length, chain.count) { kinds[residue] = .helix }
      }
    }
    return places.map { kinds[$0] }
  }
}

/// Bonds from the C=O of one residue to the N–H of another.
private struct HydrogenBonds {
  private let bonds: Set<Bond>
  private let count: Int

  private struct Bond: Hashable {
    var acceptor, donor: Int
  }

  private struct Backbone {
    var n, h, ca, c, o: SIMD3<Double>
  }

  /// - Parameter residues: nil where the chain is interrupted.
  init(_ residues: [Residue?]) {
    let backbone = Self.backbone(residues)
    let cells = Dictionary(
      grouping: backbone.indices.filter { backbone[$0] != nil },
      by: { Self.cell(backbone[$0]?.ca ?? .zero) })
    var bonds: Set<Bond> = []
    for (place, members) in cells {
      for offset in Self.neighbours {
        for donor in cells[place &+ offset] ?? [] {
          for acceptor in members where abs(acceptor - donor) >= 2 {
            guard let a = backbone[acceptor], let d = backbone[donor], Self.isBonded(a, d) else {
              continue
            }
            bonds.insert(Bond(acceptor: acceptor, donor: donor))
          }
        }
      }
    }
    self.bonds = bonds
    count = residues.count
  }

  /// Whether the C=O of a residue is bonded to the N–H `length` residues later.
  func isTurn(at residue: Int, length: Int) -> Bool {
    bonds.contains(Bond(acceptor: residue, donor: residue + length))
  }

  /// Residues in two or more consecutive bridges.
  var strandResidues: Set<Int> {
    var bridged: Set<Int> = []
    for bond in bonds {
      let (a, d) = (bond.acceptor, bond.donor)
      // Parallel: O(i-1)…H(j) and O(j)…H(i+1). Antiparallel: both ways, or O(i-1)…H(j+1) and O(j-1)…H(i+1).
      if has(d, a + 2) { note(a + 1, d, &bridged) }
      if has(d, a) { note(a, d, &bridged) }
      if has(d - 2, a + 2) { note(a + 1, d - 1, &bridged) }
    }
    return bridged.filter { bridged.contains($0 - 1) || bridged.contains($0 + 1) }
  }

  private func has(_ acceptor: Int, _ donor: Int) -> Bool {
    bonds.contains(Bond(acceptor: acceptor, donor: donor))
  }

  private func note(_ i: Int, _ j: Int, _ bridged: inout Set<Int>) {
    guard abs(i - j) >= 3, (0..<count).contains(i), (0..<count).contains(j) else { return }
    bridged.formUnion([i, j])
  }

  /// Edge of the cells for neighbour search: C-alphas of bonded residues are within 9 Å.
  private static let edge = 9.0

  private static func cell(_ place: SIMD3<Double>) -> SIMD3<Int32> {
    let index = (place / edge).rounded(.down)
    return SIMD3(Int32(clamping: index.x), Int32(clamping: index.y), Int32(clamping: index.z))
  }

  private static let neighbours: [SIMD3<Int32>] = (-1...1).flatMap { x in
    (-1...1).flatMap { y in (-1...1).map { SIMD3(Int32(x), Int32(y), Int32($0)) } }
  }

  private static func isBonded(_ acceptor: Backbone, _ donor: Backbone) -> Bool {
    func inverse(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
      1 / max(((a - b) * (a - b)).sum().squareRoot(), 0.5)
    }
    // Charges 0.42 e and 0.20 e, 332 Å kcal/mol e⁻².
    let energy =
      0.42 * 0.20 * 332
      * (inverse(acceptor.o, donor.n) + inverse(acceptor.c, donor.h)
        - inverse(acceptor.o, donor.h) - inverse(acceptor.c, donor.n))
    return energy < -0.5
  }

  /// Backbone atoms with the hydrogen of N–H placed against the carbonyl before it; no hydrogen for proline.
  private static func backbone(_ residues: [Residue?]) -> [Backbone?] {
    var previous: (c: SIMD3<Double>, o: SIMD3<Double>)?
    return residues.map { residue in
      guard let residue else {
        previous = nil
        return nil
      }
      let atoms = residue.standardAtoms
      guard let n = atoms[.n]?.position, let ca = atoms[.ca]?.position, let c = atoms[.c]?.position,
        let o = atoms[.o]?.position, (n + ca + c + o).sum().isFinite
      else {
        previous = nil
        return nil
      }
      defer { previous = (c, o) }
      var hydrogen = n
      if let previous, residue.aminoAcid != .proline {
        let direction = previous.c - previous.o
        let length = (direction * direction).sum().squareRoot()
        if length > 0.5 { hydrogen = n + direction / length }
      }
      return Backbone(n: n, h: hydrogen, ca: ca, c: c, o: o)
    }
  }
}

extension Int32 {
  /// The nearest whole number that fits; 0 for NaN.
  fileprivate init(clamping value: Double) {
    self = value.isFinite ? Int32(Swift.min(Swift.max(value, -1e9), 1e9)) : 0
  }
}
