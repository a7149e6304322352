import CLibrary
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import TensorCore

/// Numbers that workers collect.
private final class Collected: Sendable {
  private let values = Mutex<[Int]>([])
  func append(_ value: Int) { values.withLock { $0.append(value) } }
  var sorted: [Int] { values.withLock { $0.sorted() } }
}

@Suite("Worker groups")
struct WorkerGroupTests {
  @Test("run calls the body once for each of 0 ..< count", arguments: [1, 2, 3, 8])
  func run(count: Int) {
    let group = WorkerGroup(count: count)
    let seen = Collected()
    group.run { seen.append($0) }
    #expect(group.count == count)
    #expect(seen.sorted == Array(0..<count))
  }

  @Test("a count below one is one worker", arguments: [0, -3])
  func atLeastOne(count: Int) {
    #expect(WorkerGroup(count: count).count == 1)
  }

  @Test(
    "what threads that the system refuses would do, the others do", arguments: [0, 1, 2, 5])
  func refusedThreads(allowed: Int) throws {
    var asked = 0
    let group = WorkerGroup(count: 8) { body in
      asked += 1
      return asked > 7 - allowed && SystemThread.start(body)
    }
    try #require(asked == 7 && group.count == allowed + 1)
    let (workers, indices, halves) = (Collected(), Collected(), Collected())
    group.run { workers.append($0) }
    #expect(workers.sorted == Array(0..<allowed + 1))
    group.split(1000) { range in range.forEach { indices.append($0) } }
    #expect(indices.sorted == Array(0..<1000))
    group.fork(
      { part in part.split(100) { range in range.forEach { halves.append($0) } } },
      { part in part.split(100) { range in range.forEach { halves.append(100 + $0) } } })
    #expect(halves.sorted == Array(0..<200))
  }

  @Test("a split covers everything once, in ranges that begin at multiples of the unit")
  func split() {
    for threads in [1, 2, 3, 5] {
      let group = WorkerGroup(count: threads)
      for total in [0, 1, 2, 7, 64, 65, 1000] {
        for unit in [1, 3, 64] {
          let seen = Collected()
          let starts = Collected()
          group.split(total, unit: unit) { range in
            starts.append(range.lowerBound)
            for index in range { seen.append(index) }
          }
          #expect(seen.sorted == Array(0..<total))
          #expect(starts.sorted.allSatisfy { $0 % unit == 0 })
          #expect(starts.sorted.count <= threads)
        }
      }
    }
  }

  @Test("a fork runs both parts, on workers that together are the group", arguments: [1, 2, 3, 5])
  func fork(count: Int) {
    let group = WorkerGroup(count: count)
    let (sizes, seen) = (Collected(), Collected())
    group.fork(
      { part in
        sizes.append(part.count)
        part.split(100) { range in range.forEach { seen.append($0) } }
      },
      { part in
        sizes.append(part.count)
        part.split(100) { range in range.forEach { seen.append(100 + $0) } }
      })
    #expect(seen.sorted == Array(0..<200))
    #expect(sizes.sorted.reduce(0, +) == (count == 1 ? 2 : count))
  }

  @Test("forks within both parts of a fork run all four parts")
  func nesting() {
    let group = WorkerGroup(count: 5)
    let seen = Collected()
    group.fork(
      { left in left.fork({ _ in seen.append(0) }, { _ in seen.append(1) }) },
      { right in right.fork({ _ in seen.append(2) }, { part in part.run { _ in seen.append(3) } }) }
    )
    #expect(seen.sorted.prefix(3) == [0, 1, 2])
    #expect(seen.sorted.last == 3)
  }

  @Test("a group can be used again after a fork, many times")
  func reuse() {
    let group = WorkerGroup(count: 3)
    let seen = Collected()
    for round in 0..<200 {
      group.fork({ _ in seen.append(round) }, { _ in seen.append(round) })
      group.run { _ in seen.append(round) }
    }
    #expect(seen.sorted.count == 200 * 5)
  }

  @Test(
    "every worker flushes denormal numbers, on whatever thread the group is used",
    arguments: [1, 3])
  func denormals(count: Int) {
    let group = WorkerGroup(count: count)
    let (seen, done) = (Collected(), DispatchSemaphore(value: 0))
    let factor = Float(Int(group.count) + 1)  // not known when this is compiled
    let thread = Thread {
      // 2⁻¹²⁶, the smallest normal number, divided by 2 or 4.
      group.run { _ in seen.append(Float.leastNormalMagnitude / factor == 0 ? 0 : 1) }
      group.split(1) { _ in seen.append(Float.leastNormalMagnitude / factor == 0 ? 0 : 1) }
      done.signal()
    }
    thread.start()
    done.wait()
    #expect(seen.sorted == Array(repeating: 0, count: count + 1))
  }

  @Test("work that calls upon its own group ends the program and says why")
  func nestedUse() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let group = WorkerGroup(count: 2)
      group.run { _ in group.run { _ in } }
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("called upon by its own work"))
  }

  @Test("tiles reuse the scratch of their worker and cover everything once")
  func tiles() {
    let context = ExecutionContext(
      workers: WorkerGroup(count: 3), pool: BufferPool(), storage: .float32)
    let (seen, prepared) = (Collected(), Collected())
    context.tiles(
      100, tile: 7,
      scratch: {
        prepared.append(0)
        return context.empty([7])
      }
    ) { range, scratch in
      #expect(range.count <= scratch.count)
      for index in range { seen.append(index) }
    }
    #expect(seen.sorted == Array(0..<100))
    #expect(prepared.sorted.count == 3)
  }

  @Test("a context has at least one row per tile", arguments: [-1, 0, 1, 5])
  func tileRows(rows: Int) {
    let context = ExecutionContext(
      workers: WorkerGroup(count: 1), pool: BufferPool(), storage: .float32, tileRows: rows)
    #expect(context.tileRows == max(1, rows))
  }
}
