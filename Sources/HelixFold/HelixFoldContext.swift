import FoldingModel
import TensorCore

extension ExecutionContext {
  /// The same context with the tiles that a plan chose.
  func withTiles(of plan: MemoryPlan) -> ExecutionContext {
    ExecutionContext(
      workers: workers, pool: pool, storage: storage, backend: backend, tileRows: plan.tileRows)
  }
}
