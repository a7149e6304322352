import TensorCore
import Testing

/// The backends of this machine; ``needsOpenBLAS`` marks a test that says so where OpenBLAS is missing.
public let testBackends = MatrixBackend.allCases.filter { $0.problem == nil }

extension Trait where Self == ConditionTrait {
  /// Skips a test where there is no OpenBLAS to load.
  public static var needsOpenBLAS: Self {
    .enabled(if: MatrixBackend.openblas.problem == nil, "OpenBLAS is not installed")
  }
}

extension ExecutionContext {
  /// A context of its own: workers, memory and nothing shared with other tests.
  public static func forTest(
    threads: Int = 1, storage: DType = .float32, backend: MatrixBackend = .native,
    tileRows: Int = 128
  ) -> ExecutionContext {
    ExecutionContext(
      workers: WorkerGroup(count: threads), pool: BufferPool(), storage: storage, backend: backend,
      tileRows: tileRows)
  }
}

/// The largest deviation that an operation may have from its twin in `Double`, relative to the largest value.
///
/// fp32: each of a few hundred rounded sums is off by some 10⁻⁷. bfloat16: every activation that is stored is off by
/// 2⁻⁹ = 2·10⁻³ of itself, and an operation stores up to five in a chain.
public func tolerance(_ storage: DType) -> Double { storage == .float32 ? 5e-6 : 2e-2 }
