extension Communicator {
  /// Completes a buffer whose r-th part, `counts[r]` bytes long, comes from member r (`MPI_Allgatherv`, in place).
  ///
  /// Collective.
  ///
  /// A ring: in each of `size − 1` steps a member passes on the part that it received in the step before, starting with its own. It
  /// thus sends and receives less than one buffer, however many members there are.
  public func allGather(
    _ buffer: UnsafeMutableRawBufferPointer, counts: [Int]
  ) throws(CommunicationError) {
    let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    func part(_ place: Int) -> UnsafeMutableRawBufferPointer {
      let member = (place + size) % size
      return UnsafeMutableRawBufferPointer(rebasing: buffer[starts[member]..<starts[member + 1]])
    }
    for step in 0..<size - 1 {
      try sendReceive(
        UnsafeRawBufferPointer(part(rank - step)), to: (rank + 1) % size,
        part(rank - step - 1), from: (rank + size - 1) % size)
    }
  }

  /// The numbers of all members, those of member 0 first; members may give different counts (`MPI_Allgatherv`).
  ///
  /// Collective.
  public func allGather(_ values: [Double]) throws(CommunicationError) -> [[Double]] {
    try allGather(values, filler: 0)
  }

  /// The texts of all members, that of member 0 first (`MPI_Allgatherv`).
  ///
  /// Collective.
  public func allGather(_ text: String) throws(CommunicationError) -> [String] {
    try allGather(Array(text.utf8), filler: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// One number from each member, in order (`MPI_Allgather`).
  ///
  /// Collective.
  func allGather(_ number: Int) throws(CommunicationError) -> [Int] {
    try allGather([number], counts: [Int](repeating: 1, count: size), filler: 0)
  }

  private func allGather<Element: BitwiseCopyable>(
    _ values: [Element], filler: Element
  ) throws(CommunicationError) -> [[Element]] {
    let counts = try allGather(values.count)
    let all = try allGather(values, counts: counts, filler: filler)
    var start = 0
    return counts.map { count in
      defer { start += count }
      return Array(all[start..<start + count])
    }
  }

  /// The values of all members one after the other, `counts[r]` of member r.
  private func allGather<Element: BitwiseCopyable>(
    _ values: [Element], counts: [Int], filler: Element
  ) throws(CommunicationError) -> [Element] {
    var all = [Element](repeating: filler, count: counts.reduce(0, +))
    let start = counts[..<rank].reduce(0, +)
    all.replaceSubrange(start..<start + values.count, with: values)
    let bytes = counts.map { $0 * MemoryLayout<Element>.stride }
    try all.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in
      try allGather(UnsafeMutableRawBufferPointer(buffer), counts: bytes)
    }
    return all
  }

  /// Whether the flag is set on any member (`MPI_Allreduce` with `MPI_LOR`).
  ///
  /// Collective.
  public func any(_ flag: Bool) throws(CommunicationError) -> Bool {
    try allGather(flag ? 1 : 0).contains(1)
  }

  /// Waits for all members (`MPI_Barrier`).
  ///
  /// Collective.
  public func barrier() throws(CommunicationError) { _ = try any(false) }

  /// Throws ``CommunicationError/differs(rank:found:expected:)``, on every member, unless all have the same lines.
  ///
  /// Collective.
  public func requireSame(_ lines: [String]) throws(CommunicationError) {
    let texts = try allGather(lines.joined(separator: "\n"))
    for (rank, text) in texts.enumerated() where text != texts[0] {
      let found = text.components(separatedBy: "\n")
      let expected = texts[0].components(separatedBy: "\n")
      let line = zip(found, expected).first { $0 != $1 }
      throw .differs(
        rank: rank, found: line?.0 ?? "\(found.count) lines",
        expected: line?.1 ?? "\(expected.count) lines")
    }
  }

  /// Copies the elements of member `root` to all (`MPI_Bcast`).
  ///
  /// Collective.
  public func broadcast<Element: BitwiseCopyable>(
    _ values: inout [Element], from root: Int
  ) throws(CommunicationError) {
    try values.withUnsafeMutableBufferPointer { buffer throws(CommunicationError) in
      try broadcast(UnsafeMutableRawBufferPointer(buffer), from: root)
    }
  }
}
