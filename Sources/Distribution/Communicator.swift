import Messages

/// A group of processes, or of threads that stand for processes, which exchange bytes.
///
/// Calls have the names that MPI gives them. They are collective where they say so: every member makes them in the same order. A
/// member that fails takes the others with it, so that nobody waits for ever.
public protocol Communicator: AnyObject, Sendable {
  /// Number of this member, from 0.
  var rank: Int { get }
  /// Number of members.
  var size: Int { get }

  /// Sends bytes to a member while receiving from another, which sends as many as are expected (`MPI_Sendrecv`); none are no message.
  func sendReceive(
    _ outgoing: UnsafeRawBufferPointer, to: Int, _ incoming: UnsafeMutableRawBufferPointer,
    from: Int) throws(CommunicationError)

  /// Copies the bytes of member `root` to all (`MPI_Bcast`). Collective.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError)

  /// The group of those who give the same colour, ordered by key (`MPI_Comm_split`). Collective.
  func split(colour: Int, key: Int) throws(CommunicationError) -> any Communicator
}

/// Why members of a group could not talk.
public enum CommunicationError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The library refused a call.
  case failed(call: String, rank: Int, status: Int)
  /// Another member failed.
  case peerFailed(rank: Int)
  /// The program was started as one of several processes but cannot talk to the others.
  case notBuilt(processes: Int)
  /// The MPI library was built without support of threads.
  case noThreads
  /// A launcher of another MPI than the program's started several processes.
  case otherLauncher(processes: Int)
  /// Slurm started several tasks without the means to find each other.
  case unconnected(tasks: Int)
  /// The numbers of processes do not fit.
  case grid(String)
  /// A process has something else than the first one, where all must have the same.
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
    case .grid(let reason): reason
    case .differs(let rank, let found, let expected):
      "rank \(rank) has '\(found)' where rank 0 has '\(expected)'; all processes need the same program, flags, inputs and folders"
    }
  }

  /// Wrong numbers of processes are wrong flags; a program without MPI is a missing tool.
  public var exitStatus: ExitStatus {
    switch self {
    case .grid, .unconnected, .otherLauncher: .usage
    case .notBuilt, .noThreads: .missingTool
    // One command gives all processes their flags; what differs is as a rule a file or folder that some of them do not see.
    case .differs: .missingInput
    case .failed, .peerFailed: .internalError
    }
  }
}

/// The group of one: every call is done at once.
public final class SingleMember: Communicator {
  /// Always 0.
  public let rank = 0
  /// Always 1.
  public let size = 1

  /// A group of one.
  public init() {}

  /// Copies what is sent: it comes from this member itself.
  public func sendReceive(
    _ outgoing: UnsafeRawBufferPointer, to: Int, _ incoming: UnsafeMutableRawBufferPointer,
    from: Int
  ) {
    incoming.copyMemory(from: UnsafeRawBufferPointer(rebasing: outgoing.prefix(incoming.count)))
  }

  /// Nothing to do.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}

  /// The group itself.
  public func split(colour: Int, key: Int) -> any Communicator { self }
}
