extension Communicator {
  /// Adds up a buffer over all members, in place; every member ends with the same bits. Collective.
  ///
  /// Recursive halving, then recursive doubling: each member sends and receives less than two buffers, however many members there
  /// are. The sum of every element is the balanced tree over the members, `(0 + 1) + (2 + 3)`, so it equals what
  /// one process computes that adds in this order.
  ///
  /// - Precondition: the number of members is a power of two.
  public func sum(_ buffer: inout [Float]) throws(CommunicationError) {
    precondition(size & (size - 1) == 0, "sum: \(size) members are no power of two")
    if size == 1 { return }
    var failure: CommunicationError?
    buffer.withUnsafeMutableBufferPointer { buffer in
      do throws(CommunicationError) {
        var steps: [(partner: Int, mine: Range<Int>, theirs: Range<Int>)] = []
        var range = 0..<buffer.count
        var distance = 1
        while distance < size {
          let partner = rank ^ distance
          let middle = range.lowerBound + range.count / 2
          let (low, high) = (range.lowerBound..<middle, middle..<range.upperBound)
          let (mine, theirs) = rank < partner ? (low, high) : (high, low)
          var received = [Float](repeating: 0, count: mine.count)
          try swap(partner, sending: UnsafeBufferPointer(rebasing: buffer[theirs]), &received)
          for (index, value) in zip(mine, received) { buffer[index] += value }
          steps.append((partner, mine, theirs))
          range = mine
          distance *= 2
        }
        for step in steps.reversed() {
          var received = [Float](repeating: 0, count: step.theirs.count)
          try swap(step.partner, sending: UnsafeBufferPointer(rebasing: buffer[step.mine]), &received)
          for (index, value) in zip(step.theirs, received) { buffer[index] = value }
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func swap(
    _ partner: Int, sending values: UnsafeBufferPointer<Float>, _ received: inout [Float]
  ) throws(CommunicationError) {
    var failure: CommunicationError?
    received.withUnsafeMutableBytes { incoming in
      do throws(CommunicationError) {
        try exchange(UnsafeRawBufferPointer(values), to: partner, incoming, from: partner)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
