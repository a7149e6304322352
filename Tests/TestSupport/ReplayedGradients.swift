import NumericArrays
import PlainTensors
import TensorCore

/// Fixed random weights of a result's elements: the loss of gradient tests is the sum of the result with them.
public func lossWeights(_ shape: [Int]) -> NDArray<Float> { randomArray(shape, "loss weights") }

/// Gradients of the weighted sum of a result, by recording the operation and replaying the tape.
public func replayedGradients(
  _ context: ExecutionContext, recomputes: Bool = true, of operation: (ExecutionContext) -> Tensor
) -> Gradients {
  let tape = Tape(recomputes: recomputes)
  let result = operation(context.recording(on: tape))
  let gradients = Gradients(pool: context.pool)
  gradients[result].assign(Tensor(lossWeights(result.shape), pool: context.pool))
  tape.replay(context.accumulating(in: gradients))
  return gradients
}

/// Gradients of the weighted sum of a plain result with respect to some leaves.
public func plainGradients(
  of result: PlainTensor<Double>, withRespectTo leaves: [PlainTensor<Double>]
) -> [PlainTensor<Double>] {
  let weights = PlainTensor<Double>(lossWeights(result.shape), isVariable: false)
  return gradient(of: (result * weights).sum(), withRespectTo: leaves)
}

/// The largest deviation of an fp32 gradient, relative to the array's largest value: sums over rows and a chain of up to ten
/// rounded operations; and of one whose chain stores bfloat16.
public func gradientTolerance(_ storage: DType) -> Double { storage == .float32 ? 1e-5 : 3e-2 }
