import FoldingCore
import FoldingModel
import TensorCore

/// A network that can be loaded: its configuration, and where its parameters come from.
public struct ModelDescription: Sendable {
  /// Name used in the names of results, unique in a run.
  public var name: String
  /// File name of the parameters, or what replaces one.
  public let source: String
  /// Checksum of the parameters.
  public let checksum: String
  /// The configuration, inferred from the parameters or given.
  public let config: FoldingConfig
  /// The parameters.
  public let parameters: any ParameterSource
  /// Whether the parameters are random numbers.
  public let isRandom: Bool
  /// Note about these parameters in every output.
  public internal(set) var note: String?
  /// The file of the parameters as it was given; nil if they come from no file.
  public let file: String?

  /// The given network.
  public init(
    name: String, source: String, checksum: String, config: FoldingConfig,
    parameters: any ParameterSource, isRandom: Bool, note: String? = nil,
    file: String? = nil
  ) {
    self.name = name
    self.source = source
    self.checksum = checksum
    self.config = config
    self.parameters = parameters
    self.isRandom = isRandom
    self.note = note
    self.file = file
  }

  /// Where the parameters are, or what replaces a file.
  public var place: String { file ?? source }

  /// The network with its parameters loaded, in a context's memory and storage type.
  func network(_ context: ExecutionContext) throws -> FoldingNetwork {
    try FoldingNetwork(
      config, parameters: parameters, storage: context.storage, pool: context.pool)
  }
}
