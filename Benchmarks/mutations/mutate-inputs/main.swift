// Reads mutated files of every format with the program's own readers.
//
//     mutate-inputs [COUNT] [SEED] [FORMAT …]
//
// COUNT inputs in all (default 100000), shared equally among the formats, all of them or those named. A table comes out;
// exit status 1 if an input took more than a second, a message had several lines, what was read contradicts itself, or memory
// exceeded 512 MiB. A crash names the input on standard error; `mutate-inputs print NUMBER SEED FORMAT` writes that input to standard output.
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

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(64)
}

var arguments = Array(CommandLine.arguments.dropFirst())
let prints = arguments.first == "print"
if prints { arguments.removeFirst() }
let usage = "usage: mutate-inputs [COUNT] [SEED] [FORMAT …]"
guard let count = Int(arguments.first ?? "100000"), count >= 0 else { fail(usage) }
guard let seed = UInt64(arguments.count < 2 ? "1" : arguments[1]) else { fail(usage) }
let named = arguments.dropFirst(2).map { name in
  guard let format = InputFormat(rawValue: name) else {
    let known = InputFormat.allCases.map(\.rawValue).joined(separator: " ")
    fail("mutate-inputs: no format '\(name)'; there are \(known)")
  }
  return format
}
let formats = named.isEmpty ? InputFormat.allCases : named

let memory = "/dev/shm"
let parent = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
let scratch = "\(parent)/helixfold-mutations-\(getpid())"
/// Removes the folder of the inputs, and ends.
func end(_ status: Int32) -> Never {
  try? FileManager.default.removeItem(atPath: scratch)
  exit(status)
}

do {
  try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
  let run = try MutationRun(seed: seed, scratch: scratch)
  if prints {
    FileHandle.standardOutput.write(Data(run.input(count, of: formats[0])))
    end(0)
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
    for bad in outcome.contradictions.prefix(3) {
      print("  reading of input \(bad.input): \(bad.message)")
    }
    isGood =
      isGood && outcome.hangs.isEmpty && outcome.badMessages.isEmpty
      && outcome.contradictions.isEmpty
  }
  let peak = MutationRun.peakMemory
  print("peak memory\t\(peak >> 20) MiB")
  isGood = isGood && peak <= MutationRun.memoryLimit
  end(isGood ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("mutate-inputs: \(error)\n".utf8))
  end(70)
}
