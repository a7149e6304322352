import Foundation

/// A process that a test started: it is killed when its time is up, and when its last user goes, so that none outlives a failed test.
///
/// Tests may wait while it runs, for that ends; what was expected of the process then fails.
public final class RunningProgram {
  /// The process, which runs.
  public let process: Process
  private let watchdog: DispatchWorkItem

  /// Starts a process that has so many seconds.
  public init(_ process: Process, seconds: Double = 300) throws {
    self.process = process
    watchdog = DispatchWorkItem {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
    try process.run()
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: watchdog)
  }

  deinit {
    watchdog.cancel()
    end()
  }

  /// Waits for the end of the process.
  public func wait() { withExtendedLifetime(self) { process.waitUntilExit() } }

  /// Ends the process as the kernel's out-of-memory killer does.
  public func end() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
