import NumericArrays
import Synchronization

/// Where the two branches of a fork run.
///
/// Results have the same bits everywhere.
public enum BranchSchedule: Sendable {
  /// At the same time, on disjoint halves of the workers; in turn where processes share operations, since all must send their
  /// messages in one order.
  case sideBySide
  /// One after the other, each on all workers; the clock, if any, measures both.
  case inTurn(BranchClock?)
  /// The first branch on one process, the second on another; both hold all tensors.
  case apart(any BranchPartner)
}

/// The process that runs the other branch.
public protocol BranchPartner: AnyObject, Sendable {
  /// Which branch this process runs.
  var role: BranchRole { get }

  /// Sends tensors to the other process while receiving as many from it; a failure is kept until the caller checks for one.
  func exchange(sending: [Tensor], receiving: [Tensor])

  /// Throws if an exchange failed since the last call.
  func check() throws
}

/// One of the two branches of a fork.
public enum BranchRole: Int, Sendable {
  case first = 0
  case second = 1
}

/// One branch: what it does and which tensors carry its work.
public struct Branch {
  /// Tensors that it updates in place.
  public let updates: [Tensor]
  /// Tensors made before the fork that it reads and that are differentiated.
  public let reads: [Tensor]
  /// The work.
  public let body: (ExecutionContext) -> Void

  /// A branch.
  public init(
    updating updates: [Tensor], reading reads: [Tensor] = [],
    _ body: @escaping (ExecutionContext) -> Void
  ) {
    self.updates = updates
    self.reads = reads
    self.body = body
  }
}

/// Sums how long the branches of forks took when run one after the other.
public final class BranchClock: Sendable {
  /// Seconds so far.
  public struct Times: Sendable {
    /// In first branches.
    public var first = 0.0
    /// In second branches.
    public var second = 0.0
    /// In the longer branch of each fork: what a fork takes with a worker for each.
    public var longer = 0.0

    /// The mean over `steps` steps.
    public func mean(of steps: Int) -> Times {
      let count = Double(max(steps, 1))
      return Times(first: first / count, second: second / count, longer: longer / count)
    }
  }

  private let sum = Mutex(Times())

  /// A clock at 0.
  public init() {}

  /// Seconds so far.
  public var times: Times { sum.withLock { $0 } }

  fileprivate func run(_ first: () -> Void, _ second: () -> Void) {
    let start = ContinuousClock.now
    first()
    let middle = ContinuousClock.now
    second()
    let (a, b) = ((middle - start).seconds, (ContinuousClock.now - middle).seconds)
    sum.withLock {
      $0.first += a
      $0.second += b
      $0.longer += max(a, b)
    }
  }
}

extension ExecutionContext {
  /// Runs two branches by the context's schedule; afterwards both have updated their tensors.
  ///
  /// With a tape, each branch records on a tape of its own, and their derivatives run by the same schedule: at the same time, in
  /// turn, or each on the process of its branch, which then exchange the gradients.
  ///
  /// - Precondition: neither branch reads or writes what the other updates.
  public func fork(_ first: Branch, _ second: Branch) {
    let tapes = tape?.branched()
    split(first, second) { branch, role, context in
      branch.body(context.recording(on: role == .first ? tapes?.first : tapes?.second))
    }
    if case .apart(let partner) = branches, !isRecomputing {
      let (mine, theirs) = partner.role == .first ? (first, second) : (second, first)
      partner.exchange(sending: mine.updates, receiving: theirs.updates)
    }
    guard let tape, let tapes else { return }
    tape.record { context in
      context.split(first, second) { _, role, context in
        (role == .first ? tapes.first : tapes.second).replay(context)
      }
      guard case .apart(let partner) = context.branches else { return }
      let (mine, theirs) = partner.role == .first ? (first, second) : (second, first)
      partner.exchange(
        sending: (mine.updates + mine.reads).map(context.gradient(of:)),
        receiving: (theirs.updates + theirs.reads).map(context.gradient(of:)))
    }
  }

  /// Runs `body` for both branches, or for the one of this process.
  private func split(
    _ first: Branch, _ second: Branch, _ body: (Branch, BranchRole, ExecutionContext) -> Void
  ) {
    switch branches {
    case .sideBySide where axial == nil:
      workers.fork(
        { workers in body(first, .first, with { $0.workers = workers }) },
        { workers in body(second, .second, with { $0.workers = workers }) })
    case .inTurn(let clock?):
      clock.run({ body(first, .first, self) }, { body(second, .second, self) })
    case .sideBySide, .inTurn(nil):
      body(first, .first, self)
      body(second, .second, self)
    case .apart(let partner):
      body(partner.role == .first ? first : second, partner.role, self)
    }
  }

  /// The part of a range that this process works on where both processes hold the same operands, and the other's part.
  public func branchShares(of range: Range<Int>) -> (mine: Range<Int>, others: Range<Int>) {
    guard case .apart(let partner) = branches else {
      return (range, range.upperBound..<range.upperBound)
    }
    let middle = range.lowerBound + range.count / 2
    let (head, tail) = (range.lowerBound..<middle, middle..<range.upperBound)
    return partner.role == .first ? (head, tail) : (tail, head)
  }

  /// Sends this process's share of a result and receives the other's; does nothing if one process does everything.
  public func exchangeBranches(sending mine: Tensor, receiving others: Tensor) {
    guard case .apart(let partner) = branches else { return }
    partner.exchange(sending: [mine], receiving: [others])
  }

  /// Whether this process computes the derivatives of a branch.
  public func ownsBranch(_ role: BranchRole) -> Bool {
    guard case .apart(let partner) = branches else { return true }
    return partner.role == role
  }
}
