import Messages
import Synchronization
import Testing

@testable import Distribution

/// Groups of threads: what is true of any communicator.
@Suite("Communicator")
struct CommunicatorTests {
  @Test(
    "the sum over members is the balanced tree, and the same bits everywhere",
    arguments: [1, 2, 4, 8])
  func sum(members: Int) throws {
    let count = 1003
    @Sendable func value(_ rank: Int, _ index: Int) -> Float {
      Float((rank * 7919 + index * 104_729) % 1_000_003) * 1e-3 - 400
    }
    func tree(_ ranks: Range<Int>, _ index: Int) -> Float {
      if ranks.count == 1 { return value(ranks.lowerBound, index) }
      let middle = ranks.lowerBound + ranks.count / 2
      return tree(ranks.lowerBound..<middle, index) + tree(middle..<ranks.upperBound, index)
    }
    let expected = (0..<count).map { tree(0..<members, $0) }
    let wrong = Mutex(0)
    try ThreadMember.run(members) { member in
      var buffer = (0..<count).map { value(member.rank, $0) }
      try member.allReduce(&buffer)
      if buffer != expected { wrong.withLock { $0 += 1 } }
    }
    #expect(wrong.withLock { $0 } == 0)
  }

  @Test("a sum over a number of members that is no power of two is an error, not a trap")
  func oddSum() throws {
    let refused = Mutex(0)
    try ThreadMember.run(3) { member in
      var buffer: [Float] = [1, 2, 3]
      do {
        try member.allReduce(&buffer)
      } catch CommunicationError.grid {
        refused.withLock { $0 += 1 }
      }
    }
    #expect(refused.withLock { $0 } == 3)
  }

  @Test("gathered numbers stand in the order of the members, whatever their counts")
  func gather() throws {
    let seen = Mutex<[[[Double]]]>([])
    try ThreadMember.run(3) { member in
      let mine = (0..<member.rank).map { Double(10 * member.rank + $0) }
      let all = try member.allGather(mine)
      seen.withLock { $0.append(all) }
    }
    let expected: [[Double]] = [[], [10], [20, 21]]
    #expect(seen.withLock { $0 } == [expected, expected, expected])
  }

  @Test(
    "a buffer is completed by its parts whatever their lengths, none included",
    arguments: [[4], [3, 5], [0, 7, 2], [1, 0, 0, 6, 3], [0, 0]])
  func parts(counts: [Int]) throws {
    let expected = counts.enumerated().flatMap { rank, count in
      (0..<count).map { UInt8(16 * rank + $0) }
    }
    let seen = Mutex<[[UInt8]]>([])
    try ThreadMember.run(counts.count) { member in
      let start = counts[..<member.rank].reduce(0, +)
      var buffer = [UInt8](repeating: 255, count: expected.count)
      for place in start..<start + counts[member.rank] { buffer[place] = expected[place] }
      try buffer.withUnsafeMutableBytes { try member.allGather($0, counts: counts) }
      seen.withLock { [buffer] in $0.append(buffer) }
    }
    #expect(seen.withLock { $0 } == counts.map { _ in expected })
  }

  @Test("after a failure no other call is made until somebody has asked for it")
  func deferred() throws {
    let failure = DeferredFailure()
    var calls = 0
    func attempt(_ error: CommunicationError? = nil) {
      failure.attempt { () throws(CommunicationError) in
        calls += 1
        if let error { throw error }
      }
    }
    attempt()
    attempt(.peerFailed(rank: 1))
    attempt(.peerFailed(rank: 2))
    #expect(calls == 2)
    #expect(throws: CommunicationError.peerFailed(rank: 1)) { try failure.check() }
    try failure.check()
    attempt()
    #expect(calls == 3)
  }

