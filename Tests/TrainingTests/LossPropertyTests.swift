import FoldingCore
import Protein
import Testing

@testable import Training

@Suite("Properties of the losses")
struct LossPropertyTests {
  let labels: StructureLabels<Double>
  let inputs: LossInputs<Double>
  let alignment: AlignmentLabels<Double>

  init() throws {
    let fixture = try LossFixture.load()
    labels = try fixture.structureLabels()
    inputs = try fixture.lossInputs()
    alignment = try fixture.alignment()
  }

  func pointError(
    _ frames: [RigidTransform<Double>], _ points: [Vector3<Double>],
    target: [RigidTransform<Double>], targetPoints: [Vector3<Double>]
  ) -> LossTerm<Double, PointErrorGradient<Double>> {
    frameAlignedPointError(
      predicted: FramesAndPoints(frames: frames, positions: points.flatMap { [$0.x, $0.y, $0.z] }),
      target: FramesAndPoints(
        frames: target, positions: targetPoints.flatMap { [$0.x, $0.y, $0.z] }),
      framesMask: frames.map { _ in 1 }, positionsMask: points.map { _ in 1 })
  }

  @Test("one frame, one point 3 Å off costs 0.3; 30 Å off costs the clamp, 1, without gradient")
  func pointErrorByHand() {
    let frame = RigidTransform<Double>.identity
    for (distance, cost) in [(3.0, 0.3), (30.0, 1.0)] {
      let found = pointError(
        [frame], [Vector3(distance, 0, 0)], target: [frame], targetPoints: [.zero])
      #expect(abs(found.value - cost) < 1e-4 * cost * 1.1)  // 10⁻⁴ beside the number of pairs
      #expect(abs(found.gradient.positions[0] - (distance < 10 ? 0.1 : 0)) < 2e-5)
    }
  }

  @Test(
    "two residues 1 Å too far apart cost 1 − ¼ (σ(−½) + σ(0) + σ(1) + σ(3)); 15 Å apart they cost nothing"
  )
  func smoothLDDT() {
    func loss(_ found: Double, _ true: Double) -> Double {
      func pair(_ distance: Double) -> [RigidTransform<Double>] {
        [.identity, RigidTransform(rotation: .identity, translation: Vector3(distance, 0, 0))]
      }
      return smoothLDDTLoss(trajectory: [pair(found)], target: pair(`true`), mask: [1, 1]).value
    }
    let expected = 1 - (0.3775406688 + 0.5 + 0.7310585786 + 0.9525741268) / 4
    #expect(abs(loss(8, 7) - expected) < 1e-9)
    #expect(abs(loss(6, 7) - expected) < 1e-9)
    #expect(loss(8, 15) == 0)
  }

  @Test("moving either structure rigidly does not change the point error, mirroring does")
  func invariance() {
    let turn = RigidTransform(quaternion: 0.3, -0.5, 0.7, 0.2, translation: Vector3(11, -7, 30))
    let points = (0..<labels.count * 14).map { Vector3(inputs.atom14Positions, at: $0) }
    let targetPoints = points.indices.map { Vector3(labels.atom14Positions, at: $0) }
    let frames = inputs.groupFrames
    let target = labels.groupFrames
    let plain = pointError(frames, points, target: target, targetPoints: targetPoints)
    let moved = pointError(
      frames.map { turn.composed(with: $0) }, points.map { turn.apply(to: $0) }, target: target,
      targetPoints: targetPoints)
    #expect(abs(moved.value - plain.value) < 1e-12)
    let movedTarget = pointError(
      frames, points, target: target.map { turn.composed(with: $0) },
      targetPoints: targetPoints.map { turn.apply(to: $0) })
    #expect(abs(movedTarget.value - plain.value) < 1e-12)
    // The gradient turns with the structure.
    for k in points.indices {
      let expected = turn.rotation * Vector3(plain.gradient.positions, at: k)
      let difference = Vector3(moved.gradient.positions, at: k) - expected
      #expect(difference.squaredLength < 1e-24)
    }
    let mirror = { (v: Vector3<Double>) in Vector3(-v.x, v.y, v.z) }
    let mirrored = pointError(
      target.map { f in
        let r = f.rotation.transposed
        let (x, y) = (mirror(r.row0), mirror(r.row1))
        return RigidTransform(
          rotation: Matrix3(columns: x, y, x.cross(y)), translation: mirror(f.translation))
      }, targetPoints.map(mirror), target: target, targetPoints: targetPoints)
    #expect(mirrored.value > 0.05)
  }

