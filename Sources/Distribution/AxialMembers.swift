import TensorCore

/// Processes that share every operation of one sample, over a communicator.
public final class AxialMembers: AxialGroup {
  /// Number of this process in the group.
  public var rank: Int { group.rank }
  /// How many processes share an operation.
  public var size: Int { group.size }
  private let group: any Communicator
  private let failure = DeferredFailure()

  /// The members of a group; their number is a power of two.
  public init(_ group: any Communicator) { self.group = group }

  /// Every member ends with the parts of all, part r from member r.
  public func allGather(_ parts: [UnsafeMutableRawBufferPointer]) {
    failure.attempt { () throws(CommunicationError) in
      for (root, part) in parts.enumerated() where !part.isEmpty {
        try group.broadcast(part, from: root)
      }
    }
  }

  /// Adds up over all members; every member ends with the same bits.
  public func allReduce(_ values: UnsafeMutableBufferPointer<Float>) {
    failure.attempt { () throws(CommunicationError) in try group.allReduce(values) }
  }

  /// Throws if a call failed since the last time.
  public func check() throws(CommunicationError) { try failure.check() }
}
