import CMessagePassing
import Foundation
import TensorCore

/// The processes that `mpirun` or `srun` started, connected by MPI.
public final class MessagePassing: Communicator {
  /// Number of this member in the group, 0 ..< size.
  public let rank: Int
  /// Members of the group.
  public let size: Int
  private let group: Int32

  private init(group: Int32) {
    self.group = group
    rank = Int(hf_mpi_rank(group))
    size = Int(hf_mpi_size(group))
  }

  /// Whether this program was built with MPI.
  public static var isBuilt: Bool { hf_mpi_is_built() }

  /// Joins the other processes if a launcher started several; the group of one otherwise.
  ///
  /// Call once.
  public static func join() throws(CommunicationError) -> any Communicator {
    try join(ProcessInfo.processInfo.environment)
  }

  /// The same with the variables that a launcher sets.
  static func join(
    _ environment: [String: String]
  ) throws(CommunicationError) -> any Communicator {
    let started = launchedProcesses(environment)
    if started <= 1 {
      if let tasks = unconnectedTasks(environment) { throw .unconnected(tasks: tasks) }
      return SingleMember()
    }
    guard isBuilt else { throw .notBuilt(processes: started) }
    let status = hf_mpi_init()
    if Int(status) == hf_mpi_no_threads { throw .noThreads }
    guard status == 0 else { throw .failed(call: "MPI_Init_thread", rank: 0, status: Int(status)) }
    let world = MessagePassing(group: 0)
    // An MPI library that does not know the launcher treats every process as the only one.
    if world.size == 1 {
      _ = hf_mpi_finalize()
      throw .otherLauncher(processes: started)
    }
    OutOfMemory.before { hf_mpi_abort(75) }
    return world
  }

  /// Throws if a launcher started several processes of a command that works alone.
  public static func requireAlone(_ command: String) throws(CommunicationError) {
    let environment = ProcessInfo.processInfo.environment
    let started = unconnectedTasks(environment) ?? launchedProcesses(environment)
    if started > 1 { throw .sharesNothing(command: command, processes: started) }
  }

  /// Leaves the group; the last call of a process that ends normally.
  public static func leave(_ world: any Communicator) {
    if world is MessagePassing { _ = hf_mpi_finalize() }
  }

  /// Ends all processes of the group; for a process that cannot continue.
  public static func abort(_ world: any Communicator, status: Int32) {
    if world is MessagePassing { hf_mpi_abort(status) }
  }

  /// Number of processes that the launcher reports: Hydra and Slurm (PMI), Open MPI, PMIx launchers.
  static func launchedProcesses(_ environment: [String: String]) -> Int {
    for name in ["PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MPI_LOCALNRANKS"] {
      if let count = environment[name].flatMap({ Int($0) }) { return count }
    }
    if environment["PMIX_RANK"] != nil, let count = environment["SLURM_NTASKS"].flatMap({ Int($0) })
    {
      return count
    }
    return 1
  }

  /// Tasks of a Slurm step that have no means of finding each other; nil if there is only one, or a shell in between.
  private static func unconnectedTasks(_ environment: [String: String]) -> Int? {
    // Slurm sets the task number for tasks that it starts; a batch script is not a task of a step.
    guard environment["SLURM_PROCID"] != nil, environment["SLURM_STEP_ID"] != nil,
      let tasks = environment["SLURM_STEP_NUM_TASKS"].flatMap({ Int($0) }), tasks > 1
    else { return nil }
    return tasks
  }

  /// Sends bytes to one member while it receives as many from another.
  public func sendReceive(
    _ outgoing: UnsafeRawBufferPointer, to: Int, _ incoming: UnsafeMutableRawBufferPointer,
    from: Int
  ) throws(CommunicationError) {
    let status = hf_mpi_send_receive(
      group, outgoing.baseAddress, outgoing.count, Int32(to), incoming.baseAddress, incoming.count,
      Int32(from))
    if status != 0 { throw .failed(call: "send and receive", rank: rank, status: Int(status)) }
  }

  /// Copies the bytes of member `root` to all.
  ///
  /// Collective.
  public func broadcast(
    _ bytes: UnsafeMutableRawBufferPointer, from root: Int
  ) throws(CommunicationError) {
    let status = hf_mpi_broadcast(group, bytes.baseAddress, bytes.count, Int32(root))
    if status != 0 { throw .failed(call: "broadcast", rank: rank, status: Int(status)) }
  }

  /// The members with the same colour, in the order of their keys.
  ///
  /// Collective.
  public func split(colour: Int, key: Int) throws(CommunicationError) -> any Communicator {
    let part = hf_mpi_split(group, Int32(colour), Int32(key))
    if part < 0 { throw .failed(call: "split of the processes", rank: rank, status: Int(part)) }
    return MessagePassing(group: part)
  }
}
