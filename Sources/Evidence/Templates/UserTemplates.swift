import AtomicFiles
import Foundation
import Messages
import Protein
import StructureIO

/// Structures that a user gives as templates: any file name, no date, every protein chain tried.
///
/// Each chain is aligned to the target by sequence. Unrelated chains are listed but not used; the rest are ordered by the number of
/// identical residues, ties in file and chain order. Copies of a chain in one file come last: networks take few templates, and
/// other structures add more.
public struct UserTemplates: Sendable {
  /// Rules; the cut-off date and the rule against duplicates of the target do not apply.
  public var settings: TemplateSettings

  /// Templates with the given rules.
  public init(settings: TemplateSettings = TemplateSettings()) { self.settings = settings }

  /// The files of a path: the file itself, or the structures in a folder, sorted by name.
  public static func files(at path: String) throws(UserTemplateError) -> [String] {
    switch PathKind(of: path) {
    case .absent: throw .missing(path)
    case .file: return [path]
    case .folder: break
    }
    let found: [String]
    do throws(FolderError) {
      found = try FolderContents.names(in: path) { StructureFile.nameEnding(of: $0) != nil }
    } catch {
      throw .unreadableFolder(path, reason: error.reason)
    }
    if found.isEmpty { throw .emptyFolder(path) }
    return found.map { path + "/" + $0 }
  }

  /// Templates from files; a file that cannot be read becomes a row of the table.
  public func templates(
    for target: String, files: [String]
  ) -> (templates: [AlignedTemplate], table: TemplateTable) {
    let target = Array(target.utf8)
    var candidates: [Candidate] = []
    var table = TemplateTable()
    for (number, file) in files.enumerated() {
      let label = URL(fileURLWithPath: file).lastPathComponent
      do throws(TemplateRejection) {
        let chains = try Self.chains(of: file)
        for chain in chains {
          let place = candidates.count + table.rows.count + 1
          consider(chain, number, label: label, place: place, target, &candidates, &table)
        }
      } catch {
        let place = candidates.count + table.rows.count + 1
        table.rows.append(Self.row(place, label, rejected: error))
      }
    }
    let ordered = Self.ordered(candidates)
    let used = ordered.prefix(settings.maximumCount)
    table.rows +=
      used.enumerated().map { place, candidate in
        var row = candidate.row
        row.template = place + 1
        return row
      }
      + ordered.dropFirst(settings.maximumCount).map { candidate in
        var row = candidate.row
        let reason = TemplateRejection.notNeeded(maximum: settings.maximumCount)
        (row.reason, row.kind) = (reason.description, reason.kind)
        return row
      }
    table.rows.sort { $0.hit < $1.hit }
    return (used.map(\.template), table)
  }

  /// A chain that can be a template.
  private struct Candidate {
    let template: AlignedTemplate
    /// Number of its file.
    let file: Int
    let identical: Int
    var row: TemplateTable.Row
  }

  /// The most similar chain first; of copies in one file the one with the most atoms, the others after all other chains.
  private static func ordered(_ candidates: [Candidate]) -> [Candidate] {
    let byAtoms = candidates.sorted {
      (-$0.row.atoms, $0.row.hit) < (-$1.row.atoms, $1.row.hit)
    }
    var firsts: [Candidate] = []
    var copies: [Candidate] = []
    for var candidate in byAtoms {
      let first = firsts.first {
        $0.file == candidate.file && candidate.template.isCopy(of: $0.template)
      }
      if let first {
        candidate.row.reason = "a copy of \(first.row.name), comes after the others of --template"
        copies.append(candidate)
      } else {
        firsts.append(candidate)
      }
    }
    return [firsts, copies].flatMap { group in
      group.sorted { (-$0.identical, $0.row.hit) < (-$1.identical, $1.row.hit) }
    }
  }

  private static func chains(of file: String) throws(TemplateRejection) -> [TemplateChain] {
    let structure = try StructureFolder.read(file)
    let chains = TemplateChain.chains(of: structure)
    if chains.isEmpty { throw .noProteinChain }
    return chains
  }

