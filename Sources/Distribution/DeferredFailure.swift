import Synchronization

/// The first failure of calls that cannot throw, kept until somebody asks.
///
/// Derivatives and blocks run inside closures of the tape; a lost connection is reported after them.
final class DeferredFailure: Sendable {
  private let first = Mutex<CommunicationError?>(nil)

  /// Runs `call` and keeps what it throws.
  func attempt(_ call: () throws(CommunicationError) -> Void) {
    do throws(CommunicationError) {
      try call()
    } catch {
      first.withLock { $0 = $0 ?? error }
    }
  }

  /// Throws what was kept since the last time.
  func check() throws(CommunicationError) {
    let failure = first.withLock { first in
      defer { first = nil }
      return first
    }
    if let failure { throw failure }
  }
}
