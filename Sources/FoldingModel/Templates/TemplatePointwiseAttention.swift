import FoldingCore
import NeuralNet
import TensorCore

/// Template pointwise attention: every residue pair chooses among the templates.
///
/// Algorithm 17 (Jumper et al. 2021, Suppl. 1.7.1). No gate, as in the released models.
///
/// - Shapes: z `[N_res, N_res, c_z]`, templates `[N_res, N_res, c_t]` each → z
struct TemplatePointwiseAttention: Sendable {
  let query: Tensor  // [c_z, heads, channels]
  let key, value: Tensor  // [c_t, heads, channels]
  let output: Tensor  // [heads, channels, c_z]
  let outputBias: Tensor

  init(_ scope: ParameterScope, pair: Int, _ config: TemplateConfig) throws {
    let scope = scope.scope("attention")
    let (heads, channels) = (config.pointwiseHeads, config.pointwiseHeadChannels)
    self.query = try scope.matrix("query_w", [pair, heads, channels])
    self.key = try scope.matrix("key_w", [config.channels, heads, channels])
    self.value = try scope.matrix("value_w", [config.channels, heads, channels])
    self.output = try scope.matrix("output_w", [heads, channels, pair])
    self.outputBias = try scope.vector("output_b", [pair])
  }

  /// `z += attention(z, templates)`, in place; templates with mask 0 are not seen.
  func update(_ z: Tensor, _ templates: [Tensor], mask: [Float], _ context: ExecutionContext) {
    context.record(updating: z) { z, gradient, context in
      backward(z, templates, mask: mask, gradient, context)
    }
    let pairs = Matrix(z)
    let width = query.shape[1] * query.shape[2]
    func packed(_ weight: Tensor, _ inputs: Int, _ outputs: Int) -> PackedMatrix {
      context.pack(Matrix(weight.reshaped([inputs, outputs])))
    }
    let queryWeight = packed(query, pairs.columns, width)
    let keyWeight = packed(key, key.shape[0], width)
    let valueWeight = packed(value, value.shape[0], width)
    let outputWeight = packed(output, width, pairs.columns)
    var residual = Epilogue.bias(outputBias)
    residual.accumulates = true
    let tile = context.tileRows
    func rows(_ count: Int, _ dtype: DType) -> Tensor { context.empty([count, width], dtype) }
    context.tiles(
      pairs.rows, tile: tile,
      scratch: {
        (
          query: rows(tile, .float32), keys: templates.map { _ in rows(tile, .float32) },
          values: templates.map { _ in rows(tile, .float32) }, attended: rows(tile, .float32)
        )
      }
    ) { range, scratch in
      let part = 0..<range.count
      context.multiply(pairs.rows(range), queryWeight, into: Matrix(scratch.query[part]))
      for (index, template) in templates.enumerated() {
        let source = Matrix(template).rows(range)
        context.multiply(source, keyWeight, into: Matrix(scratch.keys[index][part]))
        context.multiply(source, valueWeight, into: Matrix(scratch.values[index][part]))
      }
      for row in part {
        attend(
          scratch.query, scratch.keys, scratch.values, mask, row: row, into: scratch.attended)
      }
      context.multiply(
        Matrix(scratch.attended[part]), outputWeight, into: pairs.rows(range), residual)
    }
  }

  /// Softmax over the templates of one pair, head by head.
  private func attend(
    _ query: Tensor, _ keys: [Tensor], _ values: [Tensor], _ mask: [Float], row: Int,
    into result: Tensor
  ) {
    let (heads, channels) = (self.query.shape[1], self.query.shape[2])
    let scale = 1 / Float(channels).squareRoot()
    withUnsafeTemporaryAllocation(of: Float.self, capacity: keys.count) { weights in
      for head in 0..<heads {
        let start = (row * heads + head) * channels
        let q = query.floats + start
        for (index, key) in keys.enumerated() {
          let k = key.floats + start
          var sum: Float = 0
          for d in 0..<channels { sum += q[d] * k[d] }
          weights[index] = sum * scale + 1e9 * (mask[index] - 1)
        }
        softmaxInPlace(weights)
        let target = result.floats + start
        for d in 0..<channels { target[d] = 0 }
        for (index, value) in values.enumerated() {
          let v = value.floats + start
          for d in 0..<channels { target[d] += weights[index] * v[d] }
        }
      }
    }
  }
}
