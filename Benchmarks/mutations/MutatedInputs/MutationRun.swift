import Foundation
import HelixFold

/// What became of the mutated inputs of one format.
public struct FormatOutcome: Sendable {
  /// The format.
  public let format: InputFormat
  /// Inputs tried.
  public internal(set) var inputs = 0
  /// Inputs that were read; the others were refused.
  public internal(set) var read = 0
  /// Longest time for one input, s.
  public internal(set) var slowest = 0.0
  /// Inputs that took more than a second twice, with their numbers.
  public internal(set) var hangs: [Int] = []
  /// Inputs whose message is empty or has several lines.
  public internal(set) var badMessages: [(input: Int, message: String)] = []
  /// Inputs that were read to something that contradicts itself, or does not survive writing.
  public internal(set) var contradictions: [(input: Int, message: String)] = []
}

/// Reads mutated files of every format; a crash ends the program, all else is counted.
public struct MutationRun {
  /// Longest time that one input may take, s.
  public static let timeLimit = 1.0
  /// Most memory of the whole process, bytes.
  public static let memoryLimit = 512 << 20

  private let seed: UInt64
  private let scratch: String
  private let seeds: SeedFiles

  /// A run with the given seed; input files are written to the folder `scratch`.
  public init(seed: UInt64, scratch: String) throws {
    self.seed = seed
    self.scratch = scratch
    seeds = try SeedFiles(scratch: scratch)
  }

  /// The bytes of one input.
  public func input(_ number: Int, of format: InputFormat) -> [UInt8] {
    let originals = seeds[format]
    let place = InputFormat.allCases.firstIndex(of: format) ?? 0
    var mutation = Mutation(seed: seed &+ UInt64(place) << 32, input: number)
    return originals.isEmpty ? [] : mutation.applied(to: originals[number % originals.count])
  }

  /// The good files that mutations of a format start from, with the message of those that are not read after all.
  public func unreadSeeds(of format: InputFormat) -> [String] {
    seeds[format].map { attempt($0, format) }.compactMap { $0.message ?? $0.contradiction }
  }

  /// Reads so many inputs of a format, calling `before` with the number of each.
  public func run(
    _ format: InputFormat, numbers: Range<Int>, before: (Int) -> Void = { _ in }
  ) -> FormatOutcome {
    var outcome = FormatOutcome(format: format)
    for number in numbers {
      before(number)
      let bytes = input(number, of: format)
      let first = attempt(bytes, format)
      outcome.inputs += 1
      if first.message == nil { outcome.read += 1 }
      var seconds = first.seconds
      // On a busy machine one slow turn proves nothing; what is slow twice is slow.
      if seconds > Self.timeLimit { seconds = min(seconds, attempt(bytes, format).seconds) }
      if seconds > Self.timeLimit { outcome.hangs.append(number) }
      outcome.slowest = max(outcome.slowest, seconds)
      if let contradiction = first.contradiction {
        outcome.contradictions.append((number, contradiction))
      }
      if let message = first.message, message.isEmpty || message.contains(where: \.isNewline) {
        outcome.badMessages.append((number, message))
      }
    }
    return outcome
  }

  /// Reads one input; the error's message, nil if there was none.
  private func attempt(_ bytes: [UInt8], _ format: InputFormat) -> (
    seconds: Double, message: String?, contradiction: String?
  ) {
    let clock = ContinuousClock.now
    var (message, contradiction): (String?, String?)
    do {
      try format.read(bytes, scratch: scratch)
    } catch let error as Contradiction {
      contradiction = error.description
    } catch {
      message = "\(error)"
    }
    let time = (ContinuousClock.now - clock).components
    return (Double(time.seconds) + Double(time.attoseconds) * 1e-18, message, contradiction)
  }

  /// Most memory that this process has had in use, bytes.
  public static var peakMemory: Int { ProcessMemory.residentPeak }
}
