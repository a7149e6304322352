// A rank without MPI, for tests that kill it: rank-stand-in lead RANKS RANK, which prints the name of the watcher's socket, or
// rank-stand-in join NAME RANK. Prints whether it is watched, then ends as a word on the standard input says.
import CMessagePassing
import Foundation

/// Without the buffer of the standard output, which a killed process would lose.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

hf_watch_serve(CommandLine.argc, CommandLine.unsafeArgv)
let arguments = CommandLine.arguments
guard arguments.count == 4, let rank = Int32(arguments[3]) else { exit(64) }
var name = arguments[2]
if arguments[1] == "lead" {
  guard let ranks = Int32(name) else { exit(64) }
  var bytes = [CChar](repeating: 0, count: Int(hf_watch_name_size))
  hf_watch_start(ranks, ranks, &bytes)
  name = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
  say(name)
}
say(hf_watch_join(name, rank) ? "watched" : "alone")
switch readLine() {
case "finish":
  hf_watch_finished()
  // As a killed process would end: without a further word.
  kill(getpid(), SIGKILL)
case "end early":
  hf_watch_ending()
  kill(getpid(), SIGKILL)
case "exit": exit(3)
case "abort": abort()
default: exit(0)
}
