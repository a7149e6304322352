// Reads mutated files of every format with the program's own readers.
//
//     mutate-inputs [COUNT] [SEED] [FORMAT …]
//
// COUNT inputs in all (default 100000), shared equally among the formats, all of them or those named. A table comes out;
// exit status 1 if an input took more than a second, a message had several lines, or memory exceeded 512 MiB. A crash names
// the input on standard error; `mutate-inputs print NUMBER SEED FORMAT` writes that input to standard output.
import CLibrary
import Foundation
import MutatedInputs

/// Number of the input in work, for the handler of crashes.
nonisolated(unsafe) let current = UnsafeMutablePointer<Int>.allocate(capacity: 2)
current.initialize(repeating: 0, count: 2)

for crash in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
  signal(crash) { number in
    var text: [UInt8] = Array("crash: format ".utf8)
    for value in [current[0], current[1]] {
      var digits: [UInt8] = []
      var rest = value
      repeat {
        digits.insert(UInt8(48 + rest % 10), at: 0)
        rest /= 10
      } while rest > 0
      text += digits + [32]
    }
    text[text.count - 1] = 10
    write(2, text, text.count)
    signal(number, SIG_DFL)
    raise(number)
  }
}

func fail(_ message: String, _ status: Int32 = 64) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(status)
}

var arguments = Array(CommandLine.arguments.dropFirst())
let prints = arguments.first == "print"
if prints { arguments.removeFirst() }
let count = arguments.isEmpty ? 100_000 : Int(arguments[0]) ?? -1
let seed = arguments.count < 2 ? 1 : UInt64(arguments[1]) ?? 0
let formats =
  arguments.count < 3
  ? InputFormat.allCases : arguments[2...].compactMap { InputFormat(rawValue: $0) }
guard count >= 0, !formats.isEmpty else { fail("usage: mutate-inputs [COUNT] [SEED] [FORMAT …]") }

let memory = "/dev/shm"
let parent = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
let scratch = "\(parent)/helixfold-mutations-\(getpid())"
do {
  try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: scratch) }
  let run = try MutationRun(seed: seed, scratch: scratch)
  if prints {
    FileHandle.standardOutput.write(Data(run.input(count, of: formats[0])))
    exit(0)
  }
  print("format\tinputs\tread\tslowest_ms\tover_1_s\tbad_messages")
  var isGood = true
  for format in formats {
    current[0] = InputFormat.allCases.firstIndex(of: format) ?? 0
    let share = (count + formats.count - 1) / formats.count
    let outcome = run.run(format, numbers: 0..<share) { current[1] = $0 }
    let slowest = String(format: "%.1f", outcome.slowest * 1e3)
    print(
      "\(format.rawValue)\t\(outcome.inputs)\t\(outcome.read)\t\(slowest)\t\(outcome.hangs.count)\t\(outcome.badMessages.count)"
    )
    fflush(nil)
    for input in outcome.hangs.prefix(3) { print("  slow: input \(input)") }
    for bad in outcome.badMessages.prefix(3) {
      print("  message of input \(bad.input): \(bad.message.debugDescription.prefix(300))")
    }
    isGood = isGood && outcome.hangs.isEmpty && outcome.badMessages.isEmpty
  }
  let peak = MutationRun.peakMemory
  print("peak memory\t\(peak >> 20) MiB")
  isGood = isGood && peak <= MutationRun.memoryLimit
  try? FileManager.default.removeItem(atPath: scratch)
  exit(isGood ? 0 : 1)
} catch {
  fail("mutate-inputs: \(error)", 70)
}
