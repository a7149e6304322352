import CLibrary
import Foundation

/// Prepares samples ahead on one background thread, in order.
///
/// A sample does not depend on when it is made, so the thread only shortens the waiting.
public final class Prefetcher: @unchecked Sendable {  // mutable state is guarded by `condition`
  /// A sample was requested after ``Prefetcher/stop()``.
  public struct Stopped: Error, CustomStringConvertible {
    /// One line.
    public var description: String { "no more samples are prepared: their source was stopped" }
  }

  private let condition = NSCondition()
  private var ready: [Result<TrainingSample, any Error>] = []
  private var isStopped = false
  /// Whether the thread is running; never at depth 0.
  private var isRunning = false
  private var next: (step: Int, sample: Int)
  /// Set once, on initialisation.
  private var depth: Int
  private let make: @Sendable (_ step: Int, _ sample: Int) throws -> TrainingSample
  private let samples: Range<Int>

  /// Samples, starting with the first of `step`.
  ///
  /// - Parameters:
  ///   - samples: indices of the samples wanted from each step.
  ///   - depth: samples kept ready; 0 makes each on demand, which is also the fallback if no thread can be started.
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

  /// The next sample; throws ``Stopped`` after ``stop()``, also if that is called while it waits.
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

  /// Changes the state under the lock, and wakes the threads that wait for a change.
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
      // A deadline, so that the thread notices when the prefetcher has been released.
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

  /// Returns the position of the next sample and advances past it; only under the lock.
  private func advance() -> (step: Int, sample: Int) {
    let place = next
    next =
      place.sample + 1 < samples.upperBound
      ? (place.step, place.sample + 1) : (place.step + 1, samples.lowerBound)
    return place
  }
}
