import CKernels
import Testing

/// One product with everything its epilogue needs, able to run in pieces and to compute itself in Double.
struct ProductCase {
  var m: Int, n: Int, k: Int
  var type = HF_F32
  var transposedA = false, transposedB = false, stridedA = false
  var cType = HF_F32
  /// 0: row-major; 1: transposed C; 2: blocks of columns.
  var layout = 0
  /// Columns of a block; 0 for those of a panel.
  var block = 0
  var alpha: Float = 1
  var biasN = false, biasM = false, scaleM = false, scaleN = false, accumulate = false
  var activation = HF_ACT_NONE
  var mulType: hf_dtype?
}

/// The operands of a case in memory.
struct ProductData {
  let test: ProductCase
  let a: KernelBuffer, b: KernelBuffer, c0: KernelBuffer
  let biasN: KernelBuffer, biasM: KernelBuffer, scaleM: KernelBuffer, scaleN: KernelBuffer
  let mul: KernelBuffer?
  let aRow: Int, aCol: Int, bRow: Int, bCol: Int
  let mulRow: Int, mulCol: Int
  let cRow: Int, cCol: Int, cBlock: Int, cBlockStride: Int

  init(_ t: ProductCase, seed: Int) {
    test = t
    var random = KernelRandom(seed)
    let gap = t.stridedA ? 3 : 0
    (aRow, aCol) = t.transposedA ? (1, t.m + gap) : (t.k + gap, 1)
    (bRow, bCol) = t.transposedB ? (1, t.k + gap) : (t.n + gap, 1)
    a = KernelBuffer(random.values((t.transposedA ? t.k : t.m) * max(aRow, aCol)), t.type)
    b = KernelBuffer(random.values((t.transposedB ? t.n : t.k) * max(bRow, bCol)), t.type)
    let width = t.block > 0 ? t.block : Int(hf_gemm_column_unit())
    switch t.layout {
    case 0: (cRow, cCol, cBlock, cBlockStride) = (t.n + gap, 1, 0, 0)
    case 1: (cRow, cCol, cBlock, cBlockStride) = (1, t.m + gap, 0, 0)
    default: (cRow, cCol, cBlock, cBlockStride) = (width, 1, width, width * t.m + 5)
    }
    let size =
      t.layout == 0 ? t.m * cRow : t.layout == 1 ? t.n * cCol : (t.n / width + 1) * cBlockStride
    c0 = KernelBuffer(random.values(size), t.cType)
    (mulRow, mulCol) = [(t.n + 2, 1), (1, t.m + 1), (0, 1), (1, 0)][seed % 4]
    let factors = (t.m - 1) * mulRow + (t.n - 1) * mulCol + 1
    mul = t.mulType.map { KernelBuffer(random.values(factors), $0) }
    biasN = KernelBuffer(random.values(t.n))
    biasM = KernelBuffer(random.values(t.m))
    scaleM = KernelBuffer(random.values(t.m))
    scaleN = KernelBuffer(random.values(t.n))
  }

  func index(_ i: Int, _ j: Int) -> Int {
    cBlock > 0 ? i * cRow + j / cBlock * cBlockStride + j % cBlock : i * cRow + j * cCol
  }

  func packedB() -> KernelBuffer {
    let operand = hf_gemm_operand_type(test.type)
    let packed = KernelBuffer(count: hf_gemm_packed_size(operand, Int64(test.k), Int64(test.n)) / 4)
    hf_gemm_pack(
      operand, Int64(test.k), Int64(test.n), b.pointer, test.type, Int64(bRow), Int64(bCol),
      packed.pointer)
    #expect(packed.guardsAreIntact)
    return packed
  }

