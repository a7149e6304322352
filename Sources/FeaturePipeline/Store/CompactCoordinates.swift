import HDF5Files
import NumericArrays
import Protein

/// Atom coordinates as the store keeps them: only known atoms, in units of 0.001 Å, as differences.
///
/// Datasets below a group: `atoms` uint8 `[rows, N_res, 5]`, bit k (lowest first) set where atom k of the atom37 order is known;
/// `coordinates` `[atoms, 3]`, for the known atoms in order the difference to the atom before (the first to 0) in 0.001 Å, as `2d`
/// for d ≥ 0 and `-2d - 1` otherwise, uint16 if all fit, else int32. Coordinates that are not multiples of 0.001 Å can be kept
/// exactly: float32 `exact_coordinates` `[atoms, 3]`.
struct CompactCoordinates {
  private static let atomCount = AtomName.count
  private static let maskBytes = 5
  /// Residues of all rows together: a thousand templates of 10,000 residues.
  private static let maximumCells = 10_000_000
  /// Largest coordinate, Å.
  private static let limit: Float = 1e6

  /// Writes `positions` `[rows, N_res, 37, 3]` and `mask` `[rows, N_res, 37]` below `group`.
  ///
  /// With `rounding` coordinates are rounded to 0.001 Å; without, they come back exactly as they were.
  static func write(
    positions: NDArray<Float>, mask: NDArray<Float>, rounding: Bool, to file: HDF5File,
    group: String
  ) throws {
    let cells = mask.count / atomCount
    var bits = [UInt8](repeating: 0, count: cells * maskBytes)
    var known: [Float] = []
    for atom in mask.values.indices where mask.values[atom] > 0.5 {
      let (cell, slot) = (atom / atomCount, atom % atomCount)
      bits[cell * maskBytes + slot / 8] |= 1 << UInt8(slot % 8)
      known += positions.values[atom * 3..<atom * 3 + 3]
    }
    guard known.allSatisfy({ abs($0) < limit }) else {
      throw InputError.array(
        file: file.path, name: group + "/coordinates", found: "not finite or beyond 10⁶ Å",
        expected: "coordinates in Å")
    }
    try file.write(
      NDArray(shape: Array(mask.shape.dropLast()) + [maskBytes], values: bits),
      to: group + "/atoms", layout: .compressed)
    let shape = [known.count / 3, 3]
    let milli = known.map { Int32((Double($0) * 1000).rounded()) }
    if !rounding, zip(known, milli).contains(where: { $0 != angstroms($1) }) {
      let exact = NDArray(shape: shape, values: known)
      try file.write(exact, to: group + "/exact_coordinates", layout: .compressed)
      return
    }
    let codes = encode(milli)
    if codes.allSatisfy({ (0...Int32(UInt16.max)).contains($0) }) {
      let narrow = NDArray(shape: shape, values: codes.map { UInt16($0) })
      try file.write(narrow, to: group + "/coordinates", layout: .compressed)
    } else {
      try file.write(
        NDArray(shape: shape, values: codes), to: group + "/coordinates", layout: .compressed)
    }
  }

  /// Reads what `write` wrote, `rows` × `residues` cells; `positions` is 0 where atoms are unknown.
  static func read(
    from file: HDF5File, group: String, rows: Int, residues: Int
  ) throws -> (positions: NDArray<Float>, mask: NDArray<Float>) {
    let stored = try file.info(of: group + "/atoms").shape
    guard stored == [rows, residues, maskBytes] else {
      throw InputError.array(
        file: file.path, name: group + "/atoms", found: "of shape \(stored)",
        expected: "shape \([rows, residues, maskBytes])")
    }
    // Zeros take no space in the file, but 592 bytes per residue in memory.
    guard rows <= maximumCells / max(1, residues) else {
      throw InputError.array(
        file: file.path, name: group + "/atoms", found: "of shape \(stored)",
        expected: "at most \(maximumCells) residues in all rows together")
    }
    let bits = try file.read(group + "/atoms", as: UInt8.self)
    let shape = [rows, residues, atomCount]
    var mask = NDArray<Float>(repeating: 0, shape: shape)
    var atoms: [Int] = []
    for atom in mask.values.indices {
      let (cell, slot) = (atom / atomCount, atom % atomCount)
      guard bits.values[cell * maskBytes + slot / 8] >> UInt8(slot % 8) & 1 == 1 else { continue }
      mask.values[atom] = 1
      atoms.append(atom)
    }
    let known = try knownCoordinates(of: file, group: group, count: atoms.count)
    var positions = NDArray<Float>(repeating: 0, shape: shape + [3])
    for (index, atom) in atoms.enumerated() {
      for axis in 0..<3 { positions.values[atom * 3 + axis] = known[index * 3 + axis] }
    }
    return (positions, mask)
  }

  private static func knownCoordinates(
    of file: HDF5File, group: String, count: Int
  ) throws -> [Float] {
    let exact = group + "/exact_coordinates"
    let name = try file.exists(exact) ? exact : group + "/coordinates"
    let shape = try file.info(of: name).shape
    guard shape == [count, 3] else {
      throw InputError.array(
        file: file.path, name: name, found: "of shape \(shape)", expected: "shape \([count, 3])")
    }
    if name == exact { return try file.read(name, as: Float.self).values }
    return decode(try file.read(name, as: Int32.self).values).map(angstroms)
  }

  private static func angstroms(_ milli: Int32) -> Float { Float(Double(milli) / 1000) }

  /// Differences along each axis, folded to non-negative numbers.
  private static func encode(_ values: [Int32]) -> [Int32] {
    values.indices.map { index in
      let difference = values[index] - (index < 3 ? 0 : values[index - 3])
      return (difference << 1) ^ (difference >> 31)
    }
  }

  private static func decode(_ codes: [Int32]) -> [Int32] {
    var values = codes
    for index in values.indices {
      let code = UInt32(bitPattern: codes[index])
      let difference = Int32(bitPattern: (code >> 1) ^ (0 &- (code & 1)))
      values[index] = difference &+ (index < 3 ? 0 : values[index - 3])
    }
    return values
  }
}
