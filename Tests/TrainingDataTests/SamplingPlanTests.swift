import BasicTestSupport
import FoldingCore
import Foundation
import Testing
import TrainingTestSupport

@testable import FeaturePipeline
@testable import TrainingData

@Suite("Drawing samples")
struct SamplingPlanTests {
  private func store(_ scratch: ScratchFolder, count: Int = 40) throws -> FeatureStore {
    try SyntheticStore.write(to: scratch.file("s.h5"), count: count)
    return try FeatureStore(path: scratch.file("s.h5"))
  }

  private var config: LoadingConfig {
    var config = LoadingConfig()
    config.crop = 16
    return config
  }

  @Test(
    "the split of a cluster is the zlib checksum of its name mod 10",
    arguments: [
      // python3: zlib.crc32(name.encode()) % 10
      ("102m_A_498f", DataSplit.training), ("k0", .validation), ("k5", .test),
    ])
  func split(_ name: String, _ expected: DataSplit) {
    #expect(DataSplit(cluster: name) == expected)
  }

  @Test("draws are a function of seed, step and sample, in any order")
  func pure() throws {
    let scratch = try ScratchFolder()
    let entries = try store(scratch).entries
    let plan = SamplingPlan(entries, config: config, seed: 5)
    let forward = (0..<50).map { plan.draw(step: $0 / 5, sample: $0 % 5) }
    let again = SamplingPlan(entries.reversed(), config: config, seed: 5)
    for index in (0..<50).reversed() {
      #expect(again.draw(step: index / 5, sample: index % 5) == forward[index])
    }
    let other = SamplingPlan(entries, config: config, seed: 6)
    #expect((0..<50).map { other.draw(step: $0 / 5, sample: $0 % 5) } != forward)
  }

  @Test("only training clusters are drawn, crops lie inside, all starts and recycles occur")
  func ranges() throws {
    let scratch = try ScratchFolder()
    let store = try store(scratch)
    let plan = SamplingPlan(store.entries, config: config, seed: 1)
    var (starts, recycles): (Set<Int>, Set<Int>) = ([], [])
    for step in 0..<2000 {
      let draw = plan.draw(step: step, sample: 0)
      let entry = try store.entry(draw.id)
      #expect(DataSplit(entry) == .training)
      #expect(draw.start >= 0 && draw.start + draw.count <= entry.residues && draw.count == 16)
      starts.insert(entry.residues - draw.count - draw.start)
      recycles.insert(draw.recycles)
      #expect(plan.draw(step: step, sample: 3).recycles == draw.recycles)
    }
    #expect(starts.contains(0) && recycles == [0, 1, 2, 3])
  }

  @Test("clusters are drawn alike whatever their size")
  func clusterUniform() throws {
    let scratch = try ScratchFolder()
    let plan = SamplingPlan(try store(scratch).entries, config: config, seed: 2)
    var counts: [String: Int] = [:]
    let draws = 20_000
    for step in 0..<draws {
      let id = plan.draw(step: step, sample: 0).id
      let number = Int(id.dropFirst(5)) ?? -1
      counts["\(number / 2)", default: 0] += 1
    }
    let expected = Double(draws) / Double(plan.clusters.count)
    // Five standard deviations of a binomial count.
    #expect(counts.values.allSatisfy { abs(Double($0) - expected) < 5 * expected.squareRoot() })
    #expect(counts.count == plan.clusters.count)
  }

  @Test("a chain that is excluded is never drawn, and all other draws stay what they are")
  func excluded() throws {
    let scratch = try ScratchFolder()
    let entries = try store(scratch).entries
    let plan = SamplingPlan(entries, config: config, seed: 5)
    let drawn = (0..<400).map { plan.draw(step: $0, sample: 0) }
    var config = config
    config.exclude = [drawn[7].id, drawn[8].id]
    let other = SamplingPlan(entries, config: config, seed: 5)
    for (step, draw) in drawn.enumerated() {
      let found = other.draw(step: step, sample: 0)
      let isExcluded = config.exclude?.contains(draw.id) ?? false
      #expect(isExcluded ? config.exclude?.contains(found.id) == false : found == draw)
    }
  }

