import AtomicFiles
import Foundation
import Messages

/// Where a command writes, checked before it does any work.
public enum OutputPlace {
  /// Refuses a file to write that is one of the inputs, or that cannot be made.
  public static func require(_ output: String, apartFrom inputs: [String]) throws {
    let place = URL(fileURLWithPath: output).standardizedFileURL
    let input = inputs.first {
      AtomicFile.isSame($0, as: output) || URL(fileURLWithPath: $0).standardizedFileURL == place
    }
    if let input { throw OutputOverInput(output: output, input: input) }
    try AtomicFile.requirePlace(forFile: output)
  }
}

/// A command was asked to write over what it reads, or two results to one file.
struct OutputOverInput: Error, CustomStringConvertible, ExitStatusError {
  let output: String
  let input: String

  var description: String {
    "the output \(output) is also \(output == input ? "an input or another output" : "used as \(input)"); choose another name"
  }

  var exitStatus: ExitStatus { .usage }
}
