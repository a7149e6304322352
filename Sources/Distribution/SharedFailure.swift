import Messages

/// A failure of one member that all know of, so that they end together and can save first.
public struct SharedFailure: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The member that failed, the first of them if several did.
  public let rank: Int
  /// The error there, in one line.
  public let reason: String
  /// The status of that error.
  public let exitStatus: ExitStatus

  /// One line that names the member.
  public var description: String { "rank \(rank): \(reason)" }
}

extension Communicator {
  /// Whether all members continue: none has failed, and none wants to stop.
  ///
  /// Collective.
  ///
  /// - Throws: ``SharedFailure``, the same on every member, if one has failed and none wants to stop; a single member throws its
  ///   own error.
  public func goesOn(unless wantsToStop: Bool, or failure: (any Error)?) throws -> Bool {
    let (stopping, failing) = (-1, failure.map { Int(ExitStatus($0).rawValue) } ?? 0)
    let words = try allGather(wantsToStop ? stopping : failing)
    if words.contains(stopping) { return false }
    guard let rank = words.firstIndex(where: { $0 != 0 }) else { return true }
    if size == 1, let failure { throw failure }
    throw SharedFailure(
      rank: rank, reason: try allGather(failure.map { "\($0)" } ?? "")[rank],
      exitStatus: ExitStatus(rawValue: Int32(words[rank])) ?? .internalError)
  }
}
