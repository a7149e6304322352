import FoldingCore
import Protein

/// What the loss reads of one pass of the network; tensors flat, row-major.
public struct LossInputs<Real: LossScalar>: Sendable {
  /// Backbone frames after every layer of the structure module, Å. `[layers][N_res]`
  public var backbone: [[RigidTransform<Real>]] = []
  /// Torsions of every layer.
  public var torsions: [TorsionPrediction<Real>] = []
  /// Frames of the rigid groups of the last layer, Å. `[N_res, 8]`
  public var groupFrames: [RigidTransform<Real>] = []
  /// Atoms of the last layer, Å. `[N_res, 14, 3]`
  public var atom14Positions: [Real] = []
  /// Distogram. `[N_res, N_res, bins]`
  public var distogram: [Real] = []
  /// Masked alignment cells. `[N_clust, N_res, 23]`
  public var maskedMSA: [Real] = []
  /// Experimentally resolved atoms. `[N_res, 37]`
  public var experimentallyResolved: [Real] = []
  /// Predicted lDDT. `[N_res, bins]`
  public var confidence: [Real] = []
  /// Predicted aligned error; nil without that head. `[N_res, N_res, bins]`
  public var alignedError: [Real]?

  /// Inputs to be filled in.
  public init() {}
}

/// Gradient of the total loss with respect to every part of `LossInputs`, in the same shapes.
public struct LossGradients<Real: LossScalar>: Sendable {
  /// With respect to `backbone`: entries of the rotation independent, translations per Å. `[layers][N_res]`
  public var backbone: [[RigidGradient<Real>]] = []
  /// With respect to `torsions`.
  public var torsions: [TorsionPrediction<Real>] = []
  /// With respect to `groupFrames`. `[N_res, 8]`
  public var groupFrames: [RigidGradient<Real>] = []
  /// With respect to `atom14Positions`, per Å. `[N_res, 14, 3]`
  public var atom14Positions: [Real] = []
  /// With respect to `distogram`.
  public var distogram: [Real] = []
  /// With respect to `maskedMSA`.
  public var maskedMSA: [Real] = []
  /// With respect to `experimentallyResolved`.
  public var experimentallyResolved: [Real] = []
  /// With respect to `confidence`.
  public var confidence: [Real] = []
  /// With respect to `alignedError`.
  public var alignedError: [Real]?
}

/// Value of every term, before weighting, and the weighted total.
///
/// Names as in the released code where it has one.
public struct LossReport: Codable, Hashable, Sendable {
  /// Weighted sum of all terms.
  public var total = 0.0
  /// The structure module's loss: backbone, side chains, torsions and violations, weighted.
  public var structure = 0.0
  /// Backbone error, mean over layers.
  public var backboneFAPE = 0.0
  /// Backbone error of the last layer (`fape`).
  public var fape = 0.0
  /// One minus the smooth lDDT; 0 where its weight is 0, because then it is not computed.
  public var smoothLDDT = 0.0
  /// Side-chain error (`sidechain_fape`).
  public var sideChainFAPE = 0.0
  /// Torsions (`chi_loss`).
  public var chi = 0.0
  /// Torsions of the backbone; 0 where their weight is 0, because then they are not computed.
  public var backboneTorsions = 0.0
  /// Length of torsion vectors (`angle_norm_loss`).
  public var angleNorm = 0.0
  /// Violations; 0 where their weight is 0, because then they are not computed.
  public var violation = 0.0
  /// Distogram.
  public var distogram = 0.0
  /// Masked alignment cells.
  public var maskedMSA = 0.0
  /// Experimentally resolved atoms.
  public var experimentallyResolved = 0.0
  /// Predicted lDDT.
  public var confidence = 0.0
  /// Predicted aligned error.
  public var alignedError = 0.0
  /// Contacts, where switched on.
  public var contacts = 0.0

  /// Nothing yet.
  public init() {}
}

/// The masked cells of the alignment that the network was shown in its last pass.
public struct AlignmentLabels<Real: LossScalar>: Sendable, Hashable {
  /// Classes before masking. `[N_clust, N_res]`
  public var trueClasses: [Int]
  /// 1 where a cell was masked. `[N_clust, N_res]`
  public var mask: [Real]

  /// Classes and mask.
  public init(trueClasses: [Int], mask: [Real]) {
    self.trueClasses = trueClasses
    self.mask = mask
  }

  /// The labels of a draw; template rows have none.
  public init(_ draw: AlignmentDraw) {
    self.init(
      trueClasses: draw.trueMSA.values.map { Int($0) }, mask: draw.bertMask.values.map { Real($0) })
  }
}

