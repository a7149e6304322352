import BasicTestSupport
import Foundation
import NumericArrays
import Testing

@testable import ArrayFiles

@Suite("pickles")
struct PickleTests {
  @Test("a features file reads the same from every protocol", arguments: 0...5)
  func protocols(version: Int) throws {
    let file = try PickleFile.read(path: fixture("features_p\(version).pkl"))
    let aatype = try #require(file["aatype"]?.array).read()
    #expect(aatype.shape == [3, 21])
    #expect(aatype.integers?[2, 2] == 1)
    let msa = AnyNDArray.int32(NDArray(shape: [2, 3], values: [0, 1, 2, 3, 4, 5]))
    #expect(try file["msa"]?.array?.read() == msa)
    let name = AnyNDArray.string(NDArray(shape: [1], values: ["T1026"]))
    #expect(try file["domain_name"]?.array?.read() == name)
    let sequence = AnyNDArray.string(NDArray(shape: [1], values: ["MKÅ"]))
    #expect(try file["sequence"]?.array?.read() == sequence)
    let empty = AnyNDArray.float32(NDArray(shape: [0, 1], values: []))
    #expect(try file["template_sum_probs"]?.array?.read() == empty)
    let scalar = AnyNDArray.float64(NDArray(shape: [], values: [1.25]))
    #expect(try file["scalar"]?.array?.read() == scalar)
  }

  @Test("plain values read the same from every protocol", arguments: 0...5)
  func plainValues(version: Int) throws {
    let file = try PickleFile.read(path: fixture("features_p\(version).pkl"))
    guard case .bytes(let all)? = file["bytes256"], case .bytes(let none)? = file["empty"],
      case .bool(true)? = file["yes"], case .bool(false)? = file["no"],
      case .none? = file["nothing"],
      case .float(0.5)? = file["half"], case .int(-3)? = file["minus"]
    else {
      Issue.record("\(file)")
      return
    }
    #expect(all == Array(0...255))
    #expect(none.isEmpty)
    guard case .int(let large)? = file["large"], case .int(let negative)? = file["negative"] else {
      Issue.record("\(file)")
      return
    }
    #expect(large == 1 << 40)
    #expect(negative == -1 << 40)
    #expect(file["nested"]?["list"]?.items?.count == 2)
    #expect(file["shared"]?.items?.compactMap { $0.items?.count } == [2, 2])
  }

