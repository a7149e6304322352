/// The twenty standard amino acids, in AlphaFold's order, and the unknown one.
///
/// The raw value is the residue type (`aatype`) that the network sees: alphabetical by three-letter code,
/// letters `ARNDCQEGHILKMFPSTWYV`, 20 for unknown (`X`).
public enum AminoAcid: UInt8, CaseIterable, Sendable, Hashable {
  case alanine, arginine, asparagine, asparticAcid, cysteine
  case glutamine, glutamicAcid, glycine, histidine, isoleucine
  case leucine, lysine, methionine, phenylalanine, proline
  case serine, threonine, tryptophan, tyrosine, valine
  case unknown

  /// Residue type as the network counts it, 0 … 20.
  public var index: Int { Int(rawValue) }

  /// The amino acid with a residue type of 0 … 20; nil outside.
  public init?(index: Int) {
    guard let raw = UInt8(exactly: index) else { return nil }
    self.init(rawValue: raw)
  }

  /// One-letter code; `X` for unknown.
  public var letter: Character { Self.letters[index] }

  /// Three-letter code; `UNK` for unknown.
  public var code: String { Self.codes[index] }

  /// The amino acid for one of the letters `ARNDCQEGHILKMFPSTWYVX`, upper case; nil for others.
  public init?(letter: Character) {
    guard let index = Self.letters.firstIndex(of: letter) else { return nil }
    self.init(index: index)
  }

  /// The amino acid for a three-letter code such as `ALA` or `UNK`, upper case; nil for others.
  public init?(code: String) {
    guard let found = Self.indexOfCode[code] else { return nil }
    self = found
  }

  static let letters = Array("ARNDCQEGHILKMFPSTWYVX")

  static let codes = [
    "ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "ILE", "LEU", "LYS", "MET",
    "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL", "UNK",
  ]

  private static let indexOfCode = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0.code, $0) })
}
