import BasicTestSupport
import Foundation
import NumericArrays
import Testing

@testable import ArrayFiles

@Suite("numpy files")
struct NumpyTests {
  @Test(
    "every numeric type reads as 0 1 2 3 4 100",
    arguments: [
      ("f2", "float32"), ("f4", "float32"), ("f8", "float64"), ("i1", "int32"), ("i2", "int32"),
      ("i4", "int32"), ("i8", "int64"), ("u1", "uint8"), ("u2", "int32"), ("u4", "int64"),
      ("u8", "int64"),
    ])
  func numericTypes(name: String, element: String) throws {
    let array = try NumpyArchive(path: fixture("types.npz")).array(named: name)
    #expect(array.elementName == element)
    #expect(array.floats == NDArray(shape: [2, 3], values: [0, 1, 2, 3, 4, 100]))
  }

  @Test("big-endian, bool, byte and Unicode strings, bfloat16, scalars and empty arrays are read")
  func otherTypes() throws {
    let file = try NumpyArchive(path: fixture("types.npz"))
    #expect(try file.array(named: "big_f4") == .float32(NDArray(shape: [2], values: [1.5, -2.25])))
    #expect(try file.array(named: "big_i8") == .int64(NDArray(shape: [2], values: [1, -2])))
    #expect(
      try file.array(named: "bool") == .bool(NDArray(shape: [3], values: [true, false, true])))
    let bytes = AnyNDArray.string(NDArray(shape: [3], values: ["A", "BCD", ""]))
    #expect(try file.array(named: "bytes") == bytes)
    let text = AnyNDArray.string(NDArray(shape: [3], values: ["Å", "helix", ""]))
    #expect(try file.array(named: "text") == text)
    let brain = NDArray(shape: [2], values: [BFloat16(1), BFloat16(-2)])
    #expect(try file.array(named: "bfloat16") == .bfloat16(brain))
    #expect(try file.array(named: "scalar") == .float64(NDArray(shape: [], values: [0.5])))
    #expect(try file.array(named: "empty") == .float32(NDArray(shape: [0, 7], values: [])))
  }

  @Test("half precision keeps subnormals, signed zero, the largest value and infinity")
  func halfEdges() throws {
    let array = try NumpyArchive(path: fixture("types.npz")).array(named: "half_edges").floats
    let values = try #require(array).values
    #expect(values == [5.9604645e-08, -0.0, 65504, .infinity, 0.33325195])
    #expect(values[1].sign == .minus)
  }

  @Test("Fortran order is transposed to row-major")
  func fortranOrder() throws {
    let array = try NumpyArchive(path: fixture("types.npz")).array(named: "fortran")
    #expect(array == .int32(NDArray(shape: [2, 3, 4], values: (0..<24).map(Int32.init))))
  }

  @Test("header versions 2 and 3 are read", arguments: [("version2", 7), ("version3", 8)])
  func headerVersions(name: String, value: Int32) throws {
    let array = try NumpyArchive(path: fixture("types.npz")).array(named: name)
    #expect(array == .int32(NDArray(shape: [1], values: [value])))
  }

  @Test(
    "what has no case is refused by name",
    arguments: [
      ("object", "Python objects"), ("structured", "structured"), ("complex", "'<c8'"),
      ("u8_large", "9223372036854775808"), ("absent", "no array 'absent'"),
    ])
  func refusals(name: String, part: String) throws {
    let file = try NumpyArchive(path: fixture("types.npz"))
    #expect(message { _ = try file.array(named: name) }.contains(part))
  }

  @Test("the header alone tells shape and type")
  func headerOnly() throws {
    let header = try NumpyArchive(path: fixture("types.npz")).header(of: "f2")
    #expect(header.shape == [2, 3])
    #expect(header.elementName == "float32")
  }

  @Test("write then read gives the same arrays, stored and deflated", arguments: [false, true])
  func roundTrip(deflated: Bool) throws {
    let arrays = Self.samples
    try withScratchFolder { folder in
      let path = folder + "/a.npz"
      try NumpyArchive.write(arrays, to: path, deflated: deflated)
      let file = try NumpyArchive(path: path)
      #expect(file.names == arrays.map(\.name).sorted())
      for (name, array) in arrays { #expect(try file.array(named: name) == array, "\(name)") }
      let first = try bytes(of: path)
      try NumpyArchive.write(arrays, to: path, deflated: deflated)
      #expect(try bytes(of: path) == first, "equal contents give equal files")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.npz"])
    }
  }

  @Test("a single .npy file makes the round trip")
  func singleFile() throws {
    try withScratchFolder { folder in
      for (name, array) in Self.samples {
        try NumpyFile.write(array, to: folder + "/a.npy")
        #expect(try NumpyFile.read(path: folder + "/a.npy") == array, "\(name)")
      }
    }
  }

  @Test("an error while an entry is made leaves the old file and nothing else")
  func failedWrite() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.npz"
      try NumpyArchive.write(Self.samples, to: path)
      let before = try bytes(of: path)
      #expect(message { try interruptedWrite(to: path) } == "Interrupted()")
      #expect(try bytes(of: path) == before)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.npz"])
    }
  }

  @Test("a missing folder is named")
  func missingFolder() throws {
    try withScratchFolder { folder in
      let text = message { try NumpyArchive.write(Self.samples, to: folder + "/no/a.npz") }
      #expect(text.contains("does the folder exist?"))
    }
  }

  private struct Interrupted: Error {}

  private func interruptedWrite(to path: String) throws {
    try NumpyArchive.write(to: path, names: ["x", "y"]) { name in
      if name == "y" { throw Interrupted() }
      return .uint8(NDArray(shape: [1], values: [1]))
    }
  }

  static let samples: [(name: String, array: AnyNDArray)] = [
    ("f", .float32(NDArray(shape: [2, 2], values: [1, -0.5, .infinity, 0x1p-140]))),
    ("d", .float64(NDArray(shape: [], values: [.pi]))),
    ("h", .bfloat16(NDArray(shape: [2], values: [BFloat16(1), BFloat16(-3)]))),
    ("i", .int32(NDArray(shape: [3, 1], values: [.min, 0, .max]))),
    ("l", .int64(NDArray(shape: [1], values: [.min]))),
    ("u", .uint8(NDArray(shape: [0], values: []))),
    ("b", .bool(NDArray(shape: [2], values: [true, false]))),
    ("s/with//slashes", .string(NDArray(shape: [2], values: ["α-helix", ""]))),
  ]

  // numpy.save pickles the whole array behind the header.
  @Test(
    "texts in an array of Python objects are read; other objects are only when they are asked for")
  func objects() throws {
    func pickle(_ items: String, _ count: Int) -> [UInt8] {
      let made = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR"
      let type = "cnumpy\ndtype\n(VO8\nI0\nI1\ntR(I3\nV|\nNNNI-1\nI-1\nI63\ntb"
      return Array("\(made)(I1\n(I\(count)\nt\(type)I00\n(l\(items)tb.".utf8)
    }
    let entries = [
      "names.npy": pickle("VMKV\naV\\u03b1\na", 2), "other.npy": pickle("NaNa", 2),
      "short.npy": pickle("VMKV\na", 1),
    ]
    try withScratchFolder { folder in
      let path = folder + "/a.npz"
      try ZipWriter.write(to: path, names: entries.keys.sorted(), deflated: true) { name in
        let header = NumpyHeader.encoded(descr: "|O", shape: [2])
        return FileContent(head: header + (entries[name] ?? []), bodyCount: 0) { _ in }
      }
      let archive = try NumpyArchive(path: path)
      #expect(try archive.header(of: "other").elementName == "object")
      #expect(
        try archive.array(named: "names") == .string(NDArray(shape: [2], values: ["MKV", "α"])))
      #expect(message { _ = try archive.array(named: "other") }.contains("objects of mixed kinds"))
      #expect(
        message { _ = try archive.array(named: "short") }
          == "\(path): short.npy: a pickled array of shape [1], expected an array of shape [2]")
    }
  }
}
