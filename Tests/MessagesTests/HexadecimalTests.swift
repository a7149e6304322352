import Testing

@testable import Messages

@Test("hexadecimal text has a digit for every four bits")
func hexadecimalDigits() {
  #expect(UInt64(0xBEEF).hexadecimal == "000000000000beef")
  #expect(UInt32.max.hexadecimal == "ffffffff" && UInt8(0).hexadecimal == "00")
}
