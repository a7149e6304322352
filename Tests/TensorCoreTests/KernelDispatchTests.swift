import CKernels
import Testing

@Suite("Kernels: choice of path")
struct KernelDispatchTests {
  @Test(
    "the portable path and the emulated ones run everywhere",
    arguments: [
      HF_ISA_PORTABLE, HF_ISA_EMULATED_BF16, HF_ISA_EMULATED_AMX, HF_ISA_EMULATED_NEON,
    ])
  func everywhere(path: hf_isa) {
    #expect(hf_isa_available(path))
  }

  @Test("which paths the other tests run is told, for what a machine lacks is left out")
  func told() {
    let names = (0...8).map { hf_isa(rawValue: $0) }.map { path in
      String(cString: hf_isa_name(path)) + (kernelPaths.contains(path) ? "" : " (not here)")
    }
    print("kernels are tested on: " + names.joined(separator: ", "))
    #expect(kernelPaths.contains(hf_isa_best()))
  }

  @Test("the best path is available and never an emulated one")
  func best() {
    #expect(hf_isa_available(hf_isa_best()))
    #expect(
      ![HF_ISA_EMULATED_BF16, HF_ISA_EMULATED_AMX, HF_ISA_EMULATED_NEON].contains(hf_isa_best()))
  }

  @Test("a path of another architecture is refused and nothing changes")
  func refusal() {
    let before = hf_isa_current()
    #if arch(arm64)
      let foreign = HF_ISA_AVX2
    #else
      let foreign = HF_ISA_NEON
    #endif
    #expect(!hf_isa_available(foreign) && !hf_isa_select(foreign) && !hf_isa_override(foreign))
    #expect(hf_isa_current() == before)
  }

  @Test("an override holds for its thread until it ends", arguments: kernelPaths)
  func override(path: hf_isa) {
    let before = hf_isa_current()
    onPath(path) { #expect(hf_isa_current() == path) }
    #expect(hf_isa_current() == before)
  }

  @Test("only a path with bf16 products asks for bf16 operands", arguments: kernelPaths)
  func operandTypes(path: hf_isa) {
    onPath(path) {
      let multipliesPairs = pairKernelPaths.contains(path)
      #expect(hf_gemm_operand_type(HF_BF16) == (multipliesPairs ? HF_BF16 : HF_F32))
      #expect(hf_gemm_operand_type(HF_F32) == HF_F32)
    }
  }

  @Test("every path has a name of its own")
  func names() {
    let names = (0...8).map { String(cString: hf_isa_name(hf_isa(rawValue: $0))) }
    #expect(Set(names).count == 9)
  }
}
