import TensorCore

/// This process in the grid, with the groups that it communicates with.
public struct GridMember: Sendable {
  /// The arrangement.
  public let grid: ProcessGrid
  /// All processes.
  public let world: any Communicator
  /// Processes at the same position with other samples, in the order of their samples.
  public let data: any Communicator
  /// Processes that share the operations of this branch; nil if this process does them alone.
  public let axes: (any Communicator)?
  /// Processes with the same samples and share, first branch first; nil without branch parallelism.
  public let branches: (any Communicator)?

  /// Takes its place among the processes of `world`.
  ///
  /// Collective.
  ///
  /// - Throws: ``CommunicationError/grid(_:)`` unless the grid has as many processes as `world`, in numbers that allow sums.
  public init(_ grid: ProcessGrid, in world: any Communicator) throws(CommunicationError) {
    for (flag, count) in [("--dp", grid.data), ("--dap", grid.axes)]
    where count < 1 || count & (count - 1) != 0 {
      throw .grid("\(flag) is \(count), expected a power of two: sums are balanced trees")
    }
    guard (1...2).contains(grid.branches) else {
      throw .grid("--bp is \(grid.branches), expected 1 or 2: a block has two branches")
    }
    guard grid.count == world.size else {
      throw .grid(
        "\(grid) is a grid of \(grid.count) processes, but \(world.size) \(world.size == 1 ? "was" : "were") started; use mpirun -n \(grid.count)"
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
    (grid, world, data, axes, branches) = (ProcessGrid(), member, member, nil, nil)
  }

  /// Whether this process writes the files of a run.
  public var isWriter: Bool { world.rank == 0 }

  /// The samples of a batch that this process computes: a contiguous range.
  public func share(of batch: Int) -> Range<Int> {
    AxialShare.range(rank: data.rank, of: data.size, count: batch)
  }
}
