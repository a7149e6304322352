import Messages

/// A group of processes, or of threads in their place, that exchange bytes.
///
/// Calls are named as in MPI. Those marked collective must be made by every member in the same order. A failing member makes the
/// others fail too, so that none waits forever.
public protocol Communicator: AnyObject, Sendable {
  /// Number of this member, from 0.
  var rank: Int { get }
  /// Number of members.
  var size: Int { get }

  /// Sends bytes to a member while receiving the expected number from another (`MPI_Sendrecv`); empty buffers send nothing.
  func sendReceive(
    _ outgoing: UnsafeRawBufferPointer, to: Int, _ incoming: UnsafeMutableRawBufferPointer,
    from: Int) throws(CommunicationError)

  /// Copies the bytes of member `root` to all (`MPI_Bcast`). Collective.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError)

  /// The group of members with the same colour, ordered by key (`MPI_Comm_split`). Collective.
  func split(colour: Int, key: Int) throws(CommunicationError) -> any Communicator
}

/// Why members of a group could not communicate.
public enum CommunicationError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// A call of the library failed.
  case failed(call: String, rank: Int, status: Int)
  /// Another member failed.
  case peerFailed(rank: Int)
  /// The program was started as one of several processes but cannot communicate with the others.
  case notBuilt(processes: Int)
  /// The MPI library was built without support of threads.
  case noThreads
  /// The launcher of another MPI than the program's started several processes.
  case otherLauncher(processes: Int)
  /// Slurm started several tasks that have no means of finding each other.
  case unconnected(tasks: Int)
  /// A launcher started several processes of a command that does not share work.
  case sharesNothing(command: String, processes: Int)
  /// The numbers of processes do not fit.
  case grid(String)
  /// A process differs from the first one where all must be the same.
  case differs(rank: Int, found: String, expected: String)

  /// One line: what happened, what to try.
  public var description: String {
    switch self {
    case .failed(let call, let rank, let status):
      "rank \(rank): \(call) failed with MPI status \(status); another rank may have ended, see above"
    case .peerFailed(let rank): "rank \(rank) failed, so this one stops too"
    case .notBuilt(let processes):
      "started as one of \(processes) processes, but this program was built without MPI; run 'make mpi build' (docs/distributed.md)"
    case .noThreads:
      "the MPI library was built without support of threads (MPI_THREAD_SERIALIZED); use another build of it"
    case .otherLauncher(let processes):
      "started as one of \(processes) processes by the launcher of another MPI than this program was built with, so that they cannot find each other; use the mpirun of that MPI, or build again with this one ('make mpi build')"
    case .unconnected(let tasks):
      "started as one of \(tasks) tasks that cannot find each other and would all write the same files; use srun --mpi=pmi2 (or pmix), or --ntasks=1"
    case .sharesNothing(let command, let processes):
      "started as one of \(processes) processes, but '\(command)' does not share work: all would write the same files; start one, without mpirun or with srun --ntasks=1"
    case .grid(let reason): reason
    case .differs(let rank, let found, let expected):
      "rank \(rank) has '\(found)' where rank 0 has '\(expected)'; all processes need the same program, flags, inputs and folders"
    }
  }

  /// The status for the shell: wrong numbers of processes are usage errors; a program without MPI is a missing tool.
  public var exitStatus: ExitStatus {
    switch self {
    case .grid, .unconnected, .otherLauncher, .sharesNothing: .usage
    case .notBuilt, .noThreads: .missingTool
    // All processes get the same flags from one command; a difference is usually a file or folder that some of them cannot see.
    case .differs: .missingInput
    case .failed, .peerFailed: .internalError
    }
  }
}

/// The group of one: every call returns at once.
public final class SingleMember: Communicator {
  /// Always 0.
  public let rank = 0
  /// Always 1.
  public let size = 1

  /// A group of one.
  public init() {}

  /// Copies the bytes that this member sends to itself.
  public func sendReceive(
    _ outgoing: UnsafeRawBufferPointer, to: Int, _ incoming: UnsafeMutableRawBufferPointer,
    from: Int
  ) {
    incoming.copyMemory(from: UnsafeRawBufferPointer(rebasing: outgoing.prefix(incoming.count)))
  }

  /// Does nothing.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}

  /// The group itself.
  public func split(colour: Int, key: Int) -> any Communicator { self }
}
