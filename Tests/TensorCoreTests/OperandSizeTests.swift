import Testing

@testable import TensorCore

/// What the kernels trust is checked before they run: sizes that do not fit end the program and are named.
@Suite("Sizes of operands")
struct OperandSizeTests {
  private func expect(_ result: ExitTest.Result?, says text: String) {
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains(text), "\(message)")
  }

  @Test("attention refuses fewer values than keys")
  func values() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let problem = SizedAttention()
      var operands = problem.operands
      operands.value = problem.matrix(4)
      problem.context.attend(operands, into: problem.matrix(3))
    }
    expect(result, says: "the values of attention")
  }

  @Test("attention refuses a bias for other sizes")
  func bias() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let problem = SizedAttention()
      var operands = problem.operands
      operands.bias = problem.context.zeros([2, 3, 4], .float32)
      problem.context.attend(operands, into: problem.matrix(3))
    }
    expect(result, says: "a bias of [2, 3, 4]")
  }

  @Test("a product refuses a result of other columns")
  func columns() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let problem = SizedAttention()
      let narrow = Matrix(problem.context.zeros([3, 7]))
      problem.context.multiply(
        Matrix(problem.context.zeros([3, 5])), problem.context.pack(problem.matrix(5)),
        into: narrow)
    }
    expect(result, says: "into [3 7]")
  }

  @Test("a layer norm refuses a scale of other channels")
  func scale() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let problem = SizedAttention()
      let (scale, offset) = (
        problem.context.zeros([7], .float32), problem.context.zeros([8], .float32)
      )
      problem.context.layerNorm(
        problem.matrix(3), scale: scale, offset: offset, into: problem.matrix(3))
    }
    expect(result, says: "a scale of [7]")
  }

  @Test("vectors of an epilogue may be longer than the product")
  func longVectors() {
    let problem = SizedAttention()
    var epilogue = Epilogue()
    epilogue.rowScale = problem.context.zeros([128], .float32)
    epilogue.columnScale = problem.context.zeros([128], .float32)
    let result = problem.context.empty([3, 8])
    problem.context.multiply(
      Matrix(problem.context.zeros([3, 5])), problem.context.pack(problem.matrix(5)),
      into: Matrix(result), epilogue)
    #expect(result.array().values.allSatisfy { $0 == 0 })
  }
}

/// Three queries, five keys, two heads of four channels.
private struct SizedAttention {
  let context = ExecutionContext(
    workers: WorkerGroup(count: 1), pool: BufferPool(), storage: .float32)

  func matrix(_ rows: Int) -> Matrix { Matrix(context.zeros([rows, 8])) }

  var operands: AttentionOperands {
    AttentionOperands(query: matrix(3), key: matrix(5), value: matrix(5), gate: nil, heads: 2)
  }
}
