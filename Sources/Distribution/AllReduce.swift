extension Communicator {
  /// Sums a buffer over all members, in place; every member gets the same bits (`MPI_Allreduce` with `MPI_SUM`).
  ///
  /// Collective.
  ///
  /// Recursive halving, then recursive doubling: each member sends and receives less than two buffers, however many members there
  /// are. The sum of every element is the balanced tree over the members, `(0 + 1) + (2 + 3)`, so it equals the sum of a single
  /// process that adds in this order.
  ///
  /// Throws unless the number of members is a power of two.
  public func allReduce(_ buffer: UnsafeMutableBufferPointer<Float>) throws(CommunicationError) {
    if size & (size - 1) != 0 {
      throw .grid(
        "\(size) processes cannot add up numbers, expected a power of two: mpirun -n 2, 4, 8 …")
    }
    var steps: [(partner: Int, mine: Range<Int>, theirs: Range<Int>)] = []
    var range = 0..<buffer.count
    var distance = 1
    let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: buffer.count / 2 + 1)
    defer { scratch.deallocate() }
    while distance < size {
      let partner = rank ^ distance
      let middle = range.lowerBound + range.count / 2
      let (low, high) = (range.lowerBound..<middle, middle..<range.upperBound)
      let (mine, theirs) = rank < partner ? (low, high) : (high, low)
      let received = UnsafeMutableBufferPointer(rebasing: scratch[0..<mine.count])
      try sendReceive(
        UnsafeRawBufferPointer(rebased(buffer, theirs)), to: partner,
        UnsafeMutableRawBufferPointer(received), from: partner)
      for (index, value) in zip(mine, received) { buffer[index] += value }
      steps.append((partner, mine, theirs))
      range = mine
      distance *= 2
    }
    for step in steps.reversed() {
      try sendReceive(
        UnsafeRawBufferPointer(rebased(buffer, step.mine)), to: step.partner,
        UnsafeMutableRawBufferPointer(rebased(buffer, step.theirs)), from: step.partner)
    }
  }

  /// Sums an array over all members, in place.
  ///
  /// Collective.
  public func allReduce(_ values: inout [Float]) throws(CommunicationError) {
    try values.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in
      try allReduce(buffer)
    }
  }
}

private func rebased(
  _ buffer: UnsafeMutableBufferPointer<Float>, _ range: Range<Int>
) -> UnsafeMutableBufferPointer<Float> {
  UnsafeMutableBufferPointer(rebasing: buffer[range])
}
