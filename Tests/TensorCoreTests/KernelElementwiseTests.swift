import CKernels
import CLibrary
import Testing

func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }

@Suite("Kernels: elementwise")
struct KernelElementwiseTests {
  static let types: [(hf_dtype, hf_dtype)] = [
    (HF_F32, HF_F32), (HF_F32, HF_BF16), (HF_BF16, HF_F32), (HF_BF16, HF_BF16),
  ]

  @Test("exp is within 2e-7 of the true value over its whole range", arguments: kernelPaths)
  func exponentialBound(path: hf_isa) {
    onPath(path) {
      // Every 40,009th float of both signs up to 89, which walks all mantissas over the range.
      var inputs: [Float] = []
      for (from, to) in [(Float(1e-30), Float(89)), (-1e-30, -88)] {
        var bits = from.bitPattern
        while bits < to.bitPattern {
          inputs.append(Float(bitPattern: bits))
          bits += 40_009
        }
      }
      let x = KernelBuffer(inputs)
      let y = KernelBuffer(count: inputs.count)
      hf_exp(Int64(inputs.count), x.floats, y.floats)
      var worst = WorstError()
      for (i, input) in inputs.enumerated() where input > -87.3 && input < 88.7 {
        let expected = exp(Double(input))
        worst.add(y[i], expected, allowed: 2e-7 * expected, "exp(\(input))")
      }
      #expect(worst.ratio <= 1, "\(worst)")
    }
  }

  @Test("exp saturates to 0 and infinity and keeps NaN", arguments: kernelPaths)
  func exponentialEnds(path: hf_isa) {
    onPath(path) {
      let inputs: [Float] = [
        0, -0.0, -87.3, -1e9, -.infinity, 88.7, 1e9, .infinity, .nan, Float(bitPattern: 71_362),
        Float(bitPattern: 0xFFFF_FFFF), Float(bitPattern: 0x7FC0_0001),
      ]
      let x = KernelBuffer(inputs)
      let y = KernelBuffer(count: inputs.count)
      hf_exp(Int64(inputs.count), x.floats, y.floats)
      #expect(y.values.prefix(8) == [1, 1, 0, 0, 0, .infinity, .infinity, .infinity])
      #expect(y[8].isNaN)
      #expect(y[9] == 1)
      #expect(y[10].isNaN && y[11].isNaN, "with any payload")
    }
  }

  @Test(
    "exp of attention in bf16 is within 1.1e-4, exactly 1 at 0 and 0 from -87.3",
    arguments: kernelPaths)
  func coarseExponential(path: hf_isa) {
    onPath(path) {
      var inputs: [Float] = [0, -0.0, -87.3, -1e9, -.infinity]
      var bits = Float(-1e-30).bitPattern
      while bits < Float(-87.3).bitPattern {
        inputs.append(Float(bitPattern: bits))
        bits += 40_009
      }
      let x = KernelBuffer(inputs)
      let y = KernelBuffer(count: inputs.count)
      hf_exp_coarse(Int64(inputs.count), x.floats, y.floats)
      #expect(y.values.prefix(5) == [1, 1, 0, 0, 0])
      var worst = WorstError()
      for (i, input) in inputs.enumerated().dropFirst(5) {
        let expected = exp(Double(input))
        worst.add(y[i], expected, allowed: 1.1e-4 * expected, "exp(\(input))")
      }
      #expect(worst.ratio <= 1, "\(worst)")
    }
  }

  @Test("conversion rounds to nearest even, keeps NaN, infinity and zero", arguments: kernelPaths)
  func conversion(path: hf_isa) {
    // vcvtneps2bf16 takes denormals for zeros, and so do the paths that have it or stand for it.
    let flushes = pairKernelPaths.contains(path)
    func expected(_ x: Float) -> UInt16 {
      flushes && x.isSubnormal ? (x.sign == .minus ? 0x8000 : 0) : bfloat16Bits(x)
    }
    onPath(path) {
      var random = KernelRandom(21)
      let special: [Float] = [
        0, -0.0, .infinity, -.infinity, .nan, 1.00390625, 1.01171875, .greatestFiniteMagnitude,
        Float(bitPattern: 71_362), -Float(bitPattern: 2_140_870),
        Float(bitPattern: 0x7f80_0001),
      ]
      for n in kernelSizes {
        let x = KernelBuffer(Array((special + random.values(n)).prefix(n)))
        let y = KernelBuffer(count: n, HF_BF16)
        hf_convert(Int64(n), x.pointer, HF_F32, y.pointer, HF_BF16)
        #expect(
          (0..<n).allSatisfy { bfloat16Bits(y[$0]) == expected(x[$0]) } && y.guardsAreIntact)
        let back = KernelBuffer(count: n)
        hf_convert(Int64(n), y.pointer, HF_BF16, back.pointer, HF_F32)
        #expect(
          (0..<n).allSatisfy { back[$0].bitPattern == y[$0].bitPattern } && back.guardsAreIntact)
      }
    }
  }

  @Test("sums are within one rounding for both types", arguments: kernelPaths)
  func elementwise(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(22)
      for n in kernelSizes {
        for (xType, yType) in Self.types {
          let x = KernelBuffer(random.values(n).map { 10 * $0 }, xType)
          let y = KernelBuffer(random.values(n), yType)
          let sum = KernelBuffer(y.values, yType)
          hf_add(Int64(n), x.pointer, xType, sum.pointer, yType)
          var worst = WorstError()
          let unit = roundingUnit(yType) * 1.01 + 3e-7
          for i in 0..<n {
            let total = Double(x[i]) + Double(y[i])
            worst.add(sum[i], total, allowed: unit * abs(total), "sum \(i) of \(n)")
          }
          #expect(worst.ratio <= 1, "\(worst)")
          #expect(sum.guardsAreIntact)
        }
      }
    }
  }

  @Test("softmax rows sum to one at every length around the vector width", arguments: kernelPaths)
  func softmax(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(23)
      for n in kernelSizes {
        let logits = random.values(3 * (n + 2)).map { 8 * $0 }
        let x = KernelBuffer(logits)
        for j in 0..<n { x[(n + 2) + j] = -.infinity }
        hf_softmax(3, Int64(n), x.floats, Int64(n + 2))
        for row in [0, 2] {
          let l = (0..<n).map { Double(logits[row * (n + 2) + $0]) }
          let sum = l.map { exp($0) }.reduce(0, +)
          var worst = WorstError()
          for j in 0..<n {
            let expected = exp(l[j]) / sum
            worst.add(
              x[row * (n + 2) + j], expected, allowed: (Double(n) * 0x1p-24 + 2e-6) * expected,
              "\(row), \(j)")
          }
          #expect(worst.ratio <= 1, "\(worst)")
        }
        #expect((0..<n).allSatisfy { x[(n + 2) + $0] == 0 }, "a row of −∞ becomes zeros")
        #expect(x[n] == logits[n] && x.guardsAreIntact)
      }
    }
  }

  @Test("flushing makes denormals zero on the thread that asked")
  func denormals() {
    let thread = KernelBuffer([Float(bitPattern: 713_623)])
    var before = fenv_t()
    fegetenv(&before)
    defer { fesetenv(&before) }
    hf_flush_denormals()
    hf_add(1, thread.pointer, HF_F32, thread.pointer, HF_F32)
    #expect(thread.floats[0] == 0)
  }
}
