import CKernels
import Testing

/// Results of one backward pass, in the layout of the operands.
struct AttentionDerivatives {
  let out, dq, dk, dv, dgate, dbias: KernelBuffer

  var all: [(name: String, buffer: KernelBuffer)] {
    [("out", out), ("dq", dq), ("dk", dk), ("dv", dv), ("dgate", dgate), ("dbias", dbias)]
  }
}

extension AttentionData {
  /// The gradient of the result that all tests start from.
  var upstream: KernelBuffer {
    var random = KernelRandom(99)
    return KernelBuffer(random.values(test.queries * row), test.type)
  }

  /// Derivatives with heads in `pieces`, one call each; `dbias` starts at 0.25.
  func runBackward(_ pieces: [Range<Int>], keyType: hf_dtype? = nil) -> AttentionDerivatives {
    let t = test
    let size = (queries: t.queries * row, keys: t.keys * row)
    let result = AttentionDerivatives(
      out: KernelBuffer(count: size.queries, t.type, filledWith: 0),
      dq: KernelBuffer(count: size.queries, t.type, filledWith: 0),
      dk: KernelBuffer(count: size.keys, keyType ?? t.type, filledWith: 0),
      dv: KernelBuffer(count: size.keys, keyType ?? t.type, filledWith: 0),
      dgate: KernelBuffer(count: size.queries, t.type, filledWith: 0),
      dbias: KernelBuffer(count: t.heads * t.queries * biasRow, filledWith: 0.25))
    let upstream = upstream
    var b = hf_attention_backward_args()
    b.forward = arguments
    b.forward.out = result.out.pointer
    b.forward.out_row_stride = Int64(row)
    b.dout = UnsafeRawPointer(upstream.pointer)
    (b.dq, b.dk, b.dv, b.dgate) = (
      result.dq.pointer, result.dk.pointer, result.dv.pointer, result.dgate.pointer
    )
    (b.dout_row_stride, b.dq_row_stride, b.dgate_row_stride) = (Int64(row), Int64(row), Int64(row))
    (b.dk_row_stride, b.dv_row_stride) = (Int64(row), Int64(row))
    b.key_type = keyType ?? t.type
    if bias != nil {
      b.dbias = result.dbias.floats
      (b.dbias_head_stride, b.dbias_row_stride) = (Int64(t.queries * biasRow), Int64(biasRow))
    }
    let bytes = hf_attention_backward_scratch_size(b.forward.keys, b.forward.head_dim)
    for heads in pieces {
      withKernelScratch(bytes) {
        hf_attention_backward(
          &b, Int64(heads.lowerBound), Int64(heads.upperBound), 0, Int64(t.queries), $0)
      }
    }
    #expect(result.all.allSatisfy { $0.buffer.guardsAreIntact })
    return result
  }

  /// The same in Double, by the formulas; every array in full.
  func plainBackward() -> [[Double]] {
    let t = test
    let upstream = upstream
    let isVisible = mask.map { m in (0..<t.keys).contains { m[$0] > 0 } } ?? true
    var out = [Double](repeating: 0, count: t.queries * row)
    var (dq, dgate) = (out, out)
    var dk = [Double](repeating: 0, count: t.keys * row)
    var dv = dk
    var dbias = [Double](repeating: 0.25, count: t.heads * t.queries * biasRow)
    for h in 0..<t.heads {
      let channels = h * t.headDim..<(h + 1) * t.headDim
      for i in 0..<t.queries {
        let l = logits(h, i)
        let top = l.max() ?? 0
        var p = l.map { exponential($0 - top) }
        let sum = p.reduce(0, +)
        p = p.map { $0 / sum }
        var dp = [Double](repeating: 0, count: t.keys)
        for c in channels {
          let open = t.gated ? 1 / (1 + exponential(-Double(gate[i * row + c]))) : 1
          var o = 0.0
          for j in 0..<t.keys { o += p[j] * Double(v[j * row + c]) }
          let g = Double(upstream[i * row + c])
          out[i * row + c] = o * open
          if t.gated { dgate[i * row + c] = g * o * open * (1 - open) }
          for j in 0..<t.keys {
            dp[j] += g * open * Double(v[j * row + c])
            dv[j * row + c] += p[j] * g * open
          }
        }
        if !isVisible { continue }
        let mean = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
        for j in 0..<t.keys {
          let dl = p[j] * (dp[j] - mean)
          if bias != nil { dbias[(h * t.queries + i) * biasRow + j] += dl }
          for c in channels {
            dq[i * row + c] += Double(scale) * dl * Double(k[j * row + c])
            dk[j * row + c] += Double(scale) * dl * Double(q[i * row + c])
          }
        }
      }
    }
    return [out, dq, dk, dv, dgate, dbias]
  }

