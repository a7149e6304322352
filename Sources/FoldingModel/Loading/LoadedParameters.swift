import FoldingCore
import NeuralNet
import NumericArrays
import TensorCore

/// Parameters in tensors, each converted once, when a layer first reads it.
final class LoadedParameters: ParameterStore {
  private let source: any ParameterSource
  private let pool: BufferPool
  /// Parameters read so far, by official key.
  private(set) var loaded: [String: Tensor] = [:]

  init(_ source: any ParameterSource, pool: BufferPool) {
    self.source = source
    self.pool = pool
  }

  /// Stacked arrays that are kept in blocks, by official key; a row per slice.
  private var encoded: [String: EncodedMatrix] = [:]

  func parameter(_ key: String, shape: [Int], dtype: DType) throws -> Tensor {
    if let tensor = loaded[key] { return try checked(tensor, key, shape, dtype) }
    try check(key, shape)
    let tensor: Tensor
    if dtype == .bfloat16 && source.storesBFloat16(key) {
      tensor = Tensor(try source.bfloat16(for: key), pool: pool)
    } else {
      tensor = Tensor(try source.floats(for: key), dtype, pool: pool)
    }
    loaded[key] = tensor
    return tensor
  }

  func block(_ index: Int, of key: String, shape: [Int], dtype: DType) throws -> Tensor {
    guard source.storesBlocks(key) else {
      return try parameter(key, shape: shape, dtype: dtype)[index]
    }
    if encoded[key] == nil {
      try check(key, shape)
      encoded[key] = EncodedMatrix(try source.blocks(for: key), .int8, shape: shape, pool: pool)
    }
    return try stacks.block(index, of: key, shape: shape, dtype: dtype)
  }

  var forRunning: (any ParameterStore & Sendable)? { encoded.isEmpty ? nil : stacks }

  private var stacks: StackedParameters {
    StackedParameters(whole: loaded, encoded: encoded, pool: pool)
  }

  private func check(_ key: String, _ shape: [Int]) throws {
    guard let found = source.shape(of: key) else { throw ParameterError.missing(key: key) }
    if found != shape { throw ParameterError.shape(key: key, found: found, expected: shape) }
  }
}

/// A parameter that another layer has read before, if it is of the same kind.
private func checked(
  _ tensor: Tensor, _ key: String, _ shape: [Int], _ dtype: DType
) throws -> Tensor {
  if tensor.shape != shape {
    throw ParameterError.shape(key: key, found: tensor.shape, expected: shape)
  }
  programmingError(unless: tensor.dtype == dtype, "'\(key)' is wanted in two types")
  return tensor
}

/// Parameters of stacks, some of whose arrays are kept in blocks and decoded slice by slice.
private struct StackedParameters: ParameterStore {
  let whole: [String: Tensor]
  let encoded: [String: EncodedMatrix]
  let pool: BufferPool

  func parameter(_ key: String, shape: [Int], dtype: DType) throws -> Tensor {
    guard let tensor = whole[key] else { throw ParameterError.missing(key: key) }
    return try checked(tensor, key, shape, dtype)
  }

  func block(_ index: Int, of key: String, shape: [Int], dtype: DType) throws -> Tensor {
    guard let matrix = encoded[key] else {
      return try parameter(key, shape: shape, dtype: dtype)[index]
    }
    return matrix.row(index, shape: Array(shape.dropFirst()), dtype, pool: pool)
  }
}
