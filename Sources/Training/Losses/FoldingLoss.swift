import FoldingCore
import NumericArrays
import Protein

/// The training loss of AlphaFold2: all terms, their weights, and the gradient.
///
/// Suppl. 1.9, equation 7.
///
/// Targets of the confidence heads are constants, as are the choices of renaming.
public struct FoldingLoss: Sendable {
  let config: LossConfig
  let distogramBreaks: BinEdges
  let alignedErrorBreaks: BinEdges
  let violations: StructuralViolations

  /// The loss of a network with the given heads.
  public init(_ config: LossConfig, heads: HeadConfig = HeadConfig()) {
    self.config = config
    distogramBreaks = heads.distogramBreaks
    alignedErrorBreaks = (heads.alignedError ?? AlignedErrorConfig()).breaks
    violations = StructuralViolations(config.structure.tolerances)
  }

  /// Value of every term and gradient of the total.
  ///
  /// - Parameter clampedShare: overrides the configured share of clamped backbone error, for the drawn 10 % of
  ///   batches without clamp (Suppl. 1.11.5).
  @_specialize(where Real == Float)
  @_specialize(where Real == Double)
  public func callAsFunction<Real: RealNumber>(
    _ inputs: LossInputs<Real>, labels: StructureLabels<Real>, alignment: AlignmentLabels<Real>,
    clampedShare: Double? = nil
  ) -> (report: LossReport, gradients: LossGradients<Real>) {
    var sum = LossSum(
      loss: self, inputs: inputs, labels: labels,
      scale: config.scalesWithLength ? Double(labels.count).squareRoot() : 1)
    sum.addStructure(clampedShare: clampedShare)
    sum.addTrunkHeads(alignment)
    sum.addConfidenceHeads()
    return (sum.report, sum.gradients)
  }
}

/// Accumulates the terms of one loss.
private struct LossSum<Real: RealNumber> {
  let loss: FoldingLoss
  let inputs: LossInputs<Real>
  let labels: StructureLabels<Real>
  /// Factor of all terms.
  let scale: Double
  var report = LossReport()
  var gradients = LossGradients<Real>()

  private var config: LossConfig { loss.config }

  /// The structure module's loss: its terms, and their weighted sum.
  mutating func addStructure(clampedShare: Double?) {
    let weight = config.weights.structure * scale
    addPointErrors(clampedShare: clampedShare, weight: weight)
    addTorsions(weight: weight)
    if config.structure.smoothLDDT != 0 { addSmoothLDDT(weight: weight) }
    if config.structure.violation != 0 { addViolations(weight: weight) }
    report.structure = config.structure.sum(of: report)
    report.total += weight * report.structure
  }

  /// Frame aligned point errors of backbone and side chains, the latter after renaming of symmetric atoms.
  private mutating func addPointErrors(clampedShare: Double?, weight: Double) {
    let structure = config.structure
    var backboneScale = structure.backbone
    if let clampedShare { backboneScale.clampedShare = clampedShare }
    let (backbone, layers) = backboneLoss(
      trajectory: inputs.backbone, target: labels.backboneFrames, mask: labels.backboneMask,
      scale: backboneScale)
    report.backboneFAPE = Double(backbone.value)
    report.fape = Double(layers.last ?? 0)
    let backboneWeight = Real(weight * (1 - structure.sideChainShare))
    gradients.backbone = backbone.gradient.map { $0.map { $0.scaled(by: backboneWeight) } }

    let renamed = symmetricRenaming(labels: labels, atom14Positions: inputs.atom14Positions)
    let sideChain = sideChainLoss(
      groupFrames: inputs.groupFrames, atom14Positions: inputs.atom14Positions, labels: labels,
      renamed: renamed, scale: structure.sideChain)
    report.sideChainFAPE = Double(sideChain.value)
    let sideChainWeight = Real(weight * structure.sideChainShare)
    gradients.groupFrames = sideChain.gradient.frames.map { $0.scaled(by: sideChainWeight) }
    gradients.atom14Positions = sideChain.gradient.positions.map { $0 * sideChainWeight }
  }

  /// Torsions of the side chains, the length of torsion vectors and, if enabled, torsions of the backbone.
  private mutating func addTorsions(weight: Double) {
    let structure = config.structure
    let torsion = torsionAngleLoss(layers: inputs.torsions, labels: labels)
    report.chi = Double(torsion.chi.value)
    report.angleNorm = Double(torsion.angleNorm.value)
    gradients.torsions = zip(torsion.chi.gradient, torsion.angleNorm.gradient).map {
      TorsionPrediction(
        normalized: $0.map { $0 * Real(weight * structure.chi) },
        unnormalized: $1.map { $0 * Real(weight * structure.angleNorm) })
    }
    if structure.backboneTorsions == 0 { return }
    let backbone = backboneTorsionLoss(layers: inputs.torsions, labels: labels)
    report.backboneTorsions = Double(backbone.value)
    for (layer, gradient) in backbone.gradient.enumerated() {
      for k in gradient.indices {
        gradients.torsions[layer].normalized[k] +=
          Real(weight * structure.backboneTorsions) * gradient[k]
      }
    }
  }

