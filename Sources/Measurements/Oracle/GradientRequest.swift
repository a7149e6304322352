import ArrayFiles
import AtomicFiles
import FoldingCore
import FoldingModel
import HelixFold
import TensorCore
import Training

/// What `helixfold dev gradients` was asked for.
public struct GradientRequest: Sendable {
  /// Parameter file.
  public var parameters: String
  /// Processed features with labels.
  public var inputs: String
  /// Dump to write.
  public var output: String
  /// Preset or JSON file; nil to recognise the network.
  public var preset: String?
  /// Dump whose `recycled/prev_*` the pass starts from.
  public var teacher: String?
  /// Passes before the one that is differentiated; nil for what the recipe beside the inputs says, or one less than draws.
  public var recycles: Int?
  /// Weight of the violations.
  public var violationWeight = 1.0
  /// Runs blocks again instead of keeping their activations.
  public var recomputes = true
  /// Storage of activations.
  public var storage = DType.float32
  /// Worker threads.
  public var threads = 1
  /// Who multiplies.
  public var backend = MatrixBackend.native

  /// A request with the defaults.
  public init(parameters: String, inputs: String, output: String) {
    self.parameters = parameters
    self.inputs = inputs
    self.output = output
  }

  /// Computes loss and gradients and writes the dump.
  public func run() throws {
    try AtomicFile.requirePlace(forFile: output)
    let model = try ModelDescription.open(path: parameters, preset: preset, infersDepth: true)
    let features = try ProcessedFeatures(path: inputs, target: model.config.channels.target)
    let recycles =
      self.recycles ?? OracleRecipe(besideInputs: inputs)?.recycles ?? features.passes - 1
    let labels = try ProcessedLabels(path: inputs, features: features, pass: recycles)
    let context = ExecutionContext(
      workers: WorkerGroup(count: threads), pool: BufferPool(), storage: storage, backend: backend)
    let network = try FoldingNetwork(
      model.config, parameters: model.parameters, storage: storage, pool: context.pool)
    var loss = LossConfig.fineTune
    loss.structure.violation = violationWeight
    let dump = GradientDump(
      network: network, features: features, labels: labels,
      loss: FoldingLoss(loss, heads: model.config.heads), context: context, recomputes: recomputes)
    let teacher = try teacher.map { try NumpyArchive(path: $0) }
    try NumpyArchive.write(try dump.run(recycles: recycles, teacher: teacher), to: output)
  }
}
