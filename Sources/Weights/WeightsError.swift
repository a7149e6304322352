import FoldingCore
import Messages

/// Why a parameter file cannot be used; every description is one line.
public enum WeightsError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The file lacks an array.
  case noSuchArray(file: String, key: String)
  /// An array holds strings or integers.
  case notNumbers(file: String, key: String, found: String)
  /// Two arrays stand for the same one.
  case repeated(file: String, name: String)
  /// An array has a value that is NaN or infinite.
  case notFinite(file: String, key: String)
  /// An array of another layout cannot be turned into the official one.
  case misshapen(file: String, name: String, found: [Int], expected: String)
  /// Arrays are missing, surplus or of another shape: holds all of them, but the message names only the first.
  case mismatch(file: String, preset: String, differences: ParameterDifferences)
  /// The parameters were trained with the outer product mean elsewhere in the block.
  case blockOrder(file: String, found: String, expected: String)
  /// The parameters were trained with other settings of a network of the same shapes.
  case otherFunction(file: String, preset: String, differences: [String])
  /// The file ending is not that of a known format.
  case unknownFormat(file: String)
  /// The ending of an output file is not that of a format that can be written.
  case unwritableFormat(file: String)
  /// The network cannot be recognised: the arrays that would identify it are absent.
  case unrecognised(file: String, reason: String)
  /// A file of our own is damaged or of another version.
  case damaged(file: String, part: String, reason: String)

  /// One line: where, found, expected, what to try.
  public var description: String {
    switch self {
    case .noSuchArray(let file, let key):
      "\(file): no array '\(key)'"
    case .notNumbers(let file, let key, let found):
      "\(file): '\(key)' is of type \(found), expected floating-point numbers"
    case .repeated(let file, let name):
      "\(file): a second array '\(name)', under an older name or this one; expected one"
    case .notFinite(let file, let key):
      "\(file): '\(key)' holds a value that is not finite; 'helixfold weights inspect' names all such arrays"
    case .misshapen(let file, let name, let found, let expected):
      "\(file): '\(name)' has shape \(found), expected \(expected)"
    case .mismatch(let file, let preset, let differences):
      "\(file): does not fit \(preset): \(differences); is this file for another preset? "
        + "'helixfold weights inspect \(file)' says what it holds"
    case .blockOrder(let file, let found, let expected):
      "\(file): trained with block order '\(found)', the configuration asks for '\(expected)'; "
        + "such weights do not fit, choose the other configuration"
    case .otherFunction(let file, let preset, let differences):
      "\(file): trained with other settings than \(preset): \(differences.prefix(3).joined(separator: "; "))"
        + (differences.count > 3 ? "; …" : "")
        + "; such weights do not fit, take the settings of the file"
    case .unknownFormat(let file):
      "\(file): unknown ending, expected .npz (DeepMind), .pdparams (HelixFold), .pt or .ckpt (OpenFold) or .h5"
    case .unwritableFormat(let file):
      "\(file): can write .h5 or .npz, and the name to write must end in one of them"
    case .unrecognised(let file, let reason):
      "\(file): holds no known network: \(reason)"
    case .damaged(let file, let part, let reason):
      "\(file): \(part): \(reason)"
    }
  }

  /// The status for the shell; an output format that can only be read is a usage error.
  public var exitStatus: ExitStatus {
    if case .unwritableFormat = self { return .usage }
    return .badInput
  }
}

/// How the arrays of a file differ from those that a network has.
public struct ParameterDifferences: Sendable, Hashable, CustomStringConvertible {
  /// An array of another shape than the network's.
  public struct Misshapen: Sendable, Hashable {
    /// Official key.
    public let key: String
    /// Shape in the file.
    public let found: [Int]
    /// Shape in the network.
    public let expected: [Int]
  }

  /// Keys that the network has and the file lacks, sorted.
  public var missing: [String] = []
  /// Keys or foreign names that the file has and the network lacks, sorted.
  public var surplus: [String] = []
  /// Arrays of another shape, sorted by key.
  public var misshapen: [Misshapen] = []

  /// Whether file and network agree.
  public var isEmpty: Bool { missing.isEmpty && surplus.isEmpty && misshapen.isEmpty }

  /// The differences without arrays whose keys contain one of the given words.
  func leavingOut(_ parts: [String]) -> ParameterDifferences {
    func counts(_ key: String) -> Bool { !parts.contains { key.contains($0) } }
    var result = self
    result.missing = missing.filter(counts)
    result.surplus = surplus.filter(counts)
    result.misshapen = misshapen.filter { counts($0.key) }
    return result
  }

  /// Arrays of each kind that a message names; a wrong preset has hundreds.
  private static let shown = 3

  /// The number of each kind and the first few, in one line; keys without their common prefix.
  public var description: String {
    let parts = [
      Self.part("missing", missing) { OfficialKey($0).short },
      Self.part("surplus", surplus) { OfficialKey($0).short },
      Self.part("misshapen", misshapen) {
        "\(OfficialKey($0.key).short) \($0.found) instead of \($0.expected)"
      },
    ]
    return parts.compactMap { $0 }.joined(separator: "; ")
  }

  private static func part<Entry>(
    _ kind: String, _ entries: [Entry], _ text: (Entry) -> String
  ) -> String? {
    if entries.isEmpty { return nil }
    let names = entries.prefix(shown).map(text).joined(separator: ", ")
    return "\(entries.count) \(kind): \(names)" + (entries.count > shown ? ", …" : "")
  }
}
