import CLibrary

/// Bytes between memory and an open file, in as many calls of the system as that takes.
///
/// A call that a signal interrupts is made again.
package enum FileTransfer {
  /// Why bytes could not be moved.
  package struct Failure: Error, Hashable {
    /// The system's error number (`errno`); nil where the file ended too early.
    package let code: Int32?
  }

  /// Most bytes of one call: macOS refuses 2 GiB and more.
  private static let limit = 1 << 30

  /// Writes all bytes where the file stands, as into a pipe.
  package static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) throws(Failure) {
    try move(bytes.count) { done, count in
      CLibrary.write(file, bytes.baseAddress.map { $0 + done }, count)
    }
  }

  /// Writes all bytes at a place of the file.
  package static func write(
    _ bytes: UnsafeRawBufferPointer, to file: Int32, at place: Int
  ) throws(Failure) {
    try move(bytes.count) { done, count in
      pwrite(file, bytes.baseAddress.map { $0 + done }, count, off_t(place + done))
    }
  }

  /// Fills a buffer with what is at a place of the file.
  package static func read(
    into buffer: UnsafeMutableRawBufferPointer, from file: Int32, at place: Int
  ) throws(Failure) {
    try move(buffer.count) { done, count in
      pread(file, buffer.baseAddress.map { $0 + done }, count, off_t(place + done))
    }
  }

  /// Reads what comes next, and says how many bytes came: 0 at the end, and negative, with `errno` set, where none can be had.
  package static func readSome(
    into buffer: UnsafeMutableRawBufferPointer, from file: Int32
  ) -> Int {
    repeated { CLibrary.read(file, buffer.baseAddress, min(buffer.count, limit)) }
  }

  /// Calls `part` until all bytes are moved; it moves up to `count` from the first that are not `done`.
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

  /// Makes a call until no signal interrupts it.
  private static func repeated(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }
}
