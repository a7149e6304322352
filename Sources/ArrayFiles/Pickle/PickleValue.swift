/// The contents of a pickle as plain values; nothing here can run.
public indirect enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case list([PickleValue])
  case tuple([PickleValue])
  case set([PickleValue])
  /// `dict` and `OrderedDict`, in file order.
  case dictionary([(key: PickleValue, value: PickleValue)])
  /// A numpy array or scalar, or a torch tensor; its values are read on request.
  case array(PickledArray)
  /// A whitelisted name or an element type standing alone, as text.
  case name(String)

  /// The value under a string key of a dictionary; nil for other values and missing keys.
  public subscript(_ key: String) -> PickleValue? {
    entries?.first { $0.key == key }?.value
  }

  /// Entries of a dictionary whose keys are strings, in file order; nil if it is not one.
  public var entries: [(key: String, value: PickleValue)]? {
    guard case .dictionary(let pairs) = self else { return nil }
    var result: [(key: String, value: PickleValue)] = []
    result.reserveCapacity(pairs.count)
    for pair in pairs {
      guard let key = pair.key.text else { return nil }
      result.append((key, pair.value))
    }
    return result
  }

  /// Items of a list or tuple; nil for other values.
  public var items: [PickleValue]? {
    switch self {
    case .list(let items), .tuple(let items): items
    default: nil
    }
  }

  /// A string, or bytes that are UTF-8 text; nil for other values.
  public var text: String? {
    switch self {
    case .string(let text): text
    case .bytes(let bytes): String(validating: bytes, as: UTF8.self)
    default: nil
    }
  }

  /// An array; nil for other values.
  public var array: PickledArray? {
    if case .array(let array) = self { return array }
    return nil
  }
}