  @Test("shifting frames and points together has no slope: translation gradients sum to zero")
  func translationsSumToZero() {
    let term = sideChainLoss(
      groupFrames: inputs.groupFrames, atom14Positions: inputs.atom14Positions, labels: labels,
      renamed: labels.aatype.map { _ in false }, scale: PointErrorScale())
    var sum = Vector3<Double>.zero
    for frame in term.gradient.frames { sum += frame.translation }
    for k in 0..<labels.count * 14 { sum += Vector3(term.gradient.positions, at: k) }
    #expect(sum.squaredLength.squareRoot() < 1e-14)
  }

  @Test("what is masked contributes exactly nothing to values and gradients")
  func masked() throws {
    var changed = inputs
    for residue in 0..<labels.count where labels.backboneMask[residue] == 0 {
      for layer in changed.backbone.indices {
        changed.backbone[layer][residue].translation += Vector3(50, 60, 70)
      }
    }
    for k in labels.pseudoBetaMask.indices where labels.pseudoBetaMask[k] == 0 {
      for j in 0..<labels.count * 64 {
        changed.distogram[k * labels.count * 64 + j] = 1e6
      }
    }
    for k in alignment.mask.indices where alignment.mask[k] == 0 {
      for j in 0..<23 { changed.maskedMSA[k * 23 + j] = -1e6 }
    }
    for k in 0..<labels.count * 4 where labels.chiMask[k] == 0 {
      changed.torsions[0].normalized[(k / 4 * 7 + 3 + k % 4) * 2] = 9
    }
    let loss = FoldingLoss(.initial)
    let plain = loss(inputs, labels: labels, alignment: alignment)
    let found = loss(changed, labels: labels, alignment: alignment)
    #expect(found.report == plain.report)
    #expect(found.gradients.distogram == plain.gradients.distogram)
    #expect(found.gradients.backbone == plain.gradients.backbone)
    #expect(found.gradients.maskedMSA == plain.gradients.maskedMSA)
    for residue in 0..<labels.count where labels.backboneMask[residue] == 0 {
      #expect(found.gradients.backbone.allSatisfy { $0[residue] == .zero })
    }
  }

  @Test("structures without a resolution teach no confidence: exactly 0", arguments: [0.0, 3.1])
  func resolutionFilter(resolution: Double) {
    var unknown = labels
    unknown.resolution = resolution
    let found = FoldingLoss(.fineTune)(inputs, labels: unknown, alignment: alignment)
    #expect(found.report.confidence == 0)
    #expect(found.report.alignedError == 0)
    #expect(found.report.experimentallyResolved == 0)
    #expect(found.gradients.confidence.allSatisfy { $0 == 0 })
    #expect(found.gradients.alignedError?.allSatisfy { $0 == 0 } == true)
  }

  @Test("the error of frames that is reported is that of the last layer")
  func lastLayer() {
    let layers = backboneLoss(
      trajectory: inputs.backbone, target: labels.backboneFrames, mask: labels.backboneMask,
      scale: PointErrorScale()
    ).layers
    let report = FoldingLoss(.initial)(inputs, labels: labels, alignment: alignment).report
    #expect(layers.first != layers.last && report.fape == layers.last)
  }

  @Test("a sample drawn without a clamp has the backbone error without one, all else alike")
  func unclamped() {
    var scale = PointErrorScale()
    scale.clampedShare = 0
    let expected = backboneLoss(
      trajectory: inputs.backbone, target: labels.backboneFrames, mask: labels.backboneMask,
      scale: scale
    ).term.value
    let loss = FoldingLoss(.initial)
    let clamped = loss(inputs, labels: labels, alignment: alignment).report
    let free = loss(inputs, labels: labels, alignment: alignment, clampedShare: 0).report
    #expect(free.backboneFAPE == expected && free.backboneFAPE > clamped.backboneFAPE)
    #expect(free.sideChainFAPE == clamped.sideChainFAPE && free.distogram == clamped.distogram)
  }

  @Test("structures at the limits of resolution teach confidence", arguments: [0.1, 3])
  func resolutionLimits(resolution: Double) {
    var known = labels
    known.resolution = resolution
    let found = FoldingLoss(.fineTune)(inputs, labels: known, alignment: alignment).report
    #expect(found.confidence > 0 && found.alignedError > 0 && found.experimentallyResolved > 0)
  }

  @Test("equal logits cost log(classes)")
  func uniformLogits() {
    let masked = maskedMSALoss(
      logits: [Double](repeating: 0.7, count: 46), trueClasses: [3, 22], mask: [1, 1])
    #expect(abs(masked.value - 3.1354942159291497) < 1e-7)  // log 23, 10⁻⁸ beside the count
  }

  @Test("an alignment without masked cells costs 0")
  func nothingMasked() {
    let masked = maskedMSALoss(
      logits: [Double](repeating: 0.7, count: 23), trueClasses: [3], mask: [0])
    #expect(masked.value == 0)
    #expect(masked.gradient.allSatisfy { $0 == 0 })
  }

