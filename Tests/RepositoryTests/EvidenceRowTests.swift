import BasicTestSupport
import Foundation
import Testing

@Suite("The page of evidence")
struct EvidenceRowTests {
  @Test("rows that cannot be measured stay, with their own date and machine")
  func keepsRows() throws {
    let folder = try ScratchFolder()
    try folder.write(
      """
      ## Scores

      2026-11-30, commit 95c302b, AMD EPYC (family 25, model 1), 2 cores, Linux x86_64

      | command | figure | reach or aim | holds |
      | --- | --- | --- | --- |
      | `score`, large | 270 ms | under 1 s | yes |
      | `evaluate`, T1026 | lDDT-CA 0.32 | | |
      | the same, T1026-D1 | lDDT-CA 0.33 | | |
      | `evaluate`, T1037 | lDDT-CA 0.37 (measured 2026-11-01, commit 0000000, another) | | |

      """, to: "old")
    try folder.write(
      """
      | `score`, large | 260 ms | under 1 s | yes |
      keep\tno data\t`evaluate`, T1026
      keep\tno data\t`evaluate`, T1037
      keep\tno program\t`mpirun`

      """, to: "rows")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "awk", "-f", SourceTree.file("tools/evidence-rows.awk"), folder.file("old"),
      folder.file("rows"),
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let stamp = "(measured 2026-11-30, commit 95c302b, AMD EPYC (family 25, model 1))"
    #expect(
      text == """
        | `score`, large | 260 ms | under 1 s | yes |
        | `evaluate`, T1026 | lDDT-CA 0.32 \(stamp) | | |
        | the same, T1026-D1 | lDDT-CA 0.33 \(stamp) | | |
        | `evaluate`, T1037 | lDDT-CA 0.37 (measured 2026-11-01, commit 0000000, another) | | |
        | `mpirun` | not measured: no program | | |

        """)
  }
}
