import Messages

/// Number of threads when no flag sets it.
public struct ThreadDefault: Hashable, Sendable {
  /// Threads requested by a variable; nil if none does.
  public let asked: Int?
  /// What is wrong with a variable, one line; nil if nothing is.
  public let problem: String?

  /// The value of `HELIXFOLD_THREADS`, 0 for all processors, else the first number of `OMP_NUM_THREADS`, at most the number of processors.
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