  /// The worst error of each array relative to what it may be.
  ///
  /// Allowed is a share of the array's largest value, which is at least 0.1 for this scale of operands: in fp32 2·10⁻⁵ (logits up
  /// to 3·√48 have 48 roundings of 2⁻²⁴ each, which p inherits); p, dl and do rounded to bf16, and bf16 storage, 2⁻⁸ each and
  /// three in a chain.
  func compareBackward(_ found: AttentionDerivatives) -> WorstError {
    var worst = WorstError()
    let share = test.type == HF_F32 ? 2e-5 : 3 * 0x1p-8
    for ((name, buffer), expected) in zip(found.all, plainBackward()) {
      let largest = expected.reduce(0.1) { max($0, abs($1)) }
      for (index, value) in expected.enumerated() {
        worst.add(
          buffer[index], value, allowed: share * largest, "\(name)[\(index)] of \(test)")
      }
    }
    return worst
  }
}

@Suite("Kernels: derivative of attention")
struct KernelAttentionBackwardTests {
  @Test("derivatives equal the formulas in Double over all sizes", arguments: kernelPaths)
  func sizes(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(21)
      for keys in [1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 47, 64, 65, 70, 129, 150] {
        for type in [HF_F32, HF_BF16] {
          let queries = random.choice([1, 3, 7, 33, 50, 70, 113])
          var test = AttentionCase(queries: queries, keys: keys)
          test.heads = random.choice([1, 2, 4, 8])
          test.headDim = random.choice([1, 4, 5, 8, 16, 17, 32, 48])
          test.type = type
          test.biasType = random.choice([HF_F32, HF_BF16, nil])
          test.mask = random.choice([0, 1])
          test.gated = random.bool()
          test.gap = random.choice([0, 3])
          let data = AttentionData(test, seed: keys)
          let worst = data.compareBackward(data.runBackward([0..<test.heads]))
          #expect(worst.ratio <= 1, "\(worst)")
        }
      }
    }
  }

  @Test(
    "where no key is visible, values get their share and logits nothing", arguments: kernelPaths)
  func fullyMasked(path: hf_isa) {
    onPath(path) {
      for (type, keys) in [(HF_F32, 5), (HF_F32, 130), (HF_BF16, 37)] {
        let test = AttentionCase(queries: 3, keys: keys, type: type, mask: 2)
        let data = AttentionData(test, seed: 22)
        let found = data.runBackward([0..<2])
        let worst = data.compareBackward(found)
        #expect(worst.ratio <= 1, "\(worst)")
        #expect(found.dq.values.allSatisfy { $0 == 0 } && found.dk.values.allSatisfy { $0 == 0 })
        #expect(found.dbias.values.allSatisfy { $0 == 0.25 })
      }
    }
  }

  @Test("heads may be cut anywhere without changing a bit", arguments: kernelPaths)
  func partitions(path: hf_isa) {
    onPath(path) {
      for type in [HF_F32, HF_BF16] {
        var test = AttentionCase(queries: 130, keys: 70, type: type)
        test.heads = 4
        let data = AttentionData(test, seed: 23)
        let whole = data.runBackward([0..<4])
        let pieces = data.runBackward([2..<4, 0..<1, 1..<2])
        for ((name, a), (_, b)) in zip(whole.all, pieces.all) {
          #expect(a.bits == b.bits, "\(name)")
        }
      }
    }
  }

  @Test("gradients of keys and values may be stored in fp32", arguments: kernelPaths)
  func keyType(path: hf_isa) {
    onPath(path) {
      let data = AttentionData(AttentionCase(queries: 9, keys: 20, type: HF_BF16), seed: 24)
      let single = data.runBackward([0..<2], keyType: HF_F32)
      let stored = data.runBackward([0..<2])
      #expect(stored.dk.bits == KernelBuffer(single.dk.values, HF_BF16).bits)
      #expect(stored.dv.bits == KernelBuffer(single.dv.values, HF_BF16).bits)
    }
  }

  @Test("a masked key has no influence and no gradient", arguments: kernelPaths)
  func maskedKeys(path: hf_isa) {
    onPath(path) {
      for type in [HF_F32, HF_BF16] {
        let data = AttentionData(AttentionCase(queries: 9, keys: 150, type: type), seed: 25)
        let before = data.runBackward([0..<2])
        for j in 0..<150 where data.mask?[j] == 0 {
          for c in 0..<data.row {
            data.k[j * data.row + c] = 9
            data.v[j * data.row + c] = -1e6
            #expect(before.dk[j * data.row + c] == 0 && before.dv[j * data.row + c] == 0)
          }
        }
        let after = data.runBackward([0..<2])
        for ((name, a), (_, b)) in zip(before.all, after.all) {
          #expect(a.bits == b.bits, "\(name)")
        }
      }
    }
  }
}