  @Test("an excluded chain that the store lacks, and a store of excluded chains, are refused")
  func excludedWrongly() throws {
    let scratch = try ScratchFolder()
    let store = try store(scratch)
    for (names, word) in [(["chain3", "nobody"], "'nobody'"), (store.ids, "no training chains")] {
      var config = config
      config.exclude = names
      let source = SampleSource(store: store, network: .tiny, config: config, seed: 0)
      let error = #expect(throws: InputError.self) { try source.requireTrainable(validates: false) }
      #expect("\(try #require(error))".contains(word))
    }
  }

  @Test("long chains are kept more often, by the ratio of the clamped lengths")
  func lengths() {
    let entries = (0..<2).map { index in
      StoreEntry(
        id: "c\(index)", residues: index == 0 ? 100 : 1000, rows: 9, templates: 0, hasLabels: true,
        resolution: nil, releaseDate: nil, cluster: "same")
    }
    var config = LoadingConfig()
    config.crop = 64
    let plan = SamplingPlan(entries, split: DataSplit(cluster: "same"), config: config, seed: 3)
    let long = (0..<9000).count { plan.draw(step: $0, sample: 0).id == "c1" }
    // 512 : 256, two of three; five standard deviations.
    #expect(abs(long - 6000) < 225)
  }

  @Test("the configured share of samples has an error that is not clamped", arguments: [0, 0.1, 1])
  func clamps(share: Double) throws {
    let scratch = try ScratchFolder()
    var config = config
    config.unclampedShare = share
    let source = SampleSource(store: try store(scratch), network: .tiny, config: config, seed: 4)
    let free = (0..<4000).count { !source.plan.draw(step: $0, sample: 0).isClamped }
    // Five standard deviations of a binomial count.
    #expect(abs(Double(free) - 4000 * share) <= 5 * (4000 * share * (1 - share)).squareRoot())
    for step in 0..<10 {
      let isClamped = source.plan.draw(step: step, sample: 0).isClamped
      #expect(try source.sample(step: step, sample: 0).clampedShare == (isClamped ? nil : 0))
    }
  }

  // Start uniform on 0 … n − x with x uniform on 0 … n (Suppl. 1.2.8): P(0) = Σ 1/(k + 1) / (n + 1) over k = 0 … n.
  @Test("crops without a clamp begin near the start of a chain more often", arguments: [0.0, 1])
  func unclampedStarts(share: Double) {
    let entry = StoreEntry(
      id: "c", residues: 20, rows: 9, templates: 0, hasLabels: true, resolution: nil,
      releaseDate: nil, cluster: "same")
    var config = config
    config.unclampedShare = share
    let plan = SamplingPlan([entry], split: DataSplit(cluster: "same"), config: config, seed: 3)
    let draws = 10_000
    let starts = (0..<draws).map { plan.draw(step: $0, sample: 0).start }
    for start in 0...4 {
      let expected =
        share == 0 ? 0.2 : (start...4).reduce(0) { $0 + 1 / Double($1 + 1) } / 5
      let found = Double(starts.count { $0 == start }) / Double(draws)
      let spread = (expected * (1 - expected) / Double(draws)).squareRoot()
      #expect(abs(found - expected) < 5 * spread, "\(start): \(found), expected \(expected)")
    }
  }

  @Test("blocks of rows are deleted in training where that is asked for, never for scoring")
  func blockDeletion() throws {
    let scratch = try ScratchFolder()
    let store = try store(scratch)
    var network = FoldingConfig.tiny
    network.sampling.maxClusters = 64  // more than any chain has rows
    for deletes in [true, false] {
      var config = config
      config.deletesBlocks = deletes
      let source = SampleSource(store: store, network: network, config: config, seed: 4)
      var (drawn, present) = (0, 0)
      for step in 0..<20 {
        let draw = source.plan.draw(step: step, sample: 0)
        let entry = try store.entry(draw.id)
        let sample = try source.sample(step: step, sample: 0)
        drawn += sample.features.draws[0].clusterCount
        present += entry.rows
        let held = try source.held(entry, draw: draw, crop: 16, recycles: 0)
        #expect(held.features.draws[0].clusterCount == entry.rows)
      }
      // Five blocks of 30 % leave a sixth of the rows, and more where they overlap at the end.
      #expect(deletes ? drawn < present / 2 : drawn == present, "\(drawn) of \(present)")
    }
  }

