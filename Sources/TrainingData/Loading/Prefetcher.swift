import CLibrary
import Foundation

/// Prepares samples ahead on one background thread, in order.
///
/// What a sample is does not depend on when it is made, so the thread changes nothing but the waiting.
public final class Prefetcher: @unchecked Sendable {  // what changes is guarded by `condition`
  /// What is asked for after ``Prefetcher/stop()``.
  public struct Stopped: Error, CustomStringConvertible {
    /// One line.
    public var description: String { "no more samples are prepared: their source was stopped" }
  }

  private let condition = NSCondition()
  private var ready: [Result<TrainingSample, any Error>] = []
  private var isStopped = false
  /// Whether there is a thread, which there never is at depth 0.
  private var isRunning = false
  private var next: (step: Int, sample: Int)
  /// Set once, when it is made.
  private var depth: Int
  private let make: @Sendable (_ step: Int, _ sample: Int) throws -> TrainingSample
  private let samples: Range<Int>

  /// Samples from the first of `step` on.
  ///
  /// - Parameters:
  ///   - samples: those of each step that are wanted.
  ///   - depth: samples kept ready; 0 makes each when asked for, as is done where the system refuses a thread.
  public init(
    from step: Int, samples: Range<Int>, depth: Int,
    _ make: @escaping @Sendable (_ step: Int, _ sample: Int) throws -> TrainingSample
  ) {
    self.depth = depth
    self.make = make
    self.samples = samples
    next = (step, samples.lowerBound)
    guard depth > 0 else { return }
    isRunning = true
    let isStarted = SystemThread.start { [weak self] in
      while let self, self.prepareOne() {}
      self?.change { $0.isRunning = false }
    }
    if !isStarted { (self.depth, isRunning) = (0, false) }
  }

  /// The next sample; throws ``Stopped`` after ``stop()``, also where that comes while it waits.
  public func take() throws -> TrainingSample {
    if depth == 0 {
      guard let place = change({ $0.isStopped ? nil : $0.advance() }) else { throw Stopped() }
      return try make(place.step, place.sample)
    }
    let sample = try change { prefetcher in
      while prefetcher.ready.isEmpty, !prefetcher.isStopped { prefetcher.condition.wait() }
      if prefetcher.isStopped { throw Stopped() }
      return prefetcher.ready.removeFirst()
    }
    return try sample.get()
  }

  /// Ends the thread and waits for it, so that nothing reads the store any more; samples that are ready are dropped.
  public func stop() {
    change {
      $0.isStopped = true
      $0.ready = []
    }
    condition.lock()
    while isRunning { condition.wait() }
    condition.unlock()
  }

  /// Does something with the state, and wakes those who wait for it to change.
  @discardableResult
  private func change<Value>(_ body: (Prefetcher) throws -> Value) rethrows -> Value {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return try body(self)
  }

  /// Makes one sample; false when there is nothing more to do.
  private func prepareOne() -> Bool {
    condition.lock()
    if ready.count >= depth, !isStopped {
      // A deadline, so that the thread notices when nobody holds the prefetcher any more.
      _ = condition.wait(until: Date(timeIntervalSinceNow: 0.2))
    }
    let isDone = isStopped
    let place = isDone || ready.count >= depth ? nil : advance()
    condition.unlock()
    guard let place else { return !isDone }
    let sample = Result { try make(place.step, place.sample) }
    change { if !$0.isStopped { $0.ready.append(sample) } }
    return true
  }

  /// The place of the next sample, which is then that of the one after; only under the lock.
  private func advance() -> (step: Int, sample: Int) {
    let place = next
    next =
      place.sample + 1 < samples.upperBound
      ? (place.step, place.sample + 1) : (place.step + 1, samples.lowerBound)
    return place
  }
}
