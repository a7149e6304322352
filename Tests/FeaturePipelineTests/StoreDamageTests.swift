import BasicTestSupport
import FeaturePipeline
import Foundation
import HDF5Files
import NumericArrays
import Testing

@Suite("damaged feature stores")
struct StoreDamageTests {
  /// A store of one target, in which bytes are changed and changed back.
  private final class DamagedStore {
    let record: TargetRecord
    let bytes: Data
    private let path: String
    private let handle: FileHandle

    init(in folder: String) throws {
      record = try fullRecord("t1")
      path = folder + "/a.h5"
      try FeatureStore.write([record], to: path)
      bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    }

    /// Whether the target is refused, or still the one that was written, after flips of bits from a place on.
    func isSafe(from place: Int, flipping masks: [UInt8]) throws -> Bool {
      let whole = bytes[place..<place + masks.count]
      try write(Data(zip(whole, masks).map { $0 ^ $1 }), at: place)
      let read = try? FeatureStore(path: path).record(of: "t1")
      try write(Data(whole), at: place)
      return read == nil || read == record
    }

    private func write(_ bytes: Data, at place: Int) throws {
      try handle.seek(toOffset: UInt64(place))
      try handle.write(contentsOf: bytes)
    }
  }

  // Objects of HDF5 begin with OHDR, and checksums follow their headers.
  @Test("a flipped bit in the header of any object is refused; no dataset counts as absent for it")
  func headers() throws {
    try withScratchFolder { folder in
      let store = try DamagedStore(in: folder)
      let (bytes, mark) = (store.bytes, Array("OHDR".utf8))
      let headers = bytes.indices.dropLast(64).filter { bytes[$0..<$0 + 4].elementsEqual(mark) }
      #expect(headers.count >= 24)
      for header in headers {
        for place in [0, 5, 7, 20] {
          #expect(
            try store.isSafe(from: header + place, flipping: [0x10]),
            "byte \(place) of the header at \(header)")
        }
      }
    }
  }

  @Test("two flipped bits at any of some hundred places are refused, or the target is the same")
  func bits() throws {
    try withScratchFolder { folder in
      let store = try DamagedStore(in: folder)
      // A prime, so that the places fall on every part of HDF5's objects.
      for place in stride(from: 0, to: store.bytes.count - 1, by: 211) {
        #expect(try store.isSafe(from: place, flipping: [1, 0x40]), "bytes from \(place)")
      }
    }
  }
}
