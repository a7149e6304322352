import ArgumentParser
import Distribution
import HelixFold
import Measurements
import Messages

extension BenchCommand {
  /// Latency and bandwidth between processes.
  struct Messages: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "messages",
      abstract: "Under mpirun: time messages between processes, for 'bench scaling'.")

    func run() throws {
      let world = try MessagePassing.join()
      if world.size < 2 {
        throw CommunicationError.grid("bench messages needs mpirun -n 2 or more")
      }
      do {
        let report = try MessageBenchmark.run(world)
        if world.rank == 0 {
          let object = JSONValue.object([
            ("processes", .integer(world.size)),
            ("exchange_microseconds", .number(report.latency * 1e6)),
            ("exchange_gb_per_second", .number(report.bandwidth / 1e9)),
            ("sum_gb_per_second", .number(report.sum / 1e9)),
          ])
          print(object.pretty())
        }
      } catch {
        try RankFailure.end(world, error)
      }
      MessagePassing.leave(world)
    }
  }
}
