import FoldingCore
import Testing

@testable import FoldingModel

@Suite("Edges of bins")
struct BinEdgesTests {
  /// As heads, recycling and templates of the released code compute edges in single precision: steps from the first one.
  private func stepped(_ edges: BinEdges) -> [Float] {
    let step = (edges.last - edges.first) / Float(edges.count - 1)
    return (0..<edges.count).map { edges.first + step * Float($0) }
  }

  /// As losses compute them: shares of the whole.
  private func shared<Real: BinaryFloatingPoint>(_ edges: BinEdges) -> [Real] {
    let (first, last) = (Real(edges.first), Real(edges.last))
    return (0..<edges.count).map { first + (last - first) * Real($0) / Real(edges.count - 1) }
  }

  @Test(
    "edges of every network are the same bits in both precisions, by steps and by shares, and so are their squares",
    arguments: FoldingConfig.presets)
  func presets(_ config: FoldingConfig) {
    let all = [
      config.heads.distogramBreaks, (config.heads.alignedError ?? AlignedErrorConfig()).breaks,
      config.channels.recycledEdges, (config.template ?? TemplateConfig()).distanceEdges,
    ]
    for edges in all {
      let floats = edges.values(Float.self)
      #expect(floats == stepped(edges) && floats == shared(edges))
      #expect(edges.values(Double.self) == shared(edges))
      #expect(edges.values(Double.self) == floats.map { Double($0) })
      #expect(SquaredEdges<Float>(edges).values == stepped(edges).map { $0 * $0 })
      #expect(SquaredEdges<Double>(edges).values == shared(edges).map { $0 * $0 })
    }
  }

  @Test("edges that no precision holds begin at the first, end at the last and ascend")
  func inexact() {
    let edges = BinEdges(count: 63, from: 2.3, to: 21.7)
    let (floats, doubles) = (edges.values(Float.self), edges.values(Double.self))
    #expect(floats.first == 2.3 && floats.last == 21.7)
    #expect(doubles.first == Double(Float(2.3)) && doubles.last == Double(Float(21.7)))
    #expect(zip(floats, floats.dropFirst()).allSatisfy { $0 < $1 })
    #expect(zip(floats, doubles).allSatisfy { abs(Double($0) - $1) <= 4e-6 })
  }

  @Test("a distance at an edge lies in the bin that ends there; contacts are the 19 bins up to 8 Å")
  func lookup() {
    let edges = BinEdges(count: 3, from: 4, to: 12)
    let squares = SquaredEdges<Double>(edges)
    #expect(
      [0, 16, 16.1, 64, 144, 144.1, .nan].map { squares.countBelow($0) } == [0, 0, 1, 1, 2, 3, 0])
    #expect([3.9, 4, 8, 11.9, 12, 50].map { edges.countWithin($0) } == [0, 1, 2, 2, 3, 3])
    #expect(HeadConfig().distogramBreaks.countWithin(8) == 19)
    let recycled = DistanceBins(edges)
    #expect(
      [16, 16.5, 64, 65, 144, 145, 1e8].map { recycled.bin($0) } == [nil, 0, nil, 1, nil, 2, nil])
  }

  @Test("centres of the released error bins are ¼, ¾, … 31¾ Å")
  func centers() {
    #expect(AlignedErrorConfig().breaks.centers == (0..<64).map { 0.25 + 0.5 * Double($0) })
  }
}