  @Test("chains at the limits of rows and resolution are drawn, those beyond never")
  func limits() {
    let chains: [(id: String, rows: Int, resolution: Float?)] = [
      ("few", 4, 2), ("least", 5, 2), ("worst", 9, 3), ("beyond", 9, 3.01), ("unknown", 9, nil),
    ]
    let entries = chains.map { chain in
      StoreEntry(
        id: chain.id, residues: 30, rows: chain.rows, templates: 0, hasLabels: true,
        resolution: chain.resolution, releaseDate: nil, cluster: "k1", split: "training")
    }
    var config = LoadingConfig()
    (config.minimumRows, config.maximumResolution) = (5, 3)
    let plan = SamplingPlan(entries, config: config, seed: 1)
    #expect(plan.clusters.map { $0.map(\.id) } == [["least", "unknown", "worst"]])
  }

  @Test("a sample's crop is the chain's: sequence, alignment, numbers and atoms of its residues")
  func crop() throws {
    let scratch = try ScratchFolder()
    let store = try store(scratch)
    let record = try store.record(of: "chain3")
    let draw = SamplingPlan.Draw(
      id: "chain3", start: 4, count: 10, recycles: 1, isClamped: true, alignmentSeed: 1,
      dropoutSeed: 2)
    let sample = try TrainingSample(
      record, draw: draw, network: .tiny, isTraining: true, blockDeletion: nil)
    #expect(sample.labels.aatype == record.features.aatype[4..<14].map(Int.init))
    #expect(sample.labels.residueIndex == Array(4..<14))
    #expect(
      sample.labels.atom37Positions
        == Array(try #require(record.labels).positions.values[4 * 111..<14 * 111]))
    #expect(sample.features.draws.count == 2)
    #expect(sample.features.draws[0] != sample.features.draws[1])
    #expect(sample.features.target.aatype == sample.labels.aatype)
  }

  private func prefetching(
    _ scratch: ScratchFolder, from step: Int, samples: Range<Int>, depth: Int
  ) throws -> (source: SampleSource, prefetcher: Prefetcher) {
    let source = SampleSource(
      store: try store(scratch), network: .tiny, config: config, seed: 9)
    let prefetcher = Prefetcher(from: step, samples: samples, depth: depth) {
      try source.sample(step: $0, sample: $1)
    }
    return (source, prefetcher)
  }

  @Test("a prefetched sample is the one made when asked for", arguments: [0, 1, 7])
  func prefetch(_ depth: Int) throws {
    let scratch = try ScratchFolder()
    let (source, samples) = try prefetching(scratch, from: 2, samples: 0..<3, depth: depth)
    for index in 0..<7 {
      if index == 4 { Thread.sleep(forTimeInterval: 0.05) }
      let (found, expected) = (
        try samples.take(), try source.sample(step: 2 + index / 3, sample: index % 3)
      )
      #expect(found.id == expected.id && found.labels == expected.labels)
      #expect(found.features.draws == expected.features.draws)
      #expect(found.dropoutSeed == expected.dropoutSeed)
    }
  }

  @Test("nothing comes from a prefetcher that was stopped", arguments: [0, 1, 7])
  func stoppedPrefetch(_ depth: Int) throws {
    let scratch = try ScratchFolder()
    let samples = try prefetching(scratch, from: 0, samples: 0..<1, depth: depth).prefetcher
    _ = try samples.take()
    samples.stop()
    #expect(throws: Prefetcher.Stopped.self) { try samples.take() }
  }

  @Test("who waits for a sample is told when the prefetcher stops")
  func stoppedWhileWaiting() throws {
    struct Unneeded: Error {}
    let (gate, isDone) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let samples = Prefetcher(from: 0, samples: 0..<1, depth: 1) { _, _ in
      gate.wait()
      throw Unneeded()
    }
    Thread {
      Thread.sleep(forTimeInterval: 0.05)
      samples.stop()
      isDone.signal()
    }.start()
    #expect(throws: Prefetcher.Stopped.self) { try samples.take() }
    gate.signal()
    isDone.wait()
  }

  @Test("a store without validation clusters is refused")
  func noValidation() throws {
    let scratch = try ScratchFolder()
    let names = (0..<1000).map { "n\($0)" }.filter { DataSplit(cluster: $0) == .training }
    try SyntheticStore.write(to: scratch.file("t.h5"), count: 6) { names[$0] }
    let store = try FeatureStore(path: scratch.file("t.h5"))
    let error = #expect(throws: InputError.self) {
      try SampleSource(store: store, network: .tiny, config: config, seed: 0).requireTrainable()
    }
    #expect("\(try #require(error))".contains("validation"))
  }

