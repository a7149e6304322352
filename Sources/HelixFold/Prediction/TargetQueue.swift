import AtomicFiles
import Distribution
import Foundation
import TensorCore

/// The targets of a run that several processes predict: whoever is free takes the next one.
///
/// Processes of a team share the operations of one target (dynamic axial parallelism); its leader takes targets and writes files. A
/// target is taken by making a file, which only one process can; so the queue needs no process that serves it.
public final class TargetQueue {
  private let world: any Communicator
  private let team: (any Communicator)?
  private let folder: String
  private let axial: AxialMembers?

  /// A queue over the folder of results, which all processes must see.
  ///
  /// Collective.
  ///
  /// - Parameter teamSize: processes per target.
  public init(_ world: any Communicator, teamSize: Int, output: String) throws {
    guard teamSize >= 1, world.size % teamSize == 0 else {
      throw CommunicationError.grid(
        "--dap \(teamSize): \(world.size) processes cannot form teams of \(teamSize)")
    }
    self.world = world
    folder = output + "/.queue"
    team =
      teamSize > 1 ? try world.split(colour: world.rank / teamSize, key: world.rank) : nil
    axial = team.map { AxialMembers($0) }
    if world.size == 1 { return }
    if world.rank == 0 {
      try AtomicFile.createFolder(output)
      try? FileManager.default.removeItem(atPath: folder)
      try AtomicFile.createFolder(folder)
    }
    try world.barrier()
  }

  /// The processes that share this one's operations, if any.
  public var operations: (any AxialGroup)? { axial }

  /// Whether this process writes the files of the targets of its team.
  public var isWriter: Bool { (team?.rank ?? 0) == 0 }

  /// Whether this process writes the files of the whole run.
  var isFirst: Bool { world.rank == 0 }

  /// Whether several processes take targets.
  var isShared: Bool { world.size > 1 }

  /// Whether a failure ends the run: the processes could not talk, or one of a team failed where the others did not.
  func isFatal(_ error: any Error) -> Bool {
    error is CommunicationError || (team != nil && error is AtomicFileError)
  }

  /// Takes a target, unless another team has it.
  ///
  /// Collective in a team.
  func take(_ index: Int) throws -> Bool {
    if world.size == 1 { return true }
    // 0: taken by another; 1: ours; above: one more than the error of the system.
    var answer: [Int32] = [0]
    let path = "\(folder)/\(index)"
    if isWriter {
      let code = makeOnce(path)
      answer[0] = code == 0 ? 1 : code == EEXIST ? 0 : code + 1
    }
    try team?.broadcast(&answer, from: 0)
    if answer[0] > 1 { throw AtomicFileError(path: path, code: answer[0] - 1) }
    return answer[0] == 1
  }

  /// The least limit of memory in the team, so that its processes decide alike.
  ///
  /// Collective in a team.
  func least(_ limit: MemoryLimit) throws -> MemoryLimit {
    guard let team else { return limit }
    let bytes = try team.gather("\(limit.bytes)").compactMap(Int.init).min()
    return MemoryLimit(bytes: bytes ?? limit.bytes, isMachine: limit.isMachine)
  }

  /// Waits for the processes of the team, and throws if one of them could not be reached.
  ///
  /// Collective in a team.
  func meet() throws {
    try axial?.check()
    try team?.barrier()
  }

  /// What the leaders of all teams say, on every process; then the queue is closed.
  ///
  /// Collective.
  func close(_ text: String) throws -> [String] {
    let texts = try world.gather(isWriter ? text : "")
    if world.size > 1, world.rank == 0 { try? FileManager.default.removeItem(atPath: folder) }
    return texts
  }
}

/// Makes an empty file that must not exist; 0, or the error of the system.
private func makeOnce(_ path: String) -> Int32 {
  let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
  guard file >= 0 else { return errno }
  close(file)
  return 0
}
