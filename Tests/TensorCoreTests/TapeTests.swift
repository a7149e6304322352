import NumericArrays
import TestSupport
import Testing

@testable import TensorCore

@Suite("Tape and gradients")
struct TapeTests {
  /// `x *= factor` in place; its derivative, and what it saw, are noted.
  private func scale(_ x: Tensor, by factor: Float, _ log: Log, _ context: ExecutionContext) {
    context.record(updating: x) { input, gradient, context in
      log.entries.append((factor, input.floats[0]))
      for index in 0..<gradient.count { gradient.floats[index] *= factor }
    }
    for index in 0..<x.count { x.floats[index] *= factor }
  }

  /// `x += c · x²`, with the value of `x` in its derivative.
  private func bend(_ x: Tensor, by c: Float, _ context: ExecutionContext) {
    context.record(updating: x) { input, gradient, _ in
      for index in 0..<x.count { gradient.floats[index] *= 1 + 2 * c * input.floats[index] }
    }
    for index in 0..<x.count { x.floats[index] += c * x.floats[index] * x.floats[index] }
  }

  private final class Log {
    var entries: [(factor: Float, input: Float)] = []
  }

  @Test("derivatives run newest first and see the values of their time")
  func order() {
    let context = ExecutionContext.forTest()
    let x = Tensor(NDArray(shape: [2], values: [1, 10]), pool: context.pool)
    let log = Log()
    let gradients = replayedGradients(context) { context in
      scale(x, by: 2, log, context)
      scale(x, by: 3, log, context)
      scale(x, by: 5, log, context)
      return x
    }
    #expect(x.array().values == [30, 300])
    #expect(log.entries.map(\.factor) == [5, 3, 2])
    #expect(log.entries.map(\.input) == [6, 2, 1])
    #expect(gradients[x].array().values == lossWeights([2]).values.map { $0 * 5 * 3 * 2 })
  }

  @Test("a checkpoint runs twice and changes no bit of the gradients")
  func checkpoint() {
    func gradients(recomputes: Bool) -> (values: [Float], runs: Int) {
      let context = ExecutionContext.forTest(threads: 2).droppingOut(by: RandomKey(seed: 3))
      let x = Tensor(randomArray([50], "x"), pool: context.pool)
      let counter = Log()
      let gradients = replayedGradients(context, on: Tape(recomputes: recomputes)) { context in
        bend(x, by: 0.1, context)
        for block in 0..<3 {
          context.scoped("block", block).checkpoint([x]) { context in
            counter.entries.append((0, 0))
            bend(x, by: 0.2, context)
            let mask = context.dropoutFactors("site", rate: 0.5, [50])
            context.record(updating: x) { _, gradient, _ in
              for index in 0..<50 { gradient.floats[index] *= mask?.floats[index] ?? 1 }
            }
            for index in 0..<50 { x.floats[index] *= mask?.floats[index] ?? 1 }
          }
        }
        return x
      }
      return (gradients[x].array().values, counter.entries.count)
    }
    let (direct, recomputed) = (gradients(recomputes: false), gradients(recomputes: true))
    #expect(direct.values == recomputed.values)
    #expect((direct.runs, recomputed.runs) == (3, 6))
  }

  @Test("a tape that is dropped without a replay gives back all that it held")
  func dropped() {
    let context = ExecutionContext.forTest()
    func record() {
      let x = Tensor(randomArray([50], "x"), pool: context.pool)
      let taped = context.recording(on: Tape(recomputes: true))
      for _ in 0..<3 { taped.checkpoint([x]) { bend(x, by: 0.2, $0) } }
      #expect(context.pool.statistics.live > 0)
    }
    record()
    #expect(context.pool.statistics.live == 0)
  }

  @Test("a tape that keeps nothing costs no memory and changes no value")
  func discarding() {
    func run(_ tape: Tape?) -> (values: [Float], live: Int) {
      let context = ExecutionContext.forTest()
      let (x, y) = (
        Tensor(randomArray([50], "x"), pool: context.pool),
        Tensor(randomArray([50], "y"), pool: context.pool)
      )
      let taped = context.recording(on: tape)
      for _ in 0..<3 { taped.checkpoint([x]) { bend(x, by: 0.2, $0) } }
      taped.fork(
        Branch(updating: [x]) { bend(x, by: 0.1, $0) },
        Branch(updating: [y]) { context in
          bend(y, by: 0.3, context)
          context.checkpoint([y]) { bend(y, by: 0.1, $0) }
        })
      return (x.array().values + y.array().values, context.pool.statistics.live)
    }
    let (plain, discarding, keeping) = (run(nil), run(.discarding()), run(Tape()))
    #expect(discarding.values == plain.values && keeping.values == plain.values)
    #expect(discarding.live == plain.live && keeping.live > plain.live)
  }

