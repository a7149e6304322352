import CHDF5

/// Shape and type of a dataset.
public struct HDF5DatasetInfo: Sendable, Hashable {
  /// Extent of each axis; empty for a scalar.
  public let shape: [Int]
  /// Element type.
  public let type: HDF5Type
  /// Compressed size of the values in the file; 0 if none were ever written.
  public let storedBytes: Int
}

/// An open dataset with its properties; exists only while the lock is held.
struct HDF5Dataset: ~Copyable {
  /// Values up to this size, in bytes, may have any compression ratio.
  private static let smallValues = 256 << 20
  /// Deflate compresses by at most 1032 : 1.
  private static let largestRatio = 1040

  let handle: HDF5Handle
  let info: HDF5DatasetInfo
  let isVariableString: Bool
  /// Bytes of a fixed-length string.
  let stringWidth: Int

  /// Opens a dataset of `file`; throws for sizes that contradict the file before any memory is allocated.
  static func open(_ name: String, in file: HDF5File) throws -> HDF5Dataset {
    let kind = file.unlockedKind(of: name)
    guard try kind == .dataset || kind == nil && file.isLinked(name) else {
      throw HDF5Error.notFound(file: file.path, name: name)
    }
    guard let handle = HDF5Handle(H5Dopen2(file.id, name, hf_default()), close: H5Dclose) else {
      throw HDF5Error.damaged(
        file: file.path, name: name,
        reason:
          "a link that leads nowhere, damaged, or in a newer format than this libhdf5 reads (all read that of 1.10)"
      )
    }
    guard let fileType = HDF5Handle(H5Dget_type(handle.id), close: H5Tclose),
      let space = HDF5Handle(H5Dget_space(handle.id), close: H5Sclose),
      let shape = shape(of: space.id)
    else { throw file.unreadable(name) }
    try requireReadable(handle.id, name, in: file)
    guard let type = try type(of: fileType.id, mark: file.mark(of: handle.id, name)) else {
      throw HDF5Error.mismatch(
        file: file.path, name: name, found: "of an unsupported element type",
        expected: "numbers or strings")
    }
    let isVariable = type == .string && H5Tis_variable_str(fileType.id) > 0
    let width = type == .string && !isVariable ? H5Tget_size(fileType.id) : 0
    // The header only claims the size of contiguous values, so it is checked against the file.
    let stored = min(Int(clamping: H5Dget_storage_size(handle.id)), file.byteCount)
    let info = HDF5DatasetInfo(shape: shape, type: type, storedBytes: stored)
    if let reason = implausibility(
      of: info, isVariable: isVariable, stringWidth: width, ratio: largestRatio(of: handle.id))
    {
      throw HDF5Error.damaged(file: file.path, name: name, reason: reason)
    }
    return HDF5Dataset(
      handle: handle, info: info, isVariableString: isVariable, stringWidth: width)
  }

  /// Why the values cannot have the stated size; nil if they can.
  private static func implausibility(
    of info: HDF5DatasetInfo, isVariable: Bool, stringWidth: Int, ratio: Int
  ) -> String? {
    // A string takes at least this much memory, however short it is.
    let least = info.type == .string ? MemoryLayout<String>.stride : 1
    let width = max(least, stringWidth, info.type.size)
    guard let bytes = byteCount(info.shape, width: width) else {
      return "impossible shape \(info.shape)"
    }
    if bytes > 0 && info.storedBytes == 0 && !isVariable { return "its values were never written" }
    if bytes > smallValues && bytes / ratio > info.storedBytes {
      return "shape \(info.shape) needs \(bytes) bytes, the file holds \(info.storedBytes)"
    }
    return nil
  }

  private static func shape(of space: hid_t) -> [Int]? {
    let rank = H5Sget_simple_extent_ndims(space)
    guard rank >= 0, H5Sget_simple_extent_type(space) != H5S_NULL else { return nil }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    guard H5Sget_simple_extent_dims(space, &extents, nil) == rank else { return nil }
    return extents.map { Int(clamping: $0) }
  }

  /// Largest compression ratio: only chunks are compressed.
  private static func largestRatio(of dataset: hid_t) -> Int {
    guard let properties = HDF5Handle(H5Dget_create_plist(dataset), close: H5Pclose) else {
      return 1
    }
    return H5Pget_layout(properties.id) == H5D_CHUNKED ? largestRatio : 1
  }

  /// Throws for external files and virtual layouts, and for values compressed with an unavailable filter.
  private static func requireReadable(
    _ dataset: hid_t, _ name: String, in file: HDF5File
  ) throws {
    guard let properties = HDF5Handle(H5Dget_create_plist(dataset), close: H5Pclose),
      H5Pget_external_count(properties.id) == 0, H5Pget_layout(properties.id) != H5D_VIRTUAL
    else {
      throw HDF5Error.mismatch(
        file: file.path, name: name, found: "stored in another file",
        expected: "values in this file")
    }
    for index in 0..<UInt32(max(0, H5Pget_nfilters(properties.id))) {
      var (flags, count) = (UInt32(0), 0)
      let filter = H5Pget_filter2(properties.id, index, &flags, &count, nil, 0, nil, nil)
      guard filter >= 0, H5Zfilter_avail(filter) > 0 else {
        throw HDF5Error.mismatch(
          file: file.path, name: name,
          found: "packed with a filter that is not at hand (\(filter))",
          expected: "gzip or no compression")
      }
    }
  }

  private static func type(of type: hid_t, mark: String?) -> HDF5Type? {
    let size = H5Tget_size(type)
    switch H5Tget_class(type) {
    case H5T_FLOAT: return size <= 4 ? .float32 : size == 8 ? .float64 : nil
    case H5T_STRING: return .string
    case H5T_ENUM: return size == 1 ? .bool : nil
    case H5T_INTEGER:
      let isSigned = H5Tget_sign(type) == H5T_SGN_2
      switch (size, isSigned, mark) {
      case (1, _, "bool"): return .bool
      case (2, false, "bfloat16"): return .bfloat16
      case (1, false, _): return .uint8
      case (2, false, _): return .uint16
      case (1...4, true, _): return .int32
      case (4, false, _), (8, true, _): return .int64
      default: return nil
      }
    default: return nil
    }
  }
}

/// Bytes of an array; nil if an extent or the product does not fit.
func byteCount(_ shape: [Int], width: Int) -> Int? {
  var product = max(1, width)
  for extent in shape where extent != 0 {
    let (next, overflow) = product.multipliedReportingOverflow(by: extent)
    if overflow || extent < 0 { return nil }
    product = next
  }
  return shape.contains(0) ? 0 : product
}
