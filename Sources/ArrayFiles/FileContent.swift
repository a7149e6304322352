/// The bytes of a file to write: a head, and a body that stays where it is.
struct FileContent {
  let head: [UInt8]
  let bodyCount: Int
  let withBody: ((UnsafeRawBufferPointer) -> Void) -> Void

  var count: Int { head.count + bodyCount }

  /// Copies the bytes from `position` on, as many as fit.
  func copy(from position: Int, into target: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(target.count, self.count - position)
    let ofHead = max(0, min(count, head.count - position))
    head.withUnsafeBytes {
      target.copyMemory(from: .init(rebasing: $0.dropFirst(position).prefix(ofHead)))
    }
    guard ofHead < count else { return count }
    let start = max(0, position - head.count)
    let rest = UnsafeMutableRawBufferPointer(rebasing: target[ofHead..<count])
    withBody { rest.copyMemory(from: .init(rebasing: $0[start..<start + rest.count])) }
    return count
  }
}
