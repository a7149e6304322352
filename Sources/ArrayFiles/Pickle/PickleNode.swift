/// One Python object while the machine builds it.
///
/// Objects refer to each other by their index in the machine's arena, so that a list may change after it was memoised, and deep
/// nesting never leads to unlimited recursion.
enum PickleNode {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  /// UTF-8 text.
  case text(PickledBytes)
  case bytes(PickledBytes)
  case list([Int])
  case tuple([Int])
  case set([Int])
  case dictionary([(key: Int, value: Int)])
  case global(PickleGlobal)
  case elementType(ElementType)
  case array(PickleArrayNode)
  case storage(TorchStorage)
}

/// A numpy array or torch tensor under construction.
struct PickleArrayNode {
  var shape: [Int] = []
  var content = Content.pending

  enum Content {
    /// Made by `_reconstruct`; its state follows.
    case pending
    case bytes(PickledBytes, ElementType, isColumnMajor: Bool)
    case objects([Int])
    case torch(TorchStorage, offset: Int, strides: [Int])
  }
}

/// The functions and classes a pickle may name.
///
/// Each maps to a constructor written here; none is looked up.
enum PickleGlobal: Hashable {
  case numpyReconstruct, numpyFromBuffer, numpyScalar, numpyArray, numpyType
  case encode, emptyBytes, orderedDictionary
  case torchTensor, torchParameter
  case torchStorage(ElementType)
  /// Values of torch that do not affect the arrays: only their name is kept.
  case inert

  private static let torchTypes = [
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
  ]

  /// The whitelist.
  static let named: [String: PickleGlobal] = {
    var table: [String: PickleGlobal] = [
      "numpy.ndarray": .numpyArray, "numpy.dtype": .numpyType,
      "_codecs.encode": .encode,
      "__builtin__.bytes": .emptyBytes, "builtins.bytes": .emptyBytes,
      "collections.OrderedDict": .orderedDictionary,
      "torch._utils._rebuild_tensor_v2": .torchTensor,
      "torch._utils._rebuild_parameter": .torchParameter,
    ]
    for core in ["numpy.core", "numpy._core"] {
      table[core + ".multiarray._reconstruct"] = .numpyReconstruct
      table[core + ".multiarray.scalar"] = .numpyScalar
      table[core + ".numeric._frombuffer"] = .numpyFromBuffer
    }
    let storages: [(String, ElementType.Kind, Int)] = [
      ("Float", .float32, 4), ("Double", .float64, 8), ("Half", .float16, 2),
      ("BFloat16", .bfloat16, 2), ("Long", .int64, 8), ("Int", .int32, 4), ("Short", .int16, 2),
      ("Char", .int8, 1), ("Byte", .uint8, 1), ("Bool", .bool, 1),
    ]
    for name in ["device", "Size"] + torchTypes { table["torch.\(name)"] = .inert }
    for (name, kind, size) in storages {
      table["torch.\(name)Storage"] = .torchStorage(ElementType(kind, size: size))
    }
    return table
  }()
}
