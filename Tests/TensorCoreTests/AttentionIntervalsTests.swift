import CKernels
import NumericArrays
import TestSupport
import Testing

@testable import TensorCore

private let intervalHeads = 2
private let intervalChannels = 16

/// Operands of one attention, by the names of their random streams.
private struct AttentionProblem {
  var arrays: [String: NDArray<Float>]
  let positions: Int

  init(_ positions: Int) {
    self.positions = positions
    let width = intervalHeads * intervalChannels
    arrays = [:]
    for name in ["q", "k", "v", "gate", "dout"] {
      arrays[name] = randomArray([positions, width], name)
    }
    arrays["bias"] = randomArray([intervalHeads, positions, positions], "bias")
  }

  subscript(name: String) -> NDArray<Float> {
    arrays[name] ?? NDArray(repeating: 0, shape: [0])
  }
}

/// Attention whose pairs are partly hidden: against sums over the visible ones, and with nothing skipped.
@Suite("Column mask")
struct AttentionIntervalsTests {
  /// Result and gradients of all operands, by name.
  private func run(
    _ problem: AttentionProblem, _ mask: AttentionIntervals?, keyMask: [Float]? = nil,
    visits: Bool = false,
    storage: DType = .float32
  ) -> [String: [Float]] {
    let context = ExecutionContext.forTest(storage: storage)
    let width = intervalHeads * intervalChannels
    func tensor(_ name: String) -> Tensor { Tensor(problem[name], storage, pool: context.pool) }
    var operands = AttentionOperands(
      query: Matrix(tensor("q")), key: Matrix(tensor("k")), value: Matrix(tensor("v")),
      gate: Matrix(tensor("gate")), heads: intervalHeads)
    operands.bias = Tensor(problem["bias"], storage, pool: context.pool)
    operands.keyMask = keyMask.map {
      Tensor(NDArray(shape: [$0.count], values: $0), pool: context.pool)
    }
    operands.intervals = mask
    operands.visitsHidden = visits
    let shape = [problem.positions, width]
    let (result, again) = (context.zeros(shape), context.zeros(shape))
    context.attend(operands, into: Matrix(result))
    let slopes = (0..<4).map { _ in context.zeros(shape) }
    var gradients = AttentionGradients(
      query: Matrix(slopes[0]), key: Matrix(slopes[1]), value: Matrix(slopes[2]),
      gate: Matrix(slopes[3]))
    let bias = context.zeros(problem["bias"].shape, .float32)
    gradients.bias = bias
    context.attendBackward(
      operands, outputGradient: Matrix(tensor("dout")), heads: 0..<intervalHeads,
      result: Matrix(again), into: gradients)
    var all = ["out": result.array().values, "dbias": bias.array().values]
    for (name, slope) in zip(["dq", "dk", "dv", "dgate"], slopes) {
      all[name] = slope.array().values
    }
    return all
  }

  /// The same in `Double`, by sums over visible pairs.
  private func reference(_ problem: AttentionProblem, _ mask: AttentionIntervals) -> [String:
    [Double]]
  {
    let (n, c) = (problem.positions, intervalChannels)
    let width = intervalHeads * c
    func values(_ name: String) -> [Double] { problem[name].values.map { Double($0) } }
    let (q, k, v) = (values("q"), values("k"), values("v"))
    let (gate, dout, bias) = (values("gate"), values("dout"), values("bias"))
    let zeros = [Double](repeating: 0, count: n * width)
    var (out, dq, dk, dv, dgate) = (zeros, zeros, zeros, zeros, zeros)
    var dbias = [Double](repeating: 0, count: bias.count)
    let scale = 1 / Double(c).squareRoot()
    for h in 0..<intervalHeads {
      for i in 0..<n {
        let visible = (0..<n).filter { !mask.hides($0, from: i) }
        if visible.isEmpty { continue }
        let query = i * width + h * c
        let logits = visible.map { j in
          (0..<c).reduce(0) { $0 + q[query + $1] * k[j * width + h * c + $1] } * scale
            + bias[(h * n + i) * n + j]
        }
        let top = logits.max() ?? 0
        let powers = logits.map { exponential($0 - top) }
        let sum = powers.reduce(0, +)
        let p = powers.map { $0 / sum }
        var (slope, delta) = ([Double](repeating: 0, count: c), 0.0)
        for d in 0..<c {
          let o = zip(p, visible).reduce(0) { $0 + $1.0 * v[$1.1 * width + h * c + d] }
          let open = 1 / (1 + exponential(-gate[query + d]))
          out[query + d] = o * open
          dgate[query + d] = dout[query + d] * o * open * (1 - open)
          slope[d] = dout[query + d] * open
          delta += slope[d] * o
        }
        for (j, p) in zip(visible, p) {
          let key = j * width + h * c
          let dp = (0..<c).reduce(0) { $0 + slope[$1] * v[key + $1] }
          let dl = p * (dp - delta)
          dbias[(h * n + i) * n + j] = dl
          for d in 0..<c {
            dv[key + d] += p * slope[d]
            dq[query + d] += dl * scale * k[key + d]
            dk[key + d] += dl * scale * q[query + d]
          }
        }
      }
    }
    return ["out": out, "dq": dq, "dk": dk, "dv": dv, "dgate": dgate, "dbias": dbias]
  }

