import CHDF5

/// The kind of object at a path of a file.
public enum HDF5Kind: Sendable, Hashable {
  case group, dataset
}

extension HDF5File {
  /// Deepest nesting of groups that a listing follows.
  private static let deepestGroup = 32
  /// Most objects that a listing returns.
  private static let largestListing = 1 << 22

  /// The kind of object at `path`; nil if there is nothing that can be opened.
  public func kind(of path: String) -> HDF5Kind? {
    HDF5Library.locked { unlockedKind(of: path) }
  }

  /// Whether there is something at `path`, even if damaged; throws if a group on the way cannot be read.
  public func exists(_ path: String) throws -> Bool {
    try HDF5Library.locked { try isLinked(path) }
  }

  /// Names inside a group, sorted.
  public func names(in group: String = "/") throws -> [String] {
    try HDF5Library.locked { try unlockedNames(in: group) }
  }

  /// Paths of all datasets below a group, relative to the root and without leading slash, sorted.
  ///
  /// Throws for a group reached by several links: a few links to links could otherwise name endlessly many datasets.
  public func datasets(under group: String = "/") throws -> [String] {
    try HDF5Library.locked {
      var listing = Listing()
      try collect(group == "/" ? "" : group, depth: 0, into: &listing)
      return listing.datasets.sorted()
    }
  }

  /// Creates a group and those above it; does nothing if it exists.
  public func createGroup(_ path: String) throws {
    try HDF5Library.locked {
      if unlockedKind(of: path) == .group { return }
      guard makeParents(of: path), makeGroup(path) else {
        throw HDF5Error.cannotWrite(file: self.path, reason: "group '\(path)' cannot be made")
      }
    }
  }

  /// Makes the groups on the way to `path`, without times: equal content gives equal bytes.
  func makeParents(of path: String) -> Bool {
    let parts = path.split(separator: "/").dropLast()
    return parts.indices.allSatisfy { last in
      let group = parts[...last].joined(separator: "/")
      return H5Lexists(id, group, hf_default()) > 0 || makeGroup(group)
    }
  }

  /// Makes one group, whose parent exists, without times.
  func makeGroup(_ path: String) -> Bool {
    guard let properties = HDF5Handle(H5Pcreate(hf_group_create()), close: H5Pclose) else {
      return false
    }
    _ = H5Pset_obj_track_times(properties.id, false)
    return HDF5Handle(
      H5Gcreate2(id, path, hf_default(), properties.id, hf_default()), close: H5Gclose) != nil
  }

  /// Whether every part of a path exists in its group, whatever it refers to; for callers that hold the lock.
  ///
  /// Throws if that cannot be determined, so that nothing counts as absent because of damage.
  func isLinked(_ path: String) throws -> Bool {
    var prefix = ""
    for part in path.split(separator: "/") {
      let group = prefix
      prefix += (prefix.isEmpty ? "" : "/") + part
      let answer = H5Lexists(id, prefix, hf_default())
      if answer < 0 { throw unreadable(group.isEmpty ? "/" : group) }
      if answer == 0 { return false }
    }
    return true
  }

  /// ``kind(of:)`` for callers that hold the lock.
  func unlockedKind(of path: String) -> HDF5Kind? {
    guard (try? isLinked(path)) == true else { return nil }
    let name = path.split(separator: "/").joined(separator: "/")
    guard
      let object = HDF5Handle(
        H5Oopen(id, name.isEmpty ? "/" : name, hf_default()), close: H5Oclose)
    else { return nil }
    switch H5Iget_type(object.id) {
    case H5I_GROUP: return .group
    case H5I_DATASET: return .dataset
    default: return nil
    }
  }

  private func unlockedNames(in path: String) throws -> [String] {
    let kind = unlockedKind(of: path)
    if try kind == nil && isLinked(path) { throw unreadable(path) }
    guard kind == .group,
      let group = HDF5Handle(H5Gopen2(id, path, hf_default()), close: H5Gclose)
    else { throw HDF5Error.notFound(file: self.path, name: path) }
    var names: [String] = []
    let status = withUnsafeMutablePointer(to: &names) { list in
      hf_visit_names(
        group.id,
        { name, list in
          guard let name, let list else { return }
          list.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
        }, list)
    }
    if status < 0 { throw unreadable(path) }
    return names.sorted()
  }

  /// Datasets found so far, and the addresses of groups visited.
  private struct Listing {
    var datasets: [String] = []
    var groups: Set<UInt64> = []
  }

  private func collect(_ group: String, depth: Int, into listing: inout Listing) throws {
    let place = group.isEmpty ? "/" : group
    if let address = address(of: place), !listing.groups.insert(address).inserted {
      throw HDF5Error.damaged(
        file: self.path, name: place, reason: "several links lead to this group")
    }
    for name in try unlockedNames(in: place) {
      let path = group.isEmpty ? name : "\(group)/\(name)"
      switch unlockedKind(of: path) {
      case .dataset: listing.datasets.append(path)
      case .group where depth < Self.deepestGroup:
        try collect(path, depth: depth + 1, into: &listing)
      case .group: throw HDF5Error.damaged(file: self.path, name: path, reason: "nested too deep")
      case nil: throw unreadable(path)
      }
      guard listing.datasets.count <= Self.largestListing else {
        throw HDF5Error.damaged(file: self.path, name: path, reason: "too many datasets")
      }
    }
  }

  /// Address of an object in the file; nil if unknown.
  private func address(of path: String) -> UInt64? {
    guard let object = HDF5Handle(H5Oopen(id, path, hf_default()), close: H5Oclose) else {
      return nil
    }
    let address = hf_object_address(object.id)
    return address == 0 ? nil : address
  }

  func unreadable(_ name: String) -> HDF5Error {
    .damaged(file: path, name: name, reason: "damaged, or the file was cut short")
  }
}
