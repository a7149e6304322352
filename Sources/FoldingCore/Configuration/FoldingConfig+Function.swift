import Foundation

extension FoldingConfig {
  /// Settings by which another network computes something else from the same parameters: `key: mine against theirs`, sorted.
  ///
  /// Left out are those that a user of trained parameters may choose: how many rows are drawn, passes, draws averaged, dropout,
  /// and the name.
  public func functionalDifferences(from other: FoldingConfig) -> [String] {
    let (mine, theirs) = (function, other.function)
    return Set(mine.keys).union(theirs.keys).sorted().compactMap { key in
      let (a, b) = (mine[key] ?? "none", theirs[key] ?? "none")
      return a == b ? nil : "\(key) \(a) against \(b)"
    }
  }

  /// All other settings by their paths.
  private var function: [String: String] {
    var result: [String: String] = [:]
    func add(_ value: Any, _ path: String) {
      guard let object = value as? [String: Any] else {
        result[path] = "\(value)"
        return
      }
      for (key, value) in object { add(value, path.isEmpty ? key : "\(path).\(key)") }
    }
    guard let data = try? JSONEncoder().encode(self),
      let object = try? JSONSerialization.jsonObject(with: data)
    else { return [:] }
    add(object, "")
    return result.filter { path, _ in
      !["name", "recycles", "ensembles"].contains(path) && !path.hasPrefix("sampling.")
        && !path.lowercased().hasSuffix("dropout")
    }
  }
}
