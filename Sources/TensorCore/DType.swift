import CKernels

/// How the elements of a tensor are stored.
///
/// Arithmetic is always fp32.
public enum DType: String, Sendable, Hashable, Codable {
  case float32
  case bfloat16

  /// Bytes per element.
  public var byteCount: Int { self == .float32 ? 4 : 2 }

  /// The name that flags and reports use.
  package var shortName: String { self == .float32 ? "fp32" : "bf16" }

  /// The kernels' name of the type.
  var kernel: hf_dtype { self == .float32 ? HF_F32 : HF_BF16 }

  init(_ kernel: hf_dtype) { self = kernel == HF_F32 ? .float32 : .bfloat16 }
}
