import NumericArrays
import Testing

@testable import TensorCore

@Suite("Buffer pool")
struct BufferPoolTests {
  @Test("live bytes rise and fall with tensors; sizes are whole cache lines")
  func liveBytes() {
    let pool = BufferPool()
    do {
      let a = Tensor(uninitialized: [3], .float32, pool: pool)
      let b = Tensor(uninitialized: [17], .float32, pool: pool)
      withExtendedLifetime((a, b)) {
        #expect(pool.statistics.live == 64 + 128)
        #expect(pool.statistics.systemAllocations == 2)
        #expect(Int(bitPattern: a.base) % 64 == 0 && Int(bitPattern: b.base) % 64 == 0)
      }
    }
    #expect(pool.statistics.live == 0)
    #expect(pool.statistics.peak == 192)
    #expect(pool.statistics.kept == 192)
  }

  @Test("views keep the buffer of their tensor", arguments: [10, 1_000_000])
  func views(count: Int) {
    let pool = BufferPool()
    var view: Tensor? = Tensor(zeros: [2, count], .float32, pool: pool)[1]
    #expect(pool.statistics.live >= 8 * count)
    #expect(view?.array().values == Array(repeating: 0, count: count))
    view = nil
    #expect(pool.statistics.live == 0)
  }

  @Test("a freed buffer serves requests of four fifths of its size and more, and no smaller ones")
  func reuse() {
    let pool = BufferPool()
    func allocate(_ bytes: Int) -> Int {
      let before = pool.statistics.systemAllocations
      withExtendedLifetime(Tensor(uninitialized: [bytes / 4], .float32, pool: pool)) {}
      return pool.statistics.systemAllocations - before
    }
    #expect(allocate(1 << 20) == 1)
    #expect(allocate(1 << 20) == 0)
    #expect(allocate((1 << 20) * 4 / 5 + 4096) == 0)
    #expect(allocate((1 << 20) / 2) == 1)
  }

  @Test("zeros are zeros in new and in used memory", arguments: [10, 1 << 18])
  func zeros(count: Int) {
    let pool = BufferPool()
    for _ in 0..<3 {
      let zeros = Tensor(zeros: [count], .float32, pool: pool)
      #expect(zeros.array().values.allSatisfy { $0 == 0 })
      for index in 0..<count { zeros.floats[index] = .nan }
    }
    #expect(pool.statistics.systemAllocations == 1)
  }

  @Test("an allowance keeps freed buffers beyond the peak, up to its size")
  func allowance() {
    func allocations(_ allowance: Int) -> [Int] {
      let pool = BufferPool(allowance: allowance)
      return (0..<3).map { _ in
        let before = pool.statistics.systemAllocations
        for mebibytes in [1, 2] {
          withExtendedLifetime(Tensor(uninitialized: [mebibytes << 18], .float32, pool: pool)) {}
        }
        #expect(pool.statistics.kept <= max(allowance, 2 << 20))
        return pool.statistics.systemAllocations - before
      }
    }
    #expect(allocations(3 << 20) == [2, 0, 0])
    #expect(allocations(0) == [2, 2, 2])
  }

  @Test("kept buffers can be given back; live ones stay")
  func releaseKept() {
    let pool = BufferPool()
    let held = Tensor(zeros: [1000], .float32, pool: pool)
    withExtendedLifetime(Tensor(uninitialized: [1 << 18], .float32, pool: pool)) {}
    #expect(pool.statistics.kept == 1 << 20)
    pool.releaseKept()
    #expect(pool.statistics.kept == 0 && pool.statistics.live == 4032)
    #expect(held.array().values.allSatisfy { $0 == 0 })
  }

  @Test("live and kept bytes together never exceed the largest live total")
  func peakRule() {
    let pool = BufferPool()
    var held: [Tensor] = []
    for step in 0..<200 {
      let size = 1000 + (step * 7919) % 300_000
      held.append(Tensor(uninitialized: [size], .float32, pool: pool))
      if step % 3 == 2 { held.removeFirst(2) }
      let statistics = pool.statistics
      #expect(statistics.live + statistics.kept <= statistics.peak, "step \(step)")
    }
    held = []
    #expect(pool.statistics.live == 0)
    #expect(pool.statistics.kept <= pool.statistics.peak)
  }

  @Test(
    "an empty tensor has memory of its own and no elements", arguments: [DType.float32, .bfloat16])
  func empty(dtype: DType) {
    let pool = BufferPool()
    let tensor = Tensor(NDArray<Float>(shape: [0, 5], values: []), dtype, pool: pool)
    #expect(tensor.count == 0 && tensor.array().values.isEmpty)
  }

  @Test("bfloat16 tensors hold the nearest values, ties to even")
  func rounding() {
    let pool = BufferPool()
    let values: [Float] = [1, 1.00390625, 1.01171875, -3.14159, 0]
    let tensor = Tensor(NDArray(shape: [5], values: values), .bfloat16, pool: pool)
    #expect(tensor.array().values == values.map { Float(BFloat16($0)) })
    #expect(tensor.array().values[1] == 1 && tensor.array().values[2] == 1.015625)
  }
}
