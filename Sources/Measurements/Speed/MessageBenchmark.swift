import Distribution
import NumericArrays

/// Times messages between two processes.
public enum MessageBenchmark {
  /// The measurements.
  public struct Report: Sendable {
    /// Seconds of an exchange of 8 bytes, median.
    public let latency: Double
    /// Bytes per second each way in an exchange of 16 MiB, median.
    public let bandwidth: Double
    /// Bytes per second of summing a buffer, median: 16 MiB over all processes.
    public let sum: Double
  }

  /// Runs the benchmark, ranks in pairs.
  ///
  /// Collective.
  public static func run(_ world: any Communicator) throws(CommunicationError) -> Report {
    let large = 16 << 20
    let latency = try exchange(world, bytes: 8, repeats: 2000)
    let bandwidth = Double(large) / (try exchange(world, bytes: large, repeats: 21))
    var buffer = [Float](repeating: 1, count: large / 4)
    var times: [Double] = []
    for _ in 0..<11 {
      let start = ContinuousClock.now
      try world.allReduce(&buffer)
      times.append((ContinuousClock.now - start).seconds)
    }
    return Report(
      latency: latency, bandwidth: bandwidth, sum: Double(large) / times.median)
  }

  private static func exchange(
    _ world: any Communicator, bytes: Int, repeats: Int
  ) throws(CommunicationError) -> Double {
    let other = world.rank ^ 1
    let (out, into) = (
      UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64),
      UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
    )
    defer {
      out.deallocate()
      into.deallocate()
    }
    out.initializeMemory(as: UInt8.self, repeating: 1)
    into.initializeMemory(as: UInt8.self, repeating: 0)
    var times: [Double] = []
    for _ in 0..<repeats {
      let start = ContinuousClock.now
      if other < world.size {
        try world.sendReceive(UnsafeRawBufferPointer(out), to: other, into, from: other)
      }
      times.append((ContinuousClock.now - start).seconds)
    }
    return times.median
  }
}
