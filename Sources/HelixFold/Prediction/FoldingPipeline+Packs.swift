import FeaturePipeline
import FoldingCore
import FoldingModel

/// Which targets share passes.
extension FoldingPipeline {
  /// Longest protein that shares a pass; for longer ones the MSA track is large enough alone.
  static let packedResidues = 128
  /// Longest common axis of a pack.
  static let packPositions = 512

  /// The targets in the order in which they are worked off; with packing, those that share passes together.
  ///
  /// Collective in a team.
  func groups(of targets: [PredictionTarget]) throws -> [[Int]] {
    let order = order(of: targets)
    guard options.packs, !options.isDryRun, !options.usesDropout,
      models.allSatisfy({ $0.config.ensembles <= 1 }),
      (options.ensembles ?? 1) <= 1
    else { return order.map { [$0] } }
    let limit = try memoryLimit().bytes
    var (groups, pack): ([[Int]], [(index: Int, counts: FeatureCounts)]) = ([], [])
    func close() {
      if !pack.isEmpty { groups.append(pack.map(\.index)) }
      pack = []
    }
    for index in order {
      guard let counts = try? targets[index].features.get().counts,
        counts.residues <= Self.packedResidues
      else {
        groups.append([index])
        continue
      }
      if !fits(pack.map(\.counts) + [counts], limit) { close() }
      pack.append((index, counts))
    }
    close()
    return groups
  }

  /// Whether proteins may share a pass: the axis is short enough, and so is the memory that is allowed.
  private func fits(_ pack: [FeatureCounts], _ limit: Int) -> Bool {
    if ProteinPack(pack.map(\.residues)).positions > Self.packPositions { return false }
    return models.allSatisfy {
      packPlan(PredictionRun($0, seedIndex: 0, options), pack, limit).peak <= limit
    }
  }

  /// An upper bound of what a pack needs: the plan of one protein as long as all of them.
  func packPlan(_ run: PredictionRun, _ pack: [FeatureCounts], _ limit: Int) -> MemoryPlan {
    let sizes = pack.map(run.size)
    func largest(_ size: KeyPath<ProblemSize, Int>) -> Int {
      sizes.map { $0[keyPath: size] }.max() ?? 0
    }
    let size = ProblemSize(
      residues: ProteinPack(pack.map(\.residues)).positions, clusters: largest(\.clusters),
      extraRows: largest(\.extraRows), templates: largest(\.templates))
    let demand = run.demand(
      size, alignmentBytes: pack.reduce(0) { $0 + $1.alignmentBytes }, options)
    return MemoryPlan.fitting(demand, pairFormat: options.pairFormat, limit: limit)
  }
}
