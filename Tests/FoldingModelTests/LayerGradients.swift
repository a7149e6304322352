import NeuralNet
import NumericArrays
import PlainTensors
import TensorCore
import TestSupport

@testable import FoldingModel

/// Random parameters that remember what layers asked for.
final class RecordingParameters: ParameterStore {
  private let parameters: RandomParameters
  private(set) var tensors: [(name: String, tensor: Tensor)] = []

  init(pool: BufferPool) { parameters = RandomParameters(pool: pool) }

  func parameter(_ key: String, shape: [Int], dtype: DType) throws -> Tensor {
    let tensor = try parameters.parameter(key, shape: shape, dtype: dtype)
    tensors.append((key, tensor))
    return tensor
  }
}

/// Derivatives of a layer's results, weighted with fixed random numbers and summed, with respect to inputs and parameters.
struct LayerGradients {
  /// What the hand-written derivatives give, by name.
  let fast: [(name: String, gradient: NDArray<Float>)]
  /// The values that the derivatives belong to, in the same order.
  private let values: [NDArray<Float>]
  private let twin: () -> PlainTensor<Double>

  /// Runs a layer and its derivative.
  ///
  /// - Parameter updateFactors: what dropout multiplies the twin's update of the first input with, given its shape.
  init(
    _ layer: LayerCase, _ size: LayerSize, _ context: ExecutionContext, recomputes: Bool = true,
    updateFactors: (([Int]) -> PlainTensor<Double>)? = nil
  ) throws {
    let tape = Tape(recomputes: recomputes)
    let taped = context.recording(on: tape)
    let store = RecordingParameters(pool: context.pool)
    let scope = ParameterScope(store, path: "random", matrixType: context.storage)
    let both = try layer.make(size, scope, taped)
    let sources =
      both.inputs.enumerated().map { (name: "input \($0)", tensor: $1) } + store.tensors
    values = sources.map { $0.tensor.array() }
    let gradients = Gradients(pool: context.pool)
    let weights = try Self.lossWeights(both.run(), gradients)
    tape.replay(context.accumulating(in: gradients))
    fast = sources.map { ($0.name, gradients[$0.tensor].array()) }
    let first = values.first
    twin = {
      var result = both.twin()
      if let updateFactors, let input = result.leaves.first(where: { $0.array() == first }) {
        result = input + updateFactors(input.shape) * (result - input)
      }
      return (result * PlainTensor(shape: result.shape, values: weights, isVariable: false)).sum()
    }
  }

  /// Makes random numbers the gradients of the results.
  private static func lossWeights(_ results: [Tensor], _ gradients: Gradients) -> [Double] {
    results.enumerated().flatMap { index, result in
      let weights = randomArray(result.shape, "loss weights \(index)")
      gradients[result].assign(Tensor(weights, pool: BufferPool()))
      return weights.values.map { Double($0) }
    }
  }

  /// The deviation of every derivative from that of the twin, whose leaves are recognised by their values.
  ///
  /// Relative to the array's largest value. A derivative that vanishes, such as that of an offset of all logits of a softmax, is
  /// a sum of numbers that cancel: its deviation is relative to the largest derivative of all.
  func deviations() -> [(name: String, error: Double, deviation: Deviation)] {
    let loss = twin()
    let leaves = loss.leaves
    let expected = PlainTensors.gradient(of: loss, withRespectTo: leaves)
    let deviations = zip(fast, values).filter { $0.1.count > 0 }.map { fast, values in
      var sum = PlainTensor<Double>(repeating: 0, shape: values.shape)
      for (leaf, gradient) in zip(leaves, expected) where leaf.array().values == values.values {
        sum = sum + gradient.reshaped(values.shape)
      }
      return (name: fast.name, deviation: Deviation(fast.gradient, from: sum))
    }
    let largest = deviations.map { $0.deviation.scale }.max() ?? 0
    return deviations.map { name, deviation in
      let scale = deviation.scale > 1e-6 ? deviation.scale : largest
      return (name, deviation.relative * deviation.scale / scale, deviation)
    }
  }
}