  @Test("two peptide planes at ideal geometry violate nothing")
  func idealPeptide() {
    // CA, C, N, CA of a trans peptide with the ideal bond length and angles.
    let (ca, c) = (Vector3<Double>(0, 0, 0), Vector3<Double>(1.525, 0, 0))
    let n = c + Vector3(0.4473, 0.8944, 0) * 1.329
    let toC = (c - n) * (1 / 1.329)
    let normal = Vector3(-toC.y, toC.x, 0) * -1
    let next = n + (toC * -0.5203 + normal * 0.8540) * 1.459
    var atoms = [Double](repeating: 0, count: 2 * 14 * 3)
    for (slot, v) in [(1, ca), (2, c), (14, n), (15, next)] { atoms.add(v, at: slot) }
    let glycine = AminoAcid.glycine.index
    let found = PeptideBondViolation(
      atom14Positions: atoms, aatype: [glycine, glycine], residueIndex: [4, 5])
    #expect(found.bond == 0)
    #expect(found.angleAtC == 0)
    #expect(found.angleAtN == 0)
    let broken = PeptideBondViolation(
      atom14Positions: atoms.map { $0 * 2 }, aatype: [glycine, glycine], residueIndex: [4, 5])
    // 2 × 1.329 less 1.329 less 12 × 0.014
    #expect(abs(broken.bond - 1.161) < 1e-4)
    let gap = PeptideBondViolation(
      atom14Positions: atoms.map { $0 * 2 }, aatype: [glycine, glycine], residueIndex: [4, 6])
    #expect(gap.bond == 0)
    // An unknown residue has no atoms to be bonded.
    let unknown = AminoAcid.unknown.index
    for aatype in [[unknown, glycine], [glycine, unknown]] {
      let found = PeptideBondViolation(
        atom14Positions: atoms.map { $0 * 2 }, aatype: aatype, residueIndex: [4, 5])
      #expect(found.bond == 0 && found.gradient.allSatisfy { $0 == 0 })
    }
  }

  @Test("two carbons 1 Å apart overlap by 0.9 Å, counted for both; disulfides and C–N do not")
  func clashByHand() {
    let alanine = AminoAcid.alanine.index
    let cysteine = AminoAcid.cysteine.index
    func sum(_ slots: (Int, Int), numbers: [Int]) -> Double {
      var atoms = [Double](repeating: 0, count: 28 * 3)
      for atom in 0..<28 { atoms[atom * 3] = Double(atom / 14 * 1000 + atom % 14 * 50) }
      for axis in 0..<3 { atoms[(14 + slots.1) * 3 + axis] = atoms[slots.0 * 3 + axis] }
      atoms[(14 + slots.1) * 3] += 1
      return clashViolation(
        atom14Positions: atoms,
        aatype: slots.0 == 5 ? [cysteine, cysteine] : [alanine, alanine], residueIndex: numbers
      ).value
    }
    #expect(abs(sum((4, 4), numbers: [0, 5]) - 2 * 0.9) < 1e-6)
    #expect(sum((2, 0), numbers: [0, 1]) == 0)
    #expect(abs(sum((2, 0), numbers: [0, 2]) - 2 * 0.75) < 1e-6)
    #expect(sum((5, 5), numbers: [0, 9]) == 0)
  }

  @Test("an empty protein and one residue give finite numbers", arguments: [0, 1])
  func tiny(count: Int) {
    let labels = StructureLabels<Double>(
      aatype: Array(repeating: 0, count: count), residueIndex: Array(0..<count),
      positions: Array(repeating: 0, count: count * 111),
      mask: Array(repeating: 0, count: count * 37), resolution: 2)
    var inputs = LossInputs<Double>()
    inputs.backbone = [labels.backboneFrames]
    inputs.groupFrames = labels.groupFrames
    inputs.atom14Positions = labels.atom14Positions
    inputs.torsions = [
      TorsionPrediction(
        normalized: Array(repeating: 0, count: count * 14),
        unnormalized: Array(repeating: 0, count: count * 14))
    ]
    inputs.distogram = Array(repeating: 0, count: count * count * 64)
    inputs.alignedError = inputs.distogram
    inputs.confidence = Array(repeating: 0, count: count * 50)
    inputs.experimentallyResolved = Array(repeating: 0, count: count * 37)
    let found = FoldingLoss(.fineTune)(
      inputs, labels: labels, alignment: AlignmentLabels(trueClasses: [], mask: []))
    #expect(found.report.total.isFinite)
    #expect(found.gradients.atom14Positions.allSatisfy { $0.isFinite })
  }
}
