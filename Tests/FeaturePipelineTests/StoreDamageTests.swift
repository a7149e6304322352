import BasicTestSupport
import FeaturePipeline
import Foundation
import HDF5Files
import NumericArrays
import Testing

@Suite("damaged feature stores")
struct StoreDamageTests {
  /// Changes `file` at `position` and asks whether the target in it is refused or still the one that was written.
  private func isSafe(
    _ bytes: Data, _ path: String, _ record: TargetRecord, change: (inout Data) -> Void
  ) throws -> Bool {
    var damaged = bytes
    change(&damaged)
    try damaged.write(to: URL(fileURLWithPath: path))
    guard let store = try? FeatureStore(path: path), let read = try? store.record(of: "t1") else {
      return true
    }
    return read == record || !store.problems().isEmpty
  }

  // Objects of HDF5 begin with OHDR, and checksums follow their headers.
  @Test("a flipped bit in the header of any object is refused; no dataset counts as absent for it")
  func headers() throws {
    try withScratchFolder { folder in
      let record = try fullRecord("t1")
      try FeatureStore.write([record], to: folder + "/a.h5")
      let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/a.h5"))
      let mark = Array("OHDR".utf8)
      let headers = whole.indices.dropLast(64).filter { whole[$0..<$0 + 4].elementsEqual(mark) }
      #expect(headers.count >= 24)
      for header in headers {
        for place in [0, 5, 7, 20] {
          #expect(
            try isSafe(whole, folder + "/b.h5", record) { $0[header + place] ^= 0x10 },
            "byte \(place) of the header at \(header)")
        }
      }
    }
  }

  @Test("two flipped bits anywhere are refused, or the target is the same")
  func bits() throws {
    try withScratchFolder { folder in
      let record = try fullRecord("t1")
      try FeatureStore.write([record], to: folder + "/a.h5")
      let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/a.h5"))
      for place in stride(from: 0, to: whole.count - 1, by: 23) {
        #expect(
          try isSafe(whole, folder + "/b.h5", record) {
            $0[place] ^= 1
            $0[place + 1] ^= 0x40
          }, "bytes from \(place)")
      }
    }
  }
}
