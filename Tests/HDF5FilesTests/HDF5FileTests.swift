import BasicTestSupport
import Foundation
import NumericArrays
import Testing

@testable import HDF5Files

private let samples: [(name: String, array: AnyNDArray)] = [
  (
    "numbers/f", .float32(NDArray(shape: [3, 2], values: [1, -0.5, .infinity, 0x1p-140, 0, -0.0]))
  ),
  ("numbers/d", .float64(NDArray(shape: [], values: [.pi]))),
  ("numbers/h", .bfloat16(NDArray(shape: [2], values: [BFloat16(1), BFloat16(-3)]))),
  ("numbers/deeper/i", .int32(NDArray(shape: [3, 1], values: [.min, 0, .max]))),
  ("l", .int64(NDArray(shape: [1], values: [.min]))),
  ("u", .uint8(NDArray(shape: [4, 0], values: []))),
  ("b", .bool(NDArray(shape: [2], values: [true, false]))),
  ("s", .string(NDArray(shape: [3], values: ["α-helix", "", "MKT"]))),
]

@Suite("HDF5 files")
struct HDF5FileTests {
  @Test(
    "write then read gives the same arrays, groups and types",
    arguments: [HDF5Layout.contiguous, .compressed, .compressed(rowsPerChunk: 2)])
  func roundTrip(layout: HDF5Layout) throws {
    try withScratchFolder { folder in
      try HDF5File.write(to: folder + "/a.h5") { file in
        for (name, array) in samples { try file.write(array, to: name, layout: layout) }
      }
      let file = try HDF5File.open(path: folder + "/a.h5")
      for (name, array) in samples { #expect(try file.read(name) == array, "\(name)") }
      #expect(try file.datasets() == samples.map(\.name).sorted())
      #expect(try file.names() == ["b", "l", "numbers", "s", "u"])
      #expect(file.kind(of: "numbers/deeper") == .group)
      #expect(try !file.exists("numbers/none/below"))
      #expect(try file.exists("numbers/deeper/i"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.h5"])
    }
  }

  @Test(
    "rows of the first axis are read alone",
    arguments: [HDF5Layout.contiguous, .compressed(rowsPerChunk: 3)])
  func partialReads(layout: HDF5Layout) throws {
    try withScratchFolder { folder in
      let values = NDArray(shape: [10, 3], values: (0..<30).map { Int32($0) })
      try HDF5File.write(to: folder + "/a.h5") { try $0.write(values, to: "x", layout: layout) }
      let file = try HDF5File.open(path: folder + "/a.h5")
      for start in 0...10 {
        for end in start...10 {
          let rows: NDArray<Int32> = try file.read("x", rows: start..<end)
          #expect(rows.shape == [end - start, 3])
          #expect(rows.values == Array(values.values[start * 3..<end * 3]))
        }
      }
      #expect(message { _ = try file.read("x", rows: 8..<11) }.contains("rows 8..<11"))
    }
  }

  @Test("attributes of file, group and dataset come back and can be replaced")
  func attributes() throws {
    try withScratchFolder { folder in
      try HDF5File.write(to: folder + "/a.h5") { file in
        try file.createGroup("g/h")
        try file.setAttribute("title", to: .text("first"))
        try file.setAttribute("title", to: .text("PSII – Å"))
        try file.setAttribute("version", to: .integer(-7), on: "g/h")
        try file.setAttribute("scale", to: .number(0.1), on: "g")
        try file.setAttribute("empty", to: .text(""))
      }
      let file = try HDF5File.open(path: folder + "/a.h5")
      #expect(try file.attribute("title") == .text("PSII – Å"))
      #expect(try file.attribute("version", of: "g/h") == .integer(-7))
      #expect(try file.attribute("scale", of: "g")?.number == 0.1)
      #expect(try file.attribute("empty") == .text(""))
      #expect(try file.attribute("absent") == nil)
      #expect(try file.text("absent", of: "g") == nil)
      #expect(
        message { _ = try file.text("scale", of: "g") }
          == "\(folder)/a.h5: 'scale' of 'g' is a number, expected text")
      #expect(
        message { _ = try file.number("title") }
          == "\(folder)/a.h5: 'title' is text, expected a number"
      )
    }
  }

  @Test("numbers widen but never narrow")
  func typedReads() throws {
    try withScratchFolder { folder in
      try HDF5File.write(to: folder + "/a.h5") { file in
        try file.write(NDArray<UInt8>(shape: [2], values: [0, 255]), to: "u")
        try file.write(NDArray<Double>(shape: [1], values: [0.1]), to: "d")
      }
      let file = try HDF5File.open(path: folder + "/a.h5")
      #expect(try file.read("u", as: Int32.self).values == [0, 255])
      let text = message { _ = try file.read("d", as: Float.self) }
      #expect(text == "\(folder)/a.h5: 'd' is of type float64, expected float32")
    }
  }

  @Test("the same content gives the same bytes, whenever it is written")
  func bytes() throws {
    try withScratchFolder { folder in
      let files = try (0..<2).map { index in
        if index > 0 { Thread.sleep(forTimeInterval: 1.1) }  // HDF5 counts times in seconds
        let path = "\(folder)/\(index).h5"
        try HDF5File.write(to: path) { file in
          for (name, array) in samples { try file.write(array, to: name) }
          try file.createGroup("empty/group")
        }
        return try Data(contentsOf: URL(fileURLWithPath: path))
      }
      #expect(files[0] == files[1])
    }
  }

  @Test("a failing writer leaves the old file and nothing else")
  func failedWrite() throws {
    struct Interrupted: Error {}
    try withScratchFolder { folder in
      let path = folder + "/a.h5"
      try HDF5File.write(to: path) { try $0.write(samples[0].array, to: "x") }
      let text = message {
        try HDF5File.write(to: path) { file in
          try file.write(samples[1].array, to: "x")
          throw Interrupted()
        }
      }
      #expect(text == "Interrupted()")
      #expect(try HDF5File.open(path: path).read("x") == samples[0].array)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.h5"])
      #expect(
        message { try HDF5File.write(to: folder + "/no/a.h5") { _ in } }.contains(
          "does the folder exist?"))
    }
  }
}

