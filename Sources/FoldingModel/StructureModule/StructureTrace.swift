import TensorCore

/// What the structure module records for the losses if there is a tape.
///
/// The gradient of a loss with respect to each tensor, in its shape, goes to `context.gradient(of:)` before the tape is
/// replayed. All entries of rotations count as independent.
public struct StructureTrace: Sendable {
  /// Backbone frames after every iteration: rotation row-major, then translation, Å. `[layers]` of `[N_res, 12]`
  public internal(set) var backbone: [Tensor] = []
  /// Torsion angles after every iteration, preceded by those of the initial frames, if any. `[layers]` of `[N_res, 7, 2]`
  public internal(set) var torsions: [Torsions] = []
  /// Frames of the rigid groups after the last iteration, laid out like `backbone`, Å. `[N_res, 8, 12]`
  public internal(set) var groupFrames: Tensor?
  /// Atoms after the last iteration, Å. `[N_res, 14, 3]`
  public internal(set) var atom14: Tensor?
}
