import AtomicFiles
import Foundation
import Testing

@Suite("gzip")
struct GzipTests {
  /// `printf '>a\nMKAYIRW\n' | gzip -9n`.
  static let first = bytes("H4sIAAAAAAACA7NL5PL1doz0DArnAgAOeQgjCwAAAA==")
  /// `printf '>b\r\nGSH\r\n' | gzip -9n`.
  static let second = bytes("H4sIAAAAAAACA7NL4uVyD/bg5QIAsIXhSgkAAAA=")

  private static func bytes(_ base64: String) -> [UInt8] {
    [UInt8](Data(base64Encoded: base64) ?? Data())
  }

  private func text(_ bytes: [UInt8], limit: Int = 1000) throws -> String {
    String(decoding: try Gzip.unpack(bytes, limit: limit), as: UTF8.self)
  }

  @Test("members follow one another, as bgzip and cat write them")
  func members() throws {
    #expect(try text(Self.first) == ">a\nMKAYIRW\n")
    #expect(try text(Self.first + Self.second) == ">a\nMKAYIRW\n>b\r\nGSH\r\n")
    #expect(try text(Self.first + [0, 0, 0]) == ">a\nMKAYIRW\n")
  }

  @Test("every file cut short is refused")
  func truncated() {
    for count in 2..<Self.first.count {
      #expect(throws: GzipError.truncated) { try text(Array(Self.first[..<count])) }
    }
  }

  @Test("a wrong bit in checksum or size is found, and none in the content changes it unseen")
  func damaged() {
    for place in 10..<Self.first.count {
      for bit in 0..<8 {
        var bytes = Self.first
        bytes[place] ^= 1 << UInt8(bit)
        let text = try? text(bytes)
        // The last byte of the content has bits that mean nothing.
        let isPadding = place == Self.first.count - 9
        #expect(text == nil || isPadding && text == ">a\nMKAYIRW\n", "bit \(bit) of byte \(place)")
      }
    }
  }

  @Test("a file that only its name calls packed is refused, and the content decides otherwise")
  func misnamed() throws {
    func content(_ bytes: [UInt8], _ path: String) throws -> [UInt8] {
      try Gzip.content(bytes, ofFile: path, limit: 1000)
    }
    #expect(throws: GzipError.absent) { try content(Array("hello\n".utf8), "x.fasta.GZ") }
    #expect(try content(Array("MK\n".utf8), "x.fasta") == Array("MK\n".utf8))
    #expect(try content(Self.first, "x.fasta") == Array(">a\nMKAYIRW\n".utf8))
    #expect(try content([], "x.gz").isEmpty)
  }

  @Test("content above the limit is refused")
  func limit() throws {
    #expect(try text(Self.first, limit: 11).count == 11)
    #expect(throws: GzipError.tooLarge(limit: 10)) { try text(Self.first, limit: 10) }
  }
}
