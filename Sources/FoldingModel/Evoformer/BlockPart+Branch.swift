import FoldingCore
import TensorCore

extension BlockPart {
  /// The branch that differentiates the part, in blocks of parallel order.
  public var branch: BranchRole { self == .pairTrack ? .second : .first }
}
