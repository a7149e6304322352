import Distribution
import Foundation
import HelixFold
import Messages

/// How one of several processes ends if it cannot continue.
enum RankFailure {
  /// Rethrows the error if the process is alone; otherwise reports it, with the rank, and ends all processes.
  static func end(_ world: any Communicator, _ error: any Error) throws {
    if world.size == 1 { throw error }
    // An error common to all, such as a wrong configuration, should be reported once: by the first process, which ends the others.
    // Waiting makes that likely, not certain: ranks that fail far apart, or are ended slowly, may each report it.
    Thread.sleep(forTimeInterval: 0.2 * Double(min(world.rank, 10)))
    // If a message failed because another process was killed, the line that names that one comes first.
    RankWatch.willEnd()
    let line = error is SharedFailure ? "\(error)" : "rank \(world.rank): \(error)"
    StandardStreams.writeError("helixfold: \(line.printable)\n")
    let status = ExitStatus(error).rawValue
    MessagePassing.abort(world, status: status)
    exit(status)
  }
}
