import CKernels
import Testing

/// One attention with the options of the kernel, and its plain twin in Double.
struct AttentionCase {
  var queries: Int, keys: Int, heads = 2, headDim = 8
  var type = HF_F32
  var biasType: hf_dtype? = HF_F32
  /// 0: none; 1: random zeros and ones; 2: every key masked.
  var mask = 1
  var gated = true
  var gap = 0
}

struct AttentionData {
  let test: AttentionCase
  let q: KernelBuffer, k: KernelBuffer, v: KernelBuffer, gate: KernelBuffer
  let bias: KernelBuffer?
  let mask: KernelBuffer?
  let row: Int, biasRow: Int
  let scale: Float

  init(_ t: AttentionCase, seed: Int) {
    test = t
    var random = KernelRandom(seed)
    row = t.heads * t.headDim + t.gap
    biasRow = t.keys + t.gap
    q = KernelBuffer(random.values(t.queries * row).map { 3 * $0 }, t.type)
    k = KernelBuffer(random.values(t.keys * row), t.type)
    v = KernelBuffer(random.values(t.keys * row), t.type)
    gate = KernelBuffer(random.values(t.queries * row), t.type)
    bias = t.biasType.map {
      KernelBuffer(random.values(t.heads * t.queries * (t.keys + t.gap)), $0)
    }
    mask =
      t.mask == 0
      ? nil : KernelBuffer((0..<t.keys).map { _ in t.mask == 2 ? 0 : random.bool() ? 1 : 0 })
    scale = 1 / Float(t.headDim).squareRoot()
  }

  /// Output of queries in `pieces`, one call each.
  func run(_ pieces: [Range<Int>]) -> KernelBuffer {
    let t = test
    let out = KernelBuffer(count: t.queries * row, t.type, filledWith: -7)
    var g = arguments
    g.out = out.pointer
    g.out_row_stride = Int64(row)
    let bytes = hf_attention_scratch_size(g.keys, g.head_dim)
    for piece in pieces {
      withKernelScratch(bytes) {
        hf_attention(&g, Int64(piece.lowerBound), Int64(piece.upperBound), $0)
      }
    }
    return out
  }

  /// The operands without a result.
  var arguments: hf_attention_args {
    let t = test
    var g = hf_attention_args()
    (g.queries, g.keys) = (Int64(t.queries), Int64(t.keys))
    (g.heads, g.head_dim) = (Int64(t.heads), Int64(t.headDim))
    g.type = t.type
    (g.q, g.k, g.v) = (
      UnsafeRawPointer(q.pointer), UnsafeRawPointer(k.pointer), UnsafeRawPointer(v.pointer)
    )
    (g.q_row_stride, g.k_row_stride, g.v_row_stride) = (Int64(row), Int64(row), Int64(row))
    if let bias {
      g.bias = UnsafeRawPointer(bias.pointer)
      g.bias_type = bias.type
      (g.bias_head_stride, g.bias_row_stride) = (Int64(t.queries * biasRow), Int64(biasRow))
    }
    if let mask { g.key_mask = UnsafePointer(mask.floats) }
    if t.gated {
      g.gate = UnsafeRawPointer(gate.pointer)
      g.gate_row_stride = Int64(row)
    }
    g.scale = scale
    return g
  }

  func whole() -> KernelBuffer { run([0..<test.queries]) }

  /// Logits of one row in Double.
  ///
  /// A fully masked row keeps its logits out of 1e9 as fp32 does: all −1e9.
  func logits(_ h: Int, _ i: Int) -> [Double] {
    let t = test
    let allMasked =
      t.mask == 2 || (mask.map { m in (0..<t.keys).allSatisfy { m[$0] == 0 } } ?? false)
    return (0..<t.keys).map { j in
      if allMasked { return -1e9 }
      var l = 0.0
      for c in 0..<t.headDim {
        l += Double(q[i * row + h * t.headDim + c]) * Double(k[j * row + h * t.headDim + c])
      }
      l *= Double(scale)
      if let bias { l += Double(bias[(h * t.queries + i) * biasRow + j]) }
      if let mask { l += 1e9 * (Double(mask[j]) - 1) }
      return l
    }
  }

