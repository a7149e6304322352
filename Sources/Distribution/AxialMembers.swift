import TensorCore

/// Processes that share every operation of one sample, over a communicator.
public final class AxialMembers: AxialGroup {
  /// Number of this process in the group.
  public var rank: Int { group.rank }
  /// Number of processes that share an operation.
  public var size: Int { group.size }
  private let group: any Communicator
  private let failure = DeferredFailure()

  /// The members of a group; their number is a power of two.
  public init(_ group: any Communicator) { self.group = group }

  /// Every member gets the parts of all, `counts[r]` bytes from member r.
  public func allGather(_ buffer: UnsafeMutableRawBufferPointer, counts: [Int]) {
    failure.attempt { () throws(CommunicationError) in
      try group.allGather(buffer, counts: counts)
    }
  }

  /// Sums values over all members; every member gets the same bits.
  public func allReduce(_ values: UnsafeMutableBufferPointer<Float>) {
    failure.attempt { () throws(CommunicationError) in try group.allReduce(values) }
  }

  /// Throws if a call failed since the last time.
  public func check() throws(CommunicationError) { try failure.check() }
}
