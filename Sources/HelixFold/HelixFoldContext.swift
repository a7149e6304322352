import FoldingModel
import TensorCore

extension ExecutionContext {
  /// The same context holding operands as a plan chose.
  package func following(_ plan: MemoryPlan) -> ExecutionContext {
    holding(plan.operands)
  }
}
