import Messages
import Protein

/// Reads the PDB format as it is found in the wild.
///
/// Columns as in the format guide 3.3. Tolerated: short lines, missing TER and END, missing occupancy, B-factor and element,
/// four-letter residue names, two-letter chain names, hybrid-36 residue numbers, atoms outside MODEL records, several chains with
/// the same name or none.
enum PDBReader {
  static func parse(_ bytes: [UInt8], path: String) throws(StructureIOError) -> Structure {
    var parser = PDBParser(path: path)
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      try parser.read(bytes[start..<end])
      start = end + 1
    }
    return try parser.finish()
  }
}

private struct PDBParser {
  let path: String
  private var lineNumber = 0
  private var builder = StructureBuilder()
  /// Whether ENDMDL closed the last model, so that a following atom belongs to a new one.
  private var isModelClosed = false
  private var name = ""
  private var title: [String] = []
  private var method: [String] = []
  private var resolution: Double?
  private var releaseDate: String?
  /// Three-letter codes of SEQRES records, one list per chain with that name.
  private var polymers: [String: [[String]]] = [:]
  /// The chain to which atoms are added, by its name in the file.
  private var openChains: [String: OpenChain] = [:]
  /// Name, in the file, of the last atom's chain, which TER ends.
  private var lastChain: String?
  /// Origin of each chain: its name in the file, and its index among chains with that name.
  private var origins: [String: (id: String, index: Int)] = [:]

  /// A chain that is being read.
  private struct OpenChain {
    /// Its name; from the second chain with the same name on, with a count.
    var name: String
    /// How many chains of the same name came before.
    var index = 0
    /// Number of its last residue before TER.
    var lastNumber: Int
    /// Whether TER has been read.
    var isEnded = false
  }

  init(path: String) { self.path = path }

  /// Columns counted from 1, both ends included, without surrounding blanks; empty if the line is shorter.
  private func columns(_ line: ArraySlice<UInt8>, _ first: Int, _ last: Int) -> ArraySlice<UInt8> {
    let start = min(line.startIndex + first - 1, line.endIndex)
    let end = min(line.startIndex + last, line.endIndex)
    return line[start..<end].trimmed
  }

  private func failure(_ message: String) -> StructureIOError {
    .malformed(path: path, line: lineNumber, message: message)
  }

  mutating func read(_ line: ArraySlice<UInt8>) throws(StructureIOError) {
    lineNumber += 1
    switch columns(line, 1, 6).text {
    case "ATOM": try readAtom(line, isHetero: false)
    case "HETATM": try readAtom(line, isHetero: true)
    case "MODEL": startModel(columns(line, 7, 14).integer)
    case "TER": if let lastChain { openChains[lastChain]?.isEnded = true }
    case "ENDMDL": isModelClosed = true
    case "HEADER": name = columns(line, 63, 66).text
    case "TITLE": title.append(columns(line, 11, 80).text)
    case "EXPDTA": method.append(columns(line, 11, 79).text)
    case "REVDAT":
      if columns(line, 32, 32).integer == 0 { releaseDate = date(columns(line, 14, 22).text) }
    case "REMARK":
      if columns(line, 7, 10).integer == 2, columns(line, 12, 22).text == "RESOLUTION." {
        resolution = columns(line, 24, 30).decimal
      }
    case "SEQRES":
      let codes = columns(line, 20, 70).split(separator: 0x20).map(\.text)
      let id = chainID(line, 11, 12)
      if polymers[id] == nil || columns(line, 8, 10).integer == 1 {
        polymers[id, default: []].append([])
      }
      if let last = polymers[id]?.indices.last { polymers[id]?[last] += codes }
    default: break
    }
  }

  private mutating func startModel(_ number: Int? = nil) {
    builder.startModel(number ?? builder.models.count + 1)
    openChains = [:]
    lastChain = nil
    isModelClosed = false
  }

  private func chainID(_ line: ArraySlice<UInt8>, _ first: Int, _ last: Int) -> String {
    let id = columns(line, first, last)
    return id.isEmpty ? " " : id.text
  }

  private mutating func readAtom(
    _ line: ArraySlice<UInt8>, isHetero: Bool
  ) throws(StructureIOError) {
    if isModelClosed { startModel() }
    guard line.count >= 54 else {
      throw failure(
        "an atom record of \(counted(line.count, "column")), expected coordinates in 31-54")
    }
    var position = SIMD3<Double>()
    for axis in 0..<3 {
      let field = columns(line, 31 + 8 * axis, 38 + 8 * axis)
      guard let value = field.decimal else {
        let letter = ["x", "y", "z"][axis]
        throw failure("\(letter) coordinate '\(field.text)' is not a finite number")
      }
      position[axis] = value
    }
    let name = columns(line, 13, 16).text
    let numberField = columns(line, 23, 26)
    guard let number = numberField.integer ?? hybrid36(numberField) else {
      throw failure("residue number '\(numberField.text)' is not a whole number")
    }
    let (residueName, id) = residueAndChain(line, number: number)
    guard !name.isEmpty, !residueName.isEmpty else {
      throw failure("an atom record without an atom or residue name (columns 13-16, 18-20)")
    }
    let atom = Atom(
      name: name, element: element(line, atomName: name, residueName: residueName),
      position: position, occupancy: columns(line, 55, 60).decimal ?? 1,
      bFactor: columns(line, 61, 66).decimal ?? 0,
      alternateLocation: columns(line, 17, 17).text.first)
    var key = StructureBuilder.ResidueKey(
      number: number, insertionCode: columns(line, 27, 27).text.first, name: residueName)
    let chain = chain(of: id, atom: atom, residue: key, isHetero: isHetero)
    key.isNonPolymer = isHetero && chain.isEnded
    builder.add(atom, to: key, chain: chain.name, isHetero: isHetero)
  }

