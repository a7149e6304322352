import FoldingCore
import Protein
import Testing

@testable import Training

/// Values and gradients against DeepMind's code in double precision (`Fixtures/make_losses.py`).
@Suite("Losses equal DeepMind's")
struct LossValueTests {
  let fixture: LossFixture
  let labels: StructureLabels<Double>
  let inputs: LossInputs<Double>
  let tolerance = 1e-9

  init() throws {
    fixture = try LossFixture.load()
    labels = try fixture.structureLabels()
    inputs = try fixture.lossInputs()
  }

  @Test(
    "backbone FAPE and its gradient equal DeepMind's to 1e-9, clamped and not",
    arguments: [("clamped", 1.0), ("unclamped", 0.0)])
  func backbone(name: String, share: Double) throws {
    let (term, layers) = backboneLoss(
      trajectory: inputs.backbone, target: labels.backboneFrames, mask: labels.backboneMask,
      scale: PointErrorScale(clampedShare: share))
    expectClose(layers, try fixture.loss("backbone_" + name), tolerance: tolerance)
    expectClose(
      term.gradient.flatMap(\.flat), try fixture.gradient("backbone_" + name), tolerance: tolerance)
  }

  @Test("the same residues are renamed, and side-chain FAPE and gradients equal DeepMind's")
  func sideChain() throws {
    let renamed = symmetricRenaming(labels: labels, atom14Positions: inputs.atom14Positions)
    #expect(renamed.map { $0 ? 1 : 0 } == (try fixture.loss("renamed")))
    let term = sideChainLoss(
      groupFrames: inputs.groupFrames, atom14Positions: inputs.atom14Positions, labels: labels,
      renamed: renamed, scale: PointErrorScale())
    expectClose([term.value], try fixture.loss("side_chain"), tolerance: tolerance)
    expectClose(
      term.gradient.frames.flat, try fixture.gradient("side_chain_frames"), tolerance: tolerance)
    expectClose(
      term.gradient.positions, try fixture.gradient("side_chain_atoms"), tolerance: tolerance)
  }

  @Test("chi and angle-norm losses and gradients equal DeepMind's to 1e-9")
  func torsions() throws {
    let term = torsionAngleLoss(layers: inputs.torsions, labels: labels)
    expectClose([term.chi.value], try fixture.loss("chi"), tolerance: tolerance)
    expectClose([term.angleNorm.value], try fixture.loss("angle_norm"), tolerance: tolerance)
    expectClose(
      term.chi.gradient.flatMap { $0 }, try fixture.gradient("chi"), tolerance: tolerance)
    expectClose(
      term.angleNorm.gradient.flatMap { $0 }, try fixture.gradient("angle_norm"),
      tolerance: tolerance)
  }

  @Test("bonds, angles, clashes and bounds equal DeepMind's to 1e-6")
  func violations() throws {
    // Bounds and radii are stored as Float on both sides, computed differently there.
    let tolerance = 1e-6
    let found = StructuralViolations()(
      atom14Positions: inputs.atom14Positions, aatype: labels.aatype,
      residueIndex: labels.residueIndex)
    let atoms = Double(
      labels.aatype.reduce(0) { $0 + (AminoAcid(index: $1)?.atoms.count ?? 0) })
    expectClose([found.peptideBond.bond], try fixture.loss("bond"), tolerance: tolerance)
    expectClose([found.peptideBond.angleAtC], try fixture.loss("angle_at_c"), tolerance: tolerance)
    expectClose([found.peptideBond.angleAtN], try fixture.loss("angle_at_n"), tolerance: tolerance)
    expectClose([found.clash * atoms], try fixture.loss("clash"), tolerance: tolerance)
    expectClose([found.withinResidue * atoms], try fixture.loss("within"), tolerance: tolerance)
    expectClose([found.value], try fixture.loss("violation"), tolerance: tolerance)
    expectClose(found.gradient, try fixture.gradient("violation"), tolerance: tolerance)
  }

  @Test("each head's loss, and every 37th of its gradients, equal DeepMind's to 1e-9")
  func heads() throws {
    let filter = ResolutionFilter()
    let alignment = try fixture.alignment(Double.self)
    let alphas = (0..<labels.count).flatMap { inputs.atom14Positions.row($0 * 14 + 1, of: 3) }
    let aligned = try #require(inputs.alignedError)
    let last = try #require(inputs.backbone.last)
    let terms = [
      "masked_msa": maskedMSALoss(
        logits: inputs.maskedMSA, trueClasses: alignment.trueClasses, mask: alignment.mask),
      "distogram": distogramLoss(
        logits: inputs.distogram, labels: labels, breaks: HeadConfig().distogramBreaks),
      "resolved": experimentallyResolvedLoss(
        logits: inputs.experimentallyResolved, labels: labels, filter: filter),
      "confidence": confidenceLoss(
        logits: inputs.confidence, predictedCA: alphas, labels: labels, filter: filter),
      "aligned_error": alignedErrorLoss(
        logits: aligned, frames: last, labels: labels, breaks: AlignedErrorConfig().breaks,
        filter: filter),
    ]
    for (name, term) in terms {
      expectClose([term.value], try fixture.loss(name), tolerance: tolerance, name)
      let picked = stride(from: 0, to: term.gradient.count, by: 37).map { term.gradient[$0] }
      expectClose(picked, try fixture.gradient(name), tolerance: tolerance, name)
    }
  }

  @Test("the total is the weighted sum of the terms, in fine-tuning and in the first stage")
  func total() throws {
    let alignment = try fixture.alignment(Double.self)
    func value(_ name: String) throws -> Double { try #require(try fixture.loss(name).first) }
    let backbone = try fixture.loss("backbone_clamped").reduce(0, +) / 2
    let structure =
      0.5 * backbone + 0.5 * (try value("side_chain")) + 0.5 * (try value("chi"))
      + 0.01 * (try value("angle_norm"))
    let heads =
      0.3 * (try value("distogram")) + 2 * (try value("masked_msa"))
      + 0.01 * (try value("confidence")) + 0.1 * (try value("aligned_error"))
    let fineTune = FoldingLoss(.fineTune)(inputs, labels: labels, alignment: alignment).report
    let late = structure + (try value("violation")) + 0.01 * (try value("resolved"))
    #expect(abs(fineTune.total - heads - late) < 1e-6)
    let initial = FoldingLoss(.initial)(inputs, labels: labels, alignment: alignment).report
    #expect(abs(initial.total - heads - structure) < 1e-9)
  }

  @Test("single precision follows double to 1e-5")
  func singlePrecision() throws {
    let double = FoldingLoss(.fineTune)(
      inputs, labels: labels, alignment: try fixture.alignment())
    let float = FoldingLoss(.fineTune)(
      try fixture.lossInputs(Float.self), labels: try fixture.structureLabels(),
      alignment: try fixture.alignment())
    expectClose([float.report.total], [double.report.total], tolerance: 1e-5)
    expectClose(
      float.gradients.atom14Positions.map { Double($0) }, double.gradients.atom14Positions,
      tolerance: 1e-4)
    expectClose(
      float.gradients.distogram.map { Double($0) }, double.gradients.distogram, tolerance: 1e-5)
  }
}
