import NumericArrays
import Synchronization
import Testing

@testable import HelixFold

@Suite("Progress in lines")
struct ProgressTests {
  /// A clock that is set by hand.
  private final class Clock: Sendable {
    private let time = Mutex(0.0)

    var seconds: Double { time.withLock { $0 } }

    func set(_ seconds: Double) { time.withLock { $0 = seconds } }
  }

  @Test("a task is a line once a minute without another word, and a short one is none")
  func minutes() {
    let (clock, lines) = (Clock(), PredictionBench.Lines())
    let reporter = ProgressReporter(
      style: .lines, isSilent: false, clock: { clock.seconds }, output: { lines.add($0) })
    func go(to end: Double) {
      while clock.seconds < end {
        clock.set(clock.seconds + 10)
        reporter.progress(
          "T1026 model_1", clock.seconds / 400, remaining: 400 - clock.seconds)
      }
    }
    reporter.progress("T1026 model_1", 0, remaining: nil)
    go(to: 50)
    #expect(lines.all.isEmpty)
    go(to: 120)
    let two = "T1026 model_1  15 %  ETA 5:40\nT1026 model_1  30 %  ETA 4:40\n"
    #expect(lines.all == two)
    go(to: 170)
    reporter.note("pass done")
    go(to: 220)
    #expect(lines.all == two + "pass done\n")
    go(to: 240)
    #expect(lines.all == two + "pass done\nT1026 model_1  57 %  ETA 2:50\n")
  }

  @Test("nothing is said of progress where only warnings are wanted")
  func quiet() {
    let (clock, lines) = (Clock(), PredictionBench.Lines())
    let reporter = ProgressReporter(
      style: .quiet, isSilent: false, clock: { clock.seconds }, output: { lines.add($0) })
    for minute in 0..<5 {
      clock.set(Double(minute) * 60)
      reporter.progress("T1026", 0.1, remaining: nil)
    }
    #expect(lines.all.isEmpty)
  }

  @Test(
    "the time that remains is that of the work left at the mean rate; before there is one, none")
  func remainingTime() {
    #expect(RemainingTime.seconds(done: 10, left: 60, elapsed: 20) == 120)
    #expect(RemainingTime.seconds(done: 0.25, left: 0.75, elapsed: 3) == 9)
    #expect(RemainingTime.seconds(done: 4, left: -1, elapsed: 3) == 0)
    #expect(RemainingTime.seconds(done: 0, left: 1, elapsed: 3) == nil)
    #expect(RemainingTime(silence: 1000).seconds(done: 1, left: 1) == nil)
    #expect(RemainingTime().seconds(done: 1, left: 0) == 0)
  }
}
