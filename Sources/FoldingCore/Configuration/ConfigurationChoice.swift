/// A setting that is one of a few words; a file that states another one learns which there are.
public protocol ConfigurationChoice: RawRepresentable<String>, Codable, CaseIterable, Hashable,
  Sendable
{}

extension ConfigurationChoice {
  /// Decodes the word.
  public init(from decoder: any Decoder) throws {
    let word = try decoder.singleValueContainer().decode(String.self)
    guard let choice = Self(rawValue: word) else {
      let problem = UnknownChoice(word: word, known: Self.allCases.map(\.rawValue))
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath, debugDescription: problem.reason,
          underlyingError: problem))
    }
    self = choice
  }
}

/// A word that is none of those that a setting can be.
struct UnknownChoice: Error {
  let word: String
  let known: [String]

  /// What is wrong, and what there is.
  var reason: String { "is '\(word)'; known are \(known.joined(separator: ", "))" }
}
