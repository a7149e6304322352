extension FoldingConfig {
  /// Settings that make another network compute something else from the same parameters: `key: mine against theirs`, sorted.
  ///
  /// Left out are those that a user of trained parameters may choose: how many rows are drawn, passes, draws averaged, dropout,
  /// and the name.
  ///
  /// - Parameter parts: words in the keys of arrays to ignore; if they name a head or the whole template part, its settings are
  ///   ignored too.
  public func functionalDifferences(
    from other: FoldingConfig, leavingOut parts: [String] = []
  ) -> [String] {
    let (mine, theirs) = (function, other.function)
    let unread = Self.settings.filter { scope, _ in parts.contains { scope.contains($0) } }.values
    return Set(mine.keys).union(theirs.keys).sorted().compactMap { key in
      if unread.contains(where: { key.hasPrefix($0) }) { return nil }
      let (a, b) = (mine[key] ?? "none", theirs[key] ?? "none")
      return a == b ? nil : "\(key) \(a) against \(b)"
    }
  }

  /// Prefixes of the settings of parts of the network, by the scopes of their arrays.
  private static let settings = [
    "distogram_head": "heads.distogram", "masked_msa_head": "heads.maskedMSA",
    "predicted_lddt_head": "heads.confidence",
    "predicted_aligned_error_head": "heads.alignedError", "template": "template",
  ]

  /// All other settings by their paths.
  private var function: [String: String] {
    settingPaths(of: self).filter { path, _ in
      !["name", "recycles", "ensembles"].contains(path) && !path.hasPrefix("sampling.")
        && !path.lowercased().hasSuffix("dropout")
    }
  }
}
