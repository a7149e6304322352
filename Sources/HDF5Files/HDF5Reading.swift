import CHDF5
import NumericArrays

extension HDF5File {
  /// Shape and type of a dataset, without reading values.
  public func info(of name: String) throws -> HDF5DatasetInfo {
    try HDF5Library.locked { try HDF5Dataset.open(name, in: self).info }
  }

  /// The values of a dataset, or `rows` of its first axis, as numbers of a given type.
  ///
  /// Narrower stored numbers widen; conversions that could lose a value are errors.
  public func read<T: HDF5Element>(
    _ name: String, as type: T.Type = T.self, rows: Range<Int>? = nil
  ) throws -> NDArray<T> {
    try HDF5Library.locked {
      let dataset = try HDF5Dataset.open(name, in: self)
      guard T.storedType.holds(dataset.info.type) else {
        throw HDF5Error.mismatch(
          file: path, name: name, found: "of type \(dataset.info.type.rawValue)",
          expected: T.storedType.rawValue)
      }
      return try values(dataset, name, rows)
    }
  }

  /// The values of a dataset, or `rows` of its first axis, in the type they are stored in.
  public func read(_ name: String, rows: Range<Int>? = nil) throws -> AnyNDArray {
    try HDF5Library.locked {
      let dataset = try HDF5Dataset.open(name, in: self)
      switch dataset.info.type {
      case .float32: return .float32(try values(dataset, name, rows))
      case .float64: return .float64(try values(dataset, name, rows))
      case .bfloat16: return .bfloat16(try values(dataset, name, rows))
      case .int32: return .int32(try values(dataset, name, rows))
      case .uint16:
        let array: NDArray<UInt16> = try values(dataset, name, rows)
        return .int32(array.map(Int32.init))
      case .int64: return .int64(try values(dataset, name, rows))
      case .uint8: return .uint8(try values(dataset, name, rows))
      case .bool:
        let array: NDArray<UInt8> = try values(dataset, name, rows)
        return .bool(array.map { $0 != 0 })
      case .string: return .string(try strings(dataset, name, rows))
      }
    }
  }

  private func values<T: HDF5Element>(
    _ dataset: borrowing HDF5Dataset, _ name: String, _ rows: Range<Int>?
  ) throws -> NDArray<T> {
    let shape = try selectedShape(dataset.info.shape, name, rows)
    let count = shape.reduce(1, *)
    // Booleans of h5py are an enumeration, which converts to no other type.
    let isEnumeration = dataset.info.type == .bool
    guard let fileType = HDF5Handle(H5Dget_type(dataset.handle.id), close: H5Tclose) else {
      throw unreadable(name)
    }
    let memoryType = isEnumeration ? fileType.id : T.storedType.nativeType
    let values = try Array<T>(unsafeUninitializedCapacity: count) { buffer, initialized in
      if count > 0 { try transfer(dataset, name, rows, memoryType, into: buffer.baseAddress) }
      initialized = count
    }
    return NDArray(shape: shape, values: values)
  }

  private func strings(
    _ dataset: borrowing HDF5Dataset, _ name: String, _ rows: Range<Int>?
  ) throws -> NDArray<String> {
    let shape = try selectedShape(dataset.info.shape, name, rows)
    let count = shape.reduce(1, *)
    guard count > 0 else { return NDArray(shape: shape, values: []) }
    guard let fileType = HDF5Handle(H5Dget_type(dataset.handle.id), close: H5Tclose) else {
      throw unreadable(name)
    }
    if dataset.isVariableString {
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      try transfer(dataset, name, rows, fileType.id, into: &pointers)
      defer { for pointer in pointers { H5free_memory(pointer) } }
      return NDArray(shape: shape, values: pointers.map { $0.map { String(cString: $0) } ?? "" })
    }
    let width = dataset.stringWidth
    var bytes = [UInt8](repeating: 0, count: count * width)
    try transfer(dataset, name, rows, fileType.id, into: &bytes)
    return NDArray(
      shape: shape,
      values: (0..<count).map { index in
        let field = bytes[index * width..<(index + 1) * width]
        return String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
      })
  }

  private func selectedShape(_ shape: [Int], _ name: String, _ rows: Range<Int>?) throws -> [Int] {
    guard let rows else { return shape }
    guard let extent = shape.first, rows.lowerBound >= 0, rows.upperBound <= extent else {
      throw HDF5Error.mismatch(
        file: path, name: name, found: "of shape \(shape)", expected: "rows \(rows)")
    }
    return [rows.count] + shape.dropFirst()
  }

  private func transfer(
    _ dataset: borrowing HDF5Dataset, _ name: String, _ rows: Range<Int>?, _ type: hid_t,
    into target: UnsafeMutableRawPointer?
  ) throws {
    var status: herr_t
    if let rows {
      var start = dataset.info.shape.map { _ in hsize_t(0) }
      var extent = dataset.info.shape.map { hsize_t($0) }
      start[0] = hsize_t(rows.lowerBound)
      extent[0] = hsize_t(rows.count)
      guard let fileSpace = HDF5Handle(H5Dget_space(dataset.handle.id), close: H5Sclose),
        H5Sselect_hyperslab(fileSpace.id, H5S_SELECT_SET, start, nil, extent, nil) >= 0,
        let memorySpace = HDF5Handle(
          H5Screate_simple(Int32(extent.count), extent, nil), close: H5Sclose)
      else { throw unreadable(name) }
      status = H5Dread(
        dataset.handle.id, type, memorySpace.id, fileSpace.id, hf_default(), target)
    } else {
      status = H5Dread(dataset.handle.id, type, hf_all(), hf_all(), hf_default(), target)
    }
    if status < 0 { throw unreadable(name) }
  }
}
