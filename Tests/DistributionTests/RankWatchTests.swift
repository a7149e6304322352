#if os(Linux)
  import Foundation
  import BasicTestSupport
  import Testing

  /// Ranks without MPI, of which some end.
  @Suite("Rank watch")
  struct RankWatchTests {
    @Test("the rank that is killed first is named, and no other", arguments: 0..<4)
    func killed(rank: Int) throws {
      let host = try StandInHost(ranks: 4)
      #expect(try host.start() == ["watched", "watched", "watched", "watched"])
      host.killRank(rank)
      host.wait(rank)
      // What a launcher does once it knows.
      for other in 0..<4 where other != rank { host.killRank(other) }
      let lines = try host.lines()
      #expect(lines.count == 1)
      let process = host.process(rank)
      #expect(
        lines.first?.hasPrefix("helixfold: rank \(rank) (process \(process) on ") == true
          && lines.first?.contains(" was killed or crashed, and the launcher ends the") == true,
        "\(lines)")
    }

    @Test("a rank that aborts is named")
    func aborted() throws {
      let host = try StandInHost(ranks: 3)
      _ = try host.start()
      host.tell(1, "abort")
      host.wait(1)
      for other in [0, 2] { host.killRank(other) }
      let lines = try host.lines()
      #expect(lines.count == 1)
      #expect(lines.first?.hasPrefix("helixfold: rank 1 (process \(host.process(1)) ") == true)
    }

    @Test("ranks that are done end without a line, and so do their watchers")
    func finished() throws {
      let host = try StandInHost(ranks: 4)
      _ = try host.start()
      for rank in 0..<4 { host.tell(rank, "finish") }
      #expect(try host.lines().isEmpty)
    }

    @Test("a rank killed after others were done is named")
    func killedLate() throws {
      let host = try StandInHost(ranks: 3)
      _ = try host.start()
      for rank in [0, 1] {
        host.tell(rank, "finish")
        host.wait(rank)
      }
      host.killRank(2)
      #expect(try host.lines().map { $0.contains("rank 2 (process \(host.process(2)) ") } == [true])
    }

    @Test(
      "a rank that says itself why it ends is not named, nor are those that the launcher ends then",
      arguments: ["exit", "end early"])
    func endedByItself(word: String) throws {
      let host = try StandInHost(ranks: 3)
      _ = try host.start()
      host.tell(2, word)
      host.wait(2)
      for other in [0, 1] { host.killRank(other) }
      #expect(try host.lines().isEmpty)
    }

    @Test("where a rank does not come nobody is watched, and the others go on")
    func absent() throws {
      let host = try StandInHost(ranks: 3)
      #expect(try host.start(skipping: 1) == ["alone", "alone"])
      host.killRank(2)
      host.tell(0, "exit")
      #expect(try host.lines().isEmpty)
    }

    @Test(
      "a watcher that was started by mistake ends at once",
      arguments: [
        "", "4", "x y", "0 4", "-1 4", "4 2", "4 99999999999999999999", "65537 65537", "4 4 4",
        "4 4",
      ])
    func mistaken(arguments: String) throws {
      let folder = try ScratchFolder()
      let program: URL = try #require(StandInHost.program)
      try FileManager.default.createSymbolicLink(
        at: folder.url("helixfold-rank-watch"), withDestinationURL: program)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c", "PATH=$0; exec 3< /dev/null; helixfold-rank-watch \(arguments)", folder.path,
      ]
      try RunningProgram(process).wait()
      #expect(process.terminationReason == .exit)
      #expect(process.terminationStatus == (arguments == "4 4" ? 1 : 64))
    }
  }

  /// Processes that stand for the ranks of a host, and the pipe that is their standard error and that of their watcher.
  private final class StandInHost {
    private let count: Int
    private var members: [Int: (program: RunningProgram, input: Pipe)] = [:]
    private var errors: [Int32] = [-1, -1]

    init(ranks: Int) throws {
      count = ranks
      try #require(pipe(&errors) == 0)
      for file in errors { _ = fcntl(file, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
      for file in errors where file >= 0 { close(file) }
    }

    /// Starts the ranks; what each says of being watched.
    func start(skipping absent: Int? = nil) throws -> [String] {
      let first = try launch(["lead", "\(count)", "0"], rank: 0)
      let name = try #require(line(of: first))
      var outputs = [first]
      for rank in 1..<count where rank != absent {
        outputs.append(try launch(["join", name, "\(rank)"], rank: rank))
      }
      close(errors[1])
      errors[1] = -1
      return outputs.compactMap(line)
    }

    func process(_ rank: Int) -> Int32 { members[rank]?.program.process.processIdentifier ?? 0 }

    /// Ends a rank as the kernel's out-of-memory killer does.
    func killRank(_ rank: Int) {
      if process(rank) > 0 { kill(process(rank), SIGKILL) }
    }

    func tell(_ rank: Int, _ word: String) {
      try? members[rank]?.input.fileHandleForWriting.write(contentsOf: Data("\(word)\n".utf8))
    }

    func wait(_ rank: Int) { members[rank]?.program.wait() }

    /// What was said by the time that all processes have ended, the watcher too: only then the pipe is at its end.
    ///
    /// Without Swift's own reports of a crash.
    func lines() throws -> [String] {
      var text: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        var file = pollfd(fd: errors[0], events: Int16(POLLIN), revents: 0)
        try #require(
          poll(&file, 1, 60_000) == 1,
          "a process was left: \(String(decoding: text, as: UTF8.self))")
        let length = read(errors[0], &buffer, buffer.count)
        if length <= 0 { break }
        text += buffer.prefix(length)
      }
      return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        .filter { $0.hasPrefix("helixfold: ") }
    }

    private func launch(_ arguments: [String], rank: Int) throws -> FileHandle {
      let program: URL = try #require(Self.program)
      let process = Process()
      process.executableURL = program
      process.arguments = arguments
      let (input, output) = (Pipe(), Pipe())
      process.standardInput = input
      process.standardOutput = output
      process.standardError = FileHandle(fileDescriptor: errors[1], closeOnDealloc: false)
      members[rank] = (try RunningProgram(process), input)
      return output.fileHandleForReading
    }

    /// The next line that a rank prints.
    private func line(of output: FileHandle) -> String? {
      var bytes: [UInt8] = []
      while let byte = try? output.read(upToCount: 1)?.first {
        if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(byte)
      }
      return nil
    }

    static let program = BuiltProgram.url("rank-stand-in")
  }
#endif