  /// Runs rows × columns of the product into `c`; columns start at a multiple of the column unit.
  func run(_ rows: Range<Int>, _ columns: Range<Int>, packed: KernelBuffer, into c: KernelBuffer) {
    let t = test
    var g = hf_gemm_args()
    (g.m, g.n, g.k) = (Int64(rows.count), Int64(columns.count), Int64(t.k))
    g.a = UnsafeRawPointer(a.pointer + rows.lowerBound * aRow * a.elementSize)
    g.a_type = t.type
    (g.a_row_stride, g.a_col_stride) = (Int64(aRow), Int64(aCol))
    g.operand_type = hf_gemm_operand_type(t.type)
    g.b_packed = UnsafeRawPointer(
      packed.pointer + hf_gemm_packed_size(g.operand_type, g.k, Int64(columns.lowerBound)))
    let offset = index(rows.lowerBound, columns.lowerBound)
    g.c = c.pointer + offset * c.elementSize
    g.c_type = t.cType
    (g.c_row_stride, g.c_col_stride) = (Int64(cRow), Int64(cCol))
    (g.c_block, g.c_block_stride) = (Int64(cBlock), Int64(cBlockStride))
    g.alpha = t.alpha
    if t.biasN { g.bias_n = UnsafePointer(biasN.floats + columns.lowerBound) }
    if t.biasM { g.bias_m = UnsafePointer(biasM.floats + rows.lowerBound) }
    if t.scaleM { g.scale_m = UnsafePointer(scaleM.floats + rows.lowerBound) }
    if t.scaleN { g.scale_n = UnsafePointer(scaleN.floats + columns.lowerBound) }
    g.activation = t.activation
    if let mul {
      let first = rows.lowerBound * mulRow + columns.lowerBound * mulCol
      g.mul = UnsafeRawPointer(mul.pointer + first * mul.elementSize)
      (g.mul_row_stride, g.mul_col_stride) = (Int64(mulRow), Int64(mulCol))
      g.mul_type = mul.type
    }
    g.accumulate = t.accumulate
    withKernelScratch(hf_gemm_scratch_size(g.operand_type, g.m, g.n, g.k)) { hf_gemm(&g, $0) }
  }

  func whole() -> KernelBuffer {
    let c = KernelBuffer(c0.values, test.cType)
    run(0..<test.m, 0..<test.n, packed: packedB(), into: c)
    return c
  }

  /// The plain twin in Double with the error that fp32 sums may have: each of the k additions rounds by at most 2⁻²⁴ of the sum of
  /// magnitudes, the epilogue by a few more (2e-7 for the sigmoid), and the result once to its type.
  func compare(_ c: KernelBuffer) -> WorstError {
    let t = test
    var worst = WorstError()
    for i in 0..<t.m {
      for j in 0..<t.n {
        var sum = 0.0
        var size = 0.0
        for p in 0..<t.k {
          let product = Double(a[i * aRow + p * aCol]) * Double(b[p * bRow + j * bCol])
          sum += product
          size += abs(product)
        }
        var v = Double(t.alpha) * sum
        size *= Double(abs(t.alpha))
        if t.biasN { v += Double(biasN[j]); size += 1 }
        if t.biasM { v += Double(biasM[i]); size += 1 }
        if t.activation == HF_ACT_RELU { v = max(v, 0) }
        if t.activation == HF_ACT_SIGMOID { v = 1 / (1 + exponential(-v)); size += 4 }
        if t.scaleM { v *= Double(scaleM[i]) }
        if t.scaleN { v *= Double(scaleN[j]) }
        if let mul { v *= Double(mul[i * mulRow + j * mulCol]) }
        if t.accumulate { v += Double(c0[index(i, j)]); size += 1 }
        let allowed = Double(t.k + 8) * 0x1p-24 * size + roundingUnit(t.cType) * abs(v) * 1.01
        worst.add(c[index(i, j)], v, allowed: allowed, "[\(i), \(j)] of \(t)")
      }
    }
    return worst
  }

  /// Whether elements of `c` outside the product (gaps between rows, ends of blocks) kept their bits.
  func leavesTheRest(_ c: KernelBuffer) -> Bool {
    var untouched = [Bool](repeating: true, count: c.count)
    for i in 0..<test.m { for j in 0..<test.n { untouched[index(i, j)] = false } }
    return c.guardsAreIntact
      && (0..<c.count).allSatisfy { !untouched[$0] || c[$0].bitPattern == c0[$0].bitPattern }
  }
}

