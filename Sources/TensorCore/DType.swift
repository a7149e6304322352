import CKernels

/// How the elements of a tensor are stored, named as in flags, configurations and reports.
///
/// Arithmetic is always fp32.
public enum DType: String, Sendable, Hashable, CaseIterable {
  /// BFloat16: 8 bits of exponent, 7 of fraction.
  case bfloat16 = "bf16"
  /// 32-bit floats.
  case float32 = "fp32"

  /// Bytes per element.
  public var byteCount: Int { self == .float32 ? 4 : 2 }

  /// The kernels' name of the type.
  var kernel: hf_dtype { self == .float32 ? HF_F32 : HF_BF16 }

  init(_ kernel: hf_dtype) { self = kernel == HF_F32 ? .float32 : .bfloat16 }
}
