import CKernels
import Testing

@Suite("Kernels: layer norm")
struct KernelNormTests {
  /// 1/σ and the normalised row in Double.
  static func reference(_ x: [Double], _ scale: KernelBuffer, _ offset: KernelBuffer) -> (
    rstd: Double, y: [Double]
  ) {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let rstd = 1 / (variance + 1e-5).squareRoot()
    let y = x.indices.map { (x[$0] - mean) * rstd * Double(scale[$0]) + Double(offset[$0]) }
    return (rstd, y)
  }

  /// A mean of 3 with a spread of about 0.6 makes every value of the difference from the mean carry one rounding of 2⁻²² (4 · 2⁻²⁴);
  /// 1/σ magnifies it by 1.7, and so do at most columns / 4 roundings of the partial sums.
  static func allowed(_ columns: Int, _ type: hf_dtype, _ y: Double, _ rstd: Double) -> Double {
    let roundings = 4 + Double(columns) / 4
    return roundings * 0x1p-22 * max(rstd, 1) * (1 + rstd / 4) + roundingUnit(type) * abs(y) * 1.01
  }

  @Test("rows equal the formula over all widths and types", arguments: kernelPaths)
  func rows(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(31)
      for columns in kernelSizes + [256, 384] {
        for (xType, yType) in KernelElementwiseTests.types {
          let stride = columns + 3
          let x = KernelBuffer(random.values(3 * stride).map { $0 + 3 }, xType)
          let y = KernelBuffer(count: 3 * stride, yType, filledWith: -7)
          let scale = KernelBuffer(random.values(columns))
          let offset = KernelBuffer(random.values(columns))
          hf_layer_norm(
            3, Int64(columns), x.pointer, xType, Int64(stride), scale.floats, offset.floats, 1e-5,
            y.pointer, yType, Int64(stride))
          var worst = WorstError()
          for i in 0..<3 {
            let row = (0..<columns).map { Double(x[i * stride + $0]) }
            let expected = Self.reference(row, scale, offset)
            for j in 0..<columns {
              let allowed = Self.allowed(columns, yType, expected.y[j], expected.rstd)
              worst.add(
                y[i * stride + j], expected.y[j], allowed: allowed, "\(i), \(j) of \(columns)")
            }
            #expect(y[i * stride + columns] == -7)
          }
          #expect(worst.ratio <= 1, "\(worst)")
          #expect(y.guardsAreIntact)
        }
      }
    }
  }

  @Test("channel-major points equal the formula and come out point-major", arguments: kernelPaths)
  func channels(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(32)
      for (n, channels) in zip(kernelSizes, kernelSizes.reversed()) {
        for (xType, yType) in KernelElementwiseTests.types {
          check(n, channels, xType, yType, &random)
        }
      }
      check(5, 600, HF_F32, HF_BF16, &random)
    }
  }

  func check(
    _ points: Int, _ channels: Int, _ xType: hf_dtype, _ yType: hf_dtype,
    _ random: inout KernelRandom
  ) {
    let (channelStride, rowStride) = (points + 5, channels + 2)
    let x = KernelBuffer(random.values(channels * channelStride).map { $0 + 3 }, xType)
    let y = KernelBuffer(count: points * rowStride, yType, filledWith: -7)
    let scale = KernelBuffer(random.values(channels))
    let offset = KernelBuffer(random.values(channels))
    hf_layer_norm_channels(
      Int64(points), Int64(channels), x.pointer, xType, Int64(channelStride), scale.floats,
      offset.floats, 1e-5, y.pointer, yType, Int64(rowStride))
    var worst = WorstError()
    for i in 0..<points {
      let row = (0..<channels).map { Double(x[$0 * channelStride + i]) }
      let expected = Self.reference(row, scale, offset)
      for c in 0..<channels {
        // One sum per point, so all channels' roundings may add up.
        let allowed = Self.allowed(4 * channels, yType, expected.y[c], expected.rstd)
        worst.add(
          y[i * rowStride + c], expected.y[c], allowed: allowed,
          "\(i), \(c) of \(points) × \(channels)")
      }
      #expect(y[i * rowStride + channels] == -7)
    }
    #expect(worst.ratio <= 1, "\(worst)")
    #expect(y.guardsAreIntact)
  }

  @Test("rows and points may be cut anywhere without changing a bit", arguments: kernelPaths)
  func partitions(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(33)
      let (n, width) = (53, 37)
      let x = KernelBuffer(random.values(n * width))
      let scale = KernelBuffer(random.values(n))
      let offset = KernelBuffer(random.values(n))
      func run(_ pieces: [Range<Int>], channelMajor: Bool) -> [UInt8] {
        let y = KernelBuffer(count: n * width)
        for p in pieces {
          let count = Int64(p.count)
          if channelMajor {
            hf_layer_norm_channels(
              count, Int64(width), x.floats + p.lowerBound, HF_F32, Int64(n), scale.floats,
              offset.floats, 1e-5, y.floats + p.lowerBound * width, HF_F32, Int64(width))
          } else {
            hf_layer_norm(
              count, Int64(width), x.floats + p.lowerBound * width, HF_F32, Int64(width),
              scale.floats, offset.floats, 1e-5, y.floats + p.lowerBound * width, HF_F32,
              Int64(width))
          }
        }
        return y.bits
      }
      for channelMajor in [false, true] {
        let whole = run([0..<n], channelMajor: channelMajor)
        #expect(run([0..<1, 1..<20, 20..<n], channelMajor: channelMajor) == whole)
      }
    }
  }

  @Test("a row of equal values becomes the offset", arguments: kernelPaths)
  func constantRow(path: hf_isa) {
    onPath(path) {
      let x = KernelBuffer([Float](repeating: 0.1, count: 33))
      let scale = KernelBuffer([Float](repeating: 2, count: 33))
      let offset = KernelBuffer([Float](repeating: 0.25, count: 33))
      hf_layer_norm(
        1, 33, x.pointer, HF_F32, 33, scale.floats, offset.floats, 1e-5, x.pointer, HF_F32, 33)
      for y in x.values { #expect(abs(y - 0.25) < 1e-4) }
    }
  }
}
