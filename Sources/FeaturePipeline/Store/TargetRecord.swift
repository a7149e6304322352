import NumericArrays

/// One target as the store keeps it: features, structure if known, and the origin of the data.
public struct TargetRecord: Sendable, Hashable {
  /// Sequence, alignment, templates.
  public var features: RawFeatures
  /// Experimental structure, for training and scoring; nil if there is none.
  public var labels: TargetLabels?
  /// Where the data came from.
  public var provenance: Provenance

  /// A record.
  public init(
    features: RawFeatures, labels: TargetLabels? = nil, provenance: Provenance = Provenance()
  ) {
    self.features = features
    self.labels = labels
    self.provenance = provenance
  }
}

/// The experimental structure of a target.
public struct TargetLabels: Sendable, Hashable {
  /// Coordinates in the atom37 order, Å, 0 where unknown, stored to 0.001 Å: `[N_res, 37, 3]`.
  public var positions: NDArray<Float>
  /// 1 where the atom is known. `[N_res, 37]`
  public var mask: NDArray<Float>
  /// Resolution, Å.
  public var resolution: Float?
  /// Release date, `YYYY-MM-DD`.
  public var releaseDate: String?
  /// Name of the sequence cluster, the unit of sampling and of data splits.
  public var cluster: String?
  /// What the cluster is used for: `training`, `validation` or `test`; nil if the cluster's name decides.
  public var split: String?

  /// Labels.
  public init(
    positions: NDArray<Float>, mask: NDArray<Float>, resolution: Float? = nil,
    releaseDate: String? = nil, cluster: String? = nil, split: String? = nil
  ) {
    self.positions = positions
    self.mask = mask
    self.resolution = resolution
    self.releaseDate = releaseDate
    self.cluster = cluster
    self.split = split
  }
}

/// Where the data of a target came from.
///
/// Kept as JSON, so that later versions can add to it.
public struct Provenance: Sendable, Hashable, Codable {
  /// Date and time of creation, ISO 8601.
  public var created: String?
  /// Program and version.
  public var program: String?
  /// Alignment files and the rows that each added.
  public var alignments: [AlignmentSource]?
  /// Anything else: tools, versions, database checksums, by name.
  public var notes: [String: String]?

  /// Provenance; all parts may be unknown.
  public init(
    created: String? = nil, program: String? = nil, alignments: [AlignmentSource]? = nil,
    notes: [String: String]? = nil
  ) {
    self.created = created
    self.program = program
    self.alignments = alignments
    self.notes = notes
  }
}

/// The entry of a store's index for a target.
public struct StoreEntry: Sendable, Hashable {
  /// Name of the target.
  public var id: String
  /// Number of residues.
  public var residues: Int
  /// Alignment rows, the target included.
  public var rows: Int
  /// Number of templates.
  public var templates: Int
  /// Whether there are labels.
  public var hasLabels: Bool
  /// Resolution of the labels, Å.
  public var resolution: Float?
  /// Release date of the labels.
  public var releaseDate: String?
  /// Sequence cluster.
  public var cluster: String?
  /// What the cluster is used for; nil if its name decides.
  public var split: String?

  init(_ record: TargetRecord) {
    id = record.features.id
    residues = record.features.residueCount
    rows = record.features.rowCount
    templates = record.features.templates.count
    hasLabels = record.labels != nil
    resolution = record.labels?.resolution
    releaseDate = record.labels?.releaseDate
    cluster = record.labels?.cluster
    split = record.labels?.split
  }

  init(
    id: String, residues: Int, rows: Int, templates: Int, hasLabels: Bool, resolution: Float?,
    releaseDate: String?, cluster: String?, split: String? = nil
  ) {
    self.id = id
    self.residues = residues
    self.rows = rows
    self.templates = templates
    self.hasLabels = hasLabels
    self.resolution = resolution
    self.releaseDate = releaseDate
    self.cluster = cluster
    self.split = split
  }
}
