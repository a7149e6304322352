import BasicTestSupport
import Foundation
import Testing

@testable import AtomicFiles

/// Reading and writing of open files.
@Suite("Bytes of open files")
struct FileTransferTests {
  @Test("what is written at a place is read there, and a file that ends too early is said to")
  func places() throws {
    let folder = try ScratchFolder()
    let file = open(folder.file("bytes"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    defer { close(file) }
    let bytes = (0..<1000).map { UInt8($0 % 251) }
    try bytes.withUnsafeBytes { try FileTransfer.write($0, to: file, at: 70) }
    var found = [UInt8](repeating: 0, count: 1000)
    try found.withUnsafeMutableBytes { try FileTransfer.read(into: $0, from: file, at: 70) }
    #expect(found == bytes)
    #expect(throws: FileTransfer.Failure(code: nil)) {
      try found.withUnsafeMutableBytes { try FileTransfer.read(into: $0, from: file, at: 71) }
    }
    #expect(throws: FileTransfer.Failure(code: EBADF)) {
      try bytes.withUnsafeBytes { try FileTransfer.write($0, to: -1) }
    }
  }

  @Test("a file is handed out in pieces of a MiB, and its checksums are those of all its bytes")
  func pieces() throws {
    let folder = try ScratchFolder()
    let bytes = Data((0..<(1 << 20) + 5).map { UInt8(truncatingIfNeeded: ($0 &* 40_503) >> 9) })
    try bytes.write(to: URL(fileURLWithPath: folder.file("bytes")))
    let file = try OpenFile(folder.file("bytes"))
    #expect(file.count == bytes.count)
    var sizes: [Int] = []
    var found = Data()
    try file.forEachPiece(of: 3..<file.count) {
      sizes.append($0.count)
      found.append(contentsOf: $0)
    }
    #expect(sizes == [1 << 20, 2] && found == bytes.dropFirst(3))
    var (whole, inPieces) = (CyclicRedundancyCheck64(), CyclicRedundancyCheck64())
    bytes.withUnsafeBytes { whole.update($0) }
    try inPieces.update(file, 0..<file.count)
    #expect(inPieces.text == whole.text)
    #expect(try CyclicRedundancyCheck32.zlib(file) == CyclicRedundancyCheck32.zlib(bytes))
  }

  @Test("a file that is cut short, none, a folder and an empty one are told apart")
  func sizes() throws {
    let folder = try ScratchFolder()
    let path = folder.file("bytes")
    try Data(count: 100).write(to: URL(fileURLWithPath: path))
    let file = try OpenFile(path)
    #expect(truncate(path, 50) == 0)
    #expect(throws: FileTransfer.Failure(code: nil)) {
      try file.forEachPiece(of: 0..<file.count) { _ in }
    }
    #expect(throws: FileTransfer.Failure(code: ENOENT)) { try OpenFile(folder.file("none")) }
    #expect(throws: FileTransfer.Failure(code: EISDIR)) { try OpenFile(folder.path) }
    #expect(truncate(path, 0) == 0)
    #expect(try CyclicRedundancyCheck32.zlib(OpenFile(path)) == 0)
  }

  /// Signals that came to the writing thread, which alone looks at them.
  private nonisolated(unsafe) static var signals = 0

  @Test("a write that signals interrupt goes on")
  func interruption() throws {
    Self.signals = 0
    signal(SIGUSR2) { _ in FileTransferTests.signals += 1 }
    defer { signal(SIGUSR2, SIG_DFL) }
    var action = sigaction()
    sigaction(SIGUSR2, nil, &action)
    action.sa_flags &= ~SA_RESTART
    sigaction(SIGUSR2, &action, nil)

    // Threads that Dispatch makes block signals.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGUSR2)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    defer { pthread_sigmask(SIG_BLOCK, &signals, nil) }

    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let writer = Writer(thread: pthread_self())
    let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let isDone = DispatchSemaphore(value: 0)
    let received = ByteSink()
    Thread {
      // The pipe is full meanwhile, and the writer waits.
      for _ in 0..<20 {
        usleep(2000)
        pthread_kill(writer.thread, SIGUSR2)
      }
      received.readAll(from: reading)
      isDone.signal()
    }.start()
    try bytes.withUnsafeBytes { try FileTransfer.write($0, to: writing) }
    // The pipe takes less than that, so that the thread was in a call when they came.
    #expect(Self.signals > 0)
    close(writing)
    isDone.wait()
    close(reading)
    #expect(received.bytes == bytes)
  }
}

/// What another thread read, looked at when that thread is done.
private final class ByteSink: @unchecked Sendable {
  private(set) var bytes: [UInt8] = []

  func readAll(from file: Int32) {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = piece.withUnsafeMutableBytes { FileTransfer.readSome(into: $0, from: file) }
      if count <= 0 { return }
      bytes += piece[..<count]
    }
  }
}

/// A thread that signals are sent to; macOS has a pointer for it.
private struct Writer: @unchecked Sendable {
  let thread: pthread_t
}
