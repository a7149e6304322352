import CKernels
import NumericArrays

/// What every operation is given: where to run, where to take memory from, how to store.
///
/// Everything an operation depends on is passed in here, except the kernels' instruction-set path, which a process chooses once.
/// Contexts are cheap values; `fork` makes two that run at the same time.
///
/// An operation whose name ends in `Shared` has all workers share it. The one without runs on the calling thread and may be called
/// inside a tile. Layers that are called as functions share, and so do derivatives of parameters and `isFinite`, of which there is
/// no other form.
public struct ExecutionContext: Sendable {
  /// The workers that operations split their work over.
  public internal(set) var workers: WorkerGroup
  /// The memory of results and scratch.
  public let pool: BufferPool
  /// Storage of activations: bfloat16, or float32 for parity.
  public private(set) var storage: DType
  /// The library that multiplies matrices.
  public let backend: MatrixBackend
  /// Rows of a tile where a row operation streams through scratch.
  ///
  /// Any value gives the same bits.
  public let tileRows: Int
  /// Where operations record their derivatives; nil when nothing is to be differentiated.
  public private(set) var tape: Tape?
  /// Where derivatives accumulate; set while a tape is replayed.
  public private(set) var gradients: Gradients?
  /// What dropout masks are drawn from; nil without dropout.
  public private(set) var dropoutKey: RandomKey?
  /// Where the two branches of a fork run.
  public private(set) var branches = BranchSchedule.sideBySide
  /// How operands of triangle multiplications are held.
  public private(set) var pairOperands = PairOperands.whole
  /// The processes that share every operation; nil for this one alone.
  public private(set) var axial: (any AxialGroup)?

  /// A context.
  public init(
    workers: WorkerGroup, pool: BufferPool, storage: DType, backend: MatrixBackend = .native,
    tileRows: Int = 128
  ) {
    self.workers = workers
    self.pool = pool
    self.storage = storage
    self.backend = backend
    self.tileRows = max(1, tileRows)
  }

  /// The same context storing activations in another type.
  public func storing(_ storage: DType) -> ExecutionContext {
    with { $0.storage = storage }
  }

  /// The same context recording on a tape, or on none.
  public func recording(on tape: Tape?) -> ExecutionContext { with { $0.tape = tape } }

  /// The same context recording nothing.
  public var unrecorded: ExecutionContext { recording(on: nil) }

  /// The same context accumulating derivatives.
  public func accumulating(in gradients: Gradients?) -> ExecutionContext {
    with { $0.gradients = gradients }
  }

  /// The same context drawing dropout masks from a key, or none.
  public func droppingOut(by key: RandomKey?) -> ExecutionContext { with { $0.dropoutKey = key } }

  /// The same context with dropout masks that differ from those of any other scope.
  public func scoped(_ name: String, _ index: Int = 0) -> ExecutionContext {
    dropoutKey == nil ? self : droppingOut(by: dropoutKey?.child(name).child(index))
  }

  /// The same context running the branches of forks by another schedule.
  public func scheduling(_ branches: BranchSchedule) -> ExecutionContext {
    with { $0.branches = branches }
  }

  /// The same context holding operands of triangle multiplications in another way.
  public func holding(_ operands: PairOperands) -> ExecutionContext {
    with { $0.pairOperands = operands }
  }

  /// The same context, sharing every operation with other processes, or with none.
  public func sharing(with axial: (any AxialGroup)?) -> ExecutionContext {
    with { $0.axial = axial }
  }

  /// Memory for the duration of one call of a kernel.
  func withScratch(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
    guard let scratch = hf_thread_scratch(max(1, byteCount)) else { endOutOfMemory(byteCount) }
    body(scratch)
  }

  /// A new tensor of undefined contents, in the storage type unless another is given.
  public func empty(_ shape: [Int], _ dtype: DType? = nil) -> Tensor {
    Tensor(uninitialized: shape, dtype ?? storage, pool: pool)
  }

  /// A new tensor of zeros.
  public func zeros(_ shape: [Int], _ dtype: DType? = nil) -> Tensor {
    Tensor(zeros: shape, dtype ?? storage, pool: pool)
  }

  /// Cuts `0 ..< count` into one range per worker and calls `body` with pieces of at most `tile`.
  ///
  /// `prepare` makes the scratch of one worker, reused for all its tiles.
  public func tiles<Scratch>(
    _ count: Int, tile: Int, scratch prepare: () -> Scratch, _ body: (Range<Int>, Scratch) -> Void
  ) {
    workers.split(count) { range in
      let scratch = prepare()
      var start = range.lowerBound
      while start < range.upperBound {
        let end = min(start + tile, range.upperBound)
        body(start..<end, scratch)
        start = end
      }
    }
  }

  /// The same context with some members changed.
  func with(_ change: (inout ExecutionContext) -> Void) -> ExecutionContext {
    var result = self
    change(&result)
    return result
  }
}
