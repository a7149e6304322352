// The constructors behind the whitelist: each turns plain values into plain values.
extension PickleMachine {
  /// The result of calling `function` with a tuple of arguments.
  mutating func constructed(_ function: Int, arguments: Int) throws -> PickleNode {
    guard case .global(let global) = nodes[function] else {
      throw malformed("a call of something that is no function", "a whitelisted name")
    }
    guard case .tuple(let arguments) = nodes[arguments] else {
      throw malformed("arguments that are no tuple", "a tuple")
    }
    switch global {
    case .numpyReconstruct: return .array(PickleArrayNode())
    case .numpyFromBuffer: return try numpyArray(fromBuffer: arguments)
    case .numpyScalar: return try numpyScalar(arguments)
    case .numpyType: return .elementType(try elementType(named: arguments.first))
    case .encode:
      let decoded = try latinBytes(arguments.first)
      try count(copied: decoded.range.count)
      return .bytes(decoded)
    case .emptyBytes where arguments.isEmpty: return .bytes(try owned([]))
    case .orderedDictionary:
      let entries = try entries(arguments.first)
      try count(copied: entries.count)
      return .dictionary(entries)
    case .torchTensor: return try torchTensor(arguments)
    case .torchParameter:
      // A growable argument would be one list under two names, copied whenever one of them grows.
      guard let first = arguments.first, case .array = nodes[first] else {
        throw malformed("a parameter of something else", "a tensor")
      }
      return nodes[first]
    case .inert: return nodes[function]
    case .numpyArray, .torchStorage, .emptyBytes:
      throw malformed("a call of \(global)", "a constructor with its arguments")
    }
  }

  /// Gives `target` its state: numpy arrays and types need theirs, attributes of dictionaries are dropped.
  mutating func build(_ target: Int, state: Int) throws {
    switch nodes[target] {
    case .array(let array):
      guard case .pending = array.content, case .tuple(let parts) = nodes[state], parts.count == 5
      else { throw malformed("a second state of an array", "(version, shape, type, order, bytes)") }
      nodes[target] = .array(try numpyArray(state: parts))
    case .elementType(var type):
      guard case .tuple(let parts) = nodes[state], parts.count >= 2, let order = text(parts[1])
      else { throw malformed("an unreadable state of a type", "(version, byte order, …)") }
      type.isBigEndian = order == ">"
      nodes[target] = .elementType(type)
    case .dictionary: break
    default: throw malformed("a state for a plain value", "an array, a type or a dictionary")
    }
  }

  // MARK: numpy

  private func numpyArray(state parts: [Int]) throws -> PickleArrayNode {
    guard let shape = try shape(parts[1]), case .elementType(let type) = nodes[parts[2]],
      case .bool(let isColumnMajor) = nodes[parts[3]]
    else { throw malformed("an unreadable array", "(version, shape, type, order, bytes)") }
    switch nodes[parts[4]] {
    case .bytes(let bytes) where type.kind != .object:
      return PickleArrayNode(
        shape: shape, content: .bytes(bytes, type, isColumnMajor: isColumnMajor))
    case .list(let items) where type.kind == .object:
      return PickleArrayNode(shape: shape, content: .objects(items))
    default: throw malformed("an array without its values", "bytes, or a list of objects")
    }
  }

  /// `_frombuffer(buffer, dtype, shape, order)`, protocol 5.
  private func numpyArray(fromBuffer arguments: [Int]) throws -> PickleNode {
    guard arguments.count == 4, case .bytes(let bytes) = nodes[arguments[0]],
      case .elementType(let type) = nodes[arguments[1]], let shape = try shape(arguments[2]),
      let order = text(arguments[3]), type.kind != .object
    else { throw malformed("an unreadable array", "(bytes, type, shape, order)") }
    return .array(
      PickleArrayNode(shape: shape, content: .bytes(bytes, type, isColumnMajor: order == "F")))
  }

  private func numpyScalar(_ arguments: [Int]) throws -> PickleNode {
    guard arguments.count == 2, case .elementType(let type) = nodes[arguments[0]],
      case .bytes(let bytes) = nodes[arguments[1]], type.kind != .object
    else { throw malformed("an unreadable numpy scalar", "(type, bytes)") }
    return .array(PickleArrayNode(content: .bytes(bytes, type, isColumnMajor: false)))
  }

  private func elementType(named name: Int?) throws -> ElementType {
    let descr = name.flatMap(text) ?? "?"
    guard let type = ElementType(descr: descr) else {
      throw malformed("numpy type '\(descr)'", "f2 f4 f8 i1…i8 u1…u8 b1 S U V2 or O")
    }
    return type
  }

  // MARK: torch