  /// Smooth lDDT of the backbone; after `addPointErrors`, to whose gradient it adds.
  private mutating func addSmoothLDDT(weight: Double) {
    let local = smoothLDDTLoss(
      trajectory: inputs.backbone, target: labels.backboneFrames, mask: labels.backboneMask)
    report.smoothLDDT = Double(local.value)
    let localWeight = Real(weight * config.structure.smoothLDDT)
    for (layer, gradient) in local.gradient.enumerated() {
      for i in gradient.indices {
        gradients.backbone[layer][i].translation += gradient[i] * localWeight
      }
    }
  }

  /// Violations; after `addPointErrors`, to whose gradient they add.
  private mutating func addViolations(weight: Double) {
    let violation = loss.violations(
      atom14Positions: inputs.atom14Positions, aatype: labels.aatype,
      residueIndex: labels.residueIndex)
    report.violation = Double(violation.value)
    let violationWeight = Real(weight * config.structure.violation)
    for k in violation.gradient.indices {
      gradients.atom14Positions[k] += violationWeight * violation.gradient[k]
    }
  }

  /// Distogram, contacts if enabled, masked MSA, resolved atoms.
  mutating func addTrunkHeads(_ alignment: AlignmentLabels<Real>) {
    let weights = config.weights
    gradients.distogram = add(distogram, to: \.distogram, weight: weights.distogram)
    if let contacts = config.contacts {
      let term = contactLoss(
        logits: inputs.distogram, labels: labels, breaks: loss.distogramBreaks, config: contacts)
      let gradient = add(term, to: \.contacts, weight: contacts.weight)
      for k in gradient.indices { gradients.distogram[k] += gradient[k] }
    }

    let masked = maskedMSALoss(
      logits: inputs.maskedMSA, trueClasses: alignment.trueClasses, mask: alignment.mask)
    gradients.maskedMSA = add(masked, to: \.maskedMSA, weight: weights.maskedMSA)

    let resolved = experimentallyResolvedLoss(
      logits: inputs.experimentallyResolved, labels: labels, filter: config.resolutionFilter)
    gradients.experimentallyResolved = add(
      resolved, to: \.experimentallyResolved, weight: weights.experimentallyResolved)
  }

  /// Reports a term and adds it to the total; returns its weighted gradient.
  private mutating func add(
    _ term: LossTerm<Real, [Real]>, to place: WritableKeyPath<LossReport, Double>, weight: Double
  ) -> [Real] {
    let (value, weight) = (Double(term.value), weight * scale)
    report[keyPath: place] = value
    report.total += weight * value
    return term.gradient.map { $0 * Real(weight) }
  }

  private var distogram: LossTerm<Real, [Real]> {
    let (logits, breaks) = (inputs.distogram, loss.distogramBreaks)
    guard let attention = config.distogramAttention else {
      return distogramLoss(logits: logits, labels: labels, breaks: breaks)
    }
    let weights = outerProduct(labels.pseudoBetaMask)
    return attentionCrossEntropy(
      logits: logits, classes: breaks.binCount,
      labels: distanceClasses(labels, breaks: breaks),
      weights: weights, denominator: 1e-6 + total(weights), config: attention)
  }

  /// pLDDT and, for networks that predict it, the aligned error.
  mutating func addConfidenceHeads() {
    let weights = config.weights
    let alphas = (0..<labels.count).flatMap {
      inputs.atom14Positions.row($0 * Atom14.count + 1, of: 3)
    }
    let confidence = confidenceLoss(
      logits: inputs.confidence, predictedCA: alphas, labels: labels,
      filter: config.resolutionFilter)
    gradients.confidence = add(confidence, to: \.confidence, weight: weights.confidence)

    guard let logits = inputs.alignedError, let frames = inputs.backbone.last else { return }
    let aligned = alignedErrorLoss(
      logits: logits, frames: frames, labels: labels, breaks: loss.alignedErrorBreaks,
      filter: config.resolutionFilter)
    gradients.alignedError = add(aligned, to: \.alignedError, weight: weights.alignedError)
  }
}

extension StructureLossConfig {
  /// Weighted sum of the structure module's terms.
  fileprivate func sum(of report: LossReport) -> Double {
    (1 - sideChainShare) * report.backboneFAPE + sideChainShare * report.sideChainFAPE
      + chi * report.chi + angleNorm * report.angleNorm + violation * report.violation
      + smoothLDDT * report.smoothLDDT + backboneTorsions * report.backboneTorsions
  }
}

extension RigidGradient {
  /// Multiple of a gradient.
  func scaled(by factor: Real) -> RigidGradient {
    RigidGradient(rotation: rotation.scaled(by: factor), translation: translation * factor)
  }
}
