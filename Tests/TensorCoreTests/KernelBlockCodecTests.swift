import CKernels
import CLibrary
import Testing

@Suite("Kernels: blocks of 32 with one scale")
struct KernelBlockCodecTests {
  static let formats = [HF_INT8_BLOCKS, HF_E4M3_BLOCKS]

  @Test("all 256 E4M3 codes have the value of their bits", arguments: kernelPaths)
  func values(path: hf_isa) {
    onPath(path) {
      for code in UInt8.min...UInt8.max {
        let (found, expected) = (hf_e4m3_value(code), PlainBlocks.value(ofE4M3: code))
        #expect(
          found.bitPattern == expected.bitPattern || (found.isNaN && expected.isNaN),
          "\(code): \(found), expected \(expected)")
      }
      #expect(hf_e4m3_value(0x7e) == 448 && hf_e4m3_value(0x01) == 0x1p-9)
    }
  }

  /// All 65,536 bfloat16 numbers, every midpoint of neighbouring codes with the floats beside it, and a million mantissas.
  @Test("E4M3 codes are nearest, ties to even, saturating", arguments: kernelPaths)
  func codes(path: hf_isa) {
    var inputs = (0...UInt32(UInt16.max)).map { Float(bitPattern: $0 << 16) }
    for (a, b) in zip(PlainBlocks.e4m3Numbers, PlainBlocks.e4m3Numbers.dropFirst()) {
      let middle = (a + b) / 2
      for x in [middle, middle.nextUp, middle.nextDown] { inputs += [x, -x] }
    }
    inputs += [448, 448.1, 463.9, 464, 480, 1e30, -1e30, .infinity, -.infinity, .nan]
    inputs = inputs.filter { $0.isNaN || $0 == 0 || abs($0) >= .leastNormalMagnitude }
    onPath(path) {
      let wrong = inputs.filter { hf_e4m3_code($0) != PlainBlocks.e4m3Code(of: $0) }
      #expect(wrong.isEmpty, "\(wrong.prefix(5)) of \(wrong.count)")
    }
  }

  @Test("blocks equal their plain twin bit for bit at every length", arguments: kernelPaths)
  func twin(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(31)
      for format in Self.formats {
        for type in [HF_F32, HF_BF16] {
          for n in kernelSizes + [32, 96] {
            let scale = Float(sign: .plus, exponent: Int(random.next() % 60) - 30, significand: 1)
            let x = KernelBuffer(random.values(n).map { $0 * scale }, type)
            check(format, x)
          }
        }
      }
    }
  }

  private func check(_ format: hf_block_code, _ x: KernelBuffer) {
    let n = x.count
    let count = (n + 31) / 32
    let blocks = KernelBuffer(count: count * 17, HF_BF16)
    hf_block_encode(format, Int64(n), x.pointer, x.type, blocks.pointer)
    let found = blocks.bits
    let expected = (0..<count).flatMap {
      PlainBlocks.encode(format, Array(x.values[$0 * 32..<min($0 * 32 + 32, n)]))
    }
    #expect(found == expected && blocks.guardsAreIntact, "\(n) elements")
    for type in [HF_F32, HF_BF16] {
      let y = KernelBuffer(count: n, type)
      hf_block_decode(format, Int64(n), blocks.pointer, y.pointer, type)
      let values = (0..<count).flatMap {
        PlainBlocks.decode(format, found[$0 * 34..<$0 * 34 + 34], count: min(32, n - $0 * 32))
      }
      let wanted = KernelBuffer(values, type)
      #expect(y.bits == wanted.bits && y.guardsAreIntact, "\(n) elements decoded")
    }
  }

  @Test(
    "zeros, the largest and the smallest numbers, and outliers keep the rules",
    arguments: kernelPaths)
  func ends(path: hf_isa) {
    onPath(path) {
      let rows: [[Float]] = [
        [0, -0.0, 0], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1],
        [.leastNormalMagnitude, 0], [0x1p-118, -0x1p-120], [1, 1e-6, -1e-6, 60],
        [448, -464, 500, 1], [127, -127, 126.5, 125.5, -0.5, 0.5, 1.5],
      ]
      for format in Self.formats { for row in rows { check(format, KernelBuffer(row)) } }
    }
  }

  @Test("an infinity or a NaN makes its block NaN, and no other", arguments: kernelPaths)
  func notFinite(path: hf_isa) {
    onPath(path) {
      for format in Self.formats {
        for bad in [Float.infinity, -.infinity, .nan] {
          var values = [Float](repeating: 1, count: 70)
          values[40] = bad
          let x = KernelBuffer(values)
          let blocks = KernelBuffer(count: 3 * 17, HF_BF16)
          hf_block_encode(format, 70, x.pointer, HF_F32, blocks.pointer)
          let y = KernelBuffer(count: 70)
          hf_block_decode(format, 70, blocks.pointer, y.pointer, HF_F32)
          for (index, value) in y.values.enumerated() {
            #expect(value.isNaN == (32..<64).contains(index), "\(index): \(value)")
          }
        }
      }
    }
  }

  /// Signal to noise in dB on normal numbers: the survey's measurements are 45.4 dB (int8) and 30.7 dB (E4M3).
  @Test(
    "normal numbers keep 44.5 to 47.5 dB in int8 and 30 to 33 dB in E4M3",
    arguments: [(HF_INT8_BLOCKS, 44.5), (HF_E4M3_BLOCKS, 30.0)])
  func noise(format: hf_block_code, least: Double) {
    var random = KernelRandom(32)
    let n = 1 << 17
    func uniform() -> Double { (Double(random.next() >> 11) + 0.5) * 0x1p-53 }
    let x = KernelBuffer(
      (0..<n).map { _ in
        Float((-2 * logarithm(uniform())).squareRoot() * cos(2 * Double.pi * uniform()))
      })
    let blocks = KernelBuffer(count: n / 32 * 17, HF_BF16)
    let y = KernelBuffer(count: n)
    hf_block_encode(format, Int64(n), x.pointer, HF_F32, blocks.pointer)
    hf_block_decode(format, Int64(n), blocks.pointer, y.pointer, HF_F32)
    var (signal, error) = (0.0, 0.0)
    for i in 0..<n {
      signal += Double(x[i]) * Double(x[i])
      error += (Double(x[i]) - Double(y[i])) * (Double(x[i]) - Double(y[i]))
    }
    let decibels = 10 * log10(signal / error)
    #expect(decibels >= least && decibels < least + 3, "\(decibels) dB")
  }
}