  private func consider(
    _ chain: TemplateChain, _ file: Int, label: String, place: Int, _ target: [UInt8],
    _ candidates: inout [Candidate], _ table: inout TemplateTable
  ) {
    // Chains of a single protein often have none.
    let name = chain.id.allSatisfy(\.isWhitespace) ? label : "\(label)_\(chain.id)"
    do throws(TemplateRejection) {
      let (template, alignment) = try template(chain, name: name, target)
      let row = TemplateTable.Row(
        hit: place, name: name, sumOfProbabilities: nil, alignedColumns: alignment.pairs.count,
        template: nil, atoms: template.atoms, reason: "")
      candidates.append(
        Candidate(
          template: template, file: file, identical: alignment.identicalPairs, row: row))
    } catch {
      table.rows.append(Self.row(place, name, rejected: error))
    }
  }

  private func template(
    _ chain: TemplateChain, name: String, _ target: [UInt8]
  ) throws(TemplateRejection) -> (AlignedTemplate, PairwiseAligner.Alignment) {
    let alignment: PairwiseAligner.Alignment
    do {
      alignment = try PairwiseAligner().align(chain.letters, target, breaks: chain.breaks)
    } catch {
      throw .alignmentTooLarge("\(error)")
    }
    let aligned = alignment.pairs.count
    guard aligned > 0,
      Double(alignment.identicalPairs) >= settings.minimumIdentityToTarget * Double(aligned)
    else { throw .notSimilar(identical: alignment.identicalPairs, aligned: aligned) }
    guard Double(aligned) > settings.minimumAlignedShare * Double(target.count) else {
      throw .alignsTooLittle(columns: aligned, targetLength: target.count)
    }
    let expected = try Self.expected(chain, target, alignment)
    guard expected <= settings.maximumExpected else {
      throw .byChance(
        identical: alignment.identicalPairs, aligned: aligned, expected: expected,
        maximum: settings.maximumExpected)
    }
    try chain.checkCoordinates(neighbourLimit: settings.maximumNeighbourDistance)
    let template = AlignedTemplate(
      name: name, targetLength: target.count, chain: chain,
      pairs: alignment.pairs.map { ($0.second, $0.first, chain.letters[$0.first]) },
      sumOfProbabilities: 0)
    guard template.atoms >= settings.minimumAtoms else { throw .tooFewAtoms(template.atoms) }
    return (template, alignment)
  }

  /// Expected number of unrelated chains that align as well; gaps at breaks, cheap in the alignment, cost as much as others here.
  private static func expected(
    _ chain: TemplateChain, _ target: [UInt8], _ alignment: PairwiseAligner.Alignment
  ) throws(TemplateRejection) -> Double {
    let lengths = (chain.letters.count, target.count)
    if chain.breaks.isEmpty { return alignment.expected(lengths: lengths) }
    do {
      return try PairwiseAligner().align(chain.letters, target).expected(lengths: lengths)
    } catch {
      throw .alignmentTooLarge("\(error)")
    }
  }

  private static func row(
    _ place: Int, _ name: String, rejected reason: TemplateRejection
  ) -> TemplateTable.Row {
    TemplateTable.Row(
      hit: place, name: name, sumOfProbabilities: nil, alignedColumns: 0, template: nil, atoms: 0,
      reason: reason.description, kind: reason.kind)
  }
}

/// Why a path holds no templates.
public enum UserTemplateError: Error, Hashable, CustomStringConvertible, ExitStatusError {
  /// The path does not exist.
  case missing(String)
  /// The folder holds no structure.
  case emptyFolder(String)
  /// The folder cannot be read.
  case unreadableFolder(String, reason: String)

  /// One line that says what is wrong.
  public var description: String {
    switch self {
    case .missing(let path): "\(path): no such file or folder"
    case .unreadableFolder(let path, let reason): "\(path): cannot be read: \(reason)"
    case .emptyFolder(let path):
      "\(path): the folder holds no structure (.pdb, .ent, .cif, .mmcif, also with .gz)"
    }
  }

  /// The status for the shell.
  public var exitStatus: ExitStatus { .missingInput }
}
