/// How processes are arranged for training: data × axes × branches, branches innermost, as in HelixFold
/// (PaddleFleetX `topology`).
///
/// Neighbouring ranks communicate most: the two branches of a block, then the processes that share its operations, then those that
/// train on other samples.
public struct ProcessGrid: Sendable, Hashable {
  /// Groups that train on different samples.
  public var data: Int
  /// Processes that share every operation along an axis.
  public var axes: Int
  /// 2 where processes run one branch of every block each, 1 where they run both.
  public var branches: Int

  /// A grid of the given extents.
  public init(data: Int = 1, axes: Int = 1, branches: Int = 1) {
    (self.data, self.axes, self.branches) = (data, axes, branches)
  }

  /// Number of processes.
  public var count: Int { data * axes * branches }

  /// Place of a rank.
  public func place(of rank: Int) -> (data: Int, axis: Int, branch: Int) {
    (rank / (branches * axes), rank / branches % axes, rank % branches)
  }
}

extension ProcessGrid: CustomStringConvertible {
  /// The flags that select it.
  public var description: String { "--dp \(data) --dap \(axes) --bp \(branches)" }
}
