import AtomicFiles
import Foundation
import Messages

/// Where a command writes, checked before it does any work.
public enum OutputPlace {
  /// Throws if the output file is one of the inputs or cannot be created.
  public static func require(_ output: String, apartFrom inputs: [String]) throws {
    let place = URL(fileURLWithPath: output).standardizedFileURL
    let input = inputs.first {
      AtomicFile.isSame($0, as: output) || URL(fileURLWithPath: $0).standardizedFileURL == place
    }
    if let input { throw OutputOverInput(output: output, input: input) }
    try AtomicFile.requirePlace(forFile: output)
  }
}

/// A command was asked to overwrite its input, or to write two results to one file.
struct OutputOverInput: Error, CustomStringConvertible, ExitStatusError {
  let output: String
  let input: String

  var description: String {
    "the output \(output) is also \(output == input ? "an input or another output" : "used as \(input)"); choose another name"
  }

  var exitStatus: ExitStatus { .usage }
}
