import COpenBLAS

/// Which library multiplies matrices.
public enum MatrixBackend: String, Sendable, Hashable, Codable, CaseIterable {
  /// The kernels of this package.
  case native
  /// OpenBLAS in fp32, called on panels of fixed size; loaded on first use.
  case openblas

  /// Why this machine cannot use it, in one line; nil if it can.
  ///
  /// Ask before threads are started: the library is loaded to find out.
  public var problem: String? {
    self == .native || hf_openblas_load() ? nil : String(cString: hf_openblas_problem())
  }

  /// Version, options and core of the library, which decide the last digits of its products; nil of our own, and where it does not tell.
  ///
  /// Loads the library, as ``problem`` does.
  public var build: String? {
    guard self == .openblas, hf_openblas_load() else { return nil }
    let words = String(cString: hf_openblas_build()).split(separator: " ")
    return words.isEmpty ? nil : words.joined(separator: " ")
  }
}
