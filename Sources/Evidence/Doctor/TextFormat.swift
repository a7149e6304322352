import FeaturePipeline

/// Formats of text files, recognised by their first lines and names.
enum TextFormat: Hashable {
  /// FASTA, tables of sequences, bare ones, A3M or Stockholm; ``Alignment/found(in:)`` says whether they are aligned.
  case sequences
  case hhr, table, json, structure, unknown

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
    case let word where word.hasPrefix(">"): self = .sequences
    case let word where word.hasPrefix("{"): self = .json
    case let word where word.lowercased().hasPrefix("data_"): self = .structure
    case let word where Self.recordNames.contains(word) || word.hasPrefix("HETATM"):
      self = .structure
    default: self = Self.byEnding[ending] ?? Self.bySigns(text, lines, first)
    }
  }

  private static let recordNames: Set = [
    "HEADER", "TITLE", "ATOM", "MODEL", "REMARK", "CRYST1", "COMPND", "EXPDTA", "OBSLTE", "SEQRES",
  ]

  private static let byEnding: [String: TextFormat] = [
    "fasta": .sequences, "fa": .sequences, "a3m": .sequences, "afa": .sequences,
    "sto": .sequences, "stk": .sequences, "hhr": .hhr, "m8": .table, "json": .json,
    "pdb": .structure, "ent": .structure, "cif": .structure, "mmcif": .structure,
  ]

  private static func bySigns(
    _ text: InputText, _ lines: [ArraySlice<UInt8>], _ first: ArraySlice<UInt8>
  ) -> TextFormat {
    if Alignment.isStockholm(text) || SequenceLayout(text) != .records { return .sequences }
    if MMseqsTable.isLikely(first) { return .table }
    if first.begins(with: "#") || first.begins(with: ";") {
      let next = lines.first { line in
        !line.words.isEmpty && !line.begins(with: "#") && !line.begins(with: ";")
      }
      if next?.begins(with: ">") ?? false { return .sequences }
      if next?.begins(with: "data_") ?? false { return .structure }
    }
    return .unknown
  }
}
