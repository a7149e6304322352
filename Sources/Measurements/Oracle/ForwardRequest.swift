import ArrayFiles
import AtomicFiles
import FoldingCore
import FoldingModel
import HelixFold
import TensorCore

/// What `helixfold dev forward` was asked for.
public struct ForwardRequest: Sendable {
  /// Parameter file.
  public var parameters: String
  /// Processed features.
  public var inputs: String
  /// Dump to write.
  public var output: String
  /// Preset or JSON file; nil to recognise the network.
  public var preset: String?
  /// Dump whose recycled tensors each pass starts from.
  public var teacher: String?
  /// Passes after the first.
  public var recycles: Int?
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

  /// Runs the passes and writes the dump.
  public func run() throws {
    try AtomicFile.requirePlace(forFile: output)
    let model = try ModelDescription.open(path: parameters, preset: preset, infersDepth: true)
    let features = try ProcessedFeatures(path: inputs, target: model.config.channels.target)
    let teacher = try teacher.map { try NumpyArchive(path: $0) }
    if let teacher,
      !["prev_pair", "representations/pair"].contains(where: {
        teacher.contains("pass0/\($0)")
      })
    {
      throw ProcessedFeatures.Failure.missing(
        path: teacher.path, name: "pass0/prev_pair", wanted: .dump)
    }
    let context = ExecutionContext(
      workers: WorkerGroup(count: threads), pool: BufferPool(), storage: storage, backend: backend)
    let network = try FoldingNetwork(
      model.config, parameters: model.parameters, storage: storage, pool: context.pool)
    let dump = ForwardDump(
      network: network, features: features, context: context, teacher: teacher)
    let passes = teacher.map { ForwardDump.passes(in: $0) } ?? features.passes
    try NumpyArchive.write(try dump.run(passes: 0...(recycles ?? max(0, passes - 1))), to: output)
  }
}
