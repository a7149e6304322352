import TensorCore

/// The other process of a pair that runs one branch of every block each.
public final class RemoteBranch: BranchPartner {
  /// Which branch this process runs.
  public let role: BranchRole
  private let pair: any Communicator
  private let failure = DeferredFailure()

  /// The other member of a group of two; member 0 runs the first branch.
  public init(_ pair: any Communicator) {
    self.pair = pair
    role = pair.rank == 0 ? .first : .second
  }

  /// Exchanges tensors with the partner; both pass the same sizes.
  public func exchange(sending: [Tensor], receiving: [Tensor]) {
    failure.attempt { () throws(CommunicationError) in
      let (out, into) = (sending.map(\.bytes), receiving.map(\.bytes))
      let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
      for index in 0..<max(out.count, into.count) {
        let outgoing = index < out.count ? out[index] : none
        try pair.sendReceive(
          UnsafeRawBufferPointer(outgoing), to: 1 - pair.rank,
          index < into.count ? into[index] : none, from: 1 - pair.rank)
      }
    }
    withExtendedLifetime((sending, receiving)) {}
  }

  /// Throws if an exchange has failed since the last call.
  public func check() throws(CommunicationError) { try failure.check() }
}
