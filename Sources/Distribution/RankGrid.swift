import TensorCore

/// How processes are arranged for training: data × axes × branches, branches innermost, as in HelixFold
/// (PaddleFleetX `topology`).
///
/// Neighbouring ranks talk most: the two branches of a block, then the processes that share its operations, then those
/// that train on other samples.
public struct RankGrid: Sendable, Hashable {
  /// Groups that train on different samples.
  public let data: Int
  /// Processes that share every operation along an axis.
  public let axes: Int
  /// 2 where processes run one branch of every block each, 1 where they run both.
  public let branches: Int

  /// A grid.
  public init(data: Int, axes: Int, branches: Int) throws(CommunicationError) {
    for (flag, count) in [("--dp", data), ("--dap", axes)]
    where count < 1 || count & (count - 1) != 0 {
      throw .grid("\(flag) is \(count), expected a power of two: sums are balanced trees")
    }
    guard branches == 1 || branches == 2 else {
      throw .grid("--bp is \(branches), expected 1 or 2: a block has two branches")
    }
    (self.data, self.axes, self.branches) = (data, axes, branches)
  }

  private init() { (data, axes, branches) = (1, 1, 1) }

  /// The grid of one process.
  public static let one = RankGrid()

  /// Number of processes.
  public var count: Int { data * axes * branches }

  /// Place of a rank.
  public func place(of rank: Int) -> (data: Int, axis: Int, branch: Int) {
    (rank / (branches * axes), rank / branches % axes, rank % branches)
  }
}

/// This process in the grid, with the groups that it talks to.
public struct GridMember: Sendable {
  /// The arrangement.
  public let grid: RankGrid
  /// All processes.
  public let world: any Communicator
  /// Those of the same place with other samples, in the order of their samples.
  public let data: any Communicator
  /// Those that share the operations of this branch; nil where this process does them alone.
  public let axes: (any Communicator)?
  /// Those of the same samples and share, first branch first; nil without branch parallelism.
  public let branches: (any Communicator)?

  /// Takes its place among the processes of `world`.
  ///
  /// Collective.
  public init(_ grid: RankGrid, in world: any Communicator) throws(CommunicationError) {
    guard grid.count == world.size else {
      throw .grid(
        "--dp \(grid.data) --dap \(grid.axes) --bp \(grid.branches) is a grid of \(grid.count) processes, but \(world.size) were started; use mpirun -n \(grid.count)"
      )
    }
    self.grid = grid
    self.world = world
    let place = grid.place(of: world.rank)
    data = try world.split(
      colour: place.axis * grid.branches + place.branch, key: place.data)
    let row = try world.split(
      colour: place.data * grid.branches + place.branch, key: place.axis)
    let pair = try world.split(colour: place.data * grid.axes + place.axis, key: place.branch)
    axes = grid.axes > 1 ? row : nil
    branches = grid.branches > 1 ? pair : nil
  }

  /// The only process.
  public static let single = GridMember()

  private init() {
    let member = SingleMember()
    (grid, world, data, axes, branches) = (.one, member, member, nil, nil)
  }

  /// Whether this process writes the files of a run.
  public var isWriter: Bool { world.rank == 0 }

  /// The samples of a batch that this process computes: one run of neighbours.
  public func share(of batch: Int) -> Range<Int> {
    ExecutionContext.share(data.rank, data.size, of: batch)
  }
}
