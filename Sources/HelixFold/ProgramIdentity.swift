import CKernels
import TensorCore

/// The version that every output names.
public let helixFoldVersion = "0.1.0"

/// The program that computed a prediction: what determines the last digits, but not what is computed.
struct ProgramArithmetic: Hashable, Sendable {
  /// Version.
  let version: String
  /// Instruction set of the kernels.
  let kernels: String
  /// Library that multiplied matrices.
  let products: String
  /// Build of the library that did; nil of our own kernels.
  var build: String?
}

extension ProgramArithmetic {
  /// This program with the options of a run.
  init(_ options: PredictionOptions) {
    self.init(
      version: helixFoldVersion, kernels: ProgramIdentity.kernels,
      products: options.backend.rawValue, build: options.backend.build)
  }
}

/// What must be the same for two processes to compute the same bits from the same inputs.
package enum ProgramIdentity {
  /// Name of the kernels in use, such as `avx512-bf16`.
  package static var kernels: String { String(cString: hf_isa_name(hf_isa_current())) }

  /// Version and kernels, for ``Communicator/requireSame(_:)``.
  static var lines: [String] { ["helixfold \(helixFoldVersion)", "--isa \(kernels)"] }
}
