import NumericArrays
import PlainTensors
import TensorCore

/// Fixed random weights of a result's elements: the loss of gradient tests is the sum of the result with them.
public func lossWeights(_ shape: [Int]) -> NDArray<Float> { randomArray(shape, "loss weights") }

/// Gradients of the weighted sum of a result, by recording the operation and replaying the tape.
public func replayedGradients(
  _ context: ExecutionContext, on tape: Tape = Tape(),
  of operation: (ExecutionContext) throws -> Tensor
) rethrows -> Gradients {
  let result = try operation(context.recording(on: tape))
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
