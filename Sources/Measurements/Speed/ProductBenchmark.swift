import HelixFold
import Messages
import NumericArrays
import TensorCore

/// Times the matrix products that the network is made of, ours and OpenBLAS's taking turns.
public struct ProductBenchmark: Sendable {
  /// Timed rounds.
  public var repeats = 9
  /// Storage of the operands.
  public var storage = DType.bfloat16

  /// The default number of rounds.
  public init() {}

  /// One shape with the median rate of each backend, operations per second.
  public struct Row: Sendable {
    /// Operation that has the shape.
    public let name: String
    /// Rows of the result, summed extent, columns of the result.
    public let shape: (m: Int, k: Int, n: Int)
    /// Rates by backend, in the order of `MatrixBackend.allCases`.
    public let rates: [Double]
  }

  /// What was measured.
  public struct Report: Sendable {
    /// One row per shape.
    public let rows: [Row]
    /// Operations per second of a large product on one core.
    public let peak: Double
  }

  /// Shapes of a pass at 256 residues and 128 rows, and triangle products of several lengths.
  static let shapes: [(name: String, m: Int, k: Int, n: Int)] = [
    ("pair transition, first", 4096, 128, 512), ("pair transition, second", 4096, 512, 128),
    ("MSA transition, first", 4096, 256, 1024), ("MSA transition, second", 4096, 1024, 256),
    ("attention projections", 4096, 128, 512), ("outer product, rows", 256, 128, 1024),
    ("outer product, output", 4096, 1024, 128), ("triangle product", 64, 64, 64),
    ("triangle product", 128, 128, 128), ("triangle product", 256, 256, 256),
    ("triangle product", 512, 512, 512), ("yardstick", 1024, 1024, 1024),
  ]

  /// Runs the benchmark on one core.
  public func run() -> Report {
    let contexts = MatrixBackend.allCases.map { backend in
      ExecutionContext(
        workers: WorkerGroup(count: 1), pool: BufferPool(), storage: storage, backend: backend)
    }
    let rows = Self.shapes.map { shape in
      var times = [[Double]](repeating: [], count: contexts.count)
      for round in 0...repeats {
        for (index, context) in contexts.enumerated() {
          let seconds = time(shape.m, shape.k, shape.n, context)
          if round > 0 { times[index].append(seconds) }
        }
      }
      let operations = 2 * Double(shape.m) * Double(shape.k) * Double(shape.n)
      return Row(
        name: shape.name, shape: (shape.m, shape.k, shape.n),
        rates: times.map { operations / $0.upperMedian })
    }
    return Report(rows: rows, peak: ProductPeak.measure(storage))
  }

  private func time(_ m: Int, _ k: Int, _ n: Int, _ context: ExecutionContext) -> Double {
    let a = filled([m, k], context)
    let b = context.pack(Matrix(filled([k, n], context)))
    let c = context.empty([m, n])
    let start = ContinuousClock.now
    context.multiply(Matrix(a), b, into: Matrix(c))
    return (ContinuousClock.now - start).seconds
  }

  private func filled(_ shape: [Int], _ context: ExecutionContext) -> Tensor {
    Tensor(.meaningless(shape), context.operandType, pool: context.pool)
  }
}

extension ProductBenchmark.Report {
  /// The report as JSON, rates in GFLOP/s.
  public func json(_ plan: ProductBenchmark) -> JSONValue {
    .object([
      ("benchmark", .string("gemm")),
      ("precision", .string(plan.storage.rawValue)),
      ("gemm_peak_gflop_per_second", .number(peak / 1e9)),
      ("products", .array(rows.map(\.json))),
    ])
  }

  /// The report for people: a line per shape.
  public var text: String {
    rows.map(\.text).joined(separator: "\n")
  }
}

extension ProductBenchmark.Row {
  fileprivate var json: JSONValue {
    var fields: [(String, JSONValue)] = [
      ("name", .string(name)), ("m", .integer(shape.m)), ("k", .integer(shape.k)),
      ("n", .integer(shape.n)),
    ]
    for (backend, rate) in zip(MatrixBackend.allCases, rates) {
      fields.append(("\(backend.rawValue)_gflop_per_second", .number(rate / 1e9)))
    }
    return .object(fields)
  }

  fileprivate var text: String {
    let rates = zip(MatrixBackend.allCases, rates).map { backend, rate in
      "\(backend.rawValue) \(fixed(rate / 1e9, decimals: 1))"
    }
    return
      "\(name), \(shape.m) × \(shape.k) × \(shape.n): \(rates.joined(separator: ", ")) GFLOP/s"
  }
}
