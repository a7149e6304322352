import FoldingCore
import Protein
import Reports
import TensorCore

/// The options of `helixfold predict`.
public struct PredictionOptions: Sendable {
  /// Parameter files, one network each.
  public var weights: [String] = []
  /// Name of the network; nil to infer it from the parameters.
  public var preset: String?
  /// Uses seeded random parameters of the preset instead of a file; for tests of the machinery only.
  public var usesRandomWeights = false
  /// Passes after the first; nil for the network's own number.
  public var recycles: Int?
  /// Stops when the mean change of Cα distances between passes falls below this, Å; nil never.
  public var earlyStopTolerance: Float?
  /// At most this many of the networks.
  public var modelLimit: Int?
  /// Seeds per network.
  public var seedCount = 1
  /// First seed.
  public var seed: UInt64 = 0
  /// Mean pLDDT from which on no further network or seed runs on a target; nil for all.
  public var stopScore: Double?
  /// Cluster and extra rows drawn from the alignment; nil for the network's own numbers.
  public var maxMSA: (clusters: Int, extra: Int)?
  /// Measures what dropping alignment rows changes (`EvidenceOptions.rowBudget`), at the cost of two first passes with all rows and
  /// two with the number kept.
  public var checksRowBudget = true
  /// Draws dropout masks from the seed, as in training, so that the structures of several seeds differ more.
  public var usesDropout = false
  /// Draws averaged per pass; nil for the network's own number.
  public var ensembles: Int?
  /// Storage of activations and trunk weights.
  public var storage = DType.bfloat16
  /// Block format in which triangle multiplications keep an operand; nil for the type of the activations.
  public var pairFormat: BlockFormat?
  /// Worker threads.
  public var threads = 1
  /// Library that multiplies matrices.
  public var backend = MatrixBackend.native
  /// Bytes that must not be exceeded.
  public var memoryLimit: Int?
  /// Writes the structure of every pass.
  public var savesRecycles = false
  /// Writes logits and representations.
  public var savesRaw = false
  /// Lets short targets share passes: the same numbers, in no less time (docs/performance.md).
  public var packs = false
  /// Continues where a stopped run left off, and keeps results of other networks and seeds.
  public var resumes = false
  /// With `resumes`: replaces results of the same name that were made from other inputs, weights or options, instead of refusing the target.
  public var replacesDiffering = false
  /// Structure that the report superposes on the predictions and scores them against.
  public var reference: Structure?
  /// What messages call that structure, such as the name of its file.
  public var referenceName = "the reference"
  /// Also writes the drawings of the report as files.
  public var plots: PlotFormat?
  /// Plans and checks everything, then stops.
  public var isDryRun = false
  /// Folder of the results.
  public var output = "."
  /// Files and folders that the run reads; those in the folder of a target are not mistaken for results of an earlier run.
  public var inputs: [String] = []

  /// The defaults.
  public init() {}
}
