import CHDF5
import Foundation
import NumericArrays

/// How the values of a dataset are laid out in the file.
public struct HDF5Layout: Sendable, Hashable {
  /// Rows of the first axis per chunk; nil stores the values in one piece, uncompressed.
  var rowsPerChunk: Int?
  /// Deflate level 1 … 9, after a byte shuffle.
  var level: UInt32

  /// One piece, uncompressed: fastest to read, for weights.
  public static let contiguous = HDF5Layout(rowsPerChunk: nil, level: 0)

  /// Deflated in chunks of about 1 MiB along the first axis.
  public static let compressed = HDF5Layout(rowsPerChunk: 0, level: 4)

  /// Deflated in chunks of the given number of rows; a partial read costs at least one chunk.
  public static func compressed(rowsPerChunk: Int, level: Int = 4) -> HDF5Layout {
    HDF5Layout(rowsPerChunk: max(1, rowsPerChunk), level: UInt32(min(max(level, 1), 9)))
  }

  /// Extents of a chunk; nil if values cannot be chunked: scalars and empty arrays.
  func chunk(of shape: [Int], width: Int) -> [Int]? {
    guard let rowsPerChunk, !shape.isEmpty, !shape.contains(0) else { return nil }
    let row = shape.dropFirst().reduce(max(1, width), *)
    let rows = rowsPerChunk > 0 ? rowsPerChunk : max(1, (1 << 20) / row)
    return [min(rows, shape[0])] + shape.dropFirst()
  }
}

extension HDF5File {
  /// Writes a dataset, creating the groups above it.
  public func write(
    _ array: AnyNDArray, to name: String, layout: HDF5Layout = .contiguous
  ) throws {
    switch array {
    case .float32(let a): try write(a, to: name, layout: layout)
    case .float64(let a): try write(a, to: name, layout: layout)
    case .bfloat16(let a): try write(a, to: name, layout: layout)
    case .int32(let a): try write(a, to: name, layout: layout)
    case .int64(let a): try write(a, to: name, layout: layout)
    case .uint8(let a): try write(a, to: name, layout: layout)
    case .bool(let a):
      try write(a.map { $0 ? UInt8(1) : 0 }, to: name, layout: layout)
      try setAttribute(HDF5Type.markAttribute, to: .text(HDF5Type.bool.rawValue), on: name)
    case .string(let a): try write(strings: a, to: name, layout: layout)
    }
  }

  /// Writes a dataset of numbers, creating the groups above it.
  public func write<T: HDF5Element>(
    _ array: NDArray<T>, to name: String, layout: HDF5Layout = .contiguous
  ) throws {
    try HDF5Library.locked {
      try array.values.withUnsafeBytes { bytes in
        try store(bytes, T.storedType.nativeType, MemoryLayout<T>.size, array.shape, name, layout)
      }
    }
    if T.storedType == .bfloat16 {
      try setAttribute(HDF5Type.markAttribute, to: .text(HDF5Type.bfloat16.rawValue), on: name)
    }
  }

  /// Strings as UTF-8 of one width, padded with zeros.
  private func write(strings array: NDArray<String>, to name: String, layout: HDF5Layout) throws {
    let width = max(1, array.values.map(\.utf8.count).max() ?? 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * array.count)
    for text in array.values {
      bytes += text.utf8
      bytes += repeatElement(0, count: width - text.utf8.count)
    }
    try HDF5Library.locked {
      guard let type = utf8Type(width: width) else { throw cannotStore(name) }
      try bytes.withUnsafeBytes { try store($0, type.id, width, array.shape, name, layout) }
    }
  }

  private func store(
    _ bytes: UnsafeRawBufferPointer, _ type: hid_t, _ width: Int, _ shape: [Int], _ name: String,
    _ layout: HDF5Layout
  ) throws {
    let extents = shape.map { hsize_t($0) }
    guard
      let space = HDF5Handle(
        shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), extents, nil),
        close: H5Sclose),
      let properties = HDF5Handle(H5Pcreate(hf_dataset_create()), close: H5Pclose),
      makeParents(of: name)
    else { throw cannotStore(name) }
    _ = H5Pset_obj_track_times(properties.id, false)
    if let chunk = layout.chunk(of: shape, width: width) {
      let chunk = chunk.map { hsize_t($0) }
      guard H5Pset_chunk(properties.id, Int32(chunk.count), chunk) >= 0,
        H5Pset_shuffle(properties.id) >= 0, H5Pset_deflate(properties.id, layout.level) >= 0
      else { throw cannotStore(name) }
    }
    guard
      let dataset = HDF5Handle(
        H5Dcreate2(id, name, type, space.id, hf_default(), properties.id, hf_default()),
        close: H5Dclose)
    else { throw cannotStore(name) }
    errno = 0
    guard
      bytes.isEmpty
        || H5Dwrite(dataset.id, type, hf_all(), hf_all(), hf_default(), bytes.baseAddress) >= 0
    else {
      let isSystems = [ENOSPC, EDQUOT, EFBIG, EIO].contains(errno)
      throw isSystems ? Self.systemError(path) : cannotStore(name)
    }
  }

  /// Fixed-length UTF-8 padded with zeros.
  func utf8Type(width: Int) -> HDF5Handle? {
    guard let type = HDF5Handle(H5Tcopy(hf_c_string()), close: H5Tclose),
      H5Tset_size(type.id, max(1, width)) >= 0, H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0,
      H5Tset_strpad(type.id, H5T_STR_NULLPAD) >= 0
    else { return nil }
    return type
  }

  func cannotStore(_ name: String) -> HDF5Error {
    .cannotWrite(
      file: path,
      reason: "'\(name)' cannot be stored; is the name taken, the file read-only or the disk full?")
  }
}