  @Test("Paddle's file gives arrays from values and from pairs, bfloat16 from uint16")
  func paddle() throws {
    let file = try StateDictionary(paddle: fixture("parameters.pdparams"))
    #expect(
      file.arrays.keys.sorted() == [
        "evoformer.half", "evoformer.linear.bias", "evoformer.linear.weight",
      ])
    let weight = try file.arrays["evoformer.linear.weight"]?.read()
    #expect(weight == .float32(NDArray(shape: [2, 3], values: [0, 1, 2, 3, 4, 5])))
    let bias = try file.arrays["evoformer.linear.bias"]?.read()
    #expect(bias == .float32(NDArray(shape: [2], values: [1, -1])))
    let half = try file.arrays["evoformer.half"]?.read(uint16: .bfloat16)
    #expect(half == .bfloat16(NDArray(shape: [2], values: [BFloat16(1), BFloat16(-2)])))
  }

  @Test("torch tensors are views of storages: strides and offsets are followed")
  func torch() throws {
    let file = try StateDictionary(torch: fixture("tensors.pt"))
    #expect(file.arrays.keys.sorted() == ["a.row", "a.transposed", "a.weight", "b"])
    let weight = AnyNDArray.float32(NDArray(shape: [2, 3], values: [0, 1, 2, 3, 4, 5]))
    #expect(try file.arrays["a.weight"]?.read() == weight)
    let transposed = AnyNDArray.float32(NDArray(shape: [3, 2], values: [0, 3, 1, 4, 2, 5]))
    #expect(try file.arrays["a.transposed"]?.read() == transposed)
    #expect(try file.arrays["a.row"]?.read() == .float32(NDArray(shape: [3], values: [3, 4, 5])))
    let half = AnyNDArray.bfloat16(NDArray(shape: [2], values: [BFloat16(1), BFloat16(-2)]))
    #expect(try file.arrays["b"]?.read() == half)
  }

  @Test("an axis of one place may have any stride", arguments: [16, Int.max])
  func strideOfOnePlace(_ stride: Int) throws {
    let pickle = torchPickle(
      of: 40, views: ["x": (1, "I1\nI16\n", "L\(stride)L\nI1\n")])
    try withTorchFile(pickle, storage: (0..<40).flatMap { [0, 0, 0x80, UInt8($0)] }) { path in
      let array = try #require(TorchFile(path: path).value["x"]?.array)
      let values = (1...16).map { Float(bitPattern: UInt32($0) << 24 | 0x80_0000) }
      #expect(try array.read() == .float32(NDArray(shape: [1, 16], values: values)))
    }
  }

  @Test("storages of a machine with the other order of bytes are turned round")
  func byteOrder() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.pt"
      let pickle = torchPickle(of: 2, views: ["x": (0, "I2\n", "I1\n")])
      let entries = [
        "a/data.pkl": Array(pickle.utf8), "a/byteorder": Array("big".utf8),
        "a/data/0": [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0],
      ]
      try ZipWriter.write(to: path, names: entries.keys.sorted(), deflated: false) { name in
        FileContent(head: entries[name] ?? [], bodyCount: 0) { _ in }
      }
      #expect(
        try StateDictionary(torch: path).arrays["x"]?.read()
          == .float32(NDArray(shape: [2], values: [1, -2])))
    }
  }

  @Test("a checkpoint under 'module' is read, beside devices, sizes and types of torch")
  func trainingCheckpoint() throws {
    let state = torchPickle(of: 2, views: ["x": (0, "I2\n", "I1\n")]).dropLast()
    let others = [
      "device": "ctorch\ndevice\n(Vcuda\ntR", "size": "ctorch\nSize\n((I2\nttR",
      "type": "ctorch\nbfloat16\n",
    ]
    let pickle =
      "(d" + others.map { "V\($0)\n\($1)s" }.joined() + "Vmodule\n\(state)s."
    try withTorchFile(pickle, storage: [UInt8](repeating: 0, count: 8)) { path in
      let file = try StateDictionary(torch: path)
      #expect(file.arrays.keys.sorted() == ["x"])
    }
    try withTorchFile("(dVepoch\nI3\ns.", storage: []) { path in
      #expect(
        message { _ = try StateDictionary(torch: path) }
          == "\(path): a dictionary without arrays ('epoch'), expected saved parameters")
    }
  }

  @Test("arrays of more axes than numpy's 64 are refused, in each form")
  func axes() throws {
    func tensor(_ rank: Int) -> String {
      let ones = String(repeating: "I1\n", count: rank - 1)
      return torchPickle(of: 8, views: ["x": (0, "I8\n" + ones, "I1\n" + ones)])
    }
    let storage = [UInt8](repeating: 0, count: 32)
    try withTorchFile(tensor(64), storage: storage) { path in
      let array = try #require(TorchFile(path: path).value["x"]?.array)
      let shape = [8] + Array(repeating: 1, count: 63)
      #expect(try array.read() == .float32(NDArray(repeating: 0, shape: shape)))
    }
    try withTorchFile(tensor(65), storage: storage) { path in
      #expect(message { _ = try TorchFile(path: path) }.contains("an array of 65 axes"))
    }
    try withScratchFolder { folder in
      let header = NumpyHeader.encoded(descr: "<f4", shape: Array(repeating: 1, count: 65))
      try write(header + [0, 0, 0, 0], to: folder + "/a.npy")
      #expect(
        message { _ = try NumpyFile.read(path: folder + "/a.npy") }.contains("an array of 65 axes"))
    }
  }

  @Test("tensors that share a storage are read, up to 16 times what the file holds")
  func sharedStorage() throws {
    let floats = 40_000
    func views(_ count: Int) -> String {
      torchPickle(
        of: floats,
        views: Dictionary(
          uniqueKeysWithValues: (0..<count).map { ("v\($0)", (0, "I\(floats)\n", "I1\n")) }))
    }
    let storage = [UInt8](repeating: 0, count: 4 * floats)
    try withTorchFile(views(2), storage: storage) { path in
      let file = try StateDictionary(torch: path)
      for name in ["v0", "v1"] {
        #expect(
          try file.arrays[name]?.read() == .float32(NDArray(repeating: 0, shape: [floats])))
      }
    }
    try withTorchFile(views(20), storage: storage) { path in
      let size = try bytes(of: path).count
      #expect(
        message { _ = try StateDictionary(torch: path) }
          == "\(path): the content needs more than \(16 * size) bytes, more than the limit of"
          + " 16 times the file; is the file damaged?")
    }
  }

  /// A state dictionary of views of one storage of floats; of each view the offset, and shape and strides as instructions.
  private func torchPickle(
    of floats: Int, views: [String: (offset: Int, shape: String, strides: String)]
  ) -> String {
    let storage = "(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI\(floats)\ntQ"
    let entries = views.map { name, view in
      "V\(name)\nctorch._utils\n_rebuild_tensor_v2\n"
        + "(\(storage)I\(view.offset)\n(\(view.shape)t(\(view.strides)tI00\ntRs"
    }
    return "(d\(entries.joined())."
  }

  private func withTorchFile(
    _ pickle: String, storage: [UInt8], _ body: (String) throws -> Void
  ) throws {
    try withScratchFolder { folder in
      let path = folder + "/a.pt"
      try ZipWriter.write(to: path, names: ["a/data.pkl", "a/data/0"], deflated: false) { name in
        let bytes = name == "a/data.pkl" ? Array(pickle.utf8) : storage
        return FileContent(head: bytes, bodyCount: 0) { _ in }
      }
      try body(path)
    }
  }
}

