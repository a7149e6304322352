import Messages
import NumericArrays
import Protein

/// The raw feature dictionary of AlphaFold2, HelixFold and Uni-Fold (`features.pkl`): arrays by name.
///
/// Alignment and templates are numbered in HHblits order there and in the network's order here; both mappings are in this file
/// only.
public struct AlphaFoldFeatures: Sendable {
  /// File that messages name.
  public let file: String
  /// Arrays by name.
  public let arrays: [String: AnyNDArray]

  /// Names of the strings that are used; an alignment may have others for each row.
  static let texts: Set = ["domain_name", "sequence", "template_domain_names", "template_sequence"]

  /// Name of the deletions; Uni-Fold writes them as a sparse matrix with the prefix `sparse_`.
  static let deletions = "deletion_matrix_int"

  /// A dictionary read from `file`.
  public init(file: String, arrays: [String: AnyNDArray]) {
    self.file = file
    self.arrays = arrays
  }

  /// The features in our form; `id` replaces the dictionary's own name if given.
  public func rawFeatures(id: String? = nil) throws(InputError) -> RawFeatures {
    try requireOneChain()
    let aatype = try residueTypes()
    let letters = aatype.map { AminoAcid(rawValue: $0) ?? .unknown }
    let name = strings("domain_name")?.first ?? ""
    var raw = RawFeatures(id: id ?? TargetName.sanitized(name), sequence: ProteinSequence(letters))
    raw.header = TargetName.description(name, besides: raw.id)
    let count = aatype.count
    if let sequence = strings("sequence")?.first, !sequence.isEmpty {
      try requireAgreement(sequence, aatype)
      raw.sequence = sequence
    }
    raw.residueIndex = try integers("residue_index", shape: [count])
    try requireIncreasing(raw.residueIndex)
    if arrays["between_segment_residues"] != nil {
      raw.hasBreak = try integers("between_segment_residues", shape: [count]).map { $0 > 0 }
    }
    try readAlignment(into: &raw)
    raw.templates = try templates(residueCount: count)
    try raw.validate(file: file)
    return raw
  }

  /// Throws for the features of a complex, whose chains AlphaFold-Multimer distinguishes by `asym_id`.
  private func requireOneChain() throws(InputError) {
    let values = arrays["asym_id"]?.floats?.values ?? []
    guard values.allSatisfy(\.isFinite) else {
      throw .array(
        file: file, name: "asym_id", found: "NaN or infinite in places",
        expected: "one number for all residues")
    }
    let chains = Set(values)
    guard chains.count > 1 else { return }
    throw .content(
      file: file,
      problem: "holds \(chains.count) chains ('asym_id'), but only single chains are supported")
  }

  /// Throws unless letters and residue types agree; a residue that is unknown in either may be anything in the other.
  private func requireAgreement(_ sequence: String, _ aatype: [UInt8]) throws(InputError) {
    guard sequence.utf8.count == aatype.count else {
      throw .array(
        file: file, name: "sequence", found: "of \(counted(sequence.utf8.count, "letter"))",
        expected: "\(aatype.count), as many as 'aatype' has residues")
    }
    for (place, (letter, type)) in zip(sequence, aatype).enumerated() {
      guard let own = AminoAcid(letter: letter)?.rawValue, own < 20, type < 20, own != type else {
        continue
      }
      let expected = AminoAcid(rawValue: type)?.letter ?? "X"
      throw .array(
        file: file, name: "sequence", found: "with \(letter) at position \(place + 1)",
        expected: "\(expected), as 'aatype' says")
    }
  }

  private func requireIncreasing(_ numbers: [Int32]) throws(InputError) {
    for residue in numbers.indices.dropFirst() where numbers[residue] <= numbers[residue - 1] {
      throw .array(
        file: file, name: "residue_index",
        found: "\(numbers[residue]) after \(numbers[residue - 1]) at residue \(residue + 1)",
        expected: "numbers that increase along the chain")
    }
  }

