import FoldingCore
import Foundation
import NumericArrays
import Testing

@testable import Training

/// The synthetic case of `Fixtures/make_losses.py`: inputs, labels, values and gradients of DeepMind's code.
struct LossFixture: Decodable {
  let inputs: [String: [Double]]
  let labels: [String: [Double]]
  let loss: [String: [Double]]
  let gradient: [String: [Double]]

  static func load() throws -> LossFixture {
    let url = try #require(
      Bundle.module.url(forResource: "losses", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(LossFixture.self, from: Data(contentsOf: url))
  }

  func input(_ name: String) throws -> [Double] { try #require(inputs[name]) }
  func label(_ name: String) throws -> [Double] { try #require(labels[name]) }
  func loss(_ name: String) throws -> [Double] { try #require(loss[name]) }
  func gradient(_ name: String) throws -> [Double] { try #require(gradient[name]) }

  func structureLabels<Real: RealNumber>(_ type: Real.Type = Real.self) throws -> StructureLabels<
    Real
  > {
    StructureLabels(
      aatype: try input("aatype").map { Int($0) },
      residueIndex: try input("residue_index").map { Int($0) },
      sequenceMask: try input("seq_mask").map { Real($0) },
      positions: try input("positions").map { Real($0) },
      mask: try input("mask").map { Real($0) }, resolution: 2)
  }

  /// Everything that the loss reads, with two layers.
  func lossInputs<Real: RealNumber>(_ type: Real.Type = Real.self) throws -> LossInputs<Real> {
    func reals(_ name: String) throws -> [Real] { try input(name).map { Real($0) } }
    let residues = try input("aatype").count
    var result = LossInputs<Real>()
    result.backbone = rigids(try reals("trajectory")).chunks(of: residues)
    result.torsions = zip(
      try reals("angles").chunks(of: residues * 14),
      try reals("unnormalized").chunks(of: residues * 14)
    ).map { TorsionPrediction(normalized: $0, unnormalized: $1) }
    result.groupFrames = rigids(try reals("group_frames"))
    result.atom14Positions = try reals("atom14")
    result.distogram = try reals("distogram")
    result.maskedMSA = try reals("masked_msa")
    result.experimentallyResolved = try reals("resolved")
    result.confidence = try reals("confidence")
    result.alignedError = try reals("aligned_error")
    return result
  }

  func alignment<Real: RealNumber>(_ type: Real.Type = Real.self) throws -> AlignmentLabels<Real> {
    AlignmentLabels(
      trueClasses: try input("true_msa").map { Int($0) },
      mask: try input("bert_mask").map { Real($0) })
  }
}

/// Rigid motions from rows of twelve numbers.
func rigids<Real: RealNumber>(_ flat: [Real]) -> [RigidTransform<Real>] {
  stride(from: 0, to: flat.count, by: 12).map { RigidTransform(flat12: flat, at: $0) }
}

extension Array {
  func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<$0 + size]) }
  }
}

extension Array where Element == RigidGradient<Double> {
  /// Twelve numbers each, in the order of `flat12`.
  var flat: [Double] { flatMap(\.flat12) }
}

/// Fails with the worst element unless all are within `tolerance` of the reference, relative to its largest element.
func expectClose(
  _ found: [Double], _ expected: [Double], tolerance: Double, _ name: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, "\(name): sizes differ", sourceLocation: sourceLocation)
  let scale = expected.reduce(1e-12) { max($0, abs($1)) }
  var worst = (error: 0.0, index: 0)
  for (k, (a, b)) in zip(found, expected).enumerated() {
    let error = a.isFinite && b.isFinite ? abs(a - b) : .infinity
    if error > worst.error { worst = (error, k) }
  }
  #expect(
    worst.error <= tolerance * scale,
    "\(name)[\(worst.index)]: off by \(worst.error), largest element \(scale)",
    sourceLocation: sourceLocation)
}

/// Gradient of `value` at some coordinates of `x` by 4-point central differences.
func numericGradient(
  at x: [Double], indices: [Int], step: Double = 1e-4, _ value: ([Double]) -> Double
) -> [Double] {
  indices.map { k in
    func f(_ shift: Double) -> Double {
      var moved = x
      moved[k] += shift * step
      return value(moved)
    }
    return (f(-2) - 8 * f(-1) + 8 * f(1) - f(2)) / (12 * step)
  }
}

/// A reproducible stream of numbers for tests.
struct TestRandom: RandomNumberGenerator {
  private var numbers: SplitMix64
  init(seed: UInt64) { numbers = SplitMix64(seed: seed &* SplitMix64.increment &+ 1) }
  mutating func next() -> UInt64 { numbers.next() }
  /// Standard normal, by Box and Muller.
  mutating func normal() -> Double {
    let (u, v) = (
      Double.random(in: 1e-300..<1, using: &self), Double.random(in: 0..<1, using: &self)
    )
    return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
  }
  mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }
}
