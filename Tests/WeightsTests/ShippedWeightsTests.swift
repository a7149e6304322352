import BasicTestSupport
import FoldingCore
import Foundation
import Testing
import Weights

@Suite("The weights that come with the program")
struct ShippedWeightsTests {
  private static let path = SourceTree.file("weights/default.h5")

  @Test("are complete, trained, finite, and under 20 MiB")
  func areSound() throws {
    let file = try ParameterFile(inspecting: Self.path)
    #expect(try ParameterReport(file).isSound)
    #expect(!file.isRandom)
    let size = try FileManager.default.attributesOfItem(atPath: Self.path)[.size] as? Int
    #expect(try #require(size) <= 20 << 20)
  }

  @Test("say where they come from and under which terms")
  func haveProvenance() throws {
    let provenance = try #require(try ParameterFile(path: Self.path).provenance)
    #expect(provenance.licence == "CC BY 4.0")
    #expect(provenance.source.contains("training run"))
  }
}