  @Test("a message that is longer or shorter than what is expected is an error")
  func lengths() {
    for sent in [3, 5] {
      let error = CommunicationError.failed(
        call: "message of \(sent) for 4 bytes", rank: 1, status: -1)
      #expect(throws: error) {
        try ThreadMember.run(2) { member in
          var bytes = [UInt8](repeating: 1, count: member.rank == 0 ? sent : 4)
          try member.broadcast(&bytes, from: 0)
        }
      }
    }
  }

  @Test(
    "all go on unless one wants to stop, or one has failed, of which all say rank, reason and status"
  )
  func sharedFailure() throws {
    let answers = Mutex<[[String]]>([])
    try ThreadMember.run(3) { member in
      func ask(stopping: [Int], failing: [Int]) -> String {
        let failure = CommunicationError.differs(rank: member.rank, found: "a", expected: "b")
        do {
          let goesOn = try member.goesOn(
            unless: stopping.contains(member.rank),
            or: failing.contains(member.rank) ? failure : nil)
          return "\(goesOn)"
        } catch {
          return "\(Messages.ExitStatus(error)) of \(error)"
        }
      }
      let mine = [
        ask(stopping: [], failing: []), ask(stopping: [2], failing: []),
        ask(stopping: [0], failing: [1]), ask(stopping: [], failing: [1, 2]),
      ]
      answers.withLock { $0.append(mine) }
    }
    for answer in answers.withLock({ $0 }) {
      #expect(answer[..<3] == ["true", "false", "false"])
      #expect(answer[3].hasPrefix("missingInput of rank 1: rank 1 has 'a' where rank 0 has 'b'"))
    }
    #expect(answers.withLock { $0.count } == 3)
  }

  @Test("all know whether one of them says yes")
  func any() throws {
    let answers = Mutex<[[Bool]]>([])
    try ThreadMember.run(3) { member in
      let mine = [try member.any(false), try member.any(member.rank == 1), try member.any(true)]
      answers.withLock { $0.append(mine) }
    }
    #expect(answers.withLock { $0 } == [[Bool]](repeating: [false, true, true], count: 3))
  }

  @Test(
    "a grid puts the branches of the same samples side by side, then the shares of an operation")
  func grid() throws {
    let places = Mutex<[Int: [Int]]>([:])
    try ThreadMember.run(8) { world in
      let member = try GridMember(ProcessGrid(data: 2, axes: 2, branches: 2), in: world)
      func ranks(_ group: (any Communicator)?) throws -> [Int] {
        try #require(group).allGather([Double(world.rank)]).map { Int($0[0]) }
      }
      let share = member.share(of: 6)
      let groups =
        try ranks(member.branches) + ranks(member.axes) + ranks(member.data)
        + [share.lowerBound, share.upperBound]
      places.withLock { $0[world.rank] = groups }
    }
    let seen = places.withLock { $0 }
    #expect(seen[0] == [0, 1, 0, 2, 0, 4, 0, 3])
    #expect(seen[3] == [2, 3, 1, 3, 3, 7, 0, 3])
    #expect(seen[6] == [6, 7, 4, 6, 2, 6, 3, 6])
  }

  @Test("a member that fails takes the others with it")
  func failure() {
    struct Broken: Error, Equatable {}
    #expect(throws: Broken.self) {
      try ThreadMember.run(4) { member in
        if member.rank == 2 { throw Broken() }
        try member.barrier()
        try member.barrier()
      }
    }
  }

  @Test("sizes that no grid has are refused with the numbers")
  func refusals() throws {
    for (grid, number) in [
      (ProcessGrid(data: 3), "--dp is 3"), (ProcessGrid(axes: 0), "--dap is 0"),
      (ProcessGrid(branches: 3), "--bp is 3"), (ProcessGrid(data: 2, branches: 2), "mpirun -n 4"),
    ] {
      let error = #expect(throws: CommunicationError.self) {
        try GridMember(grid, in: SingleMember())
      }
      #expect("\(try #require(error))".contains(number))
    }
  }

  @Test(
    "launchers say how many processes they started, each in its own variables",
    arguments: [
      ([:], 1), (["PMI_SIZE": "4"], 4), (["OMPI_COMM_WORLD_SIZE": "2"], 2),
      (["MPI_LOCALNRANKS": "8"], 8), (["PMIX_RANK": "0", "SLURM_NTASKS": "3"], 3),
      (["SLURM_NTASKS": "3"], 1), (["PMI_SIZE": "many"], 1),
    ] as [([String: String], Int)])
  func launched(_ environment: [String: String], _ count: Int) {
    #expect(MessagePassing.launchedProcesses(environment) == count)
  }

  @Test("tasks of Slurm that cannot find each other are refused, one task and a batch script not")
  func unconnected() throws {
    var step = ["SLURM_PROCID": "0", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4"]
    #expect(throws: CommunicationError.unconnected(tasks: 4)) { try MessagePassing.join(step) }
    #expect(
      CommunicationError.unconnected(tasks: 4).description
        == "started as one of 4 tasks that cannot find each other and would all write the same files; use srun --mpi=pmi2 (or pmix), or --ntasks=1"
    )
    step["SLURM_STEP_NUM_TASKS"] = "1"
    #expect(try MessagePassing.join(step).size == 1)
    #expect(try MessagePassing.join(["SLURM_STEP_NUM_TASKS": "4"]).size == 1)
  }

  @Test(
    "a program without MPI says that it is one of several processes",
    .enabled(if: !MessagePassing.isBuilt, "this build has MPI"))
  func notBuilt() {
    #expect(throws: CommunicationError.notBuilt(processes: 2)) {
      try MessagePassing.join(["PMI_SIZE": "2"])
    }
  }
}