@Suite("damaged HDF5 files")
struct DamagedHDF5Tests {
  @Test("a file cut short is refused, at every 101st length")
  func truncation() throws {
    try withScratchFolder { folder in
      try HDF5File.write(to: folder + "/a.h5") { file in
        for (name, array) in samples { try file.write(array, to: name) }
      }
      let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/a.h5"))
      for length in stride(from: 0, to: whole.count, by: 101) {
        try whole.prefix(length).write(to: URL(fileURLWithPath: folder + "/cut.h5"))
        let text = message { _ = try HDF5File.open(path: folder + "/cut.h5").datasets() }
        #expect(text.contains("cut.h5: cannot be opened: no HDF5 file, or cut short"))
      }
    }
  }

  @Test("other files, folders and missing files are named as such")
  func otherFiles() throws {
    try withScratchFolder { folder in
      try Data("ATOM".utf8).write(to: URL(fileURLWithPath: folder + "/a.h5"))
      #expect(message { _ = try HDF5File.open(path: folder + "/a.h5") }.contains("no HDF5 file"))
      #expect(message { _ = try HDF5File.open(path: folder + "/b.h5") }.contains("no such file"))
      #expect(message { _ = try HDF5File.open(path: folder) }.contains("folder"))
    }
  }

  // The other file is there and has the dataset.
  @Test("a link into another file leads nowhere")
  func externalLink() throws {
    let fixture = try Bundle.module.fixture("external.h5")
    try withScratchFolder { folder in
      let copy = folder + "/external.h5"
      try FileManager.default.copyItem(atPath: fixture, toPath: copy)
      try HDF5File.write(to: folder + "/other.h5") { file in
        try file.write(NDArray(shape: [1], values: [Float(1)]), to: "x")
      }
      #expect(try HDF5File.open(path: folder + "/other.h5").read("x", as: Float.self).values == [1])
      let file = try HDF5File.open(path: copy)
      #expect(file.kind(of: "x") == nil)
      #expect(try file.exists("x"))
      #expect(
        message { _ = try file.read("x", as: Float.self) }
          .hasPrefix("\(copy): 'x' cannot be read: a link that leads nowhere"))
    }
  }

  @Test("values that a filter packed which is not at hand are not called damaged")
  func missingFilter() throws {
    let fixture = try Bundle.module.fixture("lzf.h5")
    let file = try HDF5File.open(path: fixture)
    #expect(message { _ = try file.read("x") }.contains("a filter that is not at hand (32000)"))
  }

  @Test(
    "datasets whose values were never written, or are in other files, are refused",
    arguments: [
      ("unwritten", "cannot be read: its values were never written"),
      ("chunked", "cannot be read: its values were never written"),
      ("external", "is stored in another file, expected values in this file"),
      ("virtual", "is stored in another file, expected values in this file"),
    ])
  func valuesElsewhere(name: String, problem: String) throws {
    let path = try Bundle.module.fixture("elsewhere.h5")
    let file = try HDF5File.open(path: path)
    #expect(message { _ = try file.read(name) } == "\(path): '\(name)' \(problem)")
  }

  @Test("a group that several links lead to is refused, and not looked into once for each path")
  func sharedGroups() throws {
    let fixture = try Bundle.module.fixture("shared.h5")
    let file = try HDF5File.open(path: fixture)
    #expect(message { _ = try file.datasets() }.contains("several links lead to this group"))
    #expect(message { _ = try file.datasets(under: "parameters") }.contains("several links"))
  }

  @Test("a missing dataset and a group in its place are named")
  func missingDataset() throws {
    try withScratchFolder { folder in
      try HDF5File.write(to: folder + "/a.h5") { try $0.createGroup("g") }
      let file = try HDF5File.open(path: folder + "/a.h5")
      #expect(message { _ = try file.read("x") } == "\(folder)/a.h5: no 'x' in this file")
      #expect(message { _ = try file.read("g") } == "\(folder)/a.h5: no 'g' in this file")
    }
  }

  @Test("a flipped bit in every third byte is read or refused, never trapped")
  func flippedBits() throws {
    try withScratchFolder { folder in
      try HDF5File.write(to: folder + "/a.h5") { file in
        for (name, array) in samples { try file.write(array, to: name, layout: .compressed) }
      }
      let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/a.h5"))
      for position in stride(from: 0, to: whole.count, by: 3) {
        var damaged = whole
        damaged[position] ^= 1 << UInt8(position % 8)
        try damaged.write(to: URL(fileURLWithPath: folder + "/b.h5"))
        let text = messageIfRefused {
          let file = try HDF5File.open(path: folder + "/b.h5")
          for name in try file.datasets() { _ = try file.read(name) }
        }
        #expect(
          text?.hasPrefix(folder + "/b.h5: ") != false, "byte \(position): \(text ?? "")")
      }
    }
  }
}
