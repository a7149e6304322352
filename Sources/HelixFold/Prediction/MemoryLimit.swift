import FoldingModel

extension MemoryPlan {
  /// Throws unless the plan stays within what is allowed, or where nothing was said, within what the machine can give.
  func requireFit(in limit: Int?) throws(PredictionError) {
    let available = limit ?? ProcessMemory.available
    if peak > available {
      throw .memory(
        needed: peak, allowed: available, moment: moments[0].name, isMachine: limit == nil)
    }
  }
}