  /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`.
  private func torchTensor(_ arguments: [Int]) throws -> PickleNode {
    guard arguments.count >= 4, case .storage(let storage) = nodes[arguments[0]],
      case .int(let offset) = nodes[arguments[1]], let shape = try shape(arguments[2]),
      let strides = integers(arguments[3]), strides.count == shape.count
    else { throw malformed("an unreadable tensor", "(storage, offset, size, stride, …)") }
    storage.table.addTensor(of: storage)
    return .array(
      PickleArrayNode(shape: shape, content: .torch(storage, offset: offset, strides: strides)))
  }

  /// Persistent id `('storage', class, key, location, count)`.
  func torchStorage(_ id: Int) throws -> TorchStorage {
    guard let storages else {
      throw malformed("a persistent id", "a self-contained pickle")
    }
    guard case .tuple(let parts) = nodes[id], parts.count >= 5, text(parts[0]) == "storage",
      case .global(.torchStorage(let type)) = nodes[parts[1]], let key = text(parts[2]),
      case .int(let count) = nodes[parts[4]]
    else {
      throw malformed("an unreadable persistent id", "('storage', class, key, device, count)")
    }
    return TorchStorage(table: storages, key: key, type: type, count: count)
  }

  // MARK: Plain values

  func text(_ node: Int) -> String? {
    switch nodes[node] {
    case .text(let bytes), .bytes(let bytes):
      bytes.bytes.flatMap { String(validating: $0, as: UTF8.self) }
    default: nil
    }
  }

  /// The extents of an array; nil if there are none.
  private func shape(_ node: Int) throws -> [Int]? {
    let shape = integers(node)
    if let shape, shape.count > largestRank {
      throw malformed("an array of \(shape.count) axes", "at most \(largestRank)")
    }
    return shape
  }

  private func integers(_ node: Int) -> [Int]? {
    guard case .tuple(let items) = nodes[node] else { return nil }
    var result: [Int] = []
    for item in items {
      guard case .int(let value) = nodes[item] else { return nil }
      result.append(value)
    }
    return result
  }

  private func entries(_ node: Int?) throws -> [(key: Int, value: Int)] {
    guard let node else { return [] }
    guard case .list(let items) = nodes[node] else {
      throw malformed("an OrderedDict of something else", "a list of pairs")
    }
    return try items.map { item in
      switch nodes[item] {
      case .tuple(let pair) where pair.count == 2, .list(let pair) where pair.count == 2:
        return (pair[0], pair[1])
      default: throw malformed("an OrderedDict entry that is no pair", "(key, value)")
      }
    }
  }

  /// `encode(text, 'latin1')`: how protocols 0 to 2 store bytes.
  private func latinBytes(_ node: Int?) throws -> PickledBytes {
    guard let node, case .text(let text) = nodes[node], let utf8 = text.bytes else {
      throw malformed("encode of something else", "text")
    }
    var result: [UInt8] = []
    result.reserveCapacity(utf8.count)
    var lead: UInt8 = 0
    for byte in utf8 {
      switch byte {
      case 0..<0x80 where lead == 0: result.append(byte)
      case 0xC2...0xC3 where lead == 0: lead = byte
      case 0x80...0xBF where lead != 0:
        result.append(lead << 6 | byte & 0x3F)
        lead = 0
      default: throw malformed("text beyond Latin-1", "bytes stored as Latin-1 text")
      }
    }
    return try owned(result)
  }

  // MARK: Result

  /// The finished value; shared objects are converted once, cycles and deep nesting are errors.
  func value(of root: Int) throws -> PickleValue {
    var converter = PickleConverter(machine: self)
    return try converter.value(of: root, depth: 0)
  }
}

/// Turns the machine's arena into a tree of plain values.
private struct PickleConverter {
  let machine: PickleMachine
  private var finished: [Int: PickleValue] = [:]
  private var open: Set<Int> = []

  init(machine: PickleMachine) { self.machine = machine }

  mutating func value(of index: Int, depth: Int) throws -> PickleValue {
    switch machine.nodes[index] {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    default: return try compound(index, depth: depth)
    }
  }

  private mutating func compound(_ index: Int, depth: Int) throws -> PickleValue {
    if let value = finished[index] { return value }
    guard depth <= PickleMachine.deepestNesting, open.insert(index).inserted else {
      throw ArrayFileError.tooLarge(
        file: machine.bytes.path, part: "the pickle", needs: "deeper or circular nesting",
        limit: "\(PickleMachine.deepestNesting) levels")
    }
    let value = try converted(machine.nodes[index], depth: depth + 1)
    open.remove(index)
    finished[index] = value
    return value
  }

  private mutating func converted(_ node: PickleNode, depth: Int) throws -> PickleValue {
    switch node {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    case .text(let bytes): return .string(String(decoding: bytes.bytes ?? [], as: UTF8.self))
    case .bytes(let bytes): return .bytes(bytes.bytes ?? [])
    case .list(let items): return .list(try values(items, depth))
    case .tuple(let items): return .tuple(try values(items, depth))
    case .set(let items): return .set(try values(items, depth))
    case .dictionary(let entries):
      return .dictionary(
        try entries.map {
          (try value(of: $0.key, depth: depth), try value(of: $0.value, depth: depth))
        })
    case .global(let global): return .name("\(global)")
    case .elementType(let type): return .name("\(type.kind)")
    case .storage(let storage): return .name("storage \(storage.key)")
    case .array(let array): return .array(try finishedArray(array, depth))
    }
  }

  private mutating func values(_ items: [Int], _ depth: Int) throws -> [PickleValue] {
    try items.map { try value(of: $0, depth: depth) }
  }

  private mutating func finishedArray(_ array: PickleArrayNode, _ depth: Int) throws -> PickledArray
  {
    let payload: PickledArray.Payload
    switch array.content {
    case .pending: throw machine.malformed("an array without state", "shape, type and values")
    case .bytes(let bytes, let type, let isColumnMajor):
      payload = .bytes(bytes, type, isColumnMajor: isColumnMajor)
    case .objects(let items): payload = .objects(try values(items, depth))
    case .torch(let storage, let offset, let strides):
      payload = .torch(storage, offset: offset, strides: strides)
    }
    return PickledArray(shape: array.shape, payload: payload, file: machine.bytes.path)
  }
}
