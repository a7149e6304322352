import ArrayFiles
import FoldingCore
import FoldingModel
import NumericArrays
import TensorCore
import Training

/// Runs processed features through the network, computes the training loss and the gradient of every parameter, and collects
/// them under the names of the parity dumps: `loss`, `loss/<head>/<term>`, `grad/<scope>//<name>`.
///
/// No dropout. Gradients flow only through the last pass.
public struct GradientDump {
  let network: FoldingNetwork
  let features: ProcessedFeatures
  let labels: ProcessedLabels
  let loss: FoldingLoss
  let context: ExecutionContext
  /// Whether blocks are recomputed instead of keeping their activations.
  let recomputes: Bool

  /// A dump of `network` on `features` with `labels`.
  public init(
    network: FoldingNetwork, features: ProcessedFeatures, labels: ProcessedLabels,
    loss: FoldingLoss, context: ExecutionContext, recomputes: Bool = true
  ) {
    self.network = network
    self.features = features
    self.labels = labels
    self.loss = loss
    self.context = context
    self.recomputes = recomputes
  }

  /// Loss terms and gradients after the given number of passes that are not differentiated.
  ///
  /// - Parameter teacher: a dump whose `recycled/prev_*` the last pass starts from.
  public func run(
    recycles: Int, teacher: NumpyArchive? = nil
  ) throws -> [(name: String, array: AnyNDArray)] {
    let tape = Tape(recomputes: recomputes)
    let pass = try lastPass(recycles: recycles, teacher: teacher, context.recording(on: tape))
    guard let output = pass.output else { throw PassError.noOutput }
    let (report, lossGradients) = loss(
      LossInputs(output), labels: labels.structure, alignment: AlignmentLabels(pass.draw),
      clampedShare: labels.clampedShare)
    let replaying = context.accumulating(in: Gradients(pool: context.pool))
    output.seed(lossGradients, replaying)
    tape.replay(replaying)
    var dump = report.namedTerms.map { name, value in
      (name, AnyNDArray.float64(NDArray(shape: [], values: [value])))
    }
    for (key, parameter) in network.parameters.sorted(by: { $0.key < $1.key }) {
      dump.append(("grad/" + key, .float32(replaying.gradient(of: parameter).array())))
    }
    return dump
  }

  /// The differentiated pass, after those before it or from the teacher's state.
  private func lastPass(
    recycles: Int, teacher: NumpyArchive?, _ context: ExecutionContext
  ) throws -> (output: TrainingOutput?, draw: AlignmentDraw) {
    guard let teacher else {
      return try RecyclingTraining(network, features, recycles: recycles).run(context)
    }
    let start = try ForwardDump.state(
      teacher, like: network.initialState(features.target, context), context
    ) { "recycled/" + $0 }
    let draw = features.draw(pass: recycles, ensemble: 0)
    return (try network.pass(features.target, draws: [draw], start, context).training, draw)
  }
}
