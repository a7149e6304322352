import NumericArrays
import Protein

/// What is known about one target before anything is drawn: sequence, alignment and template structures.
///
/// The content of AlphaFold2's `features.pkl`, in the network's alphabet `ARNDCQEGHILKMFPSTWYVX-` and in small
/// integers. Suppl. 1.2.
public struct RawFeatures: Sendable, Hashable {
  /// Name of the target, safe as a file name.
  public var id: String
  /// The target's FASTA header on one line; empty if it is only the name.
  public var header: String
  /// One-letter codes. `N_res` letters
  public var sequence: String
  /// Residue types 0 … 20. `[N_res]`
  public var aatype: [UInt8]
  /// Residue numbers, from 0; a jump is a chain break. `[N_res]`
  public var residueIndex: [Int32]
  /// Whether a domain begins after a linker here (`between_segment_residues` > 0); false for chains. `[N_res]`
  public var hasBreak: [Bool]
  /// Alignment in classes 0 … 21, the target in row 0: `[N_seq, N_res]`.
  public var msa: NDArray<UInt8>
  /// Letters deleted before each cell, at most 65,535. `[N_seq, N_res]`
  public var deletions: NDArray<UInt16>
  /// Headers of the rows, or empty if unknown. `[N_seq]`
  public var rowNames: [String]
  /// Files the rows came from, in order.
  public var sources: [AlignmentSource]
  /// Template structures, possibly none.
  public var templates: TemplateStructures

  /// Number of residues.
  public var residueCount: Int { aatype.count }
  /// Number of alignment rows, the target included.
  public var rowCount: Int { msa.shape.first ?? 0 }

  /// A target without alignment or templates: single-sequence mode.
  public init(id: String, sequence: ProteinSequence) {
    let count = sequence.count
    self.id = id
    header = ""
    self.sequence = sequence.letters
    aatype = sequence.residues.map(\.rawValue)
    residueIndex = (0..<count).map(Int32.init)
    hasBreak = [Bool](repeating: false, count: count)
    msa = NDArray(shape: [1, count], values: aatype)
    deletions = NDArray(repeating: 0, shape: [1, count])
    rowNames = [id]
    sources = []
    templates = TemplateStructures(residueCount: count)
  }
}

/// Origin of alignment rows.
public struct AlignmentSource: Sendable, Hashable, Codable {
  /// File name without folders, or with them where several files have the same name.
  public var name: String
  /// Rows in the file, the query included.
  public var rows: Int
  /// Rows not present in earlier files.
  public var newRows: Int

  /// A source.
  public init(name: String, rows: Int, newRows: Int) {
    self.name = name
    self.rows = rows
    self.newRows = newRows
  }
}

/// Template structures aligned to the target.
public struct TemplateStructures: Sendable, Hashable {
  /// Names such as `1abc_A`. `[N_templ]`
  public var names: [String]
  /// Template sequences aligned to the target, or empty strings. `[N_templ]`
  public var sequences: [String]
  /// Residue types 0 … 20, 21 where the template has no residue. `[N_templ, N_res]`
  public var aatype: NDArray<UInt8>
  /// Coordinates in the atom37 order, Å. `[N_templ, N_res, 37, 3]`
  public var positions: NDArray<Float>
  /// 1 where the atom is known. `[N_templ, N_res, 37]`
  public var mask: NDArray<Float>
  /// Sum of the posterior probabilities of the hit. `[N_templ]`
  public var sumProbabilities: [Float]

  /// No templates.
  public init(residueCount: Int) {
    names = []
    sequences = []
    aatype = NDArray(shape: [0, residueCount], values: [])
    positions = NDArray(shape: [0, residueCount, AtomName.count, 3], values: [])
    mask = NDArray(shape: [0, residueCount, AtomName.count], values: [])
    sumProbabilities = []
  }

  /// Templates; `validate` checks that the shapes agree.
  public init(
    names: [String], sequences: [String], aatype: NDArray<UInt8>, positions: NDArray<Float>,
    mask: NDArray<Float>, sumProbabilities: [Float]
  ) {
    self.names = names
    self.sequences = sequences
    self.aatype = aatype
    self.positions = positions
    self.mask = mask
    self.sumProbabilities = sumProbabilities
  }

  /// Number of templates.
  public var count: Int { names.count }
}

