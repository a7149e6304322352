import CHDF5

/// A small value attached to a file, group or dataset.
public enum HDF5Attribute: Sendable, Hashable {
  case text(String)
  case integer(Int)
  case number(Double)

  /// The text; nil for numbers.
  public var text: String? {
    if case .text(let text) = self { return text }
    return nil
  }

  /// The integer; nil for others.
  public var integer: Int? {
    if case .integer(let value) = self { return value }
    return nil
  }

  /// The number, integers included; nil for text.
  public var number: Double? {
    switch self {
    case .text: nil
    case .integer(let value): Double(value)
    case .number(let value): value
    }
  }
}

extension HDF5File {
  /// Longest attribute text that is read, in bytes.
  private static let longestText = 16 << 20

  /// The attribute of a group or dataset (`/` for the file); nil when absent.
  ///
  /// One that is neither text nor a number is an error: it does not count as absent.
  public func attribute(_ name: String, of path: String = "/") throws -> HDF5Attribute? {
    try HDF5Library.locked {
      guard try isLinked(path) else { return nil }
      guard let object = HDF5Handle(H5Oopen(id, path, hf_default()), close: H5Oclose) else {
        throw unreadable(path)
      }
      guard try hasAttribute(name, object.id, path) else { return nil }
      guard let attribute = readAttribute(name, object.id) else {
        throw mismatch(name, path, found: "neither one text nor one number", expected: "one")
      }
      return attribute
    }
  }

  /// The text of an attribute; nil when absent.
  public func text(_ name: String, of path: String = "/") throws -> String? {
    try value(name, path, "text", \.text)
  }

  /// The integer of an attribute; nil when absent.
  public func integer(_ name: String, of path: String = "/") throws -> Int? {
    try value(name, path, "an integer", \.integer)
  }

  /// The number of an attribute; nil when absent.
  public func number(_ name: String, of path: String = "/") throws -> Double? {
    try value(name, path, "a number", \.number)
  }

  private func value<Value>(
    _ name: String, _ path: String, _ kind: String, _ value: (HDF5Attribute) -> Value?
  ) throws -> Value? {
    guard let attribute = try attribute(name, of: path) else { return nil }
    guard let value = value(attribute) else {
      throw mismatch(
        name, path, found: attribute.text == nil ? "a number" : "text", expected: kind)
    }
    return value
  }

  private func mismatch(
    _ name: String, _ path: String, found: String, expected: String
  ) -> HDF5Error {
    .mismatch(
      file: self.path, name: path == "/" ? name : "\(name)' of '\(path)", found: found,
      expected: expected)
  }

  /// Sets an attribute of a group or dataset (`/` for the file), replacing one with that name.
  public func setAttribute(_ name: String, to value: HDF5Attribute, on path: String = "/") throws {
    try HDF5Library.locked {
      guard unlockedKind(of: path) != nil,
        let object = HDF5Handle(H5Oopen(id, path, hf_default()), close: H5Oclose)
      else { throw HDF5Error.notFound(file: self.path, name: path) }
      if H5Aexists(object.id, name) > 0 { _ = H5Adelete(object.id, name) }
      switch value {
      case .integer(let integer):
        try store(Int64(integer), hf_native_int64(), name, object.id)
      case .number(let number): try store(number, hf_native_double(), name, object.id)
      case .text(let text):
        guard let type = utf8Type(width: text.utf8.count) else { throw cannotStore(name) }
        try Array((text.isEmpty ? "\0" : text).utf8).withUnsafeBytes {
          try store($0.baseAddress, type.id, name, object.id)
        }
      }
    }
  }

  /// The attribute that gives the meaning of a dataset's integers.
  func mark(of dataset: hid_t, _ path: String) throws -> String? {
    guard try hasAttribute(HDF5Type.markAttribute, dataset, path) else { return nil }
    return readAttribute(HDF5Type.markAttribute, dataset)?.text
  }

  /// Whether an open object has an attribute; throws if that cannot be determined.
  private func hasAttribute(_ name: String, _ object: hid_t, _ path: String) throws -> Bool {
    let answer = H5Aexists(object, name)
    if answer < 0 { throw unreadable(path) }
    return answer > 0
  }

  private func store<T: BitwiseCopyable>(
    _ value: T, _ type: hid_t, _ name: String, _ object: hid_t
  ) throws {
    try withUnsafeBytes(of: value) { try store($0.baseAddress, type, name, object) }
  }

  private func store(
    _ bytes: UnsafeRawPointer?, _ type: hid_t, _ name: String, _ object: hid_t
  ) throws {
    guard let space = HDF5Handle(H5Screate(H5S_SCALAR), close: H5Sclose),
      let attribute = HDF5Handle(
        H5Acreate2(object, name, type, space.id, hf_default(), hf_default()), close: H5Aclose),
      H5Awrite(attribute.id, type, bytes) >= 0
    else { throw cannotStore(name) }
  }

  private func readAttribute(_ name: String, _ object: hid_t) -> HDF5Attribute? {
    guard
      let attribute = HDF5Handle(H5Aopen(object, name, hf_default()), close: H5Aclose),
      let type = HDF5Handle(H5Aget_type(attribute.id), close: H5Tclose),
      let space = HDF5Handle(H5Aget_space(attribute.id), close: H5Sclose),
      H5Sget_simple_extent_npoints(space.id) == 1
    else { return nil }
    switch H5Tget_class(type.id) {
    case H5T_INTEGER:
      var value: Int64 = 0
      return H5Aread(attribute.id, hf_native_int64(), &value) >= 0 ? .integer(Int(value)) : nil
    case H5T_FLOAT:
      var value = 0.0
      return H5Aread(attribute.id, hf_native_double(), &value) >= 0 ? .number(value) : nil
    case H5T_STRING: return readText(attribute.id, type.id).map(HDF5Attribute.text)
    default: return nil
    }
  }

  private func readText(_ attribute: hid_t, _ type: hid_t) -> String? {
    if H5Tis_variable_str(type) > 0 {
      var pointer: UnsafeMutablePointer<CChar>?
      guard H5Aread(attribute, type, &pointer) >= 0, let pointer else { return nil }
      defer { H5free_memory(pointer) }
      return String(cString: pointer)
    }
    let width = H5Tget_size(type)
    guard (1...Self.longestText).contains(width) else { return nil }
    var bytes = [UInt8](repeating: 0, count: width)
    guard H5Aread(attribute, type, &bytes) >= 0 else { return nil }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
