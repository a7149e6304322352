import ArrayFiles
import AtomicFiles
import Distribution
import Evaluation
import Evidence
import FeaturePipeline
import FoldingCore
import FoldingModel
import HDF5Files
import Scoring
import StructureIO
import Training
import TrainingRun
import Weights

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Exit statuses of the command, after `sysexits.h` where it has one.
public enum ExitStatus: Int32, Sendable {
  /// All done.
  case success = 0
  /// Some targets failed; `failures.json` says which and why.
  case someFailed = 1
  /// Wrong flags.
  case usage = 64
  /// An input is there but wrong.
  case badInput = 65
  /// An input is missing or unreadable.
  case missingInput = 66
  /// A program or file that is needed is not installed.
  case missingTool = 69
  /// An internal error, or numbers that are no longer finite.
  case internalError = 70
  /// An output cannot be created.
  case cannotCreate = 73
  /// Writing failed, for instance on a full disk.
  case cannotWrite = 74
  /// More memory is needed than allowed.
  case memory = 75
  /// Stopped by Ctrl-C or a signal; `--resume` goes on.
  case interrupted = 130

  /// The status of an error thrown by any part of the program.
  public init(_ error: any Error) {
    switch error {
    case let error as any ExitStatusError: self = error.exitStatus
    case let error as InputError: self = ExitStatus(rawValue: error.exitStatus) ?? .badInput
    case TrainingRunError.unreadable(let file, _), ConfigurationError.unreadable(let file, _):
      self = isReadableFile(file) ? .badInput : .missingInput
    case let error as TrainingRunError:
      self = ExitStatus(rawValue: error.exitStatus) ?? .badInput
    case is WeightAveragingError, is OptimizerStateError: self = .badInput
    case let error as AtomicFileError:
      self = ExitStatus(rawValue: error.exitStatus) ?? .cannotCreate
    case let error as ArrayFileError: self = error.status
    case let error as StructureIOError:
      self = ExitStatus(rawValue: error.exitStatus) ?? .badInput
    case let error as HDF5Error: self = error.status
    case let error as SearchFailure: self = ExitStatus(rawValue: error.exitStatus) ?? .internalError
    case let error as CommunicationError: self = error.status
    case is UserTemplateError: self = .missingInput
    case let error as EvaluationError: self = error.status
    case WeightsError.unwritableFormat: self = .usage
    case is ParameterError, is WeightsError, is ConfigurationError, is ScoringError:
      self = .badInput
    default: self = .internalError
    }
  }
}

/// An error that knows its exit status.
public protocol ExitStatusError: Error {
  /// The status with which a command ends because of it.
  var exitStatus: ExitStatus { get }
}

extension EvaluationError {
  /// A file that cannot be opened is missing; the rest is bad input.
  fileprivate var status: ExitStatus {
    if case .unreadable = self { return .missingInput }
    return .badInput
  }
}

extension CommunicationError {
  /// Wrong numbers of processes are wrong flags; a program without MPI is a missing tool.
  fileprivate var status: ExitStatus {
    switch self {
    case .grid, .unconnected: .usage
    case .notBuilt: .missingTool
    case .differs: .missingInput
    case .failed, .peerFailed: .internalError
    }
  }
}

extension ArrayFileError {
  /// A file that cannot be opened is missing; one that cannot be written is ours; the rest is bad input.
  fileprivate var status: ExitStatus {
    switch self {
    case .cannotRead: .missingInput
    case .cannotWrite: .cannotWrite
    default: .badInput
    }
  }
}

extension HDF5Error {
  /// As for other files; a file that is there and can be read is no HDF5 file.
  fileprivate var status: ExitStatus {
    switch self {
    case .cannotOpen(let file, _): isReadableFile(file) ? .badInput : .missingInput
    case .cannotWrite: .cannotWrite
    default: .badInput
    }
  }
}

/// Whether something that can be read is there and no folder.
private func isReadableFile(_ path: String) -> Bool {
  var information = stat()
  return stat(path, &information) == 0 && information.st_mode & S_IFMT != S_IFDIR
    && access(path, R_OK) == 0
}