/// The training loss of AlphaFold2: all terms, their weights, and the gradient.
///
/// Suppl. 1.9, equation 7.
///
/// Targets of the confidence heads are constants, as are the choices of renaming.
public struct FoldingLoss: Sendable {
  let config: LossConfig
  let bins: DistogramBins
  let maxAlignedError: Double
  let violations: StructuralViolations

  /// The loss of a network with the given heads.
  public init(_ config: LossConfig, heads: HeadConfig = HeadConfig()) {
    self.config = config
    bins = DistogramBins(heads)
    maxAlignedError = Double((heads.alignedError ?? AlignedErrorConfig()).maxError)
    violations = StructuralViolations(config.structure.tolerances)
  }

  /// Value of every term and gradient of the total.
  ///
  /// - Parameter clampedShare: overrides the configured share of clamped backbone error, for the drawn 10 % of
  ///   batches without clamp (Suppl. 1.11.5).
  @_specialize(where Real == Float)
  @_specialize(where Real == Double)
  public func callAsFunction<Real: LossScalar>(
    _ inputs: LossInputs<Real>, labels: StructureLabels<Real>, alignment: AlignmentLabels<Real>,
    clampedShare: Double? = nil
  ) -> (report: LossReport, gradients: LossGradients<Real>) {
    var report = LossReport()
    var gradients = LossGradients<Real>()
    let scale = config.scalesWithLength ? Double(labels.count).squareRoot() : 1
    addStructure(
      inputs, labels: labels, clampedShare: clampedShare, scale: scale, report: &report,
      gradients: &gradients)
    addTrunkHeads(
      inputs, labels: labels, alignment: alignment, scale: scale, report: &report,
      gradients: &gradients)
    addConfidenceHeads(
      inputs, labels: labels, scale: scale, report: &report, gradients: &gradients)
    return (report, gradients)
  }

  private func addStructure<Real: LossScalar>(
    _ inputs: LossInputs<Real>, labels: StructureLabels<Real>, clampedShare: Double?,
    scale: Double, report: inout LossReport, gradients: inout LossGradients<Real>
  ) {
    let structure = config.structure
    var backboneScale = structure.backbone
    if let clampedShare { backboneScale.clampedShare = clampedShare }
    let (backbone, layers) = backboneLoss(
      trajectory: inputs.backbone, target: labels.backboneFrames, mask: labels.backboneMask,
      scale: backboneScale)
    let renamed = symmetricRenaming(labels: labels, atom14Positions: inputs.atom14Positions)
    let sideChain = sideChainLoss(
      groupFrames: inputs.groupFrames, atom14Positions: inputs.atom14Positions, labels: labels,
      renamed: renamed, scale: structure.sideChain)
    let torsion = torsionAngleLoss(layers: inputs.torsions, labels: labels)

    let weight = config.weights.structure * scale
    let backboneWeight = Real(weight * (1 - structure.sideChainShare))
    let sideChainWeight = Real(weight * structure.sideChainShare)
    gradients.backbone = backbone.gradient.map { $0.map { $0.scaled(by: backboneWeight) } }
    gradients.groupFrames = sideChain.gradient.frames.map { $0.scaled(by: sideChainWeight) }
    gradients.atom14Positions = sideChain.gradient.positions.map { $0 * sideChainWeight }
    gradients.torsions = zip(torsion.chi.gradient, torsion.angleNorm.gradient).map {
      TorsionPrediction(
        normalized: $0.map { $0 * Real(weight * structure.chi) },
        unnormalized: $1.map { $0 * Real(weight * structure.angleNorm) })
    }
    if structure.backboneTorsions != 0 {
      let term = backboneTorsionLoss(layers: inputs.torsions, labels: labels)
      report.backboneTorsions = Double(term.value)
      for (layer, gradient) in term.gradient.enumerated() {
        for k in gradient.indices {
          gradients.torsions[layer].normalized[k] +=
            Real(weight * structure.backboneTorsions) * gradient[k]
        }
      }
    }
    if structure.smoothLDDT != 0 {
      let local = smoothLDDTLoss(
        trajectory: inputs.backbone, target: labels.backboneFrames, mask: labels.backboneMask)
      report.smoothLDDT = Double(local.value)
      let localWeight = Real(weight * structure.smoothLDDT)
      for (layer, gradient) in local.gradient.enumerated() {
        for i in gradient.indices {
          gradients.backbone[layer][i].translation += gradient[i] * localWeight
        }
      }
    }
    if structure.violation != 0 {
      let violation = violations(
        atom14Positions: inputs.atom14Positions, aatype: labels.aatype,
        residueIndex: labels.residueIndex)
      report.violation = Double(violation.value)
      let violationWeight = Real(weight * structure.violation)
      for k in violation.gradient.indices {
        gradients.atom14Positions[k] += violationWeight * violation.gradient[k]
      }
    }
    report.backboneFAPE = Double(backbone.value)
    report.fape = Double(layers.last ?? 0)
    report.sideChainFAPE = Double(sideChain.value)
    report.chi = Double(torsion.chi.value)
    report.angleNorm = Double(torsion.angleNorm.value)
    report.structure =
      (1 - structure.sideChainShare) * report.backboneFAPE
      + structure.sideChainShare * report.sideChainFAPE + structure.chi * report.chi
      + structure.angleNorm * report.angleNorm + structure.violation * report.violation
      + structure.smoothLDDT * report.smoothLDDT
      + structure.backboneTorsions * report.backboneTorsions
    report.total += weight * report.structure
  }

