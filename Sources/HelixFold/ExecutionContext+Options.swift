import FoldingModel
import TensorCore

extension ExecutionContext {
  /// Workers, memory and storage as options want them.
  init(_ options: PredictionOptions) {
    self.init(
      workers: WorkerGroup(count: options.threads), pool: BufferPool(), storage: options.storage,
      backend: options.backend)
  }

  /// The same context holding operands as a plan chose.
  package func following(_ plan: MemoryPlan) -> ExecutionContext {
    holding(plan.operands)
  }
}
