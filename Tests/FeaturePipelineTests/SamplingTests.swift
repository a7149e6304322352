import FeaturePipeline
import FoldingCore
import Foundation
import NumericArrays
import Protein
import Testing

@Suite("draws from the alignment")
struct SamplingTests {
  private func tiny(_ change: (inout FoldingConfig) -> Void = { _ in }) -> FoldingConfig {
    var config = FoldingConfig.tiny
    change(&config)
    return config
  }

  @Test("a draw is a function of seed, pass and ensemble member alone")
  func pure() throws {
    let raw = try randomFeatures(residues: 17, rows: 50, seed: 1)
    let one = SampledFeatures(raw, config: tiny(), seed: 5)
    let two = SampledFeatures(raw, config: tiny(), seed: 5)
    let draw = one.draw(pass: 2, ensemble: 1)
    _ = two.draw(pass: 0, ensemble: 0)
    #expect(two.draw(pass: 2, ensemble: 1) == draw)
    #expect(one.draw(pass: 1, ensemble: 1) != draw)
    #expect(one.draw(pass: 2, ensemble: 0) != draw)
    #expect(SampledFeatures(raw, config: tiny(), seed: 6).draw(pass: 2, ensemble: 1) != draw)
  }

  @Test("target features are those published, or followed by shares and mean deletions of all rows")
  func profile() throws {
    var raw = RawFeatures(id: "t", sequence: try ProteinSequence("AC"))
    // Columns: A A A gap, and C D X D; deletions 0 0 4 2 before the second.
    raw.msa = NDArray(shape: [4, 2], values: [0, 4, 0, 3, 0, 20, 21, 3])
    raw.deletions = NDArray(shape: [4, 2], values: [0, 0, 0, 0, 0, 4, 0, 2])
    func features(_ kind: TargetFeatureKind) -> NDArray<Float> {
      SampledFeatures(raw, config: tiny { $0.channels.target = kind }, seed: 0)
        .target.targetFeature
    }
    var published = [Float](repeating: 0, count: 44)
    published[1] = 1
    published[22 + 5] = 1
    #expect(features(.residues).shape == [2, 22] && features(.residues).values == published)
    let whole = features(.profile)
    #expect(whole.shape == [2, 45])
    var first = [Float](repeating: 0, count: 23)
    (first[0], first[21]) = (0.75, 0.25)
    var second = [Float](repeating: 0, count: 23)
    (second[3], second[4], second[20]) = (0.5, 0.25, 0.25)
    second[22] = 2 / .pi * atan(1.5 / 3)
    #expect(Array(whole.values[..<45]) == Array(published[..<22]) + first)
    #expect(Array(whole.values[45...]) == Array(published[22...]) + second)
  }

  @Test("without resampling every pass sees the first draw, ensemble members still differ")
  func withoutResampling() throws {
    let raw = try randomFeatures(residues: 9, rows: 30, seed: 2)
    let features = SampledFeatures(
      raw, config: tiny { $0.sampling.resamplesEachPass = false }, seed: 0)
    #expect(features.draw(pass: 3, ensemble: 0) == features.draw(pass: 0, ensemble: 0))
    #expect(features.draw(pass: 0, ensemble: 1) != features.draw(pass: 0, ensemble: 0))
  }

  @Test(
    "numbers of clusters and extra rows are the real ones",
    arguments: [(1, 1, 0), (2, 2, 0), (6, 6, 0), (7, 6, 1), (14, 6, 8), (200, 6, 8)])
  func sizes(rows: Int, clusters: Int, extra: Int) throws {
    let raw = try randomFeatures(residues: 5, rows: rows, seed: 3)
    let draw = SampledFeatures(raw, config: tiny(), seed: 1).draw(pass: 0, ensemble: 0)
    #expect(draw.clusterCount == clusters && draw.extraCount == extra)
    #expect(draw.msaFeature.shape == [clusters, 5, 49])
    #expect(draw.trueMSA.values.prefix(5) == raw.msa.values.prefix(5))
  }

  @Test("networks that append template torsions leave room for the template rows")
  func templateRows() throws {
    let raw = try randomFeatures(residues: 4, rows: 600, seed: 4)
    for (name, clusters) in [("model_1", 508), ("model_2_ptm", 508), ("model_3", 512)] {
      let config = try #require(FoldingConfig.preset(named: name))
      let draw = SampledFeatures(raw, config: config, seed: 0).draw(pass: 0, ensemble: 0)
      #expect(draw.clusterCount == clusters && draw.extraCount == 600 - clusters)
    }
  }

  @Test("about 15 % of the cells are hidden, of these 70 % show the mask class, none elsewhere")
  func maskedShares() throws {
    let raw = try randomFeatures(residues: 100, rows: 400, seed: 5)
    let sampler = AlignmentSampler(
      raw, maxClusters: 400, maxExtraRows: 0, maskedFraction: 0.15)
    let choices = sampler.choices(key: RandomKey(seed: 9))
    let hidden = choices.hidden.indices.filter { choices.hidden[$0] }
    let share = Double(hidden.count) / 40_000
    #expect(abs(share - 0.15) < 0.006)  // 3 standard deviations: 3 · √(0.15 · 0.85 / 40,000)
    let masked = hidden.count { choices.replacements[$0] == 22 }
    #expect(abs(Double(masked) / Double(hidden.count) - 0.7) < 0.018)
    let draw = sampler.draw(choices)
    for cell in choices.hidden.indices {
      let showsMask = draw.msaFeature.values[cell * 49 + 22] == 1
      #expect(showsMask == (choices.hidden[cell] && choices.replacements[cell] == 22))
    }
  }

