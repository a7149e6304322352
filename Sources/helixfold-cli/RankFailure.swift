import Distribution
import Foundation
import HelixFold
import Messages

/// How one of several processes ends that cannot go on.
enum RankFailure {
  /// Throws the error on when the process is alone; otherwise says it, with the rank, and ends all processes.
  static func end(_ world: any Communicator, _ error: any Error) throws {
    if world.size == 1 { throw error }
    // An error that all have, such as a wrong configuration, should be said once: by the first one, which ends the others. Waiting
    // makes that likely, not certain: ranks that fail far apart, or are ended slowly, may each say it.
    Thread.sleep(forTimeInterval: 0.2 * Double(min(world.rank, 10)))
    // A message that failed because another was killed comes after the line that names that one.
    RankWatch.willEnd()
    let line = error is SharedFailure ? "\(error)" : "rank \(world.rank): \(error)"
    StandardStreams.writeError("helixfold: \(line.printable)\n")
    let status = ExitStatus(error).rawValue
    MessagePassing.abort(world, status: status)
    exit(status)
  }
}
