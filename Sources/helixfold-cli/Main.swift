import ArgumentParser
import Distribution
import Foundation
import HelixFold
import Messages

/// The command; one file per subcommand.
@main
struct HelixFoldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "helixfold",
    abstract: "Protein structure prediction and training on CPUs.",
    version: helixFoldVersion,
    subcommands: [
      PredictCommand.self, TrainCommand.self, DatasetCommand.self, ValidateCommand.self,
      PlotCommand.self,
      SearchCommand.self, DatabasesCommand.self, PrepareCommand.self, StoreCommand.self,
      WeightsCommand.self, ScoreCommand.self, EvaluateCommand.self, CheckCommand.self,
      BenchCommand.self, DevCommand.self,
    ])

  /// Runs the command; a runtime error is reported in one line and ends with its status.
  static func main() {
    RankWatch.serve()
    StandardStreams.connect()
    ProcessMemory.returnFreed()
    if let place = misspelledArgument {
      StandardStreams.writeError(
        "helixfold: argument \(place) ('\(CommandLine.arguments[place].printable)') is no UTF-8, as every path must be; rename the file or folder\n"
      )
      exit(withError: ExitCode(.usage))
    }
    let arguments = withValues(withDashes(Array(CommandLine.arguments.dropFirst())))
    if let word = unknownTopic(of: arguments) {
      refuse(arguments, "there is no command '\(word.printable)' (helixfold --help tells more)")
    }
    var command: any ParsableCommand
    do {
      command = try parseAsRoot(arguments)
    } catch let request where exitCode(for: request) == .success {
      // The parser knows only the first line of the version.
      guard message(for: request) == helixFoldVersion else { exit(withError: request) }
      command = VersionReport()
    } catch {
      refuse(arguments, refusal(error))
    }
    do {
      do {
        try command.run()
      } catch let status as ExitCode {
        try StandardStreams.flushOutput()
        throw status
      }
      try StandardStreams.flushOutput()
    } catch {
      // Errors found only while a command runs are reported in one line; printing its usage would not help.
      if let refused = error as? ValidationError {
        StandardStreams.writeError("helixfold: \(refused.message)\n")
        exit(withError: ExitCode(.usage))
      }
      // The parser handles exit codes chosen by a command.
      if error is ExitCode || exitCode(for: error) != .failure { exit(withError: error) }
      StandardStreams.writeError("helixfold: \("\(error)".printable)\n")
      exit(withError: ExitCode(ExitStatus(error)))
    }
  }

  /// Ends the program with what is known about arguments that it lacks, or else with the parser's error.
  private static func refuse(_ arguments: [String], _ complaint: String) -> Never {
    let command = command(of: arguments)
    let isWhole = command.configuration.subcommands.isEmpty
    let sentences = AbsentFeatures.sentences(
      for: arguments, besides: isWhole ? flags(of: command) : [])
    for line in sentences.isEmpty ? [complaint] : sentences {
      StandardStreams.writeError("helixfold: \(line)\n")
    }
    exit(withError: ExitCode(.usage))
  }

  /// The command that the first words name.
  private static func command(of arguments: [String]) -> any ParsableCommand.Type {
    var command: any ParsableCommand.Type = self
    for word in arguments {
      let commands = command.configuration.subcommands
      guard let next = commands.first(where: { $0.configuration.commandName == word }) else {
        break
      }
      command = next
    }
    return command
  }

  /// The first word after `help` that is not a command: the parser would show the help of the command before it.
  private static func unknownTopic(of arguments: [String]) -> String? {
    guard arguments.first == "help" else { return nil }
    var commands: [any ParsableCommand.Type] = configuration.subcommands
    for word in arguments.dropFirst() where !word.hasPrefix("-") && word != "help" {
      guard let command = commands.first(where: { $0.configuration.commandName == word }) else {
        return word
      }
      commands = command.configuration.subcommands
    }
    return nil
  }

  /// What is wrong with the arguments, and which help to read, in one line.
  private static func refusal(_ error: any Error) -> String {
    let words = message(for: error).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let help = fullMessage(for: error).firstMatch(of: /See '(helixfold[a-z -]*--help)'/)?.1
    // The parser's own sentences begin with a capital, ours with a flag or a word.
    let isSentence = words.prefix(1).allSatisfy(\.isUppercase) && !words.hasPrefix("JSON")
    let text = isSentence ? words.prefix(1).lowercased() + words.dropFirst() : words
    return
      "\(text.hasSuffix(".") ? text.dropLast() : text[...]) (\(help ?? "helixfold --help") tells more)"
  }

  /// Index of the first argument that is not UTF-8: as text it would name another file.
  private static var misspelledArgument: Int? {
    (1..<max(1, Int(CommandLine.argc))).first { place in
      CommandLine.unsafeArgv[place].map { String(validatingCString: $0) == nil } ?? false
    }
  }

  /// The arguments, with AlphaFold2's underscores in long flags replaced by dashes if there is such a flag.
  private static func withDashes(_ arguments: [String]) -> [String] {
    guard arguments.contains(where: { $0.hasPrefix("--") && $0.contains("_") }) else {
      return arguments
    }
    let known = flags(of: self)
    return arguments.map { argument in
      let name = String(argument.prefix { $0 != "=" })
      let plain = name.replacing("_", with: "-")
      return known.contains(plain) ? plain + argument.dropFirst(name.count) : argument
    }
  }

  /// The arguments, with negative numbers joined to the flags before them, since the parser takes `-1` for a flag.
  private static func withValues(_ arguments: [String]) -> [String] {
    var result: [String] = []
    for argument in arguments {
      if argument.prefixMatch(of: /-\.?[0-9]/) != nil, let flag = result.last,
        flag.wholeMatch(of: /--[a-z-]+/) != nil
      {
        result[result.count - 1] = "\(flag)=\(argument)"
      } else {
        result.append(argument)
      }
    }
    return result
  }

  /// Every long flag in the help of a command and its subcommands.
  private static func flags(of command: any ParsableCommand.Type) -> Set<String> {
    let help = helpMessage(for: command, includeHidden: true)
    let words = help.split { !($0.isLetter || $0.isNumber || $0 == "-") }
    let own = Set(words.filter { $0.hasPrefix("--") }.map(String.init))
    return command.configuration.subcommands.reduce(own) { $0.union(flags(of: $1)) }
  }
}

extension ExitCode {
  /// The code of a status.
  init(_ status: ExitStatus) { self.init(status.rawValue) }
}
