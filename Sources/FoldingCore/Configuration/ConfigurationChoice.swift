/// A setting chosen from a fixed set of words; a file with any other word gets an error that lists them.
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

/// A word that a setting does not allow.
struct UnknownChoice: Error {
  let word: String
  let known: [String]

  /// What is wrong, and which words are allowed.
  var reason: String { "is '\(word)'; known are \(known.joined(separator: ", "))" }
}
