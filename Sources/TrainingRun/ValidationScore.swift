import Distribution
import Protein
import Scoring
import Training
import TrainingData

/// How good the averaged weights are on the validation chains.
public struct ValidationScore: Codable, Hashable, Sendable {
  /// Mean lDDT-Cα over the chains with two or more known residues, 0 … 1; NaN if there are none.
  public var lddt: Double
  /// Mean loss.
  public var loss: Double
  /// Number of chains.
  public var targets: Int

  /// Scores chains as predicted with the engine's current parameters; the processes of `member` share them.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - group: chains that each process predicts between two joint checks whether to stop, the same in all.
  ///   - shouldStop: whether this process wants to stop; the result is then nil.
  ///   - progress: called with the number of chains done, as far as this process knows, and their total.
  init?(
    _ samples: [TrainingSample], engine: any GradientEngine, _ member: GridMember, group: Int,
    shouldStop: () -> Bool, progress: (_ done: Int, _ count: Int) throws -> Void
  ) throws {
    let mine = samples[member.share(of: samples.count)]
    let most = (samples.count + member.data.size - 1) / member.data.size
    var numbers: [Double] = []
    for first in stride(from: 0, to: most, by: group) {
      if try member.world.any(shouldStop()) { return nil }
      let part = Array(mine.dropFirst(first).prefix(group))
      for (sample, outcome) in zip(part, try engine.evaluate(part)) {
        numbers += [sample.lddt(of: outcome.alphaCarbons) ?? .nan, outcome.loss.total]
      }
      try progress(min((first + group) * member.data.size, samples.count), samples.count)
    }
    let all = try member.data.allGather(numbers).flatMap { $0 }
    let places = stride(from: 0, to: all.count, by: 2)
    let scores = places.map { all[$0] }.filter { !$0.isNaN }
    lddt = scores.isEmpty ? .nan : scores.mean
    loss = places.reduce(0) { $0 + all[$1 + 1] } / Double(max(samples.count, 1))
    targets = samples.count
  }

  /// Whether this is better than the best so far: higher lDDT, with a loss that is a number.
  func isBetter(than other: ValidationScore?) -> Bool {
    guard lddt.isFinite && loss.isFinite else { return false }
    guard let other else { return true }
    return lddt > other.lddt
  }
}

extension TrainingSample {
  /// lDDT-Cα of predicted C-alphas `[N_res, 3]`, 0 … 1; 0 if the prediction is not finite, nil if the truth has no pair.
  public func lddt(of predicted: [Float]) -> Double? {
    let isUsable = predicted.count == residueCount * 3 && predicted.allSatisfy(\.isFinite)
    var (truth, model): ([Residue], [Residue?]) = ([], [])
    for residue in 0..<residueCount {
      let atom = residue * Atom37.count + AtomName.ca.index
      guard labels.atom37Mask[atom] > 0 else { continue }
      truth.append(Self.alpha(labels.atom37Positions, atom * 3, number: residue + 1))
      model.append(isUsable ? Self.alpha(predicted, residue * 3, number: residue + 1) : nil)
    }
    return LocalDistanceDifference(reference: truth, model: model, atoms: .alphaCarbons).score
  }

  private static func alpha(_ values: [Float], _ start: Int, number: Int) -> Residue {
    let place = SIMD3(Double(values[start]), Double(values[start + 1]), Double(values[start + 2]))
    return Residue(
      name: "ALA", number: number, atoms: [Atom(name: "CA", element: "C", position: place)])
  }
}
