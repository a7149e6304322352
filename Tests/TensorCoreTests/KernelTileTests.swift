import CKernels
import Testing

@Suite("Kernels: tiles of pairs")
struct KernelTileTests {
  /// One sum in the order that the Intel SDM gives for TDPBF16PS.
  ///
  /// Per block of 32 of k: products of even and of odd places in two chains of fused additions, then the two together, then to the sum.
  private func tileSum(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    for block in stride(from: 0, to: a.count, by: 32) {
      var chains: [Float] = [0, 0]
      for p in block..<min(block + 32, a.count) {
        chains[p % 2] = chains[p % 2].addingProduct(a[p], b[p])
      }
      sum += chains[0] + chains[1]
    }
    return sum
  }

  @Test(
    "a sum has the order of the instruction",
    arguments: [HF_ISA_AMX_BF16, HF_ISA_EMULATED_AMX].filter { hf_isa_available($0) })
  func order(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(11)
      for (m, n, k) in [
        (1, 1, 2), (3, 5, 31), (16, 16, 32), (17, 33, 64), (40, 70, 129), (33, 17, 1100),
      ] {
        let data = ProductData(ProductCase(m: m, n: n, k: k, type: HF_BF16), seed: k)
        // Magnitudes over many powers of two, so that every addition rounds.
        for i in 0..<data.a.count {
          data.a[i] *= Float(sign: .plus, exponent: random.choice([-9, -4, 0, 5]), significand: 1)
        }
        let c = data.whole()
        for i in 0..<m {
          let row = (0..<k).map { data.a[i * data.aRow + $0] }
          for j in 0..<n {
            let column = (0..<k).map { data.b[$0 * data.bRow + j] }
            #expect(
              c[i * n + j].bitPattern == tileSum(row, column).bitPattern,
              "[\(i), \(j)] of \(m) × \(k) × \(n)")
          }
        }
      }
    }
  }

  /// Instructions that this processor has, and what emulates them.
  static let twinPaths = [
    (HF_ISA_AVX512_BF16, HF_ISA_EMULATED_BF16), (HF_ISA_AMX_BF16, HF_ISA_EMULATED_AMX),
  ].filter { hf_isa_available($0.0) }

  /// What the twin is for: with it, machines without the instructions test the packing, the tiles and the attention around them; the
  /// masked loads and stores only run where the instructions are.
  @Test(
    "the emulated paths give the bits of the instructions",
    .enabled(if: !twinPaths.isEmpty, "this processor multiplies no pairs of bf16"),
    arguments: twinPaths)
  func twins(path: hf_isa, twin: hf_isa) {
    var random = KernelRandom(12)
    for m in kernelSizes {
      let test = ProductCase(
        m: m, n: random.choice(kernelSizes), k: random.choice(kernelSizes), type: HF_BF16,
        transposedA: random.bool(), transposedB: random.bool(), stridedA: random.bool(),
        layout: random.choice([0, 1]))
      let bits = [path, twin].map { path in
        onPath(path) { ProductData(test, seed: m).whole().bits }
      }
      #expect(bits[0] == bits[1], "\(test)")
    }
  }
}