  @Test("branches of a fork replay side by side, each in its order", arguments: [1, 2, 4])
  func fork(threads: Int) {
    let context = ExecutionContext.forTest(threads: threads)
    let (x, y) = (
      Tensor(randomArray([9], "x"), pool: context.pool),
      Tensor(randomArray([9], "y"), pool: context.pool)
    )
    let (xLog, yLog) = (Log(), Log())
    let gradients = replayedGradients(context) { context in
      scale(x, by: 2, xLog, context)
      context.fork(
        Branch(updating: [x]) { context in
          scale(x, by: 3, xLog, context)
          scale(x, by: 5, xLog, context)
        },
        Branch(updating: [y]) { context in
          scale(y, by: 7, yLog, context)
          scale(y, by: 11, yLog, context)
        })
      scale(y, by: 13, yLog, context)
      return x
    }
    #expect(xLog.entries.map(\.factor) == [5, 3, 2])
    #expect(yLog.entries.map(\.factor) == [13, 11, 7])
    #expect(gradients[x].array().values == lossWeights([9]).values.map { $0 * 5 * 3 * 2 })
  }

  @Test("the gradient of a slice is the slice of the gradient")
  func views() {
    let pool = BufferPool()
    let gradients = Gradients(pool: pool)
    let x = Tensor(randomArray([4, 3], "x"), .bfloat16, pool: pool)
    gradients[x[2]].floats[1] = 5
    gradients[x[1..<3]].floats[0] = 7
    #expect(gradients[x].array().values == [0, 0, 0, 7, 0, 0, 0, 5, 0, 0, 0, 0])
    let flat = pool
    let fused = Tensor(zeros: [20], .float32, pool: flat)
    let parameter = Tensor(randomArray([2, 4], "p"), pool: pool)
    gradients.bind(parameter, to: fused[8..<16])
    gradients[parameter[1]].floats[2] = 9
    #expect(fused.floats[14] == 9)
  }

  @Test("copies of two slices of one tensor are apart")
  func savedSlices() {
    let context = ExecutionContext.forTest().recording(on: Tape())
    let x = Tensor(NDArray(shape: [2, 2], values: [1, 2, 3, 4]), pool: context.pool)
    let (first, second) = (context.saved(x[0]), context.saved(x[1]))
    for index in 0..<4 { x.floats[index] = 0 }
    #expect(first.array().values == [1, 2] && second.array().values == [3, 4])
  }

  @Test("dropout drops its share, keeps the mean, and is a function of key, site and element")
  func dropout() throws {
    let context = ExecutionContext.forTest().droppingOut(by: RandomKey(seed: 7))
    let count = 100_000
    let mask = try #require(context.dropoutFactors("a", rate: 0.25, [count])?.array().values)
    let dropped = mask.count { $0 == 0 }
    // The standard deviation of the number dropped is √(n · 0.25 · 0.75) = 137.
    #expect(abs(dropped - count / 4) < 5 * 137)
    #expect(mask.allSatisfy { $0 == 0 || $0 == 1 / (1 - 0.25) })
    let short = try #require(context.dropoutFactors("a", rate: 0.25, [10, 10])?.array().values)
    #expect(short == Array(mask.prefix(100)))
    let others = [
      context.dropoutFactors("b", rate: 0.25, [count]),
      context.scoped("block", 1).dropoutFactors("a", rate: 0.25, [count]),
      context.scoped("block", 2).dropoutFactors("a", rate: 0.25, [count]),
      context.droppingOut(by: RandomKey(seed: 8)).dropoutFactors("a", rate: 0.25, [count]),
    ].compactMap { $0?.array().values }
    #expect(others.count == 4)
    for (index, other) in others.enumerated() {
      for reference in [mask] + others[..<index] {
        // Independent masks drop the same element in 1/16 of cases; the standard deviation of that number is 77.
        let both = zip(reference, other).count { $0 == 0 && $1 == 0 }
        #expect(abs(both - count / 16) < 5 * 77)
      }
    }
    #expect(context.dropoutFactors("a", rate: 0, [5]) == nil)
    #expect(ExecutionContext.forTest().dropoutFactors("a", rate: 0.5, [5]) == nil)
  }
}
