/// The time that work still takes if it goes on at its mean rate since the start.
public struct RemainingTime: Sendable {
  private let start = ContinuousClock.now
  private let silence: Double

  /// Begins now.
  ///
  /// - Parameter silence: seconds at the start that say too little about the rate.
  public init(silence: Double = 0) { self.silence = silence }

  /// Seconds for what is left, given what was done since the start, in any unit; nil until it can be told.
  public func seconds(done: Double, left: Double) -> Double? {
    let elapsed = (ContinuousClock.now - start).seconds
    return elapsed >= silence ? Self.seconds(done: done, left: left, elapsed: elapsed) : nil
  }

  /// Seconds for what is left where so much took the elapsed seconds; nil where nothing was done.
  public static func seconds(done: Double, left: Double, elapsed: Double) -> Double? {
    done > 0 ? elapsed * max(left, 0) / done : nil
  }
}
