import CKernels

/// The version that every output names.
public let helixFoldVersion = "0.1.0"

/// What must be the same for two processes to compute the same bits from the same inputs.
package enum ProgramIdentity {
  /// Name of the kernels in use, such as `avx512-bf16`.
  package static var kernels: String { String(cString: hf_isa_name(hf_isa_current())) }

  /// Version and kernels, for ``Communicator/requireSame(_:)``.
  static var lines: [String] { ["helixfold \(helixFoldVersion)", "--isa \(kernels)"] }
}
