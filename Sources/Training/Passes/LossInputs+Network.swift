import FoldingCore
import FoldingModel
import NumericArrays
import TensorCore

extension LossInputs where Real == Float {
  /// What the loss reads from a pass that was recorded on a tape.
  public init(_ output: TrainingOutput) {
    self.init()
    backbone = output.structure.backbone.map { rigids($0.values) }
    torsions = output.structure.torsions.map {
      TorsionPrediction(normalized: $0.sinCos.values, unnormalized: $0.unnormalized.values)
    }
    groupFrames = rigids(output.structure.groupFrames?.values ?? [])
    atom14Positions = output.structure.atom14?.values ?? []
    distogram = output.heads.distogram.values
    maskedMSA = output.heads.maskedMSA.values
    experimentallyResolved = output.heads.experimentallyResolved.values
    confidence = output.confidence.values
    alignedError = output.heads.alignedError?.values
  }
}

extension TrainingOutput {
  /// Adds the gradient of the loss to that of every tensor it read; replaying the tape then propagates it.
  ///
  /// - Parameter context: accumulates gradients.
  public func seed(_ gradients: LossGradients<Float>, _ context: ExecutionContext) {
    func add(_ values: [Float], to tensor: Tensor?) {
      guard let tensor else { return }
      let sum = context.gradient(of: tensor).floats
      for (index, value) in values.enumerated() { sum[index] += value }
    }
    for (frames, gradient) in zip(structure.backbone, gradients.backbone) {
      add(gradient.flatMap(\.flat12), to: frames)
    }
    for (torsions, gradient) in zip(structure.torsions, gradients.torsions) {
      add(gradient.normalized, to: torsions.sinCos)
      add(gradient.unnormalized, to: torsions.unnormalized)
    }
    add(gradients.groupFrames.flatMap(\.flat12), to: structure.groupFrames)
    add(gradients.atom14Positions, to: structure.atom14)
    add(gradients.distogram, to: heads.distogram)
    add(gradients.maskedMSA, to: heads.maskedMSA)
    add(gradients.experimentallyResolved, to: heads.experimentallyResolved)
    add(gradients.confidence, to: confidence)
    add(gradients.alignedError ?? [], to: heads.alignedError)
  }
}

extension Tensor {
  fileprivate var values: [Float] { array().values }
}

/// Rigid motions from rows of twelve numbers.
private func rigids(_ flat: [Float]) -> [RigidTransform<Float>] {
  stride(from: 0, to: flat.count, by: 12).map { RigidTransform(flat12: flat, at: $0) }
}
