/// An estimate of the time left, from the mean rate since the start.
public struct RemainingTime: Sendable {
  private let start = ContinuousClock.now
  private let silence: Double

  /// Starts the clock.
  ///
  /// - Parameter silence: seconds at the start for which no estimate is given.
  public init(silence: Double = 0) { self.silence = silence }

  /// Seconds for the work left, given the work done since the start, in any unit; nil while no estimate is possible.
  public func seconds(done: Double, left: Double) -> Double? {
    let elapsed = (ContinuousClock.now - start).seconds
    return elapsed >= silence ? Self.seconds(done: done, left: left, elapsed: elapsed) : nil
  }

  /// Seconds for the work left if the work done took `elapsed` seconds; nil if nothing was done.
  public static func seconds(done: Double, left: Double, elapsed: Double) -> Double? {
    done > 0 ? elapsed * max(left, 0) / done : nil
  }
}
