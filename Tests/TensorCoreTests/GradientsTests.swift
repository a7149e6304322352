import NumericArrays
import TensorCore
import Testing

@Suite("Gradients while a tape is replayed")
struct GradientsTests {
  /// `y = x · w` by hand, with `x` made inside a checkpoint and `w` in the memory of another pool.
  @Test("a checkpoint keeps the gradients of parameters, whatever pool they come from")
  func parametersOfAnotherPool() {
    let context = ExecutionContext(
      workers: WorkerGroup(count: 1), pool: BufferPool(), storage: .float32)
    let parameters = BufferPool()
    // More tensors than the other pool will make: serial numbers of the two pools are not comparable.
    let many = (0..<100).map { _ in Tensor(zeros: [1], .float32, pool: parameters) }
    let w = Tensor(NDArray(shape: [1], values: [3]), pool: parameters)
    let result = context.zeros([1])
    let tape = Tape()
    context.recording(on: tape).checkpoint([]) { context in
      let x = context.empty([1])
      x.floats[0] = 2
      result.floats[0] = x.floats[0] * w.floats[0]
      context.record { context in
        context.gradient(of: w).floats[0] += x.floats[0] * context.gradient(of: result).floats[0]
        context.gradient(of: x).floats[0] += w.floats[0] * context.gradient(of: result).floats[0]
      }
    }
    let replaying = context.accumulating(in: Gradients(pool: context.pool))
    replaying.gradient(of: result).floats[0] = 1
    tape.replay(replaying)
    #expect(replaying.gradient(of: w).floats[0] == 2)
    #expect(many.count == 100)
  }
}