  private func residueTypes() throws(InputError) -> [UInt8] {
    let array = try array("aatype")
    guard let values = array.integers?.values else { throw inexact("aatype", array) }
    if array.shape.count == 1 {
      if let wrong = values.first(where: { !(0...20 ~= $0) }) {
        throw .array(
          file: file, name: "aatype", found: "out of range (\(wrong))", expected: "0 … 20")
      }
      return values.map { UInt8($0) }
    }
    guard array.shape.count == 2, array.shape[1] == 21 else {
      throw wrong("aatype", array, "shape [N_res, 21]")
    }
    return Self.largest(values, classes: 21)
  }

  private func readAlignment(into raw: inout RawFeatures) throws(InputError) {
    guard arrays["msa"] != nil else { return }
    let array = try array("msa")
    guard array.shape.count == 2, array.shape[1] == raw.residueCount, let rows = array.shape.first
    else { throw wrong("msa", array, "integers of shape [N_seq, \(raw.residueCount)]") }
    guard let values = array.integers?.values else { throw inexact("msa", array) }
    guard values.allSatisfy({ 0...21 ~= $0 }) else {
      throw wrong("msa", array, "classes 0 … 21 in HHblits order")
    }
    let shape = [rows, raw.residueCount]
    raw.msa = NDArray(shape: shape, values: values.map { HHblitsAlphabet.networkIndex[Int($0)] })
    let name = arrays[Self.deletions] != nil ? Self.deletions : "deletion_matrix"
    let deletions = try integers(name, shape: shape)
    if let wrong = deletions.first(where: { $0 < 0 }) {
      throw .array(
        file: file, name: name, found: "negative in places (\(wrong))", expected: "0 or more")
    }
    raw.deletions = NDArray(shape: shape, values: deletions.map { UInt16(clamping: $0) })
    raw.rowNames = []
    raw.sources = [AlignmentSource(name: fileName, rows: rows, newRows: rows)]
  }

  private func templates(residueCount n: Int) throws(InputError) -> TemplateStructures {
    guard let types = arrays["template_aatype"], types.shape.first ?? 0 > 0 else {
      return TemplateStructures(residueCount: n)
    }
    guard types.shape.count == 3, types.shape[1...] == [n, 22], let oneHot = types.floats else {
      throw wrong("template_aatype", types, "shape [N_templ, \(n), 22]")
    }
    let count = types.shape[0]
    let maskName =
      arrays["template_all_atom_masks"] == nil
      ? "template_all_atom_mask" : "template_all_atom_masks"
    let mask = try floats(maskName, shape: [count, n, AtomName.count])
    var positions = try floats(
      "template_all_atom_positions", shape: [count, n, AtomName.count, 3])
    for (atom, known) in mask.values.enumerated() where known == 0 {
      for axis in atom * 3..<atom * 3 + 3 where !positions.values[axis].isFinite {
        positions.values[axis] = 0
      }
    }
    let classes = Self.largest(oneHot.values, classes: 22)
    let named = strings("template_domain_names") ?? []
    let sequences = strings("template_sequence") ?? []
    let probabilities = arrays["template_sum_probs"]?.floats?.values ?? []
    return TemplateStructures(
      names: (0..<count).map { $0 < named.count ? named[$0] : "template_\($0 + 1)" },
      sequences: (0..<count).map { $0 < sequences.count ? sequences[$0] : "" },
      aatype: NDArray(
        shape: [count, n], values: classes.map { HHblitsAlphabet.networkIndex[Int($0)] }),
      positions: positions, mask: mask,
      sumProbabilities: (0..<count).map { $0 < probabilities.count ? probabilities[$0] : 0 })
  }

  /// Index of the largest of each `classes` values; the first one in case of ties.
  private static func largest<Value: Comparable>(_ values: [Value], classes: Int) -> [UInt8] {
    stride(from: 0, to: values.count, by: classes).map { start in
      var best = start
      for place in start..<start + classes where values[place] > values[best] { best = place }
      return UInt8(best - start)
    }
  }

  private var fileName: String { file.split(separator: "/").last.map(String.init) ?? file }

