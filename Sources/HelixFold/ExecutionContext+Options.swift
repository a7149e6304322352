import FoldingModel
import TensorCore

extension ExecutionContext {
  /// Workers, memory and storage as the options specify.
  init(_ options: PredictionOptions) {
    self.init(
      workers: WorkerGroup(count: options.threads), pool: BufferPool(), storage: options.storage,
      backend: options.backend)
  }

  /// The same context holding operands as the plan specifies.
  package func following(_ plan: MemoryPlan) -> ExecutionContext {
    holding(plan.operands)
  }
}