  /// Compares with the plain twin in Double.
  ///
  /// Allowed: logits carry (head_dim + 4) roundings of 2⁻²⁴ of their terms (at most 3·√head_dim + 1), an error δ of a logit changes
  /// its weight by the factor e^δ; probabilities rounded to bf16 are off by 2⁻⁸ each; the sums over keys add keys · 2⁻²⁴. All of
  /// that times max |v| = 1.
  func compare(_ out: KernelBuffer) -> WorstError {
    let t = test
    let terms = 3 * Double(t.headDim).squareRoot() + 1
    let logitError = Double(t.headDim + 4) * 0x1p-24 * terms
    let pairs = hf_gemm_operand_type(t.type) == HF_BF16
    let weightError = 2 * logitError + Double(t.keys + 8) * 0x1p-24 + (pairs ? 0x1p-8 : 0) + 4e-7
    var worst = WorstError()
    for h in 0..<t.heads {
      for i in 0..<t.queries {
        let l = logits(h, i)
        let top = l.max() ?? 0
        let weights = l.map { exponential($0 - top) }
        let sum = weights.reduce(0, +)
        for c in 0..<t.headDim {
          let column = h * t.headDim + c
          var o = 0.0
          for j in 0..<t.keys { o += weights[j] * Double(v[j * row + column]) }
          o /= sum
          if t.gated { o /= 1 + exponential(-Double(gate[i * row + column])) }
          let allowed = weightError + roundingUnit(t.type) * abs(o) * 1.01
          worst.add(
            out[i * row + column], o, allowed: allowed, "head \(h), query \(i), column \(c) of \(t)"
          )
        }
      }
    }
    return worst
  }
}

@Suite("Kernels: attention")
struct KernelAttentionTests {
  @Test(
    "attention equals softmax(q·k + bias + mask)·v, gated, over all sizes", arguments: kernelPaths)
  func sizes(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(11)
      for keys in kernelSizes + [256, 260] {
        for type in [HF_F32, HF_BF16] {
          var test = AttentionCase(queries: random.choice([1, 3, 7, 17]), keys: keys)
          test.headDim = random.choice([1, 4, 5, 8, 16, 17, 32, 48])
          test.type = type
          test.biasType = random.choice([HF_F32, HF_BF16, nil])
          test.mask = random.choice([0, 1])
          test.gated = random.bool()
          test.gap = random.choice([0, 3])
          let data = AttentionData(test, seed: keys)
          let out = data.whole()
          let worst = data.compare(out)
          #expect(worst.ratio <= 1, "\(worst)")
          #expect(out.guardsAreIntact)
        }
      }
    }
  }

  @Test("queries may be cut anywhere without changing a bit", arguments: kernelPaths)
  func partitions(path: hf_isa) {
    onPath(path) {
      for type in [HF_F32, HF_BF16] {
        let data = AttentionData(AttentionCase(queries: 61, keys: 140, type: type), seed: 12)
        let whole = data.whole()
        for cuts in [[1], [13, 14], [56, 60]] {
          let ends = [0] + cuts + [61]
          let pieces = data.run(zip(ends, ends.dropFirst()).map { $0..<$1 })
          #expect(pieces.bits == whole.bits)
        }
      }
    }
  }

  @Test("a row whose keys are all masked averages all keys", arguments: kernelPaths)
  func fullyMasked(path: hf_isa) {
    onPath(path) {
      for (type, keys) in [(HF_F32, 5), (HF_F32, 130), (HF_BF16, 37)] {
        let test = AttentionCase(queries: 3, keys: keys, type: type, mask: 2)
        let data = AttentionData(test, seed: 13)
        let out = data.whole()
        let worst = data.compare(out)
        #expect(worst.ratio <= 1, "\(worst)")
      }
    }
  }

  @Test("a masked key has no influence at all", arguments: kernelPaths)
  func maskedKeys(path: hf_isa) {
    onPath(path) {
      for type in [HF_F32, HF_BF16] {
        let data = AttentionData(AttentionCase(queries: 9, keys: 150, type: type), seed: 14)
        let before = data.whole().bits
        for j in 0..<150 where data.mask?[j] == 0 {
          for c in 0..<data.row {
            data.k[j * data.row + c] = 9
            data.v[j * data.row + c] = -1e6
          }
        }
        #expect(data.whole().bits == before)
      }
    }
  }

  @Test("logits of ±100 neither overflow nor vanish", arguments: kernelPaths)
  func largeLogits(path: hf_isa) throws {
    try onPath(path) {
      var test = AttentionCase(queries: 4, keys: 200, headDim: 16)
      test.mask = 0
      let data = AttentionData(test, seed: 15)
      let bias = try #require(data.bias)
      for i in 0..<bias.count { bias[i] *= 100 }
      let out = data.whole()
      let worst = data.compare(out)
      #expect(worst.ratio <= 20, "bias up to 100 has 2⁻¹⁸ of rounding: \(worst)")
    }
  }
}
