import HelixFold
import Messages
import NumericArrays
import TensorCore

/// Times the matrix products that the network is made of, ours and OpenBLAS's taking turns.
public struct ProductBenchmark: Sendable {
  /// Timed rounds.
  public var repeats = 9
  /// Storage of the operands; OpenBLAS multiplies in fp32.
  public var storage = DType.bfloat16

  /// The default number of rounds.
  public init() {}

  /// Who multiplies.
  public enum Kind: String, Sendable, CaseIterable {
    /// The kernels of this package, the right operand packed before.
    case native
    /// One call of OpenBLAS for the whole product.
    case openblas
    /// OpenBLAS in panels, as `--gemm openblas` calls it.
    case openblasPanels = "openblas_panels"
  }

  /// One shape with what was measured.
  public struct Row: Sendable {
    /// Operation that has the shape.
    public let name: String
    /// Rows of the result, summed extent, columns of the result.
    public let shape: (m: Int, k: Int, n: Int)
    /// Seconds of each round, by `Kind.allCases`.
    public let seconds: [[Double]]

    /// Operations per second, by `Kind.allCases`.
    var rates: [Double] {
      seconds.map { 2 * Double(shape.m) * Double(shape.k) * Double(shape.n) / $0.median }
    }
  }

  /// What was measured.
  public struct Report: Sendable {
    /// One row per shape.
    public let rows: [Row]
    /// Operations per second of a large product on one core.
    public let peak: Double
    /// Largest resident size of the process, bytes.
    public let residentPeak: Int
    /// Largest number of bytes in tensors at one time, over the kinds.
    public let tensorPeak: Int
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
    let contexts = Kind.allCases.map { kind in
      ExecutionContext(
        workers: WorkerGroup(count: 1), pool: BufferPool(),
        storage: kind == .openblas ? .float32 : storage,
        backend: kind == .native ? .native : .openblas)
    }
    let rows = Self.shapes.map { shape in
      var times = [[Double]](repeating: [], count: contexts.count)
      for round in 0...repeats {
        for (index, kind) in Kind.allCases.enumerated() {
          let seconds = time(shape.m, shape.k, shape.n, kind, contexts[index])
          if round > 0 { times[index].append(seconds) }
        }
      }
      return Row(name: shape.name, shape: (shape.m, shape.k, shape.n), seconds: times)
    }
    return Report(
      rows: rows, peak: ProductPeak.measure(storage), residentPeak: ProcessMemory.residentPeak,
      tensorPeak: contexts.map(\.pool.statistics.peak).max() ?? 0)
  }

  private func time(
    _ m: Int, _ k: Int, _ n: Int, _ kind: Kind, _ context: ExecutionContext
  ) -> Double {
    func filled(_ shape: [Int]) -> Tensor {
      Tensor(.meaningless(shape), context.operandType, pool: context.pool)
    }
    let (a, b, c) = (filled([m, k]), filled([k, n]), context.empty([m, n]))
    if kind == .openblas {
      let start = ContinuousClock.now
      c.setToOpenBLASProduct(a, b)
      return (ContinuousClock.now - start).seconds
    }
    let packed = context.pack(Matrix(b))
    let start = ContinuousClock.now
    context.multiply(Matrix(a), packed, into: Matrix(c))
    return (ContinuousClock.now - start).seconds
  }
}

extension ProductBenchmark.Report {
  /// The report as JSON.
  public func json(_ plan: ProductBenchmark) -> JSONValue {
    var fields: ReportSection.Fields = [
      ("benchmark", .string("gemm")), ("precision", .string(plan.storage.rawValue)),
      ("openblas_precision", .string(DType.float32.rawValue)),
      ("isa", .string(ProgramIdentity.kernels)), ("threads", .integer(1)),
    ]
    fields += ReportSection.peak(perCore: peak, threads: 1)
    fields += ReportSection.memory(resident: residentPeak, tensors: tensorPeak)
    fields.append(("products", .array(rows.map { $0.json(peak) })))
    return .object(fields)
  }

  /// The report for people: a line per shape.
  public var text: String {
    let lines =
      rows.map(\.text) + [
        "one core multiplies at \(fixed(peak / 1e9, decimals: 1)) GFLOP/s; openblas is one call in fp32, openblas_panels what --gemm openblas does",
        "peak RSS \(ByteCount(residentPeak))",
      ]
    return lines.joined(separator: "\n")
  }
}

extension ProductBenchmark.Row {
  fileprivate func json(_ peak: Double) -> JSONValue {
    var fields: ReportSection.Fields = [
      ("name", .string(name)), ("m", .integer(shape.m)), ("k", .integer(shape.k)),
      ("n", .integer(shape.n)),
    ]
    for (index, kind) in ProductBenchmark.Kind.allCases.enumerated() {
      fields += [
        ("\(kind.rawValue)_gflop_per_second", .number(rates[index] / 1e9)),
        ("\(kind.rawValue)_seconds", .object(ReportSection.spread(seconds[index]))),
      ]
    }
    fields += [
      ("native_share_of_peak", .number(rates[0] / peak)),
      ("native_rate_relative_to_openblas", .number(rates[0] / rates[1])),
    ]
    return .object(fields)
  }

  fileprivate var text: String {
    let rates = zip(ProductBenchmark.Kind.allCases, rates).map { kind, rate in
      "\(kind.rawValue) \(fixed(rate / 1e9, decimals: 1))"
    }
    return
      "\(name), \(shape.m) × \(shape.k) × \(shape.n): \(rates.joined(separator: ", ")) GFLOP/s"
  }
}
