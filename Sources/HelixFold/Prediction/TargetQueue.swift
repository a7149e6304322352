import AtomicFiles
import Distribution
import FoldingModel
import Foundation
import TensorCore

/// The targets of a run that several processes predict: each free process takes the next one.
///
/// Processes of a team share the operations of one target (dynamic axial parallelism); its leader takes targets and writes files. A
/// target is taken by making a file, which only one process can; so the queue needs no server process.
public final class TargetQueue {
  private let world: any Communicator
  private let team: (any Communicator)?
  private let folder: String
  private let axial: AxialMembers?
  /// Share of the machine that this process had when the run began; no limit for one process.
  private let memoryShare: Int

  /// A queue over the folder of results, which all processes must see.
  ///
  /// Collective.
  ///
  /// - Parameter teamSize: processes per target.
  public init(_ world: any Communicator, teamSize: Int, output: String) throws {
    guard teamSize >= 1, world.size % teamSize == 0 else {
      throw CommunicationError.grid(
        world.size == 1
          ? "--dap \(teamSize) needs \(teamSize) processes, only one was started; start them with mpirun -n \(teamSize)"
          : "--dap \(teamSize): \(world.size) processes cannot form teams of \(teamSize)")
    }
    self.world = world
    team =
      teamSize > 1 ? try world.split(colour: world.rank / teamSize, key: world.rank) : nil
    axial = team.map { AxialMembers($0) }
    memoryShare = world.size > 1 ? try ProcessMemory.share(among: world) : .max
    // A unique name, so that two runs may share the folder of results.
    folder = output + "/" + Self.prefix + (try world.allGather(ProcessMark.make()))[0]
    if world.size == 1 { return }
    try world.requireSame(ProgramIdentity.lines)
    if world.rank == 0 {
      for path in AtomicFile.abandoned(in: output, prefix: Self.prefix) {
        try? FileManager.default.removeItem(atPath: path)
      }
      try AtomicFile.createFolder(folder)
    }
    try world.barrier()
  }

  private static let prefix = ".queue-"

  /// The processes that share this one's operations, if any.
  public var operations: (any AxialGroup)? { axial }

  /// Whether this process writes the files of the targets of its team.
  public var isWriter: Bool { (team?.rank ?? 0) == 0 }

  /// Whether this process writes the files of the whole run.
  var isFirst: Bool { world.rank == 0 }

  /// Whether several processes take targets.
  var isShared: Bool { world.size > 1 }

  /// Whether a failure ends the run: the processes could not communicate, or one of a team may have failed while the others did not
  /// and would wait for it.
  ///
  /// All processes of a team compute the same bits within the same memory limit, so they share failures of that kind.
  func isFatal(_ error: any Error) -> Bool {
    if error is CommunicationError { return true }
    if team == nil { return false }
    if case PredictionError.deferredFeatures = error { return true }
    return !(error is PassError || error is PredictionError)
  }

  /// Throws unless all processes found the same targets.
  ///
  /// Collective.
  func requireSame(_ targets: [PredictionTarget]) throws {
    if world.size == 1 { return }
    try world.requireSame(
      targets.map { target in
        switch target.features {
        case .success(let features): "\(target.id): \(features.counts.residues) residues"
        case .failure: "\(target.id): unusable"
        }
      })
  }

  /// Takes a target, unless another team has it.
  ///
  /// Collective in a team.
  func take(_ index: Int) throws -> Bool {
    if world.size == 1 { return true }
    // 0: taken by another; 1: ours; more: the system's error plus one.
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

  /// Sends the flag of the process that writes a target's files to its whole team.
  ///
  /// Collective in a team.
  func broadcastFromWriter(_ flag: Bool) throws -> Bool {
    var answer: [Int32] = [flag ? 1 : 0]
    try team?.broadcast(&answer, from: 0)
    return answer[0] == 1
  }

  /// A memory limit, capped by this process's share if the machine sets it; the smallest in the team, so that its processes decide
  /// alike.
  ///
  /// Collective in a team.
  func least(_ limit: MemoryLimit) throws -> MemoryLimit {
    let own = limit.isMachine ? min(limit.bytes, memoryShare) : limit.bytes
    let bytes = try team?.allGather("\(own)").compactMap { Int($0) }.min()
    return MemoryLimit(bytes: bytes ?? own, isMachine: limit.isMachine)
  }

  /// Waits for the processes of the team, and throws if one cannot be reached or has another line.
  ///
  /// Collective in a team.
  func requireSame(_ line: String) throws {
    try axial?.check()
    try team?.requireSame([line])
  }

  /// Gathers the texts of the leaders of all teams on every process, and closes the queue.
  ///
  /// Collective.
  func close(_ text: String) throws -> [String] {
    let texts = try world.allGather(isWriter ? text : "")
    remove()
    return texts
  }

  /// Removes the files of the queue, at the end or when the run is stopped.
  func remove() {
    if world.size > 1, world.rank == 0 { try? FileManager.default.removeItem(atPath: folder) }
  }
}

/// Makes an empty file that must not exist; 0, or the error of the system.
private func makeOnce(_ path: String) -> Int32 {
  let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
  guard file >= 0 else { return errno }
  close(file)
  return 0
}
