import FoldingModel
import TensorCore

extension ExecutionContext {
  /// The same context with the tiles and operands that a plan chose.
  func following(_ plan: MemoryPlan) -> ExecutionContext {
    tiling(plan.tileRows).holding(plan.operands)
  }
}
