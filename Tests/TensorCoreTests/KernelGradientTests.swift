import CKernels
import Testing

@Suite("Kernels: derivatives of norms and activations, sums of columns")
struct KernelGradientTests {
  @Test("derivative of layer norm equals the formula over all widths", arguments: kernelPaths)
  func norm(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(41)
      for columns in kernelSizes + [256, 384] {
        for (xType, dyType) in KernelElementwiseTests.types {
          let (rows, stride) = (3, columns + 2)
          let x = KernelBuffer(random.values(rows * stride).map { 2 * $0 + 3 }, xType)
          let dy = KernelBuffer(random.values(rows * stride), dyType)
          let scale = KernelBuffer(random.values(columns))
          let dx = KernelBuffer(count: rows * stride, filledWith: 0.5)
          let dscale = KernelBuffer(count: columns, filledWith: 1)
          let doffset = KernelBuffer(count: columns, filledWith: -1)
          hf_layer_norm_backward(
            Int64(rows), Int64(columns), x.pointer, xType, Int64(stride), dy.pointer, dyType,
            Int64(stride), scale.floats, 1e-5, dx.floats, Int64(stride), dscale.floats,
            doffset.floats)
          var worst = WorstError()
          var (dscaleSum, doffsetSum) = (
            [Double](repeating: 1, count: columns), [Double](repeating: -1, count: columns)
          )
          for i in 0..<rows {
            let row = (0..<columns).map { Double(x[i * stride + $0]) }
            let zero = KernelBuffer(count: columns, filledWith: 0)
            let one = KernelBuffer(count: columns, filledWith: 1)
            let (rstd, normed) = KernelNormTests.reference(row, one, zero)
            let upstream = (0..<columns).map { Double(dy[i * stride + $0]) }
            let g = (0..<columns).map { upstream[$0] * Double(scale[$0]) }
            let mean = g.reduce(0, +) / Double(columns)
            let projection = zip(g, normed).reduce(0) { $0 + $1.0 * $1.1 } / Double(columns)
            // x near 3 carries 2⁻²² of rounding from its mean, which 1/σ magnifies; the formula has a chain of ten operations.
            let unit = (10 + Double(columns) / 4) * 0x1p-22 * max(1, rstd * rstd)
            for j in 0..<columns {
              let change = (g[j] - mean - normed[j] * projection) * rstd
              worst.add(
                dx[i * stride + j], 0.5 + change, allowed: unit * 2, "dx \(i), \(j) of \(columns)")
              dscaleSum[j] += upstream[j] * normed[j]
              doffsetSum[j] += upstream[j]
              if i < rows - 1 { continue }
              worst.add(dscale[j], dscaleSum[j], allowed: unit * 4, "dscale \(j) of \(columns)")
              worst.add(doffset[j], doffsetSum[j], allowed: unit * 4, "doffset \(j) of \(columns)")
            }
            #expect(dx[i * stride + columns] == 0.5)
          }
          #expect(worst.ratio <= 1, "\(worst)")
          #expect(dx.guardsAreIntact && dscale.guardsAreIntact && doffset.guardsAreIntact)
        }
      }
    }
  }

  @Test("sums of columns add every row once, in order", arguments: kernelPaths)
  func columnSums(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(42)
      for columns in kernelSizes + [256] {
        for type in [HF_F32, HF_BF16] {
          let (rows, stride) = (5, columns + 1)
          let x = KernelBuffer(random.values(rows * stride), type)
          let sums = KernelBuffer(count: columns, filledWith: 2)
          hf_add_column_sums(
            Int64(rows), Int64(columns), x.pointer, type, Int64(stride), sums.floats)
          let expected = (0..<columns).map { j in
            (0..<rows).reduce(Float(2)) { $0 + x[$1 * stride + j] }
          }
          #expect(sums.values == expected && sums.guardsAreIntact)
        }
      }
    }
  }

  @Test("derivatives of ReLU and sigmoid follow from their results", arguments: kernelPaths)
  func activations(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(43)
      for count in kernelSizes {
        for (xType, yType) in KernelElementwiseTests.types {
          let y = KernelBuffer(random.values(count).map { abs($0) < 0.3 ? 0 : $0 }, xType)
          let start = KernelBuffer(random.values(count), yType)
          typealias Gradient = (
            Int64, UnsafeRawPointer?, hf_dtype, UnsafeMutableRawPointer?, hf_dtype
          ) -> Void
          let cases: [(Gradient, (Float) -> Float)] = [
            (hf_relu_gradient, { $0 > 0 ? 1 : 0 }), (hf_sigmoid_gradient, { $0 * (1 - $0) }),
            (hf_multiply, { $0 }),
          ]
          for (kernel, factor) in cases {
            let dy = KernelBuffer(start.values, yType)
            kernel(Int64(count), y.pointer, xType, dy.pointer, yType)
            let expected = KernelBuffer(
              (0..<count).map { start[$0] * factor(y[$0]) }, yType)
            #expect(dy.values == expected.values && dy.guardsAreIntact)
          }
        }
      }
    }
  }
}
