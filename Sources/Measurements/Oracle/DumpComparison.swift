import ArrayFiles
import FoldingModel
import NumericArrays

/// Compares two dumps tensor by tensor: `‖x − x_ref‖ / ‖x_ref‖` over the cells whose mask is 1.
public struct DumpComparison: Sendable {
  /// Deviation of one tensor from its reference.
  public struct Deviation: Sendable {
    /// Name in both dumps.
    public let name: String
    /// Relative error; infinite where there is a problem.
    public let relative: Double
    /// Largest absolute difference of any cell.
    public let largest: Double
    /// Why there is nothing to compare, such as `missing`; nil if there is.
    public let problem: String?

    fileprivate init(_ name: String, relative: Double, largest: Double) {
      let isNumber = !relative.isNaN
      (self.name, problem) = (name, nil)
      self.relative = isNumber ? relative : .infinity
      self.largest = isNumber ? largest : .infinity
    }

    fileprivate init(_ name: String, problem: String) {
      (self.name, self.problem) = (name, problem)
      (relative, largest) = (.infinity, .infinity)
    }
  }

  private let reference, found: NumpyArchive
  private let inputs: NumpyArchive?

  /// Dumps to compare.
  ///
  /// - Parameter inputs: the processed features of both; with them, masked-out MSA cells are ignored.
  public init(reference: String, found: String, inputs: String?) throws {
    self.reference = try NumpyArchive(path: reference)
    self.found = try NumpyArchive(path: found)
    self.inputs = try inputs.map { try NumpyArchive(path: $0) }
  }

  /// Every tensor of the reference that says something about the network or that the other dump lacks, in order of its name.
  ///
  /// - Parameter selection: only names that contain this.
  public func deviations(selection: String?) throws -> [Deviation] {
    try reference.names.sorted().compactMap { name in
      if let selection, !name.contains(selection) { return nil }
      if !found.contains(name) { return Deviation(name, problem: "missing") }
      // What a pass starts from is a result of the one before, or was given.
      if name.contains("/prev_") { return nil }
      guard let expected = try reference.array(named: name).floats else { return nil }
      return try deviation(name, expected)
    }
  }

  /// For each pass, the number of residue pairs in another distance bin than in the reference, as the next pass reads them.
  ///
  /// Empty without the inputs, which define the residues.
  public func flippedBins() throws -> [(pass: Int, flipped: Int, pairs: Int)] {
    guard let inputs, inputs.contains("aatype"),
      let types = try inputs.array(named: "aatype").integers, types.shape.count == 2,
      types.shape[0] > 0
    else { return [] }
    var result: [(pass: Int, flipped: Int, pairs: Int)] = []
    for pass in 0... {
      let name = "pass\(pass)/structure_module/final_atom_positions"
      guard reference.contains(name), found.contains(name) else { break }
      let draw = min(pass, types.shape[0] - 1)
      let aatype = types.slice(draw).values.map { Int($0) }
      let bins = try [reference, found].map { dump in
        guard let positions = try dump.array(named: name).floats,
          positions.shape == [aatype.count, 37, 3]
        else { return [Int?]() }
        return PreviousPass.distanceBins(aatype: aatype, positions: positions)
      }
      let flipped = zip(bins[0], bins[1]).count { $0 != $1 }
      result.append((pass, flipped, min(bins[0].count, bins[1].count)))
    }
    return result
  }

  private func deviation(_ name: String, _ expected: NDArray<Float>) throws -> Deviation {
    let array = try found.array(named: name)
    guard let values = array.floats, values.shape == expected.shape else {
      return Deviation(
        name, problem: "\(array.elementName) \(array.shape), expected \(expected.shape)")
    }
    let mask = try mask(of: name, shape: expected.shape)
    let width = mask.map { expected.count / max(1, $0.count) } ?? 1
    var (difference, norm, largest) = (0.0, 0.0, 0.0)
    for index in 0..<expected.count {
      if let mask, mask[index / width] == 0 { continue }
      let (x, y) = (Double(expected.values[index]), Double(values.values[index]))
      difference += (x - y) * (x - y)
      norm += x * x
      largest = max(largest, abs(x - y))
    }
    let relative = norm > 0 ? (difference / norm).squareRoot() : (difference == 0 ? 0 : .infinity)
    return Deviation(name, relative: relative, largest: largest)
  }

  /// The mask of the rows that an MSA tensor has, in the pass it belongs to; nil for other tensors.
  private func mask(of name: String, shape: [Int]) throws -> [Float]? {
    guard shape.count == 3, name.hasPrefix("pass"), name.contains("msa"),
      let pass = Int(name.dropFirst(4).prefix { $0.isNumber })
    else { return nil }
    func draw(_ key: String) throws -> NDArray<Float>? {
      guard let inputs, inputs.contains(key), let all = try inputs.array(named: key).floats,
        all.shape.count > 2, all.shape[0] > 0
      else { return nil }
      return all.slice(min(pass, all.shape[0] - 1))
    }
    let isExtra = name.contains("extra")
    guard let rows = try draw(isExtra ? "extra_msa_mask" : "msa_mask") else { return nil }
    if rows.shape == Array(shape.prefix(2)) { return rows.values }
    // Template rows follow the clusters; a cell counts if the psi angle is known: N, CA, C and O.
    guard !isExtra, let atoms = try draw("template_all_atom_masks"), atoms.shape.count == 3,
      rows.shape[0] + atoms.shape[0] == shape[0], atoms.shape[1] == shape[1], atoms.shape[2] == 37
    else { return nil }
    let known = (0..<atoms.shape[0] * atoms.shape[1]).map { cell in
      [0, 1, 2, 4].map { atoms.values[cell * 37 + $0] }.reduce(1, *)
    }
    return rows.values + known
  }
}
