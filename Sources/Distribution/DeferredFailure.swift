import Synchronization

/// The first failure of calls that cannot throw, kept until it is checked; until then no further call is made.
///
/// Derivatives and blocks run inside closures of the tape; a lost connection is reported after them.
final class DeferredFailure: Sendable {
  private let first = Mutex<CommunicationError?>(nil)

  /// Runs `call` and keeps its error.
  ///
  /// Does nothing after a failure: messages after a lost one may find no partner.
  func attempt(_ call: () throws(CommunicationError) -> Void) {
    if first.withLock({ $0 != nil }) { return }
    do throws(CommunicationError) {
      try call()
    } catch {
      first.withLock { $0 = error }
    }
  }

  /// Throws the error kept since the last check.
  func check() throws(CommunicationError) {
    let failure = first.withLock { first in
      defer { first = nil }
      return first
    }
    if let failure { throw failure }
  }
}
