import Synchronization

/// The first failure of calls that cannot throw, kept until somebody asks; until then no other call is made.
///
/// Derivatives and blocks run inside closures of the tape; a lost connection is reported after them.
final class DeferredFailure: Sendable {
  private let first = Mutex<CommunicationError?>(nil)

  /// Runs `call` and keeps what it throws.
  ///
  /// Nothing after a failure: messages that follow one that was lost may find no partner.
  func attempt(_ call: () throws(CommunicationError) -> Void) {
    if first.withLock({ $0 != nil }) { return }
    do throws(CommunicationError) {
      try call()
    } catch {
      first.withLock { $0 = error }
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