extension RawFeatures {
  /// Letters deleted before a column, mean over all rows.
  func meanDeletions(_ residue: Int) -> Float {
    var sum = 0
    for row in 0..<rowCount { sum += Int(deletions.values[row * residueCount + residue]) }
    return Float(sum) / Float(rowCount)
  }

  /// Keeps the first `count` rows of the alignment, but at least the target's.
  public mutating func keepRows(_ count: Int) {
    let count = max(1, count)
    guard count < rowCount else { return }
    let cells = count * residueCount
    msa = NDArray(shape: [count, residueCount], values: Array(msa.values[..<cells]))
    deletions = NDArray(shape: [count, residueCount], values: Array(deletions.values[..<cells]))
    if !rowNames.isEmpty { rowNames.removeLast(rowNames.count - count) }
  }

  /// Throws unless all sizes agree and all classes are in range; `file` is named in messages.
  public func validate(file: String) throws(InputError) {
    let n = residueCount
    guard n > 0, n <= FASTA.maximumResidues else {
      throw .content(
        file: file, problem: "has \(n) residues, expected 1 … \(FASTA.maximumResidues)")
    }
    func require(_ name: String, _ found: [Int], _ expected: [Int]) throws(InputError) {
      if found != expected {
        throw .array(file: file, name: name, found: "\(found)", expected: "\(expected)")
      }
    }
    try require("sequence", [sequence.utf8.count], [n])
    try require("residue_index", [residueIndex.count], [n])
    try require("between_segment_residues", [hasBreak.count], [n])
    guard rowCount > 0 else {
      throw .array(file: file, name: "msa", found: "\(msa.shape)", expected: "at least one row")
    }
    try require("msa", msa.shape, [rowCount, n])
    try require("deletion_matrix", deletions.shape, [rowCount, n])
    if !rowNames.isEmpty { try require("msa names", [rowNames.count], [rowCount]) }
    // Differences of two numbers must fit too.
    if let wrong = residueIndex.first(where: { $0.magnitude > 1_000_000_000 }) {
      throw .array(
        file: file, name: "residue_index", found: "out of range (\(wrong))",
        expected: "numbers within ±1,000,000,000")
    }
    try requireClasses("aatype", aatype, below: 21, file)
    try requireClasses("msa", msa.values, below: 22, file)
    // A residue unknown in one of the two may be anything in the other, as AlphaFold2 has B, Z and U only in the sequence.
    if let place = (0..<n).first(where: { column in
      let (own, row) = (aatype[column], msa.values[column])
      return own != row && own < 20 && row != 20
    }) {
      let letters = Array(StoreSchema.alphabet)
      throw .array(
        file: file, name: "msa",
        found: "with \(letters[Int(msa.values[place])]) at position \(place + 1) of the first row",
        expected: "the target's \(letters[Int(aatype[place])])")
    }
    try validateTemplates(file: file)
  }

  private func validateTemplates(file: String) throws(InputError) {
    let (t, n) = (templates.count, residueCount)
    let shapes: [(String, [Int], [Int])] = [
      ("template_aatype", templates.aatype.shape, [t, n]),
      ("template_all_atom_positions", templates.positions.shape, [t, n, AtomName.count, 3]),
      ("template_all_atom_masks", templates.mask.shape, [t, n, AtomName.count]),
      ("template_sum_probs", [templates.sumProbabilities.count], [t]),
      ("template_sequence", [templates.sequences.count], [t]),
    ]
    for (name, found, expected) in shapes where found != expected {
      throw .array(file: file, name: name, found: "\(found)", expected: "\(expected)")
    }
    try requireClasses("template_aatype", templates.aatype.values, below: 22, file)
    guard templates.mask.values.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      throw .array(
        file: file, name: "template_all_atom_masks", found: "not only 0 and 1", expected: "0 or 1")
    }
    guard templates.sumProbabilities.allSatisfy(\.isFinite) else {
      throw .array(
        file: file, name: "template_sum_probs", found: "NaN or infinite in places",
        expected: "finite sums")
    }
    guard templates.positions.values.allSatisfy(\.isFinite) else {
      throw .array(
        file: file, name: "template_all_atom_positions", found: "NaN or infinite in places",
        expected: "finite coordinates")
    }
  }

  private func requireClasses(
    _ name: String, _ values: [UInt8], below limit: UInt8, _ file: String
  ) throws(InputError) {
    if let wrong = values.first(where: { $0 >= limit }) {
      throw .array(
        file: file, name: name, found: "out of range (class \(wrong))",
        expected: "classes 0 … \(limit - 1)")
    }
  }
}
