import ArgumentParser
import Foundation
import HelixFold
import Scoring

/// `helixfold score`: how well a model fits a reference structure.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Compare a model with a reference structure.",
    discussion: """
      Prints lDDT (all atoms and C-alphas), TM-score, GDT-TS, GDT-HA, RMSD and RMSD95, and checks \
      the model's handedness, peptide bonds and clashes. Residues are matched by number or by aligning the \
      sequences, whichever pairs more residues of one type. Residues that the model lacks count as failures. \
      Files are PDB or mmCIF, gzip-compressed or not.
      """)

  @Argument(help: "Structure to be judged.")
  var model: String

  @Argument(help: "Structure that counts as the truth.")
  var reference: String

  @Option(
    help: ArgumentHelp(
      "Domains by residue numbers of the reference (in mmCIF the authors', auth_seq_id), scored one by one; segments of one domain joined by '+'.",
      valueName: "2-194,203-406"))
  var domains: String?

  @Option(help: "Chain of the model (default: the one that fits best).")
  var modelChain: String?

  @Option(help: "Chain of the reference (default: the one that fits best).")
  var referenceChain: String?

  @Option(help: "Model of the model file, by its number there (default: the first).")
  var modelNumber: Int?

  @Option(help: "Model of the reference file, by its number there (default: the first).")
  var referenceNumber: Int?

  @Flag(help: "Print JSON (docs/file-formats.md), with the superposition that proves each value.")
  var json = false

  @Flag(help: "Add the lDDT of each residue.")
  var perResidue = false

  func validate() throws {
    do {
      _ = try domains.map(DomainRange.parse)
    } catch {
      throw ValidationError("--domains: \(error)")
    }
  }

  func run() throws {
    let request = ScoringRequest(
      modelPath: model, referencePath: reference, modelChain: modelChain,
      referenceChain: referenceChain, modelNumber: modelNumber, referenceNumber: referenceNumber,
      domains: try domains.map(DomainRange.parse) ?? [])
    let report = try request.run()
    let text = try json ? report.json(perResidue: perResidue) : report.text(perResidue: perResidue)
    print(text, terminator: "")
  }
}
