/// Which library multiplies matrices.
public enum MatrixBackend: String, Sendable, Hashable, Codable, CaseIterable {
  /// The kernels of this package.
  case native
  /// OpenBLAS in fp32, called on panels of fixed size.
  case openblas
}
