import CLibrary
import Synchronization

/// Memory of tensors: hands out 64-byte aligned buffers, takes them back, counts bytes.
///
/// A fresh 32 MiB buffer costs ten times a reused one (page faults), so freed buffers are kept for
/// requests of about their size. The kept and the live bytes together never exceed the largest number
/// of bytes that was live at once, unless the owner allows more: reuse does not raise the peak.
public final class BufferPool: Sendable {
  /// Byte counters of a pool.
  public struct Statistics: Sendable, Hashable {
    /// Bytes in use now.
    public var live = 0
    /// Largest number of bytes in use at one time.
    public var peak = 0
    /// Freed bytes kept for reuse.
    public var kept = 0
    /// Buffers obtained from the system, reused ones not counted.
    public var systemAllocations = 0
    /// Bytes of the largest buffer so far.
    public var largest = 0
  }

  /// Unused memory; handed over under the lock, hence `Sendable`.
  private struct Block: @unchecked Sendable {
    var base: UnsafeMutableRawPointer
    var byteCount: Int
  }

  private struct State: Sendable {
    var free: [Block] = []  // ascending sizes
    var statistics = Statistics()
    var serial = 0

    /// Index of the first free block of at least `byteCount` bytes; a training step of a small network keeps hundreds.
    func firstFree(ofAtLeast byteCount: Int) -> Int {
      var low = 0
      var high = free.count
      while low < high {
        let middle = (low + high) / 2
        if free[middle].byteCount < byteCount { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  private let state = Mutex(State())
  private let allowance: Int

  /// An empty pool.
  ///
  /// - Parameter allowance: bytes that kept and live buffers may total even if fewer were ever live; small computations that are
  ///   repeated many times then allocate nothing after the first.
  public init(allowance: Int = 0) { self.allowance = allowance }

  deinit {
    releaseKept()
  }

  /// The counters now.
  public var statistics: Statistics { state.withLock { $0.statistics } }

  /// Gives kept buffers back to the system, before something else needs memory for a while.
  public func releaseKept() {
    state.withLock { state in
      for block in state.free { Self.unmap(block) }
      state.free = []
      state.statistics.kept = 0
    }
  }

  /// Number of storages made so far; later ones have larger serial numbers.
  var serial: Int { state.withLock { $0.serial } }

  /// A buffer that the pool handed out.
  struct Allocation {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    /// Increases with every allocation.
    let serial: Int
    /// Whether all bytes are zero, not just undefined.
    let isZero: Bool
  }

  /// A buffer of at least `byteCount` bytes.
  ///
  /// Memory is mapped and unmapped outside the lock, since either can take milliseconds.
  func allocate(_ byteCount: Int) -> Allocation {
    let wanted = Self.rounded(byteCount)
    let (reused, serial, excess) = state.withLock { state in
      var reused: Block?
      var excess: [Block] = []
      let index = state.firstFree(ofAtLeast: wanted)
      if index < state.free.count, state.free[index].byteCount <= wanted + wanted / 4 {
        let block = state.free.remove(at: index)
        state.statistics.kept -= block.byteCount
        reused = block
      } else {
        excess = takeExcess(beside: wanted, from: &state)
        state.statistics.systemAllocations += 1
      }
      state.statistics.live += reused?.byteCount ?? wanted
      state.statistics.peak = max(state.statistics.peak, state.statistics.live)
      state.statistics.largest = max(state.statistics.largest, wanted)
      state.serial += 1
      return (reused, state.serial, excess)
    }
    for block in excess { Self.unmap(block) }
    let block = reused ?? Self.map(wanted)
    return Allocation(
      base: block.base, byteCount: block.byteCount, serial: serial,
      isZero: reused == nil && block.byteCount >= Self.mappedBytes)
  }

  /// Takes a buffer back.
  func release(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    let block = Block(base: base, byteCount: byteCount)
    state.withLock { state in
      state.statistics.live -= byteCount
      state.statistics.kept += byteCount
      state.free.insert(block, at: state.firstFree(ofAtLeast: byteCount))
    }
  }

  /// Kept buffers to free, the largest first, so that a new one does not raise the peak.
  private func takeExcess(beside wanted: Int, from state: inout State) -> [Block] {
    let allowed = max(allowance, state.statistics.peak, state.statistics.live + wanted)
    var excess: [Block] = []
    while state.statistics.live + state.statistics.kept + wanted > allowed,
      let largest = state.free.popLast()
    {
      state.statistics.kept -= largest.byteCount
      excess.append(largest)
    }
    return excess
  }

  private static let pageBytes = max(4096, Int(sysconf(Int32(_SC_PAGESIZE))))
  private static let mappedBytes = 256 * 1024

  private static func rounded(_ byteCount: Int) -> Int {
    let unit = byteCount < mappedBytes ? 64 : pageBytes
    return max(unit, (byteCount + unit - 1) / unit * unit)
  }

  /// Large blocks are mapped on their own, so that freeing them returns the memory to the system.
  private static func map(_ byteCount: Int) -> Block {
    if byteCount >= mappedBytes {
      if let base = mapped(byteCount) { return Block(base: base, byteCount: byteCount) }
    } else {
      var base: UnsafeMutableRawPointer?
      if posix_memalign(&base, 64, byteCount) == 0, let base {
        return Block(base: base, byteCount: byteCount)
      }
    }
    endOutOfMemory(byteCount)
  }

  private static let hugePageBytes = 2 << 20

  /// Memory for a large block.
  ///
  /// Blocks of four huge pages or more begin at one and request them: walks along columns of the pair tensor touch a page per row,
  /// and small pages are filled one by one.
  private static func mapped(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    let isHuge = byteCount >= 4 * hugePageBytes
    let length = isHuge ? byteCount + hugePageBytes : byteCount
    guard let base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
      base != MAP_FAILED
    else { return nil }
    if !isHuge { return base }
    let aligned = base.alignedUp(toMultipleOf: hugePageBytes)
    let end = aligned + byteCount
    if aligned > base { munmap(base, aligned - base) }
    if base + length > end { munmap(end, base + length - end) }
    #if os(Linux)
      madvise(aligned, byteCount, MADV_HUGEPAGE)
    #endif
    return aligned
  }

  private static func unmap(_ block: Block) {
    if block.byteCount >= mappedBytes {
      munmap(block.base, block.byteCount)
    } else {
      free(block.base)
    }
  }
}
