import CKernels
import CLibrary
import Foundation
import NumericArrays
import Synchronization

/// Worker threads that run parts of an operation side by side.
///
/// The thread that calls is worker 0; the others sleep until work comes. A group can be split into
/// disjoint groups that run at the same time. Work is cut statically, so what a worker computes never
/// depends on timing. Every worker flushes denormal numbers to zero, the thread that calls from its first call on.
///
/// A group runs one piece of work at a time: work running on a group must not start further work on that group.
public final class WorkerGroup: Sendable {
  private let helpers: [Worker]
  private let isBusy = Atomic<Bool>(false)

  /// A group of `count` workers, the caller included, or of as many as the system can start; results do not depend on it.
  ///
  /// - Parameter isPinned: ties every worker, the caller too, to a processor of its own; for measurements.
  public convenience init(count: Int, isPinned: Bool = false) {
    self.init(count: count, isPinned: isPinned) { SystemThread.start($0) }
  }

  /// The same with threads started by `start`, which returns false if it cannot start one.
  convenience init(
    count: Int, isPinned: Bool = false, start: (@escaping @Sendable () -> Void) -> Bool
  ) {
    if isPinned { _ = hf_pin_thread(0) }
    self.init(
      helpers: (1..<max(1, count)).compactMap {
        Worker(processor: isPinned ? $0 : nil, start: start)
      })
  }

  private init(helpers: [Worker]) { self.helpers = helpers }

  /// Number of workers, the caller included.
  public var count: Int { helpers.count + 1 }

  /// Runs `body(0) … body(count − 1)` in parallel and returns when all have finished.
  ///
  /// The closures of a group are deliberately not `@Sendable`: workers write disjoint parts of shared buffers through raw pointers,
  /// which the compiler cannot check, and none outlives its call.
  public func run(_ body: (Int) -> Void) {
    hf_flush_denormals()
    if helpers.isEmpty { return body(0) }
    withoutActuallyEscaping(body) { body in
      occupied {
        for (index, helper) in helpers.enumerated() { helper.start { body(index + 1) } }
        body(0)
        for helper in helpers { helper.wait() }
      }
    }
  }

  /// Runs work that uses the helpers; further work before it ends would overwrite their jobs.
  private func occupied(_ work: () -> Void) {
    if isBusy.exchange(true, ordering: .acquiring) {
      programmingError("a worker group was called upon by its own work, or by two threads")
    }
    work()
    isBusy.store(false, ordering: .releasing)
  }

  /// Cuts `0 ..< total` into one contiguous range per worker, at multiples of `unit`, and runs them side by side.
  public func split(_ total: Int, unit: Int = 1, _ body: (Range<Int>) -> Void) {
    let units = (total + unit - 1) / unit
    let parts = min(count, units)
    if parts <= 1 {
      hf_flush_denormals()
      if total > 0 { body(0..<total) }
      return
    }
    run { worker in
      if worker >= parts { return }
      let start = units * worker / parts * unit
      let end = min(total, units * (worker + 1) / parts * unit)
      if start < end { body(start..<end) }
    }
  }

  /// Runs two pieces of work at the same time on disjoint halves of the group, in turn if there is one worker.
  public func fork(_ first: (WorkerGroup) -> Void, _ second: (WorkerGroup) -> Void) {
    hf_flush_denormals()
    if helpers.isEmpty {
      first(self)
      second(self)
      return
    }
    let half = helpers.count / 2
    let mine = WorkerGroup(helpers: Array(helpers[..<half]))
    let other = WorkerGroup(helpers: Array(helpers[(half + 1)...]))
    withoutActuallyEscaping(second) { second in
      occupied {
        helpers[half].start { second(other) }
        first(mine)
        helpers[half].wait()
      }
    }
  }
}

/// The owner of one thread; the thread ends with it.
private final class Worker: Sendable {
  private let mailbox = Mailbox()

  /// Nil if `start` cannot start a thread.
  init?(processor: Int?, start: (@escaping @Sendable () -> Void) -> Bool) {
    let isStarted = start { [mailbox] in
      hf_flush_denormals()
      if let processor { _ = hf_pin_thread(Int32(processor)) }
      while mailbox.runNext() {}
    }
    if !isStarted { return nil }
  }

  deinit { mailbox.stop() }

  /// Hands over a job; the closure is released before `wait` returns.
  func start(_ job: @escaping () -> Void) { mailbox.put(job) }

  /// Sleeps until the job is done.
  func wait() { mailbox.wait() }
}

/// Where a thread waits for one job at a time.
///
/// Both sides spin briefly before they sleep: operations follow each other within microseconds, and waking a thread takes about as
/// long.
private final class Mailbox: @unchecked Sendable {  // `job` belongs to the side that `state` names
  private enum State {
    static let empty = 0
    static let full = 1
    static let stopped = 2
  }

  /// Spins before sleeping, about ten microseconds in all.
  private static let looks = 400

  private let state = Atomic<Int>(State.empty)
  private let sleepers = Atomic<Int>(0)
  private let condition = NSCondition()
  private var job: (() -> Void)?

  func put(_ job: @escaping () -> Void) {
    self.job = job
    change(to: State.full)
  }

  func wait() { waitUntil { $0 == State.empty } }

  func stop() { change(to: State.stopped) }

  /// Waits for a job and runs it; false when there will be no more.
  func runNext() -> Bool {
    waitUntil { $0 != State.empty }
    if state.load(ordering: .sequentiallyConsistent) == State.stopped { return false }
    job?()
    job = nil  // the caller's closure must not outlive its call
    change(to: State.empty)
    return true
  }

  /// A sleeper counts itself before its last look, and the state changes before sleepers are counted: no change is missed.
  private func change(to value: Int) {
    state.store(value, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) == 0 { return }
    condition.lock()
    condition.broadcast()
    condition.unlock()
  }

  private func waitUntil(_ isReady: (Int) -> Bool) {
    for _ in 0..<Self.looks {
      if isReady(state.load(ordering: .sequentiallyConsistent)) { return }
      hf_pause()
    }
    condition.lock()
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !isReady(state.load(ordering: .sequentiallyConsistent)) { condition.wait() }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    condition.unlock()
  }
}