  private func addTrunkHeads<Real: LossScalar>(
    _ inputs: LossInputs<Real>, labels: StructureLabels<Real>, alignment: AlignmentLabels<Real>,
    scale: Double, report: inout LossReport, gradients: inout LossGradients<Real>
  ) {
    let weights = config.weights
    let distances = distogram(inputs.distogram, labels: labels)
    (report.distogram, gradients.distogram) = distances.weighted(weights.distogram * scale)
    report.total += weights.distogram * scale * report.distogram
    if let contacts = config.contacts {
      let term = contactLoss(
        logits: inputs.distogram, labels: labels, bins: bins, config: contacts)
      let (value, gradient) = term.weighted(contacts.weight * scale)
      report.contacts = value
      report.total += contacts.weight * scale * value
      for k in gradient.indices { gradients.distogram[k] += gradient[k] }
    }

    let masked = maskedMSALoss(
      logits: inputs.maskedMSA, trueClasses: alignment.trueClasses, mask: alignment.mask)
    (report.maskedMSA, gradients.maskedMSA) = masked.weighted(weights.maskedMSA * scale)
    report.total += weights.maskedMSA * scale * report.maskedMSA

    let resolved = experimentallyResolvedLoss(
      logits: inputs.experimentallyResolved, labels: labels, filter: config.resolutionFilter)
    (report.experimentallyResolved, gradients.experimentallyResolved) = resolved.weighted(
      weights.experimentallyResolved * scale)
    report.total += weights.experimentallyResolved * scale * report.experimentallyResolved
  }

  private func distogram<Real: LossScalar>(
    _ logits: [Real], labels: StructureLabels<Real>
  ) -> LossTerm<Real, [Real]> {
    guard let attention = config.distogramAttention else {
      return distogramLoss(logits: logits, labels: labels, bins: bins)
    }
    let weights = outerProduct(labels.pseudoBetaMask)
    return attentionCrossEntropy(
      logits: logits, classes: bins.count, labels: distanceClasses(labels, bins: bins),
      weights: weights, denominator: 1e-6 + total(weights), config: attention)
  }

  private func addConfidenceHeads<Real: LossScalar>(
    _ inputs: LossInputs<Real>, labels: StructureLabels<Real>, scale: Double,
    report: inout LossReport, gradients: inout LossGradients<Real>
  ) {
    let weights = config.weights
    let alphas = (0..<labels.count).flatMap {
      inputs.atom14Positions.row($0 * Atom14.count + 1, of: 3)
    }
    let confidence = confidenceLoss(
      logits: inputs.confidence, predictedCA: alphas, labels: labels,
      filter: config.resolutionFilter)
    (report.confidence, gradients.confidence) = confidence.weighted(weights.confidence * scale)
    report.total += weights.confidence * scale * report.confidence

    guard let logits = inputs.alignedError, let frames = inputs.backbone.last else { return }
    let aligned = alignedErrorLoss(
      logits: logits, frames: frames, labels: labels, maxError: Real(maxAlignedError),
      filter: config.resolutionFilter)
    (report.alignedError, gradients.alignedError) = aligned.weighted(weights.alignedError * scale)
    report.total += weights.alignedError * scale * report.alignedError
  }
}

extension LossTerm where Gradient == [Real] {
  /// The value itself, and the gradient times a weight.
  func weighted(_ weight: Double) -> (Double, [Real]) {
    (Double(value), gradient.map { $0 * Real(weight) })
  }
}

extension RigidGradient {
  /// Multiple of a gradient.
  func scaled(by factor: Real) -> RigidGradient {
    RigidGradient(rotation: rotation.scaled(by: factor), translation: translation * factor)
  }
}
