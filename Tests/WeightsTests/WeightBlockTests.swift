import BasicTestSupport
import FoldingCore
import Foundation
import HDF5Files
import NumericArrays
import Testing

@testable import Weights

@Suite("parameter files in 8-bit blocks")
struct WeightBlockTests {
  private let source = RecipeParameters(.tiny, seed: 5)
  private let origin = ParameterProvenance(source: "recipe, seed 5", licence: "none")

  private func write(_ path: String) throws {
    try ParameterWriter.write(
      source, config: .tiny, provenance: origin, precision: .int8, to: path)
  }

  @Test("the trunk's matrices are within half a step of their block's largest, all else is exact")
  func accuracy() throws {
    try withScratchFolder { folder in
      try write(folder + "/a.h5")
      let file = try ParameterFile(path: folder + "/a.h5", expecting: .tiny)
      for spec in FoldingConfig.tiny.parameterManifest {
        let exact = try source.floats(for: spec.key)
        let found = try file.floats(for: spec.key)
        let isMatrix = spec.inputAxes > 0 && spec.key.contains("iteration/evoformer/")
        #expect(file.storesBlocks(spec.key) == isMatrix, "\(spec.key)")
        #expect(file.shape(of: spec.key) == spec.shape && found.shape == spec.shape)
        if !isMatrix {
          #expect(found == exact, "\(spec.key)")
          continue
        }
        #expect(file.elementName(of: spec.key) == "int8-blocks-32")
        let width = exact.count / spec.shape[0]
        for slice in 0..<spec.shape[0] {
          for start in stride(from: 0, to: width, by: 32) {
            let block = slice * width + start..<slice * width + min(start + 32, width)
            let largest = exact.values[block].map { abs($0) }.max() ?? 0
            let worst = block.map { abs(exact.values[$0] - found.values[$0]) }.max() ?? 0
            #expect(worst <= largest * 0.505 / 127, "\(spec.key) \(block)")
          }
        }
      }
    }
  }

  @Test("a matrix takes 34 bytes per 32 numbers; writing what was read gives the same bytes")
  func bytes() throws {
    try withScratchFolder { folder in
      try write(folder + "/a.h5")
      let file = try ParameterFile(path: folder + "/a.h5")
      for spec in FoldingConfig.tiny.parameterManifest where file.storesBlocks(spec.key) {
        let width = spec.shape.dropFirst().reduce(1, *)
        #expect(
          try file.blocks(for: spec.key).shape == [spec.shape[0], (width + 31) / 32 * 34])
      }
      try ParameterWriter.write(
        file, config: .tiny, provenance: origin, precision: .int8, to: folder + "/b.h5")
      let again = try ParameterFile(path: folder + "/b.h5")
      for key in file.keys {
        // A scale may round to another one when a block's largest code is below 127; values stay within a step.
        let (a, b) = (try file.floats(for: key).values, try again.floats(for: key).values)
        let largest = a.map { abs($0) }.max() ?? 0
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= largest / 127 }, "\(key)")
      }
      #expect(!(try ParameterReport(file)).lines.filter { $0.contains("int8-blocks-32") }.isEmpty)
    }
  }

  @Test("files with blocks have format version 2, others keep 1")
  func version() throws {
    try withScratchFolder { folder in
      try write(folder + "/a.h5")
      try ParameterWriter.write(
        source, config: .tiny, provenance: origin, precision: .bfloat16, to: folder + "/b.h5")
      func version(_ path: String) throws -> Int? {
        try HDF5File.open(path: path).integer("format_version")
      }
      #expect(try version(folder + "/a.h5") == 2)
      #expect(try version(folder + "/b.h5") == 1)
    }
  }

  @Test(
    "bytes that do not fit the shape are refused in one line",
    arguments: [
      "2 16", "", "1 2 3 x", "-1 4", "99999999999999999999 1", "16777216 16777216 16777216",
    ])
  func damaged(shape: String) throws {
    try withScratchFolder { folder in
      let path = folder + "/a.h5"
      try HDF5File.write(to: path) { file in
        try file.write(
          NDArray<UInt8>(repeating: 0, shape: [3, 34]), to: "parameters/scope/weights")
        try file.setAttribute(
          "encoding", to: .text("int8-blocks-32"), on: "parameters/scope/weights")
        try file.setAttribute("shape", to: .text(shape), on: "parameters/scope/weights")
        try file.setAttribute("format", to: .text("helixfold-parameters"))
        try file.setAttribute("format_version", to: .integer(2))
        try file.setAttribute("config", to: .text("{}"))
      }
      let text = message { _ = try ParameterFile(path: path) }
      #expect(
        text.hasPrefix("\(path): 'scope//weights': not int8-blocks-32 bytes of an array")
          && !text.contains("\n"), "\(text)")
    }
  }
}
