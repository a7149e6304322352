import Messages
import NumericArrays

/// The small part of an optimizer's state, for a text header; the buffers follow it.
public struct OptimizerHeader: Codable, Hashable, Sendable {
  /// Version of this layout of the state.
  public static let currentVersion = 2

  /// Version that wrote it.
  public var version = OptimizerHeader.currentVersion
  /// Where each tensor lies.
  public var layout: ParameterLayout
  /// Settings.
  public var config: OptimizerSettings
  /// Steps taken.
  public var steps: Int
  /// Updates of Adam.
  public var adamUpdates: Int
  /// Updates of the moving average.
  public var averageUpdates: Int
  /// Clipping with its averages and counts.
  public var clipper: GradientClipper
  /// The guard with its counts.
  public var stepGuard: StepGuard
}

/// A large buffer of an optimizer's state.
public enum StateBuffer: Hashable, Sendable {
  case float32([Float])
  case bfloat16([BFloat16])

  /// Number of elements.
  public var count: Int {
    switch self {
    case .float32(let values): values.count
    case .bfloat16(let values): values.count
    }
  }
}

/// Why a state cannot be used.
public enum OptimizerStateError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// Written by another version of the program.
  case version(found: Int, expected: Int)
  /// A buffer is missing.
  case missing(buffer: String)
  /// A buffer has another size.
  case size(buffer: String, found: Int, expected: Int)
  /// A buffer has another element type.
  case elementType(buffer: String, expected: String)
  /// Parts of the header contradict each other.
  case inconsistent(String)

  /// One line: what was found, expected, and what to try.
  public var description: String {
    switch self {
    case .version(let found, let expected):
      "optimizer state: version \(found), expected \(expected); resume with the program that wrote it"
    case .missing(let buffer):
      "optimizer state: buffer '\(buffer)' is missing; the checkpoint is incomplete, use an earlier one"
    case .size(let buffer, let found, let expected):
      "optimizer state: buffer '\(buffer)' has \(found) elements, expected \(expected); is it of another model?"
    case .elementType(let buffer, let expected):
      "optimizer state: buffer '\(buffer)' is not \(expected); the header names another precision"
    case .inconsistent(let what):
      "optimizer state: \(what); the header is damaged, use an earlier checkpoint"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .badInput }
}

extension Optimizer {
  /// The header of the state.
  public var header: OptimizerHeader {
    OptimizerHeader(
      layout: layout, config: config, steps: steps,
      adamUpdates: adam.updates, averageUpdates: average.updates, clipper: clipper,
      stepGuard: stepGuard)
  }

  /// The buffers of the state by name, without copies: weights, moments and average.
  public var buffers: [String: StateBuffer] {
    [
      "parameters": .float32(parameters), "moment1": StateBuffer(adam.first),
      "moment2": StateBuffer(adam.second), "average": .float32(average.values),
    ]
  }

  /// The optimizer that wrote the header and the buffers; continues bit for bit.
  public init(header: OptimizerHeader, buffers: [String: StateBuffer]) throws {
    try header.validate()
    func floats(_ name: String) throws -> [Float] {
      guard case .float32(let values) = try header.buffer(name, in: buffers) else {
        throw OptimizerStateError.elementType(buffer: name, expected: "float32")
      }
      return values
    }
    func moment(_ name: String) throws -> MomentBuffer {
      switch (try header.buffer(name, in: buffers), header.config.adam.moments) {
      case (.float32(let values), .float32): return MomentBuffer(floats: values)
      case (.bfloat16(let values), .bfloat16), (.bfloat16(let values), .bfloat16Nearest):
        return MomentBuffer(halves: values)
      case (_, .float32):
        throw OptimizerStateError.elementType(buffer: name, expected: "float32")
      case (_, .bfloat16), (_, .bfloat16Nearest):
        throw OptimizerStateError.elementType(buffer: name, expected: "bfloat16")
      }
    }
    self.init(
      layout: header.layout, parameters: try floats("parameters"), config: header.config)
    adam.first = try moment("moment1")
    adam.second = try moment("moment2")
    adam.updates = header.adamUpdates
    average.values = try floats("average")
    average.updates = header.averageUpdates
    clipper = header.clipper
    stepGuard = header.stepGuard
    steps = header.steps
  }
}

extension OptimizerHeader {
  /// No run takes more steps, and sums of counts stay far from overflow.
  package static let largestCount = 1 << 53

  /// Checks everything in a damaged header that would trap later.
  fileprivate func validate() throws {
    guard version == Self.currentVersion else {
      throw OptimizerStateError.version(found: version, expected: Self.currentVersion)
    }
    var offset = 0
    for segment in layout.segments {
      var size = 1
      for extent in segment.shape {
        let (product, overflow) = size.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow else {
          throw OptimizerStateError.inconsistent("shape of '\(segment.name)' is impossible")
        }
        size = product
      }
      guard segment.blocks == 1 || (segment.blocks > 1 && segment.blocks == segment.shape.first)
      else { throw OptimizerStateError.inconsistent("blocks of '\(segment.name)' are impossible") }
      guard segment.offset == offset, segment.count == size, offset <= layout.count - size else {
        throw OptimizerStateError.inconsistent("'\(segment.name)' does not follow its predecessor")
      }
      offset += size
    }
    guard offset == layout.count else {
      throw OptimizerStateError.inconsistent("tensors do not fill the buffer")
    }
    let counts = [steps, adamUpdates, averageUpdates] + clipper.activeSteps + clipper.clippedSteps
    guard counts.allSatisfy({ (0...Self.largestCount).contains($0) }),
      stepGuard.isSound(largest: Self.largestCount)
    else {
      throw OptimizerStateError.inconsistent("a count of steps is negative or impossible")
    }
    guard clipper.fits(layout) else {
      throw OptimizerStateError.inconsistent("clipping has other tensors than the layout")
    }
  }

  fileprivate func buffer(_ name: String, in buffers: [String: StateBuffer]) throws -> StateBuffer {
    guard let buffer = buffers[name] else { throw OptimizerStateError.missing(buffer: name) }
    guard buffer.count == layout.count else {
      throw OptimizerStateError.size(buffer: name, found: buffer.count, expected: layout.count)
    }
    return buffer
  }
}

extension StateBuffer {
  fileprivate init(_ moment: MomentBuffer) {
    self = moment.halves.isEmpty ? .float32(moment.floats) : .bfloat16(moment.halves)
  }
}
