import CHDF5

/// A library identifier that closes itself; exists only while the lock is held.
struct HDF5Handle: ~Copyable {
  let id: hid_t
  private let close: (hid_t) -> herr_t

  /// Takes over `id`; nil when it reports a failure.
  init?(_ id: hid_t, close: @escaping (hid_t) -> herr_t) {
    if id < 0 { return nil }
    self.id = id
    self.close = close
  }

  deinit { _ = close(id) }
}