  private func array(_ name: String) throws(InputError) -> AnyNDArray {
    guard let array = arrays[name] else {
      throw .array(file: file, name: name, found: "missing", expected: "an array of raw features")
    }
    return array
  }

  private func integers(_ name: String, shape: [Int]) throws(InputError) -> [Int32] {
    let array = try array(name)
    guard array.shape == shape else { throw wrong(name, array, "integers of shape \(shape)") }
    guard let values = array.integers else { throw inexact(name, array) }
    return values.values
  }

  private func floats(_ name: String, shape: [Int]) throws(InputError) -> NDArray<Float> {
    let array = try array(name)
    guard array.shape == shape, let values = array.floats else {
      throw wrong(name, array, "numbers of shape \(shape)")
    }
    return values
  }

  private func strings(_ name: String) -> [String]? {
    if case .string(let array)? = arrays[name] { return array.values }
    return nil
  }

  /// The error of an array of the right shape whose values are not such integers.
  private func inexact(_ name: String, _ array: AnyNDArray) -> InputError {
    guard let value = array.firstInexact else { return wrong(name, array, "integers") }
    return .array(
      file: file, name: name, found: "no integer of 32 bits in places (\(value))",
      expected: "integers from \(Int32.min) to \(Int32.max)")
  }

  private func wrong(_ name: String, _ array: AnyNDArray, _ expected: String) -> InputError {
    .array(
      file: file, name: name, found: "\(array.elementName) of shape \(array.shape)",
      expected: expected)
  }
}

extension RawFeatures {
  /// The dictionary that AlphaFold2 writes as `features.pkl`: same names, shapes, element types and numbering.
  public var alphaFoldArrays: [String: AnyNDArray] {
    let (n, m, t) = (residueCount, rowCount, templates.count)
    func perResidue(_ value: Int) -> AnyNDArray {
      .int32(NDArray(repeating: Int32(value), shape: [n]))
    }
    var aatypeOneHot = NDArray<Int32>(repeating: 0, shape: [n, 21])
    for (i, type) in aatype.enumerated() { aatypeOneHot.values[i * 21 + Int(type)] = 1 }
    var templateOneHot = NDArray<Float>(repeating: 0, shape: [t, n, 22])
    for (cell, type) in templates.aatype.values.enumerated() {
      templateOneHot.values[cell * 22 + Int(Self.hhblitsIndex[Int(type)])] = 1
    }
    // AlphaFold2 writes the whole header; only the name is written if another name would be read from the header.
    let name = TargetName.sanitized(header) == id ? header : id
    return [
      "aatype": .int32(aatypeOneHot),
      "between_segment_residues": .int32(NDArray(shape: [n], values: hasBreak.map { $0 ? 1 : 0 })),
      "domain_name": .string(NDArray(shape: [1], values: [name])),
      "sequence": .string(NDArray(shape: [1], values: [sequence])),
      "residue_index": .int32(NDArray(shape: [n], values: residueIndex)),
      "seq_length": perResidue(n),
      "num_alignments": perResidue(m),
      "msa": .int32(msa.map { Self.hhblitsIndex[Int($0)] }),
      "deletion_matrix_int": .int32(deletions.map { Int32($0) }),
      "template_aatype": .float32(templateOneHot),
      "template_all_atom_masks": .float32(templates.mask),
      "template_all_atom_positions": .float32(templates.positions),
      "template_domain_names": .string(NDArray(shape: [t], values: templates.names)),
      "template_sequence": .string(NDArray(shape: [t], values: templates.sequences)),
      "template_sum_probs": .float32(NDArray(shape: [t, 1], values: templates.sumProbabilities)),
    ]
  }

  /// HHblits index for each network index.
  private static let hhblitsIndex: [Int32] = {
    var table = [Int32](repeating: 0, count: 22)
    for (hhblits, network) in HHblitsAlphabet.networkIndex.enumerated() {
      table[Int(network)] = Int32(hhblits)
    }
    return table
  }()
}
