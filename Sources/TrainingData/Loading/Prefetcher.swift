import Foundation

/// Prepares samples ahead on one background thread, in order.
///
/// What a sample is does not depend on when it is made, so the thread changes nothing but the waiting.
public final class Prefetcher: @unchecked Sendable {  // all state is guarded by `condition`
  private let condition = NSCondition()
  private var ready: [Result<TrainingSample, any Error>] = []
  private var isStopped = false
  private var isRunning = false
  private let depth: Int
  private let make: @Sendable (_ step: Int, _ sample: Int) throws -> TrainingSample
  private let samples: Range<Int>
  private var next: (step: Int, sample: Int)

  /// Samples from the first of `step` on.
  ///
  /// - Parameters:
  ///   - samples: those of each step that are wanted.
  ///   - depth: samples kept ready; 0 makes each when asked for.
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
    let thread = Thread { [weak self] in
      while let self, self.prepareOne() {}
      self?.change { $0.isRunning = false }
    }
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// The next sample.
  public func take() throws -> TrainingSample {
    if depth == 0 { return try make(advance()) }
    condition.lock()
    defer { condition.unlock() }
    while ready.isEmpty { condition.wait() }
    let sample = ready.removeFirst()
    condition.broadcast()
    return try sample.get()
  }

  /// Ends the thread and waits for it, so that nothing reads the store any more; samples that are ready are dropped.
  public func stop() {
    change { $0.isStopped = true }
    condition.lock()
    while isRunning { condition.wait() }
    condition.unlock()
  }

  deinit { isStopped = true }

  private func change(_ body: (Prefetcher) -> Void) {
    condition.lock()
    body(self)
    condition.broadcast()
    condition.unlock()
  }

  /// Makes one sample; false when there is nothing more to do.
  private func prepareOne() -> Bool {
    condition.lock()
    if ready.count >= depth, !isStopped {
      // A deadline, so that the thread notices when nobody holds the prefetcher any more.
      _ = condition.wait(until: Date(timeIntervalSinceNow: 0.2))
    }
    let (isFull, isDone) = (ready.count >= depth, isStopped)
    condition.unlock()
    if isDone { return false }
    if isFull { return true }
    let place = advance()
    let sample = Result { try make(place) }
    condition.lock()
    ready.append(sample)
    condition.broadcast()
    condition.unlock()
    return true
  }

  private func make(_ place: (step: Int, sample: Int)) throws -> TrainingSample {
    try make(place.step, place.sample)
  }

  private func advance() -> (step: Int, sample: Int) {
    let place = next
    next =
      place.sample + 1 < samples.upperBound
      ? (place.step, place.sample + 1) : (place.step + 1, samples.lowerBound)
    return place
  }
}
