/// Processes that share every operation of one sample along an axis: rows or columns of the MSA or of the pair tensor.
///
/// Dynamic axial parallelism (FastFold, arXiv:2203.00854; HelixFold, arXiv:2207.05477) except that every process holds whole
/// representations: an operation computes this process's share of its axis, then the shares are gathered.
public protocol AxialGroup: AnyObject, Sendable {
  /// Number of this process.
  var rank: Int { get }
  /// Number of processes.
  var size: Int { get }

  /// Completes a buffer whose r-th part, `counts[r]` bytes long, comes from process r (`MPI_Allgatherv`). Collective.
  func allGather(_ buffer: UnsafeMutableRawBufferPointer, counts: [Int])

  /// Sums numbers over all processes, with the same bits everywhere (`MPI_Allreduce`). Collective.
  func allReduce(_ values: UnsafeMutableBufferPointer<Float>)
}

/// How neighbours are dealt out to processes.
public enum AxialShare {
  /// The part of `count` neighbours that falls to member `rank` of `size`: parts differ by one at most.
  public static func range(rank: Int, of size: Int, count: Int) -> Range<Int> {
    count * rank / size..<count * (rank + 1) / size
  }
}

extension ExecutionContext {
  /// The part of an axis that this process computes; all of it without a group.
  public func axialShare(of count: Int) -> Range<Int> {
    guard let axial else { return 0..<count }
    return AxialShare.range(rank: axial.rank, of: axial.size, count: count)
  }

  /// Completes a tensor of which each process has computed its share along an axis.
  ///
  /// - Parameters:
  ///   - outer: product of the extents before the axis; 1 for the first axis.
  ///   - count: extent of the axis.
  public func allGather(_ x: Tensor, outer: Int = 1, count: Int) {
    guard let axial, x.count > 0 else { return }
    let stride = x.bytes.count / outer  // bytes between outer slices
    let unit = stride / count
    let shares = (0..<axial.size).map { AxialShare.range(rank: $0, of: axial.size, count: count) }
    let counts = shares.map { outer * $0.count * unit }
    if outer == 1 { return axial.allGather(x.bytes, counts: counts) }
    // Slices of an inner axis travel packed.
    let packed = empty([(x.bytes.count + 1) / 2], .bfloat16)
    func slices(
      _ share: Range<Int>,
      _ body: (_ whole: UnsafeMutableRawPointer, _ part: UnsafeMutableRawPointer, _ bytes: Int) ->
        Void
    ) {
      let (first, bytes) = (share.lowerBound * unit, share.count * unit)
      for slice in 0..<outer {
        body(x.base + slice * stride + first, packed.base + outer * first + slice * bytes, bytes)
      }
    }
    slices(shares[axial.rank]) { whole, part, bytes in
      part.copyMemory(from: whole, byteCount: bytes)
    }
    axial.allGather(
      UnsafeMutableRawBufferPointer(start: packed.base, count: x.bytes.count), counts: counts)
    for (rank, share) in shares.enumerated() where rank != axial.rank {
      slices(share) { whole, part, bytes in whole.copyMemory(from: part, byteCount: bytes) }
    }
  }

  /// Sums a tensor over all processes.
  public func allReduce(_ x: Tensor) {
    guard let axial else { return }
    let values = x.dtype == .float32 ? x : copyShared(x, as: .float32)
    axial.allReduce(UnsafeMutableBufferPointer(start: values.floats, count: values.count))
    if x.dtype != .float32 { x.assign(values) }
  }

  /// Records a step that exchanges gradients between processes, if there are several and a tape.
  public func recordAxial(_ step: @escaping Tape.Step) {
    if axial != nil { record(step) }
  }

  /// Cuts a range into one part per worker and calls `body` with pieces of at most `tile`; see `tiles(_:tile:scratch:_:)`.
  public func tiles<Scratch>(
    _ range: Range<Int>, tile: Int, scratch prepare: () -> Scratch,
    _ body: (Range<Int>, Scratch) -> Void
  ) {
    tiles(range.count, tile: tile, scratch: prepare) { piece, scratch in
      body(
        piece.lowerBound + range.lowerBound..<piece.upperBound + range.lowerBound, scratch)
    }
  }
}
