import NumericArrays
import PlainTensors
import TensorCore

/// Derivatives of a fast operation and of its plain twin for the same loss: the sum of the result with fixed random weights.
public struct GradientComparison {
  /// A tensor of the fast operation and the leaf of the twin that stands for it.
  public typealias Pair = (name: String, fast: Tensor, twin: PlainTensor<Double>)

  let context: ExecutionContext
  let tape: Tape

  /// Runs with a tape of its own.
  public init(_ context: ExecutionContext, recomputes: Bool = true) {
    tape = Tape(recomputes: recomputes)
    self.context = context.recording(on: tape)
  }

  /// Gradients of `tensors` after the derivatives of `run`, whose result is given.
  public func gradients(
    of tensors: [Tensor], _ run: (ExecutionContext) throws -> Tensor
  ) rethrows -> [NDArray<Float>] {
    let gradients = try replayedGradients(context, on: tape, of: run)
    return tensors.map { gradients[$0].array() }
  }

  /// The deviation of every pair's gradient, by name.
  public func deviations(
    _ pairs: [Pair], twin: PlainTensor<Double>, _ run: (ExecutionContext) throws -> Tensor
  ) rethrows -> [(name: String, deviation: Deviation)] {
    let expected = plainGradients(of: twin, withRespectTo: pairs.map { $0.twin })
    let found = try gradients(of: pairs.map { $0.fast }, run)
    return zip(pairs, zip(found, expected)).map { pair, arrays in
      (pair.name, Deviation(arrays.0, from: arrays.1))
    }
  }
}

/// The largest deviation of a derivative from that of the twin in `Double`, relative to the array's largest value.
///
/// fp32: a derivative is a sum over all rows of products of rounded factors. bfloat16: every factor is off by up to 2⁻⁹,
/// and a derivative passes through up to sixteen of them, those of the operation and as many of its own.
public func gradientTolerance(_ storage: DType) -> Double {
  storage == .float32 ? 1e-5 : 16 * 0x1p-9
}
