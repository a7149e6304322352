/// How processes are arranged for training: data parallelism × branch parallelism, branches innermost, as in HelixFold
/// (PaddleFleetX `topology`).
///
/// Neighbouring ranks run the two branches of the same samples, so that they land on one host.
public struct RankGrid: Sendable, Hashable {
  /// Groups that train on different samples.
  public let data: Int
  /// Processes per group: 2 run one branch of every block each, 1 runs both.
  public let branches: Int

  /// A grid.
  public init(data: Int, branches: Int) throws(CommunicationError) {
    guard data >= 1, data & (data - 1) == 0 else {
      throw .grid("--dp is \(data), expected a power of two: gradients are added up in a balanced tree")
    }
    guard branches == 1 || branches == 2 else {
      throw .grid("--bp is \(branches), expected 1 or 2: a block has two branches")
    }
    self.data = data
    self.branches = branches
  }

  /// Number of processes.
  public var count: Int { data * branches }

  /// Place of a rank.
  public func place(of rank: Int) -> (data: Int, branch: Int) {
    (rank / branches, rank % branches)
  }
}

/// This process in the grid, with the groups that it talks to.
public struct GridMember: Sendable {
  /// The arrangement.
  public let grid: RankGrid
  /// All processes.
  public let world: any Communicator
  /// Those of the same branch with other samples, in the order of their samples.
  public let data: any Communicator
  /// Those of the same samples, first branch first; nil without branch parallelism.
  public let branches: (any Communicator)?

  /// Takes its place among the processes of `world`. Collective.
  public init(_ grid: RankGrid, in world: any Communicator) throws(CommunicationError) {
    guard grid.count == world.size else {
      throw .grid(
        "--dp \(grid.data) --bp \(grid.branches) is a grid of \(grid.count) processes, but \(world.size) were started; use mpirun -n \(grid.count)"
      )
    }
    self.grid = grid
    self.world = world
    let place = grid.place(of: world.rank)
    data = try world.split(colour: place.branch, key: place.data)
    let pair = try world.split(colour: grid.branches + place.data, key: place.branch)
    branches = grid.branches > 1 ? pair : nil
  }

  /// The only process.
  public static let single = GridMember()

  private init() {
    let member = SingleMember()
    (world, data, branches) = (member, member, nil)
    grid = .one
  }

  /// Whether this process writes the files of a run.
  public var isWriter: Bool { world.rank == 0 }

  /// The samples of a batch that this process computes: one run of neighbours.
  public func share(of batch: Int) -> Range<Int> {
    let size = data.size
    return batch * data.rank / size..<batch * (data.rank + 1) / size
  }
}

extension RankGrid {
  fileprivate static let one = RankGrid()

  private init() { (data, branches) = (1, 1) }
}
