import AtomicFiles
import FeaturePipeline

/// A value of `--weights`: `FILE`, `FOLDER`, or `NAME=FILE` for results with a name chosen by the user.
struct NamedWeights {
  /// The name of the network in results; nil for its own.
  let name: String?
  /// File or folder.
  let path: String

  init(name: String?, path: String) { (self.name, self.path) = (name, path) }

  /// Parses a value; there is no name if the whole text is an existing path or has a slash before the equals sign.
  init(_ text: String) throws(ModelLookupError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      .map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[0].contains("/"),
      PathKind(of: text) == .absent
    else {
      self.init(name: nil, path: text)
      return
    }
    let legal = Self.legal(parts[0])
    if legal != parts[0] { throw .badName(parts[0], instead: legal) }
    self.init(name: parts[0], path: parts[1])
  }

  /// The name itself if it is valid in file names and cannot be a result of another seed or pass; else a similar one.
  private static func legal(_ name: String) -> String {
    let name = TargetName.sanitized(name)
    return name.contains(/_(pred_|r)[0-9]+$/) ? "\(name)_x" : name
  }

  static func requireDifferentNames(_ given: [NamedWeights]) throws(ModelLookupError) {
    var names: Set<String> = []
    for name in given.compactMap(\.name) where !names.insert(name.lowercased()).inserted {
      throw .nameTwice(name)
    }
  }
}
