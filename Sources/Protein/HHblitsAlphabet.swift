/// The alphabet in which HHblits, and with it every AlphaFold alignment, numbers its columns.
///
/// Twenty letters in alphabetical order, then `X` (20) and the gap `-` (21).
public enum HHblitsAlphabet {
  /// Letters by index.
  public static let letters = Array("ACDEFGHIKLMNPQRSTVWYX-")

  /// Index of the gap.
  public static let gap: UInt8 = 21

  /// Index of an alignment letter, upper case; nil if it is not one.
  ///
  /// `B` counts as `D`, `Z` as `E`, `U` as `C`; `J` and `O` count as `X`.
  public static func index(of letter: UInt8) -> UInt8? {
    let value = indexOfByte[Int(letter)]
    return value == invalid ? nil : value
  }

  /// Network index (`ARNDCQEGHILKMFPSTWYVX-`, 0 … 21) for each HHblits index.
  public static let networkIndex: [UInt8] = letters.map { letter in
    AminoAcid(letter: letter)?.rawValue ?? gap
  }

  private static let invalid = UInt8.max

  private static let indexOfByte: [UInt8] = {
    var table = [UInt8](repeating: invalid, count: 256)
    let unusual: [(Character, Character)] = [
      ("B", "D"), ("Z", "E"), ("U", "C"), ("J", "X"), ("O", "X"),
    ]
    for (letter, standIn) in letters.map({ ($0, $0) }) + unusual {
      guard let byte = letter.asciiValue, let index = letters.firstIndex(of: standIn) else {
        continue
      }
      table[Int(byte)] = UInt8(index)
    }
    return table
  }()
}
