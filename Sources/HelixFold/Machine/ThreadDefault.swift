import Messages

/// How many threads compute where no flag says it.
public struct ThreadDefault: Hashable, Sendable {
  /// Threads that a variable asks for; nil where none does.
  public let asked: Int?
  /// What is wrong with a variable, one line; nil where nothing is.
  public let problem: String?

  /// What `HELIXFOLD_THREADS` says, 0 for all that there are, else the first number of `OMP_NUM_THREADS`, of which no more than there are processors.
  public init(environment: [String: String], available: Int = ProcessorCount.available) {
    let own = environment["HELIXFOLD_THREADS"] ?? ""
    if own.isEmpty {
      let levels = (environment["OMP_NUM_THREADS"] ?? "").split(separator: ",")
      let number = levels.first.flatMap { Int($0.filter { !$0.isWhitespace }) } ?? 0
      asked = number >= 1 ? min(number, available) : nil
      problem = nil
    } else {
      let number = Int(own).flatMap { (0...1024).contains($0) ? $0 : nil }
      asked = number == 0 ? nil : number
      problem =
        number == nil
        ? "the variable HELIXFOLD_THREADS is '\(own.printable)', expected 1 to 1024, or 0 for all"
        : nil
    }
  }
}