  @Test("no cell is hidden at fraction 0")
  func unmasked() throws {
    let raw = try randomFeatures(residues: 8, rows: 12, seed: 6)
    let draw = SampledFeatures(raw, config: tiny { $0.sampling.maskedFraction = 0 }, seed: 1).draw(
      pass: 0, ensemble: 0)
    #expect(draw.bertMask.values.allSatisfy { $0 == 0 })
  }

  @Test(
    "cluster averages equal the one-hot matrix product, at columns around the vector width",
    arguments: [1, 7, 31, 32, 33, 254, 255, 256, 511])
  func clusters(columns: Int) throws {
    let raw = try randomFeatures(residues: columns, rows: 40, seed: UInt64(columns))
    let sampler = AlignmentSampler(raw, maxClusters: 7, maxExtraRows: 40, maskedFraction: 0.15)
    let choices = sampler.choices(key: RandomKey(seed: 1))
    #expect(sampler.draw(choices).msaFeature == plainFeature(raw, choices, clusters: 7))
  }

  /// The released formulas, written with one-hot arrays.
  private func plainFeature(
    _ raw: RawFeatures, _ choices: AlignmentChoices, clusters: Int
  ) -> NDArray<Float> {
    let n = raw.residueCount
    func value(_ row: Int, _ i: Int) -> UInt8 { raw.msa[choices.rowOrder[row], i] }
    func shown(_ row: Int, _ i: Int) -> UInt8 {
      choices.hidden[row * n + i] ? choices.replacements[row * n + i] : value(row, i)
    }
    func oneHot(_ type: UInt8) -> [Float] { (0..<23).map { $0 == Int(type) ? 1 : 0 } }
    var members = [[Int]](repeating: [], count: clusters)
    for extra in clusters..<choices.rowOrder.count {
      let agreement = (0..<clusters).map { row in
        (0..<n).reduce(Float(0)) { sum, i in
          sum
            + zip(oneHot(value(extra, i)), oneHot(shown(row, i))).prefix(21).reduce(0) {
              $0 + $1.0 * $1.1
            }
        }
      }
      members[agreement.firstIndex(of: agreement.max() ?? 0) ?? 0].append(extra)
    }
    func scaled(_ count: Float) -> Float { 2 / Float.pi * atan(count / 3) }
    var result: [Float] = []
    for row in 0..<clusters {
      for i in 0..<n {
        let own = Float(raw.deletions[choices.rowOrder[row], i])
        let count = 1e-6 + 1 + Float(members[row].count)
        var profile = oneHot(shown(row, i))
        var deleted = own
        for member in members[row] {
          profile[Int(value(member, i))] += 1
          deleted += Float(raw.deletions[choices.rowOrder[member], i])
        }
        result += oneHot(shown(row, i)) + [min(own, 1), scaled(own)]
        result += profile.map { $0 / count } + [scaled(deleted / count)]
      }
    }
    return NDArray(shape: [clusters, n, 49], values: result)
  }

  @Test("block deletion keeps the target and removes whole blocks, clipped at the end")
  func blockDeletion() {
    let deletion = BlockDeletion()
    #expect(deletion.keptRows(of: 20, starts: [0]) == [0] + Array(6..<20))
    #expect(deletion.keptRows(of: 20, starts: [18, 3]) == [0, 1, 2] + Array(9..<18))
    #expect(deletion.keptRows(of: 1, starts: [0, 0]) == [0])
    #expect(deletion.keptRows(of: 3, starts: [1]) == [0, 1, 2])
  }

  @Test("with block deletion no deleted row is drawn")
  func sampledBlockDeletion() throws {
    let raw = try randomFeatures(residues: 3, rows: 100, seed: 8)
    let sampler = AlignmentSampler(
      raw, maxClusters: 100, maxExtraRows: 0, maskedFraction: 0.15, blockDeletion: BlockDeletion())
    let order = sampler.choices(key: RandomKey(seed: 2)).rowOrder
    #expect(order[0] == 0 && Set(order).count == order.count)
    #expect(order.count < 71)
    // Five blocks of 30 rows that hardly overlap leave few; two of them leave 40 at least.
    let fewest = (0..<100).map { sampler.choices(key: RandomKey(seed: $0)).rowOrder.count }.min()
    #expect(try #require(fewest) < 15)
  }
}

@Suite("alignment statistics")
struct MSAStatisticsTests {
  private func statistics(_ rows: [String]) -> MSAStatistics {
    let alphabet = Array("ARNDCQEGHILKMFPSTWYVX-")
    let values = rows.flatMap { $0.map { UInt8(alphabet.firstIndex(of: $0) ?? 20) } }
    return MSAStatistics(NDArray(shape: [rows.count, rows[0].count], values: values))
  }

  @Test("depth counts residues, not gaps")
  func depth() {
    #expect(statistics(["ACDE", "A-DE", "--DE"]).depth == [2, 1, 3, 3])
    #expect(statistics(["ACDE", "A-DE", "--DE"]).meanDepth == 2.25)
  }

  @Test("copies count as one sequence, unrelated rows each as one")
  func neff() {
    #expect(statistics(["ACDEF", "ACDEF", "ACDEF"]).neff == 1)
    #expect(statistics(["ACDEF", "GHIKL", "MNPQR"]).neff == 3)
    // Four of five agree: alike at 80 %; three of five: not.
    #expect(statistics(["ACDEF", "ACDEG"]).neff == 1)
    #expect(statistics(["ACDEF", "ACDGG"]).neff == 2)
    // Gaps do not count; rows that share no column are not alike.
    #expect(statistics(["AC---", "ACDEF", "---EF"]).neff == 0.5 + 1.0 / 3 + 0.5)
  }
}
