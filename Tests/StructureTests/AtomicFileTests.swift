import AtomicFiles
import Testing

/// Places of files before anything is written, and words of messages.
@Suite("Places of files")
struct AtomicFileTests {
  @Test("counted nouns")
  func nouns() {
    #expect(counted(1, "row") == "1 row")
    #expect(counted(0, "residue") == "0 residues")
    #expect(counted(1, "pass") == "1 pass")
    #expect(counted(3, "pass") == "3 passes")
  }
}
