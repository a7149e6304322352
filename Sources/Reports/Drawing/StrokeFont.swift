import Foundation

/// Letters as pen strokes, for PNG drawings, which cannot rely on a font.
///
/// Each glyph is a list of strokes; a stroke is a run of digit pairs, x of 0 … 4 and y of 0 … 8 with the baseline at 6.
enum StrokeFont {
  /// Height of a capital letter in units of the grid.
  static let capHeight = 6.0
  /// Distance from one letter to the next.
  static let advance = 5.6

  /// Strokes of a character; a box for those without a glyph.
  static func strokes(_ character: Character) -> [[Point]] {
    let source = glyphs[character] ?? glyphs[fold(character)] ?? "0040460600"
    return source.split(separator: " ").map { stroke in
      let digits = stroke.compactMap(\.wholeNumberValue)
      return stride(from: 0, to: digits.count - 1, by: 2).map {
        Point(Double(digits[$0]), Double(digits[$0 + 1]))
      }
    }
  }

  /// Whether a character is drawn as it is, all dashes alike.
  static func isComplete(_ character: Character) -> Bool {
    glyphs[character] != nil || "–−—".contains(character)
  }

  /// Width of a text at a size.
  static func width(_ text: String, size: Double) -> Double {
    Double(text.count) * advance * scale(size)
  }

  /// A text, truncated to the given width.
  static func shortened(_ text: String, size: Double, width limit: Double) -> String {
    if width(text, size: size) <= limit { return text }
    let count = Int(limit / width("x", size: size))
    return text.prefix(max(0, count - 1)) + "…"
  }

  /// Pixels per unit of the grid: capitals are 0.72 of the size, as in usual fonts.
  static func scale(_ size: Double) -> Double { 0.72 * size / capHeight }

  private static func fold(_ character: Character) -> Character {
    switch character {
    case "–", "−", "—": "-"
    // Letters with accents are drawn without them: their first scalar in canonical decomposition.
    default: character.decomposed ?? character
    }
  }

  private static let glyphs: [Character: String] = [
    " ": "", "0": "103041453616050110", "1": "112026 1636", "2": "01103041420646",
    "3": "0110304142334445361605", "4": "36300444", "5": "400003334445361605",
    "6": "413010010516364544331304", "7": "00404216", "8": "103041423313020110 1304051636454433",
    "9": "4313020110304145361605", "A": "0602204246 0444", "B": "0006364544330300304142 33",
    "C": "4130100105163645", "D": "00062644422000", "E": "40000646 0333", "F": "400006 0333",
    "G": "41301001051636454323", "H": "0006 4046 0343", "I": "1030 2026 1636", "J": "4045361605",
    "K": "0006 4003 0346", "L": "000646", "M": "0600234046", "N": "06004640",
    "O": "103041453616050110", "P": "060030414233 0333", "Q": "103041453616050110 2446",
    "R": "060030414233 0333 2346", "S": "413010010213344445361605", "T": "0040 2026",
    "U": "000516364540", "V": "002640", "W": "0016233640", "X": "0046 4006", "Y": "002340 2326",
    "Z": "00400646", "a": "4246 4332120305163645", "b": "0006 0312324345361605",
    "c": "4232120305163645", "d": "4046 4332120305163645", "e": "04444332120305163645",
    "f": "30201116 0232", "g": "4247381807 4332120305163645", "h": "0006 0312324346",
    "i": "2226 2020", "j": "32372818 3030", "k": "0006 3203 0336", "l": "20253636",
    "m": "0602 02122226 22324246", "n": "0602 0312324346", "o": "123243453616050312",
    "p": "0208 0312324345361605", "q": "4248 4332120305163645", "r": "0206 03123242",
    "s": "42321203143445361605", "t": "202536 0242", "u": "0205163645 4246", "v": "022642",
    "w": "0216243642", "x": "0246 4206", "y": "0226 4208", "z": "02420646", ".": "2626",
    "…": "0606 2626 4646",
    ",": "2617", ":": "2323 2626", ";": "2323 2617", "-": "0343", "+": "0343 2145",
    "=": "0242 0444", "/": "4006", "(": "30212536", ")": "10212516", "%": "4006 0011 3546",
    "*": "0444 1135 3115", "_": "0747", "<": "400346", ">": "004306", "[": "30202636",
    "]": "10202616", "|": "2027", "'": "2021", "\"": "1011 3031", "!": "2024 2626",
    "?": "01103041422324 2626", "#": "1016 3036 0242 0444", "&": "4601103012051626 43",
    "~": "03123342", "^": "022042", "@": "4424223242453616050110304142",
    "$": "2027 4130100213344536 1605", "\\": "0046", "{": "30202213242636", "}": "10202233242616",
    "`": "1021", "°": "10302112", "×": "1135 3115", "·": "2323", "³": "10301230",
    "Δ": "200646 0646", "Å": "2031221120 062246 1535", "α": "42352616050312223346",
  ]
}

extension Character {
  /// The letter without its marks; nil if it has none.
  fileprivate var decomposed: Character? {
    let scalars = String(self).decomposedStringWithCanonicalMapping.unicodeScalars
    guard scalars.count > 1, let first = scalars.first else { return nil }
    return Character(first)
  }
}
