import FeaturePipeline
import Messages

/// Which cluster each chain belongs to, and which chains must not be used at all.
///
/// Tab-separated with a header; columns `chain` and `cluster`, and optionally `split`: `training`, `validation` or `test`, or
/// `excluded`, which bars a chain. The file `data/split.tsv` is one. All chains of a cluster have one split.
public struct ClusterTable: Sendable, Hashable {
  /// Name of the file, for messages.
  public let source: String
  /// Cluster by chain.
  public private(set) var clusters: [String: String] = [:]
  /// Chains that must not be used.
  public private(set) var excluded: Set<String> = []
  /// Split by cluster, for clusters with one in the table.
  public private(set) var splits: [String: DataSplit] = [:]

  /// Reads a table.
  public init(path: String) throws(InputError) {
    try self.init(InputText(path: path))
  }

  init(_ text: InputText) throws(InputError) {
    source = text.name
    var columns: (chain: Int, cluster: Int, split: Int?)?
    var seen: [String: (line: Int, cells: [String])] = [:]
    for line in text.lines where !line.range.isEmpty {
      let cells = text.cells(line)
      guard let found = columns else {
        guard let chain = cells.firstIndex(of: "chain"),
          let cluster = cells.firstIndex(of: "cluster")
        else {
          throw text.problem("the header has no columns 'chain' and 'cluster'", line: line.number)
        }
        columns = (chain, cluster, cells.firstIndex(of: "split"))
        continue
      }
      guard cells.count > max(found.chain, found.cluster, found.split ?? 0) else {
        throw text.problem(
          "\(counted(cells.count, "column")), fewer than the header", line: line.number)
      }
      let chain = cells[found.chain]
      let cluster = cells[found.cluster]
      let rest = [cluster] + (found.split.map { [cells[$0]] } ?? [])
      if let earlier = seen.updateValue((line.number, rest), forKey: chain), earlier.cells != rest {
        throw text.problem(
          "chain '\(chain)' is in line \(earlier.line) with other values; name it once",
          line: line.number)
      }
      let isBarred = found.split.map { cells[$0] == "excluded" } ?? false
      guard !chain.isEmpty, !cluster.isEmpty || isBarred else {
        throw text.problem(
          "the \(chain.isEmpty ? "chain" : "cluster") has no name", line: line.number)
      }
      if !cluster.isEmpty { clusters[chain] = cluster }
      guard let column = found.split, !cells[column].isEmpty else { continue }
      if cells[column] == "excluded" {
        excluded.insert(chain)
        continue
      }
      guard let split = DataSplit(rawValue: cells[column]) else {
        throw text.problem(
          "'\(cells[column])' is not a split, expected training, validation, test or excluded",
          line: line.number)
      }
      if let other = splits.updateValue(split, forKey: cluster), other != split {
        throw text.problem(
          "cluster '\(cluster)' is for \(split.rawValue) here and for \(other.rawValue) above; all chains of a cluster must have one split",
          line: line.number)
      }
    }
    if columns == nil { throw .content(file: text.name, problem: "is empty, expected a table") }
  }

  /// Throws if none of the chains that were read is in the table.
  func requireUse(by chains: [String]) throws(InputError) {
    guard !chains.contains(where: { clusters[$0] != nil || excluded.contains($0) }) else { return }
    let known = clusters.keys.min().map { ", it names such as '\($0)'" } ?? ""
    throw .content(
      file: source,
      problem:
        "names none of the \(counted(chains.count, "chain")) read, such as '\(chains.min() ?? "")'\(known);"
        + " expected names of structure files without ending, NAME_CHAIN where a file has several chains;"
        + " correct the column 'chain', or leave out --clusters")
  }
}
