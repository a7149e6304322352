import CLibrary

/// A file that is open for reading at any place, by any thread.
///
/// It is read and not mapped: where another process cuts a mapped file short the reader is killed, and pages that were looked at count
/// as memory of this process.
package final class OpenFile: Sendable {
  /// Bytes of the file when it was opened.
  package let count: Int
  private let descriptor: Int32

  /// Bytes of a piece of ``forEachPiece(of:_:)`` at most.
  private static let pieceBytes = 1 << 20

  /// Opens a file; throws what the system says where it cannot be read, and of a folder.
  package init(_ path: String) throws(FileTransfer.Failure) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileTransfer.Failure(code: errno) }
    var status = stat()
    let problem =
      fstat(descriptor, &status) != 0 ? errno : status.st_mode & S_IFMT == S_IFDIR ? EISDIR : nil
    if let problem {
      close(descriptor)
      throw FileTransfer.Failure(code: problem)
    }
    self.descriptor = descriptor
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills a buffer with the bytes from `place` on.
  package func read(
    at place: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileTransfer.Failure) {
    try FileTransfer.read(into: buffer, from: descriptor, at: place)
  }

  /// Hands out the bytes of a range in order, in pieces that share a buffer.
  package func forEachPiece(
    of range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(FileTransfer.Failure) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(range.count, Self.pieceBytes), alignment: 16)
    defer { buffer.deallocate() }
    var place = range.lowerBound
    while place < range.upperBound {
      let piece = UnsafeMutableRawBufferPointer(
        rebasing: buffer.prefix(range.upperBound - place))
      try read(at: place, into: piece)
      body(UnsafeRawBufferPointer(piece))
      place += piece.count
    }
  }
}
