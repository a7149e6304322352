import AtomicFiles
import Distribution
import FoldingCore
import FoldingModel
import Training
import Weights

extension ExitStatus {
  /// The status of an error thrown by any part of the program.
  ///
  /// Errors of parts that build without `AtomicFiles` find theirs here.
  public init(_ error: any Error) {
    switch error {
    case let error as any ExitStatusError: self = error.exitStatus
    case let error as CommunicationError: self = error.status
    case ConfigurationError.unreadable(let file, _): self = .refusal(of: file)
    case WeightsError.unwritableFormat: self = .usage
    case is ConfigurationError, is ParameterError, is WeightsError, is WeightAveragingError,
      is OptimizerStateError:
      self = .badInput
    default: self = .internalError
    }
  }
}

extension CommunicationError {
  /// Wrong numbers of processes are wrong flags; a program without MPI is a missing tool.
  fileprivate var status: ExitStatus {
    switch self {
    case .grid, .unconnected: .usage
    case .notBuilt: .missingTool
    // One command gives all processes their flags; what differs is as a rule a file or folder that some of them do not see.
    case .differs: .missingInput
    case .failed, .peerFailed: .internalError
    }
  }
}