@Suite("Kernels: matrix product")
struct KernelMatrixProductTests {
  @Test("product equals the plain sum over sizes around every tile", arguments: kernelPaths)
  func sizes(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(1)
      for m in kernelSizes {
        for type in [HF_F32, HF_BF16] {
          let test = ProductCase(
            m: m, n: random.choice(kernelSizes), k: random.choice(kernelSizes), type: type,
            transposedA: random.bool(), transposedB: random.bool(), stridedA: random.bool(),
            cType: random.choice([HF_F32, HF_BF16]), layout: random.choice([0, 1, 2]),
            block: random.choice([0, 5, 8, 12]))
          let data = ProductData(test, seed: m)
          let c = data.whole()
          let worst = data.compare(c)
          #expect(worst.ratio <= 1, "\(worst)")
          #expect(data.leavesTheRest(c), "\(test)")
        }
      }
    }
  }

  @Test("every layout of A and B gives the same bits", arguments: kernelPaths)
  func layouts(path: hf_isa) {
    onPath(path) {
      for type in [HF_F32, HF_BF16] {
        for (m, n, k) in [(17, 33, 31), (15, 65, 34)] {
          var random = KernelRandom(2)
          let plain = ProductData(ProductCase(m: m, n: n, k: k, type: type), seed: 3)
          let a = plain.a.values
          let b = plain.b.values
          let expected = plain.whole().bits
          for _ in 0..<6 {
            var test = ProductCase(m: m, n: n, k: k, type: type)
            (test.transposedA, test.transposedB, test.stridedA) = (
              random.bool(), random.bool(), random.bool()
            )
            let data = ProductData(test, seed: 4)
            for i in 0..<m {
              for p in 0..<k { data.a[i * data.aRow + p * data.aCol] = a[i * k + p] }
            }
            for p in 0..<k {
              for j in 0..<n { data.b[p * data.bRow + j * data.bCol] = b[p * n + j] }
            }
            let c = data.whole()
            let found = KernelBuffer((0..<m * n).map { c[data.index($0 / n, $0 % n)] })
            #expect(found.bits == expected, "\(test)")
          }
        }
      }
    }
  }

  @Test(
    "sums over several slices of k keep the bound", arguments: kernelPaths,
    [1023, 1024, 1025, 2100])
  func longSums(path: hf_isa, k: Int) {
    onPath(path) {
      for type in [HF_F32, HF_BF16] {
        let test = ProductCase(m: 9, n: 37, k: k, type: type, transposedA: k % 2 == 0, biasN: true)
        let data = ProductData(test, seed: k)
        let worst = data.compare(data.whole())
        #expect(worst.ratio <= 1, "\(worst)")
      }
    }
  }

  @Test("every combination of the epilogue does what the header says", arguments: kernelPaths)
  func epilogues(path: hf_isa) {
    onPath(path) {
      var random = KernelRandom(5)
      for bits in 0..<64 {
        for activation in [HF_ACT_NONE, HF_ACT_RELU, HF_ACT_SIGMOID] {
          var test = ProductCase(
            m: random.choice([3, 7]), n: random.choice([17, 33]), k: 5,
            type: random.choice([HF_F32, HF_BF16]),
            cType: random.choice([HF_F32, HF_BF16]), layout: random.choice([0, 1, 2]),
            block: random.choice([0, 5, 8, 12]), alpha: random.choice([1, -0.5]))
          test.biasN = bits & 1 != 0
          test.biasM = bits & 2 != 0
          test.scaleM = bits & 4 != 0
          test.scaleN = bits & 8 != 0
          test.accumulate = bits & 16 != 0
          test.mulType = bits & 32 != 0 ? random.choice([HF_F32, HF_BF16]) : nil
          test.activation = activation
          let data = ProductData(test, seed: bits)
          let c = data.whole()
          let worst = data.compare(c)
          #expect(worst.ratio <= 1, "\(worst)")
          #expect(data.leavesTheRest(c), "\(test)")
        }
      }
    }
  }

  @Test("the sigmoid of the epilogue reaches exactly 0 and 1 at its ends", arguments: kernelPaths)
  func sigmoidEnds(path: hf_isa) {
    onPath(path) {
      // A product of zeros leaves the bias of a row as the logit.
      var test = ProductCase(m: 5, n: 3, k: 1, biasM: true)
      (test.alpha, test.activation) = (0, HF_ACT_SIGMOID)
      let data = ProductData(test, seed: 7)
      let logits: [Float] = [-1000, -.infinity, 1000, .infinity, 0]
      for (row, logit) in logits.enumerated() { data.biasM[row] = logit }
      #expect(
        data.whole().values == [0, 0, 1, 1, 0.5].flatMap { [Float](repeating: $0, count: 3) })
    }
  }

  @Test("rows and columns may be cut anywhere without changing a bit", arguments: kernelPaths)
  func partitions(path: hf_isa) {
    onPath(path) {
      let unit = Int(hf_gemm_column_unit())
      for type in [HF_F32, HF_BF16] {
        for layout in [0, 1, 2] {
          var test = ProductCase(
            m: 31, n: 2 * unit + 7, k: 37, type: type, cType: HF_BF16, layout: layout)
          (test.biasN, test.scaleM, test.accumulate, test.activation) = (
            true, true, true, HF_ACT_SIGMOID
          )
          test.mulType = HF_F32
          let data = ProductData(test, seed: 6)
          let whole = data.whole().bits
          let packed = data.packedB()
          for cut in [1, 5, 14, 30] {
            let pieces = KernelBuffer(data.c0.values, test.cType)
            for rows in [0..<cut, cut..<31] {
              for columns in [0..<unit, unit..<2 * unit + 7] {
                data.run(rows, columns, packed: packed, into: pieces)
              }
            }
            #expect(pieces.bits == whole, "rows cut at \(cut): \(test)")
          }
        }
      }
    }
  }

  @Test("columns packed in ranges give the bytes of one packing", arguments: kernelPaths)
  func packedRanges(path: hf_isa) {
    onPath(path) {
      let unit = hf_gemm_column_unit()
      for (type, k, transposed) in [
        (HF_F32, 19, false), (HF_BF16, 19, true), (HF_BF16, 40, false), (HF_F32, 33, true),
      ] {
        let n = 3 * Int(unit) - 2
        let data = ProductData(
          ProductCase(m: 1, n: n, k: k, type: type, transposedB: transposed), seed: 7)
        let operand = hf_gemm_operand_type(type)
        let whole = data.packedB()
        let pieces = KernelBuffer(count: whole.count)
        for first in stride(from: 0, to: Int64(n), by: Int(unit)) {
          hf_gemm_pack(
            operand, Int64(k), min(unit, Int64(n) - first),
            data.b.pointer + Int(first) * data.bCol * data.b.elementSize, type, Int64(data.bRow),
            Int64(data.bCol), pieces.pointer + hf_gemm_packed_size(operand, Int64(k), first))
        }
        #expect(pieces.bits == whole.bits)
      }
    }
  }

  @Test("fp32 values become bf16 operands by rounding to nearest even", arguments: pairKernelPaths)
  func roundsOperands(path: hf_isa) {
    onPath(path) {
      let operand = hf_gemm_operand_type(HF_BF16)
      #expect(operand == HF_BF16)
      var random = KernelRandom(8)
      let (k, n) = (21, 40)
      let b = KernelBuffer(random.values(k * n))
      let rounded = KernelBuffer(b.values, HF_BF16)
      for (row, col) in [(n, 1), (1, k)] {
        let size = hf_gemm_packed_size(operand, Int64(k), Int64(n)) / 4
        let packed = [KernelBuffer(count: size), KernelBuffer(count: size)]
        for (source, out) in zip([b, rounded], packed) {
          hf_gemm_pack(
            operand, Int64(k), Int64(n), source.pointer, source.type, Int64(row), Int64(col),
            out.pointer)
        }
        #expect(packed[0].bits == packed[1].bits)
      }
    }
  }

  @Test("an empty sum is zero before the epilogue", arguments: kernelPaths)
  func emptySum(path: hf_isa) {
    onPath(path) {
      var test = ProductCase(m: 5, n: 19, k: 0)
      test.biasN = true
      let data = ProductData(test, seed: 9)
      let c = data.whole()
      for i in 0..<5 { for j in 0..<19 { #expect(c[i * 19 + j] == data.biasN[j]) } }
    }
  }
}
