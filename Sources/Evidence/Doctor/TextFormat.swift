import FeaturePipeline

/// Formats of text files, told apart by their first lines and, between FASTA and A3M, by name and letters.
enum TextFormat: Hashable {
  case fasta, alignment, hhr, table, json, structure, unknown

  init(_ text: InputText) {
    let lines = text.byteLines
    guard let first = lines.first(where: { !$0.words.isEmpty }) else {
      self = .unknown
      return
    }
    let word = first.words[0].text
    var parts = text.name.lowercased().split(separator: ".")
    if parts.last == "gz" { parts.removeLast() }
    let ending = parts.last.map(String.init) ?? ""
    switch word {
    case "Query": self = .hhr
    case let word where word.hasPrefix(">"):
      self = Self.isAlignment(lines, ending) ? .alignment : .fasta
    case let word where word.hasPrefix("{"): self = .json
    case let word where word.lowercased().hasPrefix("data_"): self = .structure
    case let word where Self.recordNames.contains(word) || word.hasPrefix("HETATM"):
      self = .structure
    default: self = Self.byEnding[ending] ?? Self.bySigns(lines, first)
    }
  }

  private static let recordNames: Set = [
    "HEADER", "TITLE", "ATOM", "MODEL", "REMARK", "CRYST1", "COMPND", "EXPDTA", "OBSLTE", "SEQRES",
  ]

  private static let byEnding: [String: TextFormat] = [
    "fasta": .fasta, "fa": .fasta, "a3m": .alignment, "sto": .alignment, "stk": .alignment,
    "hhr": .hhr, "m8": .table, "json": .json, "pdb": .structure, "ent": .structure,
    "cif": .structure, "mmcif": .structure,
  ]

  private static func bySigns(_ lines: [ArraySlice<UInt8>], _ first: ArraySlice<UInt8>)
    -> TextFormat
  {
    if first.begins(with: "# STOCKHOLM") { return .alignment }
    if first.count(where: { $0 == UInt8(ascii: "\t") }) >= 11 { return .table }
    if first.begins(with: "#") {
      let next = lines.first { !$0.words.isEmpty && !$0.begins(with: "#") }
      if next?.begins(with: ">") ?? false { return .alignment }
      if next?.begins(with: "data_") ?? false { return .structure }
    }
    return .unknown
  }

  /// An alignment has the ending, or gaps in rows of which there are several.
  private static func isAlignment(_ lines: [ArraySlice<UInt8>], _ ending: String) -> Bool {
    if ending == "a3m" { return true }
    if ["fasta", "fa", "faa", "seq"].contains(ending) { return false }
    return lines.contains { line in
      !line.begins(with: ">") && line.contains(UInt8(ascii: "-"))
    }
  }
}
