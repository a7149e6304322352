import ArgumentParser
import HelixFold
import Messages
import TensorCore

/// How much memory a pass may take, and what it may trade for that.
struct MemoryOptions: ParsableArguments {
  @OptionGroup var size: MemoryLimitOption

  @Option(
    help: """
      How triangle multiplications keep an operand the size of the pair tensor: plain (as activations), int8 or fp8, blocks of 32 with \
      one scale, half the size and less exact.
      """)
  var pairStorage = BlockStorage.plain

  /// The limit in bytes.
  var limit: Int? { size.limit }
}

/// How much memory a command may take.
struct MemoryLimitOption: ParsableArguments {
  @Option(
    help: """
      Memory that must not be exceeded, such as 8GiB (default: what the machine can give). A plan is made to fit that changes no bits: smaller tiles in predictions, fewer \
      samples side by side where a training store is read. Where that is not enough, the command refuses.
      """)
  var maxMemory: String?

  func validate() throws {
    guard let maxMemory else { return }
    guard let limit else {
      throw ValidationError(
        "--max-memory is '\(maxMemory)', expected a size such as 8GiB or 900MiB")
    }
    if limit < 1 << 20 {
      throw ValidationError(
        "--max-memory is '\(maxMemory)', \(counted(limit, "byte")), expected 1 MiB or more; give a unit, such as 8GiB"
      )
    }
  }

  /// The limit in bytes.
  var limit: Int? { maxMemory.flatMap { ByteCount(parsing: $0)?.bytes } }
}

/// How values are kept: unchanged, or in blocks.
enum BlockStorage: String, ExpressibleByArgument, CaseIterable {
  case plain, int8, fp8

  var format: BlockFormat? { BlockFormat(rawValue: rawValue) }
}
