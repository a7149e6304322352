import BasicTestSupport
import FeaturePipeline
import FoldingCore
import NumericArrays
import Protein
import Testing
import TrainingTestSupport

@testable import TrainingData

@Suite("Drawing templates")
struct TemplateDrawTests {
  /// Templates that tell their number in every array.
  private func templates(_ count: Int, residues: Int = 3) -> TemplateStructures {
    func numbers<Value>(_ width: Int, _ value: (Int) -> Value) -> [Value] {
      (0..<count * residues * width).map { value($0 / (residues * width)) }
    }
    let atoms = AtomName.count
    return TemplateStructures(
      names: (0..<count).map { "t\($0)" }, sequences: (0..<count).map { "s\($0)" },
      aatype: NDArray(shape: [count, residues], values: numbers(1) { UInt8($0 % 20) }),
      positions: NDArray(
        shape: [count, residues, atoms, 3], values: numbers(atoms * 3) { Float($0) }),
      mask: NDArray(shape: [count, residues, atoms], values: numbers(atoms) { Float($0 % 2) }),
      sumProbabilities: (0..<count).map(Float.init))
  }

  @Test(
    "as many as Suppl. 1.2.3 says: min(Uniform[0, n], 4) of the first 20",
    arguments: [0, 1, 3, 4, 7, 20, 30])
  func counts(_ available: Int) {
    let all = templates(available)
    let n = min(available, 20)
    let draws = 6000
    var found = [Int](repeating: 0, count: 5)
    var seen: Set<String> = []
    for seed in 0..<draws {
      let drawn = all.drawn(limit: 4, key: RandomKey(seed: UInt64(seed)))
      found[drawn.count] += 1
      seen.formUnion(drawn.names)
      #expect(Set(drawn.names).count == drawn.count)
    }
    for count in 0...4 {
      let share =
        count > n ? 0 : count < 4 ? 1 / Double(n + 1) : Double(n - 3) / Double(n + 1)
      let expected = share * Double(draws)
      // Five standard deviations of a binomial count.
      let limit = 5 * (expected * (1 - share)).squareRoot()
      #expect(abs(Double(found[count]) - expected) <= limit)
    }
    #expect(seen == Set((0..<n).map { "t\($0)" }))
  }

  @Test("templates of the chain's own entry are left out, however it is spelled")
  func ownEntry() {
    var all = templates(5)
    all.names = ["6s44_A", "6S44_B", "6s44x", "1abc_A", "T1026"]
    let left = all.apart(fromEntries: ["T1026", "6S44"])
    #expect(left.names == ["6s44x", "1abc_A", "T1026"])
    #expect(left.sequences == ["s2", "s3", "s4"] && left.sumProbabilities == [2, 3, 4])
    #expect(left.positions.shape[0] == 3 && left.aatype.values.prefix(3) == [2, 2, 2])
    #expect(all.apart(fromEntries: ["", "chain_A"]) == all)
  }

  @Test("every place holds every template equally often, with all that belongs to it")
  func order() {
    let all = templates(5)
    var places = [Int](repeating: 0, count: 20)
    var draws = 0
    for seed in 0..<12_000 {
      let drawn = all.drawn(limit: 4, key: RandomKey(seed: UInt64(seed)))
      for (place, name) in drawn.names.enumerated() {
        let number = Int(name.dropFirst()) ?? -1
        #expect(drawn.sequences[place] == "s\(number)")
        #expect(drawn.aatype.slice(place).values == [UInt8](repeating: UInt8(number), count: 3))
        #expect(drawn.positions.slice(place).values.allSatisfy { $0 == Float(number) })
        #expect(drawn.mask.slice(place).values.allSatisfy { $0 == Float(number % 2) })
        #expect(drawn.sumProbabilities[place] == Float(number))
      }
      guard drawn.count == 4 else { continue }
      draws += 1
      for (place, name) in drawn.names.enumerated() {
        places[place * 5 + (Int(name.dropFirst()) ?? 0)] += 1
      }
    }
    let expected = Double(draws) / 5
    #expect(draws > 3000)
    #expect(places.allSatisfy { abs(Double($0) - expected) < 5 * expected.squareRoot() })
  }

  @Test("training samples draw their templates, samples for scoring keep the first ones")
  func samples() throws {
    let scratch = try ScratchFolder()
    var record = SyntheticStore.record(2) { "k\($0)" }  // cluster k2 is in the training split
    record.features.templates = templates(6, residues: record.features.residueCount)
    try FeatureStore.write([record], to: scratch.file("s.h5"))
    var config = LoadingConfig()
    config.crop = 16
    func source(drawing: Bool) throws -> SampleSource {
      config.drawsTemplates = drawing
      return SampleSource(
        store: try FeatureStore(path: scratch.file("s.h5")), network: .tiny, config: config, seed: 1
      )
    }
    func taken(_ sample: TrainingSample) -> [Float] {
      guard let templates = sample.features.target.templates else { return [] }
      return (0..<templates.aatype.shape[0]).map { templates.positions.slice($0).values[0] }
    }
    let limit = FoldingConfig.tiny.sampling.maxTemplates
    let first = (0..<min(6, limit)).map(Float.init)
    let (drawing, plain) = (try source(drawing: true), try source(drawing: false))
    var found: Set<[Float]> = []
    for step in 0..<40 {
      let sample = try drawing.sample(step: step, sample: 0)
      found.insert(taken(sample))
      #expect(taken(try drawing.sample(step: step, sample: 0)) == taken(sample))
      #expect(taken(try plain.sample(step: step, sample: 0)) == first)
    }
    #expect(found.count > 10 && found.contains([]))
    let entry = try #require(drawing.store.entries.first)
    let held = try drawing.held(
      entry, draw: drawing.plan.draw(step: 0, sample: 0), crop: 16, recycles: 0)
    #expect(taken(held) == first)
  }
}
