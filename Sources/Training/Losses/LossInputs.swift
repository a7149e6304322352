import FoldingCore
import NumericArrays

/// What the loss reads from one pass of the network; tensors flat, row-major.
public struct LossInputs<Real: RealNumber>: Sendable {
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
public struct LossGradients<Real: RealNumber>: Sendable {
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
