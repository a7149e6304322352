import CLibrary
import Foundation
import Synchronization

/// A group whose members are threads of this process: the same collective calls without MPI, for tests.
public final class ThreadMember: Communicator {
  /// Number of this member in the group, 0 ..< size.
  public let rank: Int
  /// Members of the group.
  public let size: Int
  private let office: PostOffice
  /// Name of the group, and the ranks of its members in the group of all.
  private let group: String
  private let world: [Int]
  private let splits = Mutex(0)

  /// Runs `body` once for each of `count` members at the same time; throws the error of the first failing member.
  public static func run(
    _ count: Int, _ body: @escaping @Sendable (ThreadMember) throws -> Void
  ) throws {
    let office = PostOffice()
    let done = DispatchGroup()
    for rank in 0..<count {
      done.enter()
      let isStarted = SystemThread.start {
        do {
          try body(
            ThreadMember(rank: rank, office: office, group: "world", world: Array(0..<count)))
        } catch {
          office.fail(rank, error)
        }
        done.leave()
      }
      if !isStarted {
        office.fail(
          rank,
          CommunicationError.failed(call: "the start of a thread", rank: rank, status: Int(EAGAIN)))
        done.leave()
      }
    }
    done.wait()
    if let failure = office.failure { throw failure.error }
  }

  private init(rank: Int, office: PostOffice, group: String, world: [Int]) {
    self.rank = rank
    self.size = world.count
    self.office = office
    self.group = group
    self.world = world
  }

  /// Sends bytes to one member while it receives as many from another.
  public func sendReceive(
    _ outgoing: UnsafeRawBufferPointer, to: Int, _ incoming: UnsafeMutableRawBufferPointer,
    from: Int
  ) throws(CommunicationError) {
    if !outgoing.isEmpty { office.send(Data(outgoing), Address(group: group, from: rank, to: to)) }
    if incoming.isEmpty { return }
    try copy(try office.receive(Address(group: group, from: from, to: rank)), to: incoming)
  }

  /// Copies the bytes of member `root` to all.
  ///
  /// Collective.
  public func broadcast(
    _ bytes: UnsafeMutableRawBufferPointer, from root: Int
  ) throws(CommunicationError) {
    if rank == root {
      for other in 0..<size where other != root {
        office.send(Data(bytes), Address(group: group, from: root, to: other))
      }
    } else {
      try copy(try office.receive(Address(group: group, from: root, to: rank)), to: bytes)
    }
  }

  private func copy(
    _ data: Data, to target: UnsafeMutableRawBufferPointer
  ) throws(CommunicationError) {
    guard data.count == target.count else {
      throw .failed(
        call: "message of \(data.count) for \(target.count) bytes", rank: rank, status: -1)
    }
    if data.isEmpty { return }
    data.withUnsafeBytes { target.copyMemory(from: $0) }
  }

  /// The members with the same colour, in the order of their keys.
  ///
  /// Collective.
  public func split(colour: Int, key: Int) throws(CommunicationError) -> any Communicator {
    let members = try allGather([Double(colour), Double(key)])
    let mine = members.enumerated().filter { Int($0.element[0]) == colour }
      .sorted { ($0.element[1], $0.offset) < ($1.element[1], $1.offset) }.map(\.offset)
    let number = splits.withLock { count in
      count += 1
      return count
    }
    return ThreadMember(
      rank: mine.firstIndex(of: rank) ?? 0, office: office,
      group: "\(group)/\(number):\(colour)", world: mine.map { world[$0] })
  }
}

/// Where a message goes.
private struct Address: Hashable {
  let group: String
  let from: Int
  let to: Int
}

/// Messages in transit.
private final class PostOffice: @unchecked Sendable {  // all state is guarded by `condition`
  private let condition = NSCondition()
  private var boxes: [Address: [Data]] = [:]
  private(set) var failure: (rank: Int, error: any Error)?

  func send(_ data: Data, _ address: Address) {
    condition.lock()
    boxes[address, default: []].append(data)
    condition.broadcast()
    condition.unlock()
  }

  /// Waits for a message; throws if a member has failed.
  func receive(_ address: Address) throws(CommunicationError) -> Data {
    condition.lock()
    defer { condition.unlock() }
    while boxes[address]?.isEmpty ?? true {
      if let failure { throw .peerFailed(rank: failure.rank) }
      condition.wait()
    }
    return boxes[address]?.removeFirst() ?? Data()
  }

  func fail(_ rank: Int, _ error: any Error) {
    condition.lock()
    if failure == nil { failure = (rank, error) }
    condition.broadcast()
    condition.unlock()
  }
}