  /// Exponential function from its series after halving the argument: no library is imported for one call.
  private func exponential(_ x: Double) -> Double {
    var (halvings, y) = (0, x)
    while abs(y) > 0.5 {
      y /= 2
      halvings += 1
    }
    var (sum, term) = (1.0, 1.0)
    for k in 1...18 {
      term *= y / Double(k)
      sum += term
    }
    for _ in 0..<halvings { sum *= sum }
    return sum
  }

  /// Random runs, some empty, some crossing, some hiding a key from all.
  private func randomMask(_ positions: Int, _ name: String) -> AttentionIntervals {
    var stream = RandomStream(name)
    func run() -> Range<Int> {
      let ends = (0..<2).map { _ in Int.random(in: 0...positions, using: &stream) }.sorted()
      return stream.next() % 4 == 0 ? 0..<0 : ends[0]..<ends[1]
    }
    let lower = (0..<positions).map { _ in run() }
    return AttentionIntervals(lower: lower, upper: (0..<positions).map { _ in run() })
  }

  static let packs: [(lengths: [Int], positions: Int)] = [
    ([50, 70, 60], 200), ([200], 200), ([33, 1, 90, 64], 200), ([180], 256), ([5, 3], 11),
    ([131, 203, 97], 431), ([16, 17, 15, 8, 9, 7, 2], 75),
  ]

