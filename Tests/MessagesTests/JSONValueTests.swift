import Messages
import Testing

@Suite("JSON text")
struct JSONValueTests {
  static let document = JSONValue.object([
    ("b", .array([.integer(1), .number(0.5), .number(.nan), .null])), ("a\"", .string("x\ny")),
    ("none", .array([])), ("inner", .object([("yes", .bool(true))])),
  ])

  @Test("members keep their order, on one line or one to a line")
  func layout() {
    #expect(
      Self.document.text
        == #"{"b": [1, 0.5, null, null], "a\"": "x\ny", "none": [], "inner": {"yes": true}}"#)
    #expect(
      Self.document.pretty() == #"""
        {
            "b": [
                1,
                0.5,
                null,
                null
            ],
            "a\"": "x\ny",
            "none": [],
            "inner": {
                "yes": true
            }
        }
        """#)
  }

  @Test("strings have the escapes that JSON demands")
  func escapes() {
    #expect(JSONValue.quoted("a\"\\\n\r\t\u{1}é</b>") == #""a\"\\\n\r\t\u0001é</b>""#)
  }

  @Test("in a page no string ends its script, and controls have their numbers")
  func escapesInsideHTML() {
    #expect(
      JSONValue.quoted("\"\\</script>&\u{2028}\u{2029}\n\t\u{1F}é", insideHTML: true)
        == #""\"\\\u003c/script\u003e\u0026\u2028\u2029\u000a\u0009\u001fé""#)
  }
}
