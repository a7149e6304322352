import ArrayFiles
import FeaturePipeline
import FoldingCore
import Foundation
import HDF5Files
import StructureIO

/// How to fix what readers report: chosen by the case of the error and, if that is too general, by words of its reason, never of a
/// path.
enum Remedy {
  /// What to try after an error.
  static func of(_ error: any Error) -> String {
    switch error {
    case let error as ConfigurationError: error.remedy
    case let error as InputError: error.remedy
    case let error as StructureIOError: error.remedy
    case let error as ArrayFileError: error.remedy
    case let error as HDF5Error: error.remedy
    default: makeAgain
    }
  }

  /// For a value written by hand.
  static let correctValue = "correct this value"

  fileprivate static let makeAgain = "make the file again with the program that wrote it"
  fileprivate static let checkPath = "check the path"
  fileprivate static let permit = "make the file readable"
  fileprivate static let nameFile = "name a file in it"

  /// The remedy for the words of a reason.
  fileprivate static func words(of reason: String) -> String? {
    remedies.first { reason.contains($0.words) }?.remedy
  }

  private static let remedies: [(words: String, remedy: String)] = [
    ("no such file", checkPath),
    ("permission", permit),
    ("is a folder", nameFile),
    ("is not an amino acid", "remove the character; unknown residues are written X"),
    ("is a gap", "remove the gaps, or give the file as an alignment"),
    ("separates chains", "give each chain a record of its own"),
    ("'*' in the middle", "remove what follows the stop"),
    ("already in line", "rename one of the records"),
    ("columns, the first row has", "align the row again, or remove it"),
    ("must be the target's sequence", "put the target's sequence first"),
    ("is an insertion, but", "write the whole first row in upper case"),
    ("is not an alignment letter", "remove the character; insertions are lower case, gaps '-'"),
    ("gunzip", "gunzip FILE"),
    ("no gzip data", "rename the file, or download it again"),
    ("is no valid JSON", "check commas, quotes and brackets near the place named"),
    ("is empty", "make the file again; it was perhaps cut short"),
    ("atom_site", "export the structure again as mmCIF with coordinates"),
    ("not a finite number", "correct the coordinate, or remove the atom"),
    ("complex", "split the alignment into one for each chain"),
  ]
}

extension ConfigurationError {
  fileprivate var remedy: String {
    switch self {
    case .unreadable: "write one JSON object with the values that differ from a preset's"
    case .unknownKey: "check the spelling, or remove it"
    case .badValue: Remedy.correctValue
    }
  }
}

extension InputError {
  fileprivate var remedy: String {
    switch self {
    case .missing: Remedy.checkPath
    case .text(_, _, _, let problem):
      Remedy.words(of: problem) ?? "correct this line, or \(Remedy.makeAgain)"
    case .unreadable(_, let reason), .content(_, let reason):
      Remedy.words(of: reason) ?? Remedy.makeAgain
    case .array: Remedy.makeAgain
    }
  }
}

extension StructureIOError {
  fileprivate var remedy: String {
    switch self {
    case .cannotRead(_, ENOENT, _): Remedy.checkPath
    case .cannotRead(_, EACCES, _): Remedy.permit
    case .cannotRead(_, EISDIR, _): Remedy.nameFile
    case .cannotRead: Remedy.makeAgain
    case .malformed(_, _, let message):
      Remedy.words(of: message) ?? "correct this line, or export the structure again"
    case .unexpectedContent(_, let message):
      Remedy.words(of: message) ?? "export the structure again"
    case .doesNotFit: "use mmCIF"
    case .notFinite: "correct the coordinate, or remove the atom"
    }
  }
}

extension ArrayFileError {
  fileprivate var remedy: String {
    switch self {
    case .cannotRead(_, let reason): Remedy.words(of: reason) ?? Remedy.makeAgain
    case .forbiddenGlobal, .forbiddenOpcode: "make the file again with plain arrays only"
    case .cannotWrite, .wrongFormat, .noSuchArray, .malformed, .unsupported, .tooLarge:
      Remedy.makeAgain
    }
  }
}

extension HDF5Error {
  fileprivate var remedy: String {
    switch self {
    case .cannotOpen(_, let reason): Remedy.words(of: reason) ?? Remedy.makeAgain
    case .cannotWrite, .notFound, .mismatch, .damaged: Remedy.makeAgain
    }
  }
}
