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
}
