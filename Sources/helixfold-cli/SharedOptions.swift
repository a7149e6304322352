import ArgumentParser
import CKernels
import HelixFold
import TensorCore

/// Precision and instruction set.
struct ArithmeticOptions: ParsableArguments {
  @Option(
    help:
      "Storage of activations and trunk weights: bf16 (default; fp32 in dev) or fp32. Sums are always fp32."
  )
  var precision: DType?

  @Option(help: "Who multiplies matrices: native or openblas.")
  var gemm = MatrixBackend.native

  @OptionGroup var kernels: KernelOptions

  func validate() throws {
    if let problem = gemm.problem { throw ValidationError("--gemm \(gemm.rawValue): \(problem)") }
  }

  /// Pins the instruction set; call once, before any work.
  func pin() { kernels.pin() }
}

extension DType: ExpressibleByArgument {}

/// How to compute: shared by all commands that run the network.
struct ComputeOptions: ParsableArguments {
  @OptionGroup var arithmetic: ArithmeticOptions

  @OptionGroup var threading: ThreadOptions
}

/// How many threads share the work.
struct ThreadOptions: ParsableArguments {
  @Option(
    help: """
      Worker threads of each process; 0 takes every core that the process may use, or one thread under mpirun (default: what \
      HELIXFOLD_THREADS says, else OMP_NUM_THREADS, else 0). Results do not depend on it.
      """)
  var threads: Int?

  func validate() throws {
    if let threads, !(0...1024).contains(threads) {
      throw ValidationError("--threads is \(threads), expected 0 to 1024")
    }
    if threads == nil, let problem = ThreadDefault.own.problem { throw ValidationError(problem) }
  }

  /// Threads of each of `processes` processes.
  func workers(of processes: Int = 1) -> Int {
    let asked = threads ?? ThreadDefault.own.asked ?? 0
    return asked > 0 ? asked : processes > 1 ? 1 : ProcessorCount.available
  }
}

/// What is reported while a command works.
struct ProgressOptions: ParsableArguments {
  @Option(
    name: .customLong("progress"),
    help:
      "Progress on standard error: bar, lines, json or quiet (warnings and failures only); a bar on a terminal, else lines, by default."
  )
  var style: ProgressReporter.Style?
}

extension ProgressReporter.Style: ExpressibleByArgument {}

/// Threads of a measurement.
struct BenchThreads: ParsableArguments {
  @Option(name: .customLong("threads"), help: "Worker threads.")
  var count = 1

  func validate() throws {
    if !(1...1024).contains(count) {
      throw ValidationError("--threads is \(count), expected 1 to 1024")
    }
  }
}

/// Which instructions the kernels use.
struct KernelOptions: ParsableArguments {
  @Option(
    help:
      "Instruction set: \(InstructionSet.names.joined(separator: ", ")); the best available by default."
  )
  var isa: InstructionSet?

  func validate() throws {
    if let isa, !isa.isAvailable {
      throw ValidationError("--isa \(isa.name): this processor has no such instructions")
    }
  }

  /// Pins the instruction set; call once, before any work.
  func pin() {
    if let isa { isa.select() }
  }
}

extension MatrixBackend: ExpressibleByArgument {}

/// A path of the kernels that can be pinned.
struct InstructionSet: ExpressibleByArgument {
  let value: hf_isa

  private static let all = [
    HF_ISA_PORTABLE, HF_ISA_NEON, HF_ISA_AVX2, HF_ISA_AVX512, HF_ISA_AVX512_BF16,
    HF_ISA_AMX_BF16,
  ]

  static let names = all.map { String(cString: hf_isa_name($0)) }

  /// Names of those that this processor supports.
  static var available: [String] {
    names.filter { InstructionSet(argument: $0)?.isAvailable ?? false }
  }

  init?(argument: String) {
    guard let index = Self.names.firstIndex(of: argument) else { return nil }
    value = Self.all[index]
  }

  var name: String { String(cString: hf_isa_name(value)) }
  var isAvailable: Bool { hf_isa_available(value) }
  func select() { _ = hf_isa_select(value) }
}