@Suite("hostile pickles")
struct HostilePickleTests {
  private func read(_ bytes: [UInt8]) throws -> PickleValue {
    try PickleFile.read(bytes: bytes, name: "x.pkl")
  }

  @Test("a call of os.system is refused with its name and place")
  func forbiddenGlobal() {
    let expected = ArrayFileError.forbiddenGlobal(file: "x.pkl", name: "posix.system", offset: 2)
    #expect(throws: expected) {
      try read([0x80, 2] + Array("cposix\nsystem\n(X".utf8) + [2, 0, 0, 0] + Array("lstR.".utf8))
    }
    #expect(message { _ = try read(Array("cbuiltins\neval\n.".utf8)) }.contains("'builtins.eval'"))
  }

  @Test(
    "instructions that build arbitrary objects are refused",
    arguments: ["(ios\nsystem\n.", "(o.", "\u{02}."])
  func forbiddenOpcode(text: String) {
    #expect(message { _ = try read(Array(text.utf8)) }.contains("is not allowed"))
  }

  @Test(
    "nonsense is an error, not a trap",
    arguments: [
      "", ".", "0.", "R.", "b.", "t.", "(0.", "s.", "u.", "a.", "]", "I12x\n.",
      "L99999999999999999999L\n.",
      "Fone\n.", "g5\n.", "pnan\n.", "}N(ues.", "}(NNNu.", "N(R.", "cnumpy\nndarray\n)R.", "NQ.",
      "2.", "1.",
      "c_codecs\nencode\n(V\\u4e2d\nVlatin1\ntR.", "cnumpy\ndtype\n(Vq9\ntR.", "]p0\ng0\na.",
      "ccollections\nOrderedDict\n((NNltR.", "cnumpy.core.multiarray\n_reconstruct\n)R.",
    ])
  func nonsense(text: String) {
    #expect(message { _ = try read(Array(text.utf8)) }.contains("x.pkl"))
  }

  @Test("lists nested 100,000 deep and lists that hold themselves are refused")
  func nesting() {
    let deep = Array(repeating: UInt8(ascii: "]"), count: 100_000)
    let close = Array(repeating: UInt8(ascii: "a"), count: 99_999)
    #expect(message { _ = try read(deep + close + Array(".".utf8)) }.contains("nesting"))
    #expect(message { _ = try read(Array("]p0\ng0\na.".utf8)) }.contains("circular"))
  }

  @Test("a list that doubles 90 times costs no more than its text")
  func doubling() throws {
    var bytes = Array("]".utf8)
    for _ in 0..<90 { bytes += Array("2\u{86}".unicodeScalars.map { UInt8($0.value) }) }
    var value = try read(bytes + Array(".".utf8))
    for depth in 0..<90 {
      let items = try #require(value.items, "depth \(depth)")
      #expect(items.count == 2)
      value = items[depth % 2]
    }
    guard case .list(let innermost) = value else {
      Issue.record("\(value)")
      return
    }
    #expect(innermost.isEmpty)
  }

  @Test("a text that is decoded again and again is refused before it fills the memory")
  func repeatedText() {
    let text = "V" + String(repeating: "a", count: 1000) + "\np0\n"
    let call = "c_codecs\nencode\n(g0\nVlatin1\ntR0"
    let bomb = text + String(repeating: call, count: 1000) + "."
    #expect(message { _ = try read(Array(bomb.utf8)) }.contains("copies of"))
  }

  @Test("a list under two names, which each change would copy, is refused; a tensor is none")
  func sharedList() {
    let list = "(lp0\nctorch._utils\n_rebuild_parameter\n(g0\ntR."
    #expect(message { _ = try read(Array(list.utf8)) }.contains("parameter of something else"))
  }

  // MEMOIZE and MARK are a byte of the file each.
  @Test("memo and marks have a limit like all objects", arguments: ["\u{94}", "("])
  func countedEntries(instruction: Character) throws {
    let byte = try #require(instruction.unicodeScalars.first).value
    let many = [UInt8](repeating: UInt8(byte), count: PickleMachine.largestObjectCount + 1)
    #expect(message { _ = try read(Array("N".utf8) + many) }.contains("more objects"))
  }

  @Test("objects that are fewer than their shape says are refused before anything is made of them")
  func misshapenObjects() throws {
    for shape in ["1099511627776", "2"] {
      let array = PickledArray(
        shape: [try #require(Int(shape)), 1 << 40], payload: .objects([.string("a")]), file: "x.pkl"
      )
      let text = message { _ = try array.checkedByteCount() }
      #expect(text.contains("1 objects, expected one per element"))
    }
  }

  @Test("a real file cut at every third byte is an error", arguments: [2, 4, 5])
  func truncation(version: Int) throws {
    let whole = try bytes(of: fixture("features_p\(version).pkl"))
    for length in stride(from: 0, to: whole.count, by: 3) {
      #expect(message { _ = try read(Array(whole[..<length])) }.contains("x.pkl"))
    }
  }

  @Test("a file that is cut short after it was opened is an error where its arrays are read")
  func cutMeanwhile() throws {
    let scratch = try ScratchFolder()
    let path = scratch.file("features.pkl")
    try write(try bytes(of: fixture("features_p4.pkl")), to: path)
    let file = try PickleFile.read(path: path)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: 0)
    let aatype = try #require(file["aatype"]?.array)
    #expect(throws: ArrayFileError.self) { try aatype.read() }
    #expect(throws: ArrayFileError.self) { try PickleFile.read(path: path) }
  }

  @Test("one flipped bit in any byte is read or refused, never trapped", arguments: [0, 2, 5])
  func flippedBits(version: Int) throws {
    let whole = try bytes(of: fixture("features_p\(version).pkl"))
    for position in 0..<whole.count {
      var damaged = whole
      damaged[position] ^= 1 << UInt8(position % 8)
      let text = messageIfRefused {
        for entry in try read(damaged).entries ?? [] { _ = try entry.value.array?.read() }
      }
      #expect(text?.hasPrefix("x.pkl: ") != false, "byte \(position): \(text ?? "")")
    }
  }

  @Test("flipped bits in a .pt file are read or refused, never trapped")
  func flippedTorch() throws {
    let whole = try bytes(of: fixture("tensors.pt"))
    try withScratchFolder { folder in
      for position in 0..<whole.count {
        var damaged = whole
        damaged[position] ^= 1 << UInt8(position % 8)
        try write(damaged, to: folder + "/a.pt")
        let text = messageIfRefused {
          for array in try StateDictionary(torch: folder + "/a.pt").arrays.values {
            _ = try array.read()
          }
        }
        #expect(text?.hasPrefix(folder + "/a.pt: ") != false, "byte \(position): \(text ?? "")")
      }
    }
  }
}