  /// Columns 18-20 and 22; column 21 belongs to a four-letter name or to a two-letter chain.
  ///
  /// After an amino acid it belongs to the chain, unless that would interrupt a chain of one letter, as with force-field names such
  /// as `ASPP`.
  private func residueAndChain(
    _ line: ArraySlice<UInt8>, number: Int
  ) -> (name: String, chain: String) {
    let chain = chainID(line, 22, 22)
    let name = columns(line, 18, 21).split(separator: 0x20).first.map(\.text) ?? ""
    guard !columns(line, 21, 21).isEmpty, chain != " ", !goesOn(chain, at: number) else {
      return (name, chain)
    }
    let code = columns(line, 18, 20).text
    let isKnown = AminoAcid(code: code) != nil || AminoAcid(parentOfModifiedResidue: code) != nil
    return isKnown ? (code, chainID(line, 21, 22)) : (name, chain)
  }

  private func goesOn(_ id: String, at number: Int) -> Bool {
    guard lastChain == id, let chain = openChains[id] else { return false }
    return !chain.isEnded && number >= chain.lastNumber
  }

  /// The chain to which an atom belongs.
  ///
  /// After TER, hetero atoms are the chain's ligands. Other atoms continue it, or begin another chain with its name if their number
  /// is not above those before TER. Without TER, an atom that the chain already has begins another one.
  private mutating func chain(
    of id: String, atom: Atom, residue: StructureBuilder.ResidueKey, isHetero: Bool
  ) -> OpenChain {
    lastChain = id
    var chain = openChains[id] ?? OpenChain(name: id, lastNumber: residue.number)
    if chain.isEnded, isHetero { return chain }
    let startsAgain = chain.isEnded && residue.number <= chain.lastNumber
    if startsAgain || builder.repeats(atom, of: residue, chain: chain.name, isHetero: isHetero) {
      chain.index += 1
      chain.name = Self.name(id, chain.index)
    }
    chain.isEnded = false
    chain.lastNumber = residue.number
    openChains[id] = chain
    origins[chain.name] = (id, chain.index)
    return chain
  }

  /// Name of the second chain (index 1) and later ones with the same name, such as `A_2`.
  private static func name(_ id: String, _ index: Int) -> String {
    "\(id == " " ? "" : id)_\(index + 1)"
  }

  /// Columns 77-78; if they are empty, from the name's alignment: two-letter elements start in column 13.
  private func element(
    _ line: ArraySlice<UInt8>, atomName: String, residueName: String
  ) -> String {
    let field = columns(line, 77, 78)
    if !field.isEmpty, field.allSatisfy({ $0 >= 0x41 }) { return field.text.uppercased() }
    let letters = atomName.drop { !$0.isLetter }
    let starts = columns(line, 13, 14).filter { $0 >= 0x41 }
    let isStandard = AminoAcid(code: residueName) != nil
    if !isStandard, starts.count == 2, atomName.count < 4 {
      let symbol = String(decoding: starts, as: UTF8.self).uppercased()
      if Self.twoLetterElements.contains(symbol) { return symbol }
    }
    return String(letters.prefix(1)).uppercased()
  }

  private static let twoLetterElements: Set<String> = [
    "SE", "CL", "BR", "FE", "ZN", "MG", "NA", "MN", "CU", "CO", "NI", "CD", "HG", "CA",
  ]

  /// Numbers from 10000 on, written with capital letters in base 36: `A000` is 10000.
  private func hybrid36(_ field: ArraySlice<UInt8>) -> Int? {
    guard field.count == 4, let first = field.first, (0x41...0x5A).contains(first),
      let value = Int(field.text, radix: 36)
    else { return nil }
    return value - 10 * 36 * 36 * 36 + 10000
  }

  /// `DD-MMM-YY` as `YYYY-MM-DD`; the archive began in 1971.
  private func date(_ text: String) -> String? {
    let parts = text.split(separator: "-")
    let months = [
      "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]
    guard parts.count == 3, let month = months.firstIndex(of: parts[1].uppercased()),
      let year = Int(parts[2]), let day = Int(parts[0]), (0..<100).contains(year)
    else { return nil }
    let pad = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
    return "\(year > 70 ? 1900 + year : 2000 + year)-\(pad(month + 1))-\(pad(day))"
  }

  mutating func finish() throws(StructureIOError) -> Structure {
    guard builder.atomCount > 0 else {
      throw .unexpectedContent(
        path: path,
        message: "no ATOM record in \(counted(lineNumber, "line")), expected PDB or mmCIF")
    }
    builder.resolveMicroheterogeneity()
    var models = builder.models.filter { !$0.chains.isEmpty }
    for model in models.indices {
      for chain in models[model].chains.indices {
        guard let origin = origins[models[model].chains[chain].id],
          let lists = polymers[origin.id], !lists.isEmpty
        else { continue }
        models[model].chains[chain].polymerSequence = lists[min(origin.index, lists.count - 1)]
      }
    }
    return Structure(
      name: name.isEmpty ? title.joined(separator: " ") : name, models: models,
      resolution: resolution, method: method.isEmpty ? nil : method.joined(separator: " "),
      releaseDate: releaseDate, warnings: builder.warnings + repeatedNames)
  }

  /// Warnings about chains that share a name.
  private var repeatedNames: [String] {
    var last: [String: Int] = [:]
    for origin in origins.values { last[origin.id] = max(last[origin.id] ?? 0, origin.index) }
    return last.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { id, index in
      let names =
        index == 1 ? "'\(Self.name(id, 1))'" : "'\(Self.name(id, 1))' to '\(Self.name(id, index))'"
      return "chain '\(id)' begins again; the further chains are called \(names)"
    }
  }
}
