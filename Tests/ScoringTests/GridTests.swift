import Protein
import Scoring
import Testing

/// 200 perturbed, truncated, hinged, mirrored, renumbered and renamed models of five structures.
///
/// Reference: TM-score's search (tmscore_reference.py) and OpenStructure 2.3.1's lddt, see make_reference.py.
@Suite struct GridTests {
  let structures: [String: Structure]

  init() throws { structures = try Fixture.gridStructures() }

  /// All models; in debug builds, where the search takes seconds a model, every tenth.
  static let models: [GridModel] = {
    #if DEBUG
      return GridModel.all.enumerated().filter { $0.offset % 10 == 3 }.map(\.element)
    #else
      return GridModel.all
    #endif
  }()

  private func matching(_ model: GridModel) throws -> ResidueMatching {
    let reference = try #require(structures[model.structure]?.models.first?.chains.first)
    return try ResidueMatching(model: model.apply(to: reference), reference: reference)
  }

  @Test("the grid holds 40 models of each of five structures")
  func size() {
    let counts = Dictionary(grouping: GridModel.all, by: \.structure).mapValues(\.count)
    #expect(GridModel.all.count == 200)
    #expect(counts.count == 5 && counts.values.allSatisfy { $0 == 40 }, "\(counts)")
  }

  @Test(
    "TM-score and GDT reach those of TM-align's source (tmscore_reference.py), and superpositions prove them",
    arguments: models)
  func superposed(_ model: GridModel) throws {
    let proof = Proof(try matching(model))
    let scores = SuperpositionSearch(
      model: proof.pairs.map(\.0), reference: proof.pairs.map(\.1), targetLength: proof.length
    ).run()
    #expect(scores.tmScore.value >= model.tm - 1e-4)
    #expect(scores.gdtTS >= model.gdtTS - 1e-4)
    #expect(scores.gdtHA >= model.gdtHA - 1e-4)
    #expect(abs(proof.tmScore(scores.tmScore.superposition) - scores.tmScore.value) < 1e-9)
    for (cutoff, fraction) in zip([0.5, 1, 2, 4, 8], scores.fractions) {
      #expect(abs(proof.fraction(fraction.superposition, within: cutoff) - fraction.value) < 1e-9)
      #expect(isRotation(fraction.superposition))
    }
    let proved = scores.fractions.map(\.value)
    #expect(abs(scores.gdtTS - (proved[1] + proved[2] + proved[3] + proved[4]) / 4) < 1e-12)
    #expect(abs(scores.gdtHA - (proved[0] + proved[1] + proved[2] + proved[3]) / 4) < 1e-12)
    #expect(isRotation(scores.tmScore.superposition))
  }

  @Test(
    "lDDT is within 1e-4 of OpenStructure's for the coordinates it reads, all atoms and C-alphas",
    arguments: models)
  func lddt(_ model: GridModel) throws {
    let reference = try #require(structures[model.structure]?.models.first?.chains.first)
    let matching = try ResidueMatching(
      model: model.apply(to: reference).asOpenStructureReads,
      reference: reference.asOpenStructureReads)
    let all = LocalDistanceDifference(reference: matching.reference, model: matching.model)
    let alpha = LocalDistanceDifference(
      reference: matching.reference, model: matching.model, atoms: .alphaCarbons)
    for (found, expected) in [(all, model.lddt), (alpha, model.lddtCA)] {
      #expect(abs(try #require(found.score) - expected) < 1e-4)
    }
  }

  @Test("renumbered models are matched by sequence, all others by number", arguments: models)
  func matched(_ model: GridModel) throws {
    let matching = try matching(model)
    let dropped = model.drop.reduce(0) { $0 + $1[1] - $1[0] }
    #expect(matching.matchedIndices.count == matching.reference.count - dropped)
    #expect(matching.mismatches.isEmpty)
    #expect(matching.method == (model.offset == 0 ? .numbers : .alignment))
  }

  /// Whether the rotation is orthonormal with determinant 1: a mirror image would prove nothing.
  private func isRotation(_ superposition: Superposition) -> Bool {
    let r = superposition.rotation
    let (a, b, c) = (
      SIMD3(r[0], r[1], r[2]), SIMD3(r[3], r[4], r[5]), SIMD3(r[6], r[7], r[8])
    )
    let cross = SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    let lengths = [(a * a).sum(), (b * b).sum(), (cross * c).sum()]
    return lengths.allSatisfy { abs($0 - 1) < 1e-9 } && abs((a * b).sum()) < 1e-9
  }
}

/// Recomputes scores from a superposition alone.
struct Proof {
  let pairs: [(SIMD3<Double>, SIMD3<Double>)]
  let length: Int

  init(_ matching: ResidueMatching) {
    length = matching.reference.count
    pairs = zip(matching.reference, matching.model).compactMap { reference, model in
      guard let a = model?.standardAtoms[.ca]?.position,
        let b = reference.standardAtoms[.ca]?.position
      else { return nil }
      return (a, b)
    }
  }

  private func distances(_ superposition: Superposition) -> [Double] {
    pairs.map { model, reference in
      let gap = superposition.apply(model) - reference
      return (gap * gap).sum().squareRoot()
    }
  }

  func tmScore(_ superposition: Superposition) -> Double {
    let d0 = SuperpositionSearch.d0(targetLength: length)
    return distances(superposition).reduce(0) { $0 + 1 / (1 + $1 * $1 / (d0 * d0)) }
      / Double(length)
  }

  func fraction(_ superposition: Superposition, within cutoff: Double) -> Double {
    Double(distances(superposition).filter { $0 < cutoff }.count) / Double(length)
  }
}
