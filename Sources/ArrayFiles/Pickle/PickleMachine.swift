/// A stack machine for the data part of Python's pickle format, protocols 0 to 5.
///
/// Python's own machine calls whatever function a file names. This one knows a fixed list of constructors (``PickleGlobal``) that
/// build plain values; any other name or instruction is an error with its byte offset. Instructions after pickletools.py of CPython
/// 3.11.
struct PickleMachine {
  /// More objects than any parameter or feature file holds.
  static let largestObjectCount = 1 << 22
  /// Deepest nesting of lists, tuples and dictionaries in the result.
  static let deepestNesting = 100

  let bytes: FileBytes
  /// Finds the storages of torch tensors; nil in files without any.
  let storages: TorchStorageTable?
  var nodes: [PickleNode] = []
  private(set) var position = 0
  private var copied = 0
  private var opcodeOffset = 0
  private var stack: [Int] = []
  private var marks: [Int] = []
  private var memo: [Int: Int] = [:]

  init(_ bytes: FileBytes, storages: TorchStorageTable? = nil) {
    self.bytes = bytes
    self.storages = storages
  }

  /// Runs to the end and returns the value that the file holds.
  mutating func run() throws -> PickleValue {
    while true {
      opcodeOffset = position
      let opcode = try nextByte()
      if opcode == UInt8(ascii: ".") { break }
      try step(opcode)
      let largest = max(nodes.count, stack.count, marks.count, memo.count)
      guard largest <= Self.largestObjectCount else {
        throw ArrayFileError.tooLarge(
          file: bytes.path, part: "the pickle", needs: "more objects",
          limit: "\(Self.largestObjectCount)")
      }
    }
    return try value(of: try pop())
  }

  private mutating func step(_ opcode: UInt8) throws {
    switch opcode {
    case 0x80: _ = try nextByte()  // PROTO
    case 0x95: _ = try integer(bytes: 8)  // FRAME
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popMark()
    case UInt8(ascii: "2"): stack.append(try top())
    default:
      if try pushScalar(opcode) { return }
      if try pushText(opcode) { return }
      if try changeContainer(opcode) { return }
      if try useMemo(opcode) { return }
      if try callConstructor(opcode) { return }
      throw ArrayFileError.forbiddenOpcode(file: bytes.path, opcode: opcode, offset: opcodeOffset)
    }
  }

  // MARK: Instructions

