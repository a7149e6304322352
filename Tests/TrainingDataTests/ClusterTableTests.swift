import BasicTestSupport
import FeaturePipeline
import FoldingCore
import Testing
import TrainingTestSupport

@testable import TrainingData

@Suite("Tables of clusters")
struct ClusterTableTests {
  private func table(_ lines: String...) throws -> ClusterTable {
    try ClusterTable(InputText(name: "c.tsv", lines.joined(separator: "\n") + "\n"))
  }

  @Test("a split that the table names is that of the cluster; others follow the rule")
  func namedSplits() throws {
    let table = try table(
      "chain\tcluster\tsplit", "a\tk1\tvalidation", "b\tk1\tvalidation", "c\tk2\t",
      "d\tk3\texcluded")
    #expect(table.splits == ["k1": .validation])
    #expect(table.excluded == ["d"])
    #expect(table.clusters == ["a": "k1", "b": "k1", "c": "k2", "d": "k3"])
  }

  @Test(
    "words that are no split, and clusters in two splits, are refused with the line",
    arguments: [
      ("b\tk2\ttrain", "'train' is not a split"),
      ("b\tk1\ttest", "cluster 'k1' is for test here and for training above"),
      ("a\tk2\ttraining", "chain 'a' is in line 2 with other values"),
      ("a\tk1\texcluded", "chain 'a' is in line 2 with other values"),
      ("b\t\ttraining", "the cluster has no name"), ("\tk2\t", "the chain has no name"),
    ])
  func refused(_ line: String, _ text: String) throws {
    let error = #expect(throws: InputError.self) {
      try table("chain\tcluster\tsplit", "a\tk1\ttraining", line)
    }
    #expect(
      error.map { "\($0)".hasPrefix("c.tsv:3: \(text)") } == true, "\(String(describing: error))")
  }

  @Test("a chain that is named twice alike is named, and a barred one needs no cluster")
  func repeated() throws {
    let table = try table("chain\tcluster\tsplit", "a\tk1\t", "a\tk1\t", "b\t\texcluded")
    #expect(table.clusters == ["a": "k1"] && table.excluded == ["b"])
  }

  @Test("a store keeps named splits, and samples are drawn by them")
  func stored() throws {
    let scratch = try ScratchFolder()
    let path = scratch.file("s.h5")
    let records = (0..<8).map { index in
      var record = SyntheticStore.record(index) { "chain\($0)" }
      // Against the rule for some of them, whatever it says.
      record.labels?.split = ["training", "validation", "test", nil][index / 2]
      return record
    }
    try FeatureStore.write(records, to: path)
    let entries = try FeatureStore(path: path).entries
    let config = LoadingConfig()
    for (number, split) in [DataSplit.training, .validation, .test].enumerated() {
      let wanted = ["chain\(2 * number)", "chain\(2 * number + 1)"]
      #expect(wanted.allSatisfy { id in entries.first { $0.id == id }?.split == split.rawValue })
      let plan = SamplingPlan(entries, split: split, config: config, seed: 1)
      let drawn = Set(plan.clusters.flatMap { $0 }.map(\.id))
      #expect(drawn.isSuperset(of: wanted))
      #expect(drawn.count == 2 || DataSplit(cluster: "chain6") == split && drawn.count == 4)
    }
  }
}
