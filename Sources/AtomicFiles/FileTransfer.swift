import CLibrary

/// Transfers bytes between memory and an open file, in as many system calls as needed.
///
/// A call interrupted by a signal is repeated.
package enum FileTransfer {
  /// Why bytes could not be transferred.
  package struct Failure: Error, Hashable {
    /// The system's error number (`errno`); nil if the file ended too early.
    package let code: Int32?
  }

  /// Most bytes of one call: macOS refuses 2 GiB and more.
  private static let limit = 1 << 30

  /// Writes all bytes at the current position, as into a pipe.
  package static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) throws(Failure) {
    try move(bytes.count) { done, count in
      CLibrary.write(file, bytes.baseAddress.map { $0 + done }, count)
    }
  }

  /// Writes all bytes at a given position of the file.
  package static func write(
    _ bytes: UnsafeRawBufferPointer, to file: Int32, at place: Int
  ) throws(Failure) {
    try move(bytes.count) { done, count in
      pwrite(file, bytes.baseAddress.map { $0 + done }, count, off_t(place + done))
    }
  }

  /// Fills a buffer from a given position of the file.
  package static func read(
    into buffer: UnsafeMutableRawBufferPointer, from file: Int32, at place: Int
  ) throws(Failure) {
    try move(buffer.count) { done, count in
      pread(file, buffer.baseAddress.map { $0 + done }, count, off_t(place + done))
    }
  }

  /// Reads the next bytes and returns their number: 0 at the end; negative on failure, with `errno` set.
  package static func readSome(
    into buffer: UnsafeMutableRawBufferPointer, from file: Int32
  ) -> Int {
    repeated { CLibrary.read(file, buffer.baseAddress, min(buffer.count, limit)) }
  }

  /// Calls `part` until all bytes are transferred; each call transfers up to `count` bytes after the first `done`.
  private static func move(
    _ bytes: Int, _ part: (_ done: Int, _ count: Int) -> Int
  ) throws(Failure) {
    var done = 0
    while done < bytes {
      let count = repeated { part(done, min(bytes - done, limit)) }
      guard count > 0 else { throw Failure(code: count < 0 ? errno : nil) }
      done += count
    }
  }

  /// Repeats a call until no signal interrupts it.
  private static func repeated(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }
}
