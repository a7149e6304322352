import BasicTestSupport
import Foundation
import NumericArrays
import Testing

@testable import ArrayFiles

@Suite("damaged and hostile archives")
struct DamagedArchiveTests {
  private static let ramp = AnyNDArray.float32(
    NDArray(shape: [500], values: (0..<500).map { Float($0) }))

  @Test("a file cut short is refused, at every 37th length", arguments: [false, true])
  func truncation(deflated: Bool) throws {
    try withScratchFolder { folder in
      try NumpyArchive.write([("x", Self.ramp)], to: folder + "/a.npz", deflated: deflated)
      let whole = try bytes(of: folder + "/a.npz")
      for length in stride(from: 0, to: whole.count, by: 37) {
        try write(Array(whole[..<length]), to: folder + "/cut.npz")
        let text = message { _ = try NumpyArchive(path: folder + "/cut.npz").array(named: "x") }
        #expect(text.contains("cut.npz"))
      }
    }
  }

  @Test(
    "a flipped bit of every fifth byte is an error or leaves the array as it was",
    arguments: [false, true])
  func flippedBits(deflated: Bool) throws {
    try withScratchFolder { folder in
      try NumpyArchive.write([("x", Self.ramp)], to: folder + "/a.npz", deflated: deflated)
      let whole = try bytes(of: folder + "/a.npz")
      for position in stride(from: 0, to: whole.count, by: 5) {
        var damaged = whole
        damaged[position] ^= UInt8(1 << (position % 8))
        try write(damaged, to: folder + "/b.npz")
        let read = try? NumpyArchive(path: folder + "/b.npz").array(named: "x")
        #expect(read == nil || read == Self.ramp, "byte \(position)")
      }
    }
  }

  /// Limits under which 64 MiB is much.
  private static let low = {
    var limits = ArchiveLimits()
    limits.smallEntry = 64 << 20
    return limits
  }()

  @Test("an array of zeros that packs 1000-fold is read, and refused where it would fill a memory")
  func zipBomb() throws {
    try withScratchFolder { folder in
      let zeros = AnyNDArray.uint8(NDArray(repeating: 0, shape: [65 << 20]))
      try NumpyArchive.write([("zeros", zeros)], to: folder + "/bomb.npz", deflated: true)
      #expect(try NumpyArchive(path: folder + "/bomb.npz").array(named: "zeros") == zeros)
      let text = message { _ = try NumpyArchive(path: folder + "/bomb.npz", limits: Self.low) }
      #expect(text.contains("bomb.npz: zeros.npy needs 68157568 bytes"))
      #expect(text.contains("200 : 1"))
    }
  }

