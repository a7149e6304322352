import Distribution
import FoldingModel

/// How much memory a plan may take: the limit that was set, or else what the machine can provide now.
package struct MemoryLimit {
  /// Bytes.
  package let bytes: Int
  /// Whether the machine sets the limit.
  package let isMachine: Bool

  /// The given limit.
  package init(bytes: Int, isMachine: Bool) { (self.bytes, self.isMachine) = (bytes, isMachine) }

  package init(allowed: Int?) {
    bytes = allowed ?? ProcessMemory.available
    isMachine = allowed == nil
  }

  /// What a process of a group may hold: the limit that was set, else its share of what its machine can provide.
  ///
  /// Collective.
  init(allowed: Int?, among group: any Communicator) throws(CommunicationError) {
    if let allowed {
      self.init(allowed: allowed)
    } else {
      self.init(bytes: try ProcessMemory.share(among: group), isMachine: true)
    }
  }
}

extension MemoryPlan {
  /// Throws unless the plan stays within a limit.
  package func requireFit(in limit: MemoryLimit) throws(PredictionError) {
    if peak > limit.bytes {
      throw .memory(
        needed: peak, allowed: limit.bytes, moment: moments[0].name, isMachine: limit.isMachine)
    }
  }
}