  @Test("of a validation cluster comes the middle of its deepest chain, of equals the first")
  func deepest() throws {
    let scratch = try ScratchFolder()
    let depths = [("a", 2), ("b", 3), ("c", 1), ("d", 3)]
    try FeatureStore.write(
      depths.map { id, rows in
        var record = SyntheticStore.record(3) { _ in id }
        record.features.keepRows(rows)
        record.labels?.cluster = "family"
        record.labels?.split = "validation"
        return record
      }, to: scratch.file("v.h5"))
    let store = try FeatureStore(path: scratch.file("v.h5"))
    let count = store.entries[0].residues
    #expect(Set(store.entries.map(\.rows)) == [1, 2, 3])
    let source = SampleSource(store: store, network: .tiny, config: config, seed: 9)
    for crop in [10, 11, 100] {
      let samples = try source.validation(
        count: 3, lengths: 1...100, crop: crop, recycles: 0, seed: 1)
      #expect(samples.map(\.id) == ["b"])
      let (first, length) = ((count - min(crop, count)) / 2, min(crop, count))
      #expect(samples.first?.labels.residueIndex == Array(first..<first + length))
    }
  }

  @Test("clusters are counted for validation as they are taken, within all limits")
  func validationClusters() throws {
    let scratch = try ScratchFolder()
    let store = try store(scratch, count: 80)
    func clusters(_ config: LoadingConfig, _ lengths: ClosedRange<Int>) -> [[StoreEntry]] {
      let source = SampleSource(store: store, network: .tiny, config: config, seed: 9)
      let clusters = source.validationClusters(lengths: lengths)
      let samples = try? source.validation(
        count: 1000, lengths: lengths, crop: 20, recycles: 0, seed: 1)
      #expect(clusters.count == samples?.count ?? 0)
      return clusters
    }
    let all = clusters(config, 1...100)
    var limited = config
    limited.exclude = all.prefix(2).flatMap { $0.map(\.id) }
    #expect(all.count > 2 && clusters(limited, 1...100).count == all.count - 2)
    #expect(clusters(config, 1000...1001).isEmpty)
  }

  @Test("validation chains are the same every time, one per cluster, without dropout")
  func validation() throws {
    let scratch = try ScratchFolder()
    let source = SampleSource(
      store: try store(scratch, count: 80), network: .tiny, config: config, seed: 9)
    func make() throws -> [TrainingSample] {
      try source.validation(count: 3, lengths: 1...100, crop: 20, recycles: 2, seed: 1)
    }
    let (first, second) = (try make(), try make())
    #expect(first.map(\.id) == second.map(\.id))
    #expect(first.allSatisfy { $0.dropoutSeed == nil && $0.features.draws.count == 3 })
    #expect(zip(first, second).allSatisfy { $0.features.draws == $1.features.draws })
    for sample in first {
      #expect(DataSplit(try source.store.entry(sample.id)) == .validation)
    }
  }
}