  private mutating func pushScalar(_ opcode: UInt8) throws -> Bool {
    switch opcode {
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "J"): push(.int(Int(Int32(truncatingIfNeeded: try integer(bytes: 4)))))
    case UInt8(ascii: "K"): push(.int(try integer(bytes: 1)))
    case UInt8(ascii: "M"): push(.int(try integer(bytes: 2)))
    case 0x8A: push(.int(try longInteger(length: try integer(bytes: 1))))
    case 0x8B: push(.int(try longInteger(length: try integer(bytes: 4))))
    case UInt8(ascii: "I"): push(try textInteger())
    case UInt8(ascii: "L"): push(try textInteger())
    case UInt8(ascii: "F"):
      let text = try line()
      guard let number = Double(text) else { throw malformed("'\(text)'", "a number") }
      push(.float(number))
    case UInt8(ascii: "G"):
      push(.float(Double(bitPattern: UInt64(bitPattern: Int64(try integer(bytes: 8))).byteSwapped)))
    default: return false
    }
    return true
  }

  private mutating func pushText(_ opcode: UInt8) throws -> Bool {
    switch opcode {
    case 0x8C: push(.text(try counted(1)))
    case UInt8(ascii: "X"): push(.text(try counted(4)))
    case 0x8D: push(.text(try counted(8)))
    case UInt8(ascii: "V"): push(.text(try owned(rawUnicodeUnescaped(try line()))))
    case UInt8(ascii: "C"), UInt8(ascii: "U"): push(.bytes(try counted(1)))
    case UInt8(ascii: "B"), UInt8(ascii: "T"): push(.bytes(try counted(4)))
    case 0x8E, 0x96: push(.bytes(try counted(8)))
    default: return false
    }
    return true
  }

  private mutating func changeContainer(_ opcode: UInt8) throws -> Bool {
    switch opcode {
    case UInt8(ascii: "]"): push(.list([]))
    case UInt8(ascii: "l"): push(.list(try popMark()))
    case UInt8(ascii: ")"): push(.tuple([]))
    case UInt8(ascii: "t"): push(.tuple(try popMark()))
    case 0x85...0x87: push(.tuple(try pop(Int(opcode - 0x84))))
    case UInt8(ascii: "}"): push(.dictionary([]))
    case UInt8(ascii: "d"): push(.dictionary(try pairs(try popMark())))
    case 0x8F: push(.set([]))
    case 0x91: push(.set(try popMark()))
    case UInt8(ascii: "a"): try extend(with: [try pop()])
    case UInt8(ascii: "e"), 0x90: try extend(with: try popMark())
    case UInt8(ascii: "s"): try setItems(try pop(2))
    case UInt8(ascii: "u"): try setItems(try popMark())
    default: return false
    }
    return true
  }

  private mutating func useMemo(_ opcode: UInt8) throws -> Bool {
    switch opcode {
    case UInt8(ascii: "p"): memo[try lineIndex()] = try top()
    case UInt8(ascii: "q"): memo[try integer(bytes: 1)] = try top()
    case UInt8(ascii: "r"): memo[try integer(bytes: 4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "g"): try recall(try lineIndex())
    case UInt8(ascii: "h"): try recall(try integer(bytes: 1))
    case UInt8(ascii: "j"): try recall(try integer(bytes: 4))
    default: return false
    }
    return true
  }

  private mutating func callConstructor(_ opcode: UInt8) throws -> Bool {
    switch opcode {
    case UInt8(ascii: "c"):
      let module = try line()
      push(.global(try global("\(module).\(try line())")))
    case 0x93:
      let names = try pop(2)
      guard let module = text(names[0]), let name = text(names[1]) else {
        throw malformed("a nameless global", "module and name")
      }
      push(.global(try global("\(module).\(name)")))
    case UInt8(ascii: "R"), 0x81:
      let call = try pop(2)
      push(try constructed(call[0], arguments: call[1]))
    case UInt8(ascii: "b"):
      let state = try pop()
      try build(try top(), state: state)
    case UInt8(ascii: "Q"): push(.storage(try torchStorage(try pop())))
    default: return false
    }
    return true
  }

  private func global(_ name: String) throws -> PickleGlobal {
    guard let global = PickleGlobal.named[name] else {
      throw ArrayFileError.forbiddenGlobal(file: bytes.path, name: name, offset: opcodeOffset)
    }
    return global
  }

  // MARK: Containers

  private mutating func extend(with items: [Int]) throws {
    let target = try top()
    switch nodes[target] {
    case .list(var list):
      nodes[target] = .none  // the only owner, so that appending copies nothing
      list += items
      nodes[target] = .list(list)
    case .set(var set):
      nodes[target] = .none
      set += items
      nodes[target] = .set(set)
    default: throw malformed("items for something else", "a list or set")
    }
  }

  private mutating func setItems(_ items: [Int]) throws {
    let target = try top()
    guard case .dictionary(var entries) = nodes[target] else {
      throw malformed("entries for something else", "a dictionary")
    }
    nodes[target] = .none
    entries += try pairs(items)
    nodes[target] = .dictionary(entries)
  }

  private func pairs(_ items: [Int]) throws -> [(key: Int, value: Int)] {
    guard items.count.isMultiple(of: 2) else { throw malformed("a key without value", "pairs") }
    return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  // MARK: Stack and memo

  private mutating func push(_ node: PickleNode) {
    stack.append(nodes.count)
    nodes.append(node)
  }

  private func top() throws -> Int {
    guard let last = stack.last, stack.count > marks.last ?? 0 else {
      throw malformed("an empty stack", "a value")
    }
    return last
  }

  private mutating func pop() throws -> Int {
    let last = try top()
    stack.removeLast()
    return last
  }

  private mutating func pop(_ count: Int) throws -> [Int] {
    guard stack.count - count >= marks.last ?? 0 else {
      throw malformed("\(stack.count) values on the stack", "\(count)")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popMark() throws -> [Int] {
    guard let mark = marks.popLast() else { throw malformed("no mark on the stack", "one") }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private mutating func recall(_ index: Int) throws {
    guard let node = memo[index] else { throw malformed("memo \(index) unset", "an earlier one") }
    stack.append(node)
  }

  // MARK: Reading

  private mutating func nextByte() throws -> UInt8 {
    guard let byte = bytes[position] else {
      throw malformed("the end of the file", "a pickle that ends with '.'; is the file cut short?")
    }
    position += 1
    return byte
  }

  /// A little-endian unsigned integer; the sign bit of eight bytes is kept as such.
  private mutating func integer(bytes count: Int) throws -> Int {
    var result: UInt64 = 0
    for shift in 0..<count { result |= UInt64(try nextByte()) << UInt64(8 * shift) }
    return Int(Int64(bitPattern: result))
  }

  /// A little-endian two's complement integer of `length` bytes.
  private mutating func longInteger(length: Int) throws -> Int {
    guard (0...8).contains(length) else { throw malformed("an integer of \(length) bytes", "8") }
    let value = try integer(bytes: length)
    let unused = 64 - 8 * length
    return length == 0 ? 0 : (value << unused) >> unused
  }

  private mutating func textInteger() throws -> PickleNode {
    let text = try line()
    if text == "00" || text == "01" { return .bool(text == "01") }
    guard let number = Int(text.hasSuffix("L") ? String(text.dropLast()) : text) else {
      throw malformed("'\(text)'", "an integer of 64 bits")
    }
    return .int(number)
  }

  private mutating func lineIndex() throws -> Int {
    let text = try line()
    guard let index = Int(text) else { throw malformed("'\(text)'", "a memo index") }
    return index
  }

  /// Text up to the next line feed, each byte one character (Latin-1).
  private mutating func line() throws -> String {
    var text = String.UnicodeScalarView()
    while true {
      let byte = try nextByte()
      if byte == 0x0A { return String(text) }
      text.append(Unicode.Scalar(byte))
    }
  }

  /// Bytes after a length of `width` bytes: a range of the file, not a copy.
  private mutating func counted(_ width: Int) throws -> PickledBytes {
    let length = try integer(bytes: width)
    guard length >= 0, length <= bytes.count - position else {
      throw malformed("a text of \(length) bytes", "\(bytes.count - position) at most; cut short?")
    }
    defer { position += length }
    return PickledBytes(file: bytes, range: position..<position + length)
  }

  /// Bytes that the file holds in another form.
  func owned(_ bytes: [UInt8]) throws -> PickledBytes {
    PickledBytes(file: FileBytes(path: self.bytes.path, bytes: bytes), range: 0..<bytes.count)
  }

  /// Counts bytes and entries that constructors copy: genuine files copy no more than they hold, while one that refers to the same
  /// text again and again would fill memory.
  mutating func count(copied more: Int) throws {
    copied += more
    if copied > bytes.count {
      throw ArrayFileError.tooLarge(
        file: bytes.path, part: "the pickle", needs: "copies of \(copied) bytes",
        limit: "\(bytes.count), the size of the file")
    }
  }

  func malformed(_ found: String, _ expected: String) -> ArrayFileError {
    .malformed(file: bytes.path, part: "byte \(opcodeOffset)", found: found, expected: expected)
  }
}

/// UTF-8 of Python's raw-unicode-escape: `\uXXXX` and `\UXXXXXXXX` are characters, all others stand for themselves.
func rawUnicodeUnescaped(_ text: String) -> [UInt8] {
  var result = String.UnicodeScalarView()
  var rest = Substring(text).unicodeScalars
  while let scalar = rest.popFirst() {
    let width = scalar == "\\" ? (rest.first == "u" ? 4 : rest.first == "U" ? 8 : 0) : 0
    let digits = rest.dropFirst().prefix(width)
    if width > 0, digits.count == width, let code = UInt32(String(digits), radix: 16),
      let decoded = Unicode.Scalar(code)
    {
      result.append(decoded)
      rest = rest.dropFirst(width + 1)
    } else {
      result.append(scalar)
    }
  }
  return Array(String(result).utf8)
}
