import AtomicFiles
import FeaturePipeline

/// Alignments and feature files that are named after no chain and so never read.
public struct StrayEvidence: Sendable, Hashable {
  /// Their paths, in the order of the folders and of their names.
  public let paths: [String]

  /// The evidence in folders that belongs to none of the chains.
  ///
  /// - Parameter chains: names of all chains, including those that are not in the store.
  public init(in folders: [String], chains: Set<String>) throws {
    paths = try folders.flatMap { folder in
      try FolderContents.inputs(in: folder) { !$0.hasPrefix(".") }.flatMap {
        try Self.strays($0, in: folder, chains)
      }
    }
  }

  private static func strays(
    _ name: String, in folder: String, _ chains: Set<String>
  ) throws -> [String] {
    let path = "\(folder)/\(name)"
    if PathKind(of: path) == .folder {
      return chains.contains(name) ? [] : try FeatureImport.targets(in: path).flatMap(\.paths)
    }
    guard let ending = ChainSource.evidenceEndings.first(where: { name.lowercased().hasSuffix($0) })
    else { return [] }
    return name.hasSuffix(ending) && chains.contains(String(name.dropLast(ending.count)))
      ? [] : [path]
  }

  /// A caution about them in one line; nil if there are none.
  ///
  /// - Parameter report: the table that lists the names of the chains.
  public func caution(report: String) -> String? {
    if paths.isEmpty { return nil }
    let shown = paths.prefix(Self.shownCount)
    let rest = paths.count > shown.count ? ", … (\(shown.count) shown)" : ""
    let (files, belong) = paths.count == 1 ? ("file", "belongs") : ("files", "belong")
    return
      "\(paths.count) \(files) under --msa \(belong) to no chain: \(shown.joined(separator: ", "))\(rest); name them as the column 'chain' of \(report) names the chains"
  }

  private static let shownCount = 3
}
