import FeaturePipeline

/// One search: a program, what it searches, and the file that it produces.
public struct SearchStep: Hashable, Sendable {
  /// What the result is for.
  public enum Purpose: String, Hashable, Sendable {
    case alignment, templates
  }

  /// Name of the database, such as `uniref90`; `bfd_uniref` if two are searched together.
  public let name: String
  /// Program whose result is kept.
  public let tool: SearchTool
  /// Databases searched together.
  public let databases: [SearchDatabase]
  /// How they are stored.
  public let form: SearchDatabase.Form
  /// What the result is for.
  public let purpose: Purpose

  /// Name of the result file, as in AlphaFold's `msas` folder.
  public var resultName: String {
    switch tool {
    case .hhblits, .mmseqs: "\(name)_hits.a3m"
    case .hhsearch: "pdb_hits.hhr"
    case .hmmsearch, .hmmbuild: "pdb_hits.sto"
    case .jackhmmer: "\(name)_hits.sto"
    }
  }

  /// Most rows used from the result; nil for all.
  var maximumRows: Int? { DatabaseRole(name).maximumRows }

  /// Programs that it runs.
  public var tools: [SearchTool] { tool == .hmmsearch ? [.hmmbuild, .hmmsearch] : [tool] }

  /// A run of a program.
  struct Command: Hashable {
    let tool: SearchTool
    let arguments: [String]

    /// Name for people: `jackhmmer`, `mmseqs search`.
    var name: String {
      tool == .mmseqs ? "\(tool.rawValue) \(arguments.first ?? "")" : tool.rawValue
    }
  }

  /// Names used in commands: paths in a run, symbols in a cache key.
  struct Names {
    var input: String
    var work: String
    var databases: [String]
    var threads: String
  }

  /// The commands of this step; the last one writes `result` to the work folder.
  ///
  /// Arguments are those of AlphaFold 2.3 (`data/tools/*.py`); for MMseqs2 those of ColabFold's search, as far as they apply to one
  /// database (three iterations, sensitivity 8, E 0.1, 10,000 sequences).
  func commands(_ names: Names) -> [Command] {
    let result = names.work + "/result"
    switch tool {
    case .jackhmmer:
      return [.init(tool: tool, arguments: Self.jackhmmer(names, result))]
    case .hhblits:
      let fixed =
        "-n 3 -e 0.001 -maxseq 1000000 -realign_max 100000 -maxfilt 100000 -min_prefilter_hits 1000"
      return [
        .init(
          tool: tool,
          arguments: ["-i", names.input, "-cpu", names.threads, "-oa3m", result, "-o", "/dev/null"]
            + Self.split(fixed) + names.databases.flatMap { ["-d", $0] })
      ]
    case .hhsearch:
      return [
        .init(
          tool: tool,
          arguments: ["-i", names.input, "-o", result, "-maxseq", "1000000", "-cpu", names.threads]
            + names.databases.flatMap { ["-d", $0] })
      ]
    case .hmmbuild, .hmmsearch: return Self.hmmsearch(names, result)
    case .mmseqs: return mmseqs(names)
    }
  }

  private static func split(_ text: String) -> [String] {
    text.split(separator: " ").map(String.init)
  }

  private static func jackhmmer(_ names: Names, _ result: String) -> [String] {
    ["-o", "/dev/null", "-A", result]
      + split("--noali --F1 0.0005 --F2 5e-05 --F3 5e-07 --incE 0.0001 -E 0.0001")
      + ["--cpu", names.threads, "-N", "1", names.input] + names.databases
  }

  private static func hmmsearch(_ names: Names, _ result: String) -> [Command] {
    let profile = names.work + "/profile.hmm"
    let filters = "--F1 0.1 --F2 0.1 --F3 0.1 -E 100 --incE 100 --domE 100 --incdomE 100"
    return [
      .init(tool: .hmmbuild, arguments: ["--hand", "--amino", profile, names.input]),
      .init(
        tool: .hmmsearch,
        arguments: ["--noali", "--cpu", names.threads] + split(filters)
          + ["-o", "/dev/null", "-A", result, profile] + names.databases),
    ]
  }

  /// The command that converts FASTA to a database of MMseqs2, called `target` in the work folder; nil if none is needed.
  ///
  /// Without an explicit type, a short protein with few kinds of letters is taken for DNA.
  func conversion(_ names: Names) -> Command? {
    guard tool == .mmseqs, form == .fasta, let database = names.databases.first else { return nil }
    return Command(
      tool: .mmseqs, arguments: ["createdb", database, "\(names.work)/target", "--dbtype", "1"])
  }

  private func mmseqs(_ names: Names) -> [Command] {
    let work = names.work
    let target = names.databases.first ?? ""
    let threads = ["--threads", names.threads]
    let lines = [
      ["createdb", names.input, "\(work)/query", "--dbtype", "1"],
      ["search", "\(work)/query", target, "\(work)/found", "\(work)/tmp"]
        + Self.split("--num-iterations 3 -s 8 -e 0.1 --max-seqs 10000 -a") + threads,
      ["result2msa", "\(work)/query", target, "\(work)/found", "\(work)/aligned"]
        + Self.split("--msa-format-mode 6") + threads,
      ["unpackdb", "\(work)/aligned", work]
        + Self.split("--unpack-name-mode 0 --unpack-suffix .a3m") + threads,
    ]
    return lines.map { Command(tool: .mmseqs, arguments: $0) }
  }

  /// Where the last command leaves its result.
  var producedName: String { tool == .mmseqs ? "0.a3m" : "result" }
}
