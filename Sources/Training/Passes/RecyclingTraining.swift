import FoldingCore
import FoldingModel
import TensorCore

/// Runs a network on one sample with recycling, recording derivatives of the last pass only.
///
/// Algorithm 31 (Jumper et al. 2021, Suppl. 1.10).
///
/// Earlier passes run without a tape, and their results are constants. Dropout is on in all passes, each with its own masks.
public struct RecyclingTraining: Sendable {
  let network: FoldingNetwork
  let features: any Features
  /// Passes before the last.
  let recycles: Int

  /// Passes over `features`; `recycles` is drawn by the caller, uniformly from 0 to 3 in the released models.
  public init(_ network: FoldingNetwork, _ features: any Features, recycles: Int) {
    self.network = network
    self.features = features
    self.recycles = max(0, recycles)
  }

  /// Runs all passes.
  ///
  /// - Parameter context: records on a tape.
  /// - Returns: what the losses read, nil without a tape, and the draw that the last pass was shown.
  public func run(
    _ context: ExecutionContext
  ) throws -> (output: TrainingOutput?, draw: AlignmentDraw) {
    var state = network.initialState(features.target, context)
    for pass in 0..<recycles {
      let draw = try features.draw(pass: pass, ensemble: 0)
      let context = context.unrecorded.scoped("pass", pass)
      state = try network.pass(features.target, draws: [draw], state, context).recycled
    }
    let draw = try features.draw(pass: recycles, ensemble: 0)
    let last = try network.pass(
      features.target, draws: [draw], state, context.scoped("pass", recycles))
    return (last.training, draw)
  }
}