  @Test("an entry above the largest size that is allowed is refused, whatever its ratio")
  func largestEntry() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.npz"
      try NumpyArchive.write([("x", Self.ramp)], to: path, deflated: false)
      var limits = ArchiveLimits()
      limits.largestEntry = 1000
      // 500 floats and a header of 128 bytes.
      #expect(
        message { _ = try NumpyArchive(path: path, limits: limits) }
          == "\(path): x.npy needs 2128 bytes from 2128, more than the limit of 1000 bytes;"
          + " is the file damaged?")
      limits.largestEntry = 2128
      #expect(try NumpyArchive(path: path, limits: limits).array(named: "x") == Self.ramp)
    }
  }

  // The directory at the end says how large an entry is, as its first field of four bytes behind the size that it takes.
  @Test("an entry that says it packs better than deflate can is refused, however small")
  func impossibleRatio() throws {
    try withScratchFolder { folder in
      try NumpyArchive.write([("x", Self.ramp)], to: folder + "/a.npz", deflated: true)
      var whole = try bytes(of: folder + "/a.npz")
      let record = try #require(
        whole.indices.dropLast(4).last { Array(whole[$0..<$0 + 4]) == [0x50, 0x4B, 1, 2] })
      whole[record + 26] = 0xFF
      try write(whole, to: folder + "/b.npz")
      #expect(message { _ = try NumpyArchive(path: folder + "/b.npz") }.contains("1032 : 1"))
    }
  }

  @Test("strings that take little in the file and gigabytes in memory are refused before reading")
  func manyStrings() throws {
    try withScratchFolder { folder in
      let path = folder + "/a.npz"
      let count = 5_000_000
      let letters = [UInt8](repeating: 0, count: count)
      let header = NumpyHeader.encoded(descr: "|S1", shape: [count])
      try ZipWriter.write(to: path, names: ["domain_name.npy"], deflated: true) { _ in
        FileContent(head: header, bodyCount: count) { letters.withUnsafeBytes($0) }
      }
      let text = message { _ = try NumpyArchive(path: path).array(named: "domain_name") }
      #expect(text.contains("needs memory for 5000000 strings"))
    }
  }

  @Test("two entries of one name are refused")
  func repeatedName() throws {
    try withScratchFolder { folder in
      try NumpyArchive.write([("x", Self.ramp), ("y", Self.ramp)], to: folder + "/a.npz")
      var whole = try bytes(of: folder + "/a.npz")
      for place in whole.indices.dropLast(5)
      where Array(whole[place..<place + 5]) == Array("y.npy".utf8) {
        whole[place] = UInt8(ascii: "x")
      }
      try write(whole, to: folder + "/b.npz")
      let text = message { _ = try NumpyArchive(path: folder + "/b.npz") }
      #expect(text.contains("a second entry of this name"))
    }
  }

  // The directory at the end names the one stored array three times, as x, y and z.
  @Test("entries that lie over each other are refused, whatever their names")
  func overlappingEntries() throws {
    try withScratchFolder { folder in
      try NumpyArchive.write([("x", Self.ramp)], to: folder + "/a.npz")
      let whole = try bytes(of: folder + "/a.npz")
      let end = whole.count - 22
      let size = Int(whole[end + 12]) | Int(whole[end + 13]) << 8
      let record = Array(whole[end - size..<end])
      let place = try #require(record.firstIndex(of: UInt8(ascii: "x")))
      var file = Array(whole[..<(end - size)])
      for name in "xyz".utf8 {
        var copy = record
        copy[place] = name
        file += copy
      }
      var tail = Array(whole[end...])
      (tail[8], tail[10]) = (3, 3)
      (tail[12], tail[13]) = (UInt8(3 * size & 0xFF), UInt8(3 * size >> 8))
      try write(file + tail, to: folder + "/b.npz")
      let text = message { _ = try NumpyArchive(path: folder + "/b.npz") }
      #expect(text.contains("entries of more bytes than the file has"))
    }
  }

  @Test("many small entries that inflate 1000-fold are refused together")
  func zipBombInPieces() throws {
    try withScratchFolder { folder in
      let zeros = AnyNDArray.uint8(NDArray(repeating: 0, shape: [8 << 20]))
      let arrays = (0..<9).map { ("a\($0)", zeros) }
      try NumpyArchive.write(arrays, to: folder + "/bomb.npz", deflated: true)
      let text = message { _ = try NumpyArchive(path: folder + "/bomb.npz", limits: Self.low) }
      #expect(text.contains("the content needs more than") && text.contains("200 : 1"))
    }
  }

  @Test(
    "a header that promises more than the file holds is refused",
    arguments: [
      "(1000000000000000,)", "(3037000500, 3037000500)", "(9223372036854775807, 9)", "(5,)",
      "(99999999999999999999,)", "(-1,)",
    ])
  func lyingHeader(shape: String) throws {
    try withScratchFolder { folder in
      let text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
      var file: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0]
      file += Array(text.utf8) + Array(repeating: 0, count: 16)
      try write(file, to: folder + "/a.npy")
      #expect(message { _ = try NumpyFile.read(path: folder + "/a.npy") }.contains("a.npy"))
    }
  }

  @Test("other files are refused with what they are not")
  func otherFiles() throws {
    try withScratchFolder { folder in
      try write(Array("ATOM      1  N   MET A   1".utf8), to: folder + "/a.npz")
      #expect(
        message { _ = try NumpyArchive(path: folder + "/a.npz") }.contains(
          "no complete zip archive"))
      #expect(message { _ = try NumpyFile.read(path: folder + "/a.npz") }.contains("numpy magic"))
      #expect(message { _ = try NumpyArchive(path: folder + "/b.npz") }.contains("no such file"))
      #expect(message { _ = try NumpyArchive(path: folder) }.contains("cannot be read"))
    }
  }
}
