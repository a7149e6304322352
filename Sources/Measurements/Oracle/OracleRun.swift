import FoldingModel
import HelixFold
import TensorCore

/// A run of the network on features processed by another implementation, for comparison with its results.
public struct OracleRun: Sendable {
  /// Parameter file.
  public var parameters: String
  /// Processed features.
  public var inputs: String
  /// Dump to write.
  public var output: String
  /// Preset or JSON file; nil to recognise the network.
  public var preset: String?
  /// Dump of the other implementation whose recycled tensors passes start from; nil for this run's own.
  public var teacher: String?
  /// Passes before the last; nil for the other implementation's number.
  public var recycles: Int?
  /// Storage of activations.
  public var storage = DType.float32
  /// Worker threads.
  public var threads = 1
  /// Library that multiplies matrices.
  public var backend = MatrixBackend.native

  /// A run with the defaults.
  public init(parameters: String, inputs: String, output: String) {
    (self.parameters, self.inputs, self.output) = (parameters, inputs, output)
  }

  /// The network and its features.
  func open() throws -> (network: FoldingNetwork, features: ProcessedFeatures, ExecutionContext) {
    let model = try ModelDescription.open(path: parameters, preset: preset, infersDepth: true)
    let features = try ProcessedFeatures(path: inputs, target: model.config.channels.target)
    let context = ExecutionContext(
      workers: WorkerGroup(count: threads), pool: BufferPool(), storage: storage, backend: backend)
    let network = try FoldingNetwork(
      model.config, parameters: model.parameters, storage: storage, pool: context.pool)
    return (network, features, context)
  }
}
