import FoldingModel

/// How much memory a plan may take: what was allowed, and where nothing was said, what the machine can give now.
struct MemoryLimit {
  /// Bytes.
  let bytes: Int
  /// Whether the machine sets the limit.
  let isMachine: Bool

  /// The given limit.
  init(bytes: Int, isMachine: Bool) { (self.bytes, self.isMachine) = (bytes, isMachine) }

  init(allowed: Int?) {
    bytes = allowed ?? ProcessMemory.available
    isMachine = allowed == nil
  }
}

extension MemoryPlan {
  /// Throws unless the plan stays within a limit.
  func requireFit(in limit: MemoryLimit) throws(PredictionError) {
    if peak > limit.bytes {
      throw .memory(
        needed: peak, allowed: limit.bytes, moment: moments[0].name, isMachine: limit.isMachine)
    }
  }
}