  @Test("places of proteins are whole units and tiles of every instruction set")
  func places() {
    for path in kernelPaths {
      onPath(path) {
        let (unit, tile) = (Int(hf_attention_key_unit()), Int(hf_attention_key_tile()))
        #expect(tile == 128)  // on all, so that places are the same on all machines
        #expect(
          AttentionIntervals.largestUnit % unit == 0 && tile % AttentionIntervals.largestUnit == 0)
        #expect(AttentionIntervals.firstPlace(from: 1, for: tile) == tile)
        #expect(AttentionIntervals.firstPlace(from: 1, for: 1) == AttentionIntervals.largestUnit)
      }
    }
  }

  @Test("in a pack of 2 and 3 residues on 7 positions, 36 of 49 pairs are hidden")
  func pack() {
    let pack = AttentionIntervals.packed([2, 3], positions: 7)
    let protein = [0, 0, 1, 1, 1, 2, 3]  // the last two see nothing
    for query in 0..<7 {
      for key in 0..<7 {
        #expect(
          pack.hides(key, from: query) == (protein[query] != protein[key] || protein[key] > 1))
      }
    }
    #expect(abs(pack.hiddenShare(queries: 7) - 36.0 / 49) < 1e-12)
    // In twos: each of the first protein sees keys 0 and 1 alone, each of the second 2 to 5.
    #expect(abs(pack.skippedShare(queries: 7, unit: 2) - (2 * 5 + 3 * 3 + 2 * 7.0) / 49) < 1e-12)
    #expect(pack.skippedShare(queries: 7, unit: 1) == pack.hiddenShare(queries: 7))
  }

  /// Whether all values are there and within 2e-5 of the largest.
  private func agrees(_ found: [Float]?, _ values: [Double]) -> Bool {
    let bound = 2e-5 * (values.map { abs($0) }.max() ?? 0)
    return found?.count == values.count
      && zip(found ?? [], values).allSatisfy { abs(Double($0) - $1) <= bound }
  }

  @Test("result and gradients are the sums over visible pairs", arguments: packs.indices)
  func sums(_ index: Int) {
    let (lengths, positions) = Self.packs[index]
    let problem = AttentionProblem(positions)
    let mask = AttentionIntervals.packed(lengths, positions: positions)
    let (found, expected) = (run(problem, mask), reference(problem, mask))
    for (name, values) in expected {
      #expect(agrees(found[name], values), "\(name)")
    }
  }

  @Test("skipping changes no bit", arguments: packs.indices, [DType.float32, .bfloat16])
  func skipping(_ index: Int, _ storage: DType) {
    let (lengths, positions) = Self.packs[index]
    let mask = AttentionIntervals.packed(lengths, positions: positions)
    let problem = AttentionProblem(positions)
    #expect(
      run(problem, mask, storage: storage) == run(problem, mask, visits: true, storage: storage))
  }

  @Test("skipping changes no bit with the instructions of any processor", arguments: kernelPaths)
  func paths(_ path: hf_isa) {
    for (lengths, positions) in Self.packs {
      let mask = AttentionIntervals.packed(lengths, positions: positions)
      let problem = AttentionProblem(positions)
      for storage in [DType.float32, .bfloat16] {
        onPath(path) {
          #expect(
            run(problem, mask, storage: storage)
              == run(problem, mask, visits: true, storage: storage),
            "\(lengths) in \(positions), \(storage)")
        }
      }
    }
  }

  @Test(
    "in a pack whose positions are all masked, values get their share and logits nothing",
    arguments: kernelPaths)
  func maskedPack(_ path: hf_isa) {
    let (lengths, positions) = ([33, 50], 90)
    let mask = AttentionIntervals.packed(lengths, positions: positions)
    let hidden = [Float](repeating: 0, count: positions)
    onPath(path) {
      let found = run(AttentionProblem(positions), mask, keyMask: hidden)
      for (name, values) in found { #expect(values.allSatisfy { $0.isFinite }, "\(name)") }
      for name in ["dq", "dk", "dbias"] {
        #expect(found[name]?.allSatisfy { $0 == 0 } == true, "\(name)")
      }
      #expect(found["dv"]?.contains { $0 != 0 } == true)
    }
  }

  @Test("no visible pair is skipped, whatever the runs", arguments: 0..<40)
  func randomRuns(_ number: Int) {
    let positions = 30 + number * 5
    let problem = AttentionProblem(positions)
    let mask = randomMask(positions, "runs\(number)")
    #expect(run(problem, mask) == run(problem, mask, visits: true))
    if number % 10 == 0 {
      let (found, expected) = (run(problem, mask), reference(problem, mask))
      for (name, values) in expected {
        #expect(agrees(found[name], values), "\(name)")
      }
    }
  }

  @Test(
    "padding hidden by runs and by a dense mask gives the same bits",
    arguments: [(90, 128), (130, 200)])
  func padding(_ visible: Int, _ positions: Int) {
    let problem = AttentionProblem(positions)
    let dense = (0..<positions).map { Float($0 < visible ? 1 : 0) }
    let intervals = AttentionIntervals(
      lower: (0..<positions).map { $0 < visible ? 0..<0 : 0..<positions },
      upper: [Range<Int>](repeating: 0..<0, count: positions))
    #expect(run(problem, intervals) == run(problem, nil, keyMask: dense))
  }

  @Test("in a pack, changing one protein changes no bit of the others")
  func isolation() {
    let (lengths, positions) = ([40, 70, 50], 160)
    let mask = AttentionIntervals.packed(lengths, positions: positions)
    let problem = AttentionProblem(positions)
    var changed = problem
    let width = intervalHeads * intervalChannels
    for name in ["q", "k", "v", "gate", "dout"] {
      for index in 40 * width..<110 * width { changed.arrays[name]?.values[index] *= -3 }
    }
    let (before, after) = (run(problem, mask), run(changed, mask))
    for name in ["out", "dq", "dk", "dv", "dgate"] {
      let (x, y) = (before[name] ?? [], after[name] ?? [])
      #expect(x.count == positions * width)
      #expect(x[..<(40 * width)] == y[..<(40 * width)])
      #expect(x[(110 * width)...] == y[(110 * width)...])
      #expect(x[40 * width..<110 * width] != y[40 * width..<110 * width])
    }
  }
}
