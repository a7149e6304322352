import Messages
import Protein

/// Writes the PDB format strictly: every line padded to 80 columns, as AlphaFold2 does.
///
/// Header records first, then MODEL, ATOM, one TER per chain followed by its ligands, ENDMDL and END. Values that do not fit their
/// columns are errors, never shifted fields.
public enum PDBWriter {
  /// Header records of a prediction.
  public struct Header: Sendable, Hashable {
    /// Title, any length.
    public var title: String
    /// Experimental method; predictions are theoretical models.
    public var method: String
    /// Lines of provenance, written as `REMARK 6`, the first number available for free text; longer ones are wrapped.
    public var remarks: [String]

    /// Header records.
    public init(title: String, method: String = "THEORETICAL MODEL", remarks: [String] = []) {
      self.title = title
      self.method = method
      self.remarks = remarks
    }
  }

  /// The text of a PDB file.
  ///
  /// Residue numbers, insertion codes and alternate locations are written as they are. Chains without a polymer sequence have no
  /// SEQRES.
  public static func text(
    of structure: Structure, header: Header? = nil
  ) throws(StructureIOError) -> String {
    var lines: [String] = []
    if let header { lines += headerLines(header) }
    if let model = structure.models.first {
      for chain in model.chains { try lines += sequenceLines(chain) }
    }
    for model in structure.models {
      lines.append("MODEL     \(String(model.number).right(4))")
      try appendAtoms(of: model, to: &lines)
      lines.append("ENDMDL")
    }
    lines.append("END")
    return lines.map { $0.left(80) }.joined(separator: "\n") + "\n"
  }

  private static func headerLines(_ header: Header) -> [String] {
    var lines: [String] = []
    for (index, part) in wrapped(header.title, width: 68).enumerated() {
      lines.append("TITLE   \(index == 0 ? "  " : String(index + 1).right(2) + " ")\(part)")
    }
    lines.append("EXPDTA    \(header.method)")
    for remark in header.remarks {
      lines += wrapped(remark, width: 68).map { "REMARK   6 \($0)" }
    }
    return lines
  }

  /// Words of printable ASCII in lines of a width.
  private static func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.inASCII.split(whereSeparator: \.isWhitespace) {
      var word = word
      while word.count > width {
        if !line.isEmpty { lines.append(line) }
        line = ""
        lines.append(String(word.prefix(width)))
        word = word.dropFirst(width)
      }
      if !line.isEmpty && line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    return line.isEmpty ? lines : lines + [line]
  }

  private static func sequenceLines(_ chain: Chain) throws(StructureIOError) -> [String] {
    let sequence = chain.polymerSequence
    guard !sequence.isEmpty else { return [] }
    guard sequence.count <= 9999 else { throw .doesNotFit(what: "chains of over 9999 residues") }
    return stride(from: 0, to: sequence.count, by: 13).map { start in
      let codes = sequence[start..<min(start + 13, sequence.count)].map { $0.right(3) }
      return "SEQRES \(String(start / 13 + 1).right(3)) \(chain.id)"
        + " \(String(sequence.count).right(4))  \(codes.joined(separator: " "))"
    }
  }

  private static func appendAtoms(
    of model: Model, to lines: inout [String]
  ) throws(StructureIOError) {
    var serial = 1
    for chain in model.chains {
      guard chain.id.count == 1 else {
        throw .doesNotFit(what: "chain names such as '\(chain.id)' (one character)")
      }
      func append(_ residues: [Residue]) throws(StructureIOError) {
        for residue in residues {
          for atom in residue.atoms {
            lines.append(try line(atom, residue, chain, serial: serial))
            serial += 1
          }
        }
      }
      let polymer = chain.residues.filter { !$0.isNonPolymer }
      try append(polymer)
      if let last = polymer.last(where: { !$0.atoms.isEmpty }) {
        lines.append(
          "TER   \(String(serial).right(5))      \(last.name.right(3)) \(chain.id)"
            + "\(String(last.number).right(4))\(last.insertionCode ?? " ")")
        serial += 1
      }
      try append(chain.residues.filter(\.isNonPolymer))
    }
  }

  private static func line(
    _ atom: Atom, _ residue: Residue, _ chain: Chain, serial: Int
  ) throws(StructureIOError) -> String {
    guard serial <= 99_998 else { throw .doesNotFit(what: "more than 99,998 atoms in a model") }
    guard (-999...9999).contains(residue.number) else {
      throw .doesNotFit(what: "residue numbers such as \(residue.number), beyond -999 … 9999")
    }
    guard residue.name.count <= 3, atom.name.count <= 4, atom.element.count <= 2 else {
      throw .doesNotFit(what: "names such as '\(residue.name) \(atom.name)'")
    }
    var coordinates = ""
    for axis in 0..<3 {
      let value = atom.position[axis]
      guard value.isFinite else {
        throw .notFinite(what: "a coordinate of \(residue.name) \(residue.label) \(atom.name)")
      }
      guard value > -999.9995, value < 9999.9995 else {
        throw .doesNotFit(what: "coordinates below -999.999 or above 9999.999 Å")
      }
      coordinates += fixed(value, decimals: 3).right(8)
    }
    guard atom.occupancy.isFinite, atom.bFactor.isFinite else {
      throw .notFinite(what: "occupancy or B-factor of \(residue.name) \(residue.label)")
    }
    guard atom.bFactor > -99.995, atom.bFactor < 999.995, abs(atom.occupancy) < 99.995 else {
      throw .doesNotFit(what: "B-factors such as \(atom.bFactor)")
    }
    let name = atom.name.count == 4 || atom.element.count == 2 ? atom.name : " \(atom.name)"
    return "\(residue.isHetero ? "HETATM" : "ATOM  ")\(String(serial).right(5)) \(name.left(4))"
      + "\(atom.alternateLocation ?? " ")\(residue.name.right(3)) \(chain.id)"
      + "\(String(residue.number).right(4))\(residue.insertionCode ?? " ")   \(coordinates)"
      + "\(fixed(atom.occupancy, decimals: 2).right(6))\(fixed(atom.bFactor, decimals: 2).right(6))"
      + "          \(atom.element.right(2))"
  }
}
