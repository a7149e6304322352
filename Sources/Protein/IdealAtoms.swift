/// An atom of the idealised residue, in the frame of the rigid group to which it belongs.
public struct IdealAtom: Sendable, Hashable {
  /// Name of the atom.
  public let name: AtomName
  /// Rigid group: 0 backbone, 3 psi, 4 … 7 chi1 … chi4 (1 omega and 2 phi hold no heavy atom).
  public let group: Int
  /// Position in the frame of the group, Å.
  public let position: SIMD3<Double>

  init(_ name: AtomName, _ group: Int, _ x: Double, _ y: Double, _ z: Double) {
    self.name = name
    self.group = group
    position = SIMD3(x, y, z)
  }
}

extension AminoAcid {
  /// Atoms of the residue with ideal bond lengths and angles, each in the frame of its rigid group.
  ///
  /// Values: Suppl. 1.8.4 and Table 2 (Jumper et al. 2021), from the geometry of Engh & Huber 2001. A frame has
  /// its origin at the outer atom of the rotatable bond, x along the bond, y such that the atom which
  /// defines the angle has a positive y, and torsion angles of 0.
  public var idealAtoms: [IdealAtom] {
    switch self {
    case .unknown: []
    case .alanine:
      [
        .init(.n, 0, -0.525, 1.363, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.526, 0, 0),
        .init(.cb, 0, -0.529, -0.774, -1.205), .init(.o, 3, 0.627, 1.062, 0),
      ]
    case .arginine:
      [
        .init(.n, 0, -0.524, 1.362, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.525, 0, 0),
        .init(.cb, 0, -0.524, -0.778, -1.209), .init(.o, 3, 0.626, 1.062, 0),
        .init(.cg, 4, 0.616, 1.390, 0), .init(.cd, 5, 0.564, 1.414, 0),
        .init(.ne, 6, 0.539, 1.357, 0), .init(.nh1, 7, 0.206, 2.301, 0),
        .init(.nh2, 7, 2.078, 0.978, 0), .init(.cz, 7, 0.758, 1.093, 0),
      ]
    case .asparagine:
      [
        .init(.n, 0, -0.536, 1.357, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.526, 0, 0),
        .init(.cb, 0, -0.531, -0.787, -1.200), .init(.o, 3, 0.625, 1.062, 0),
        .init(.cg, 4, 0.584, 1.399, 0), .init(.nd2, 5, 0.593, -1.188, 0.001),
        .init(.od1, 5, 0.633, 1.059, 0),
      ]
    case .asparticAcid:
      [
        .init(.n, 0, -0.525, 1.362, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.527, 0, 0),
        .init(.cb, 0, -0.526, -0.778, -1.208), .init(.o, 3, 0.626, 1.062, 0),
        .init(.cg, 4, 0.593, 1.398, 0), .init(.od1, 5, 0.610, 1.091, 0),
        .init(.od2, 5, 0.592, -1.101, -0.003),
      ]
    case .cysteine:
      [
        .init(.n, 0, -0.522, 1.362, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.524, 0, 0),
        .init(.cb, 0, -0.519, -0.773, -1.212), .init(.o, 3, 0.625, 1.062, 0),
        .init(.sg, 4, 0.728, 1.653, 0),
      ]
    case .glutamine:
      [
        .init(.n, 0, -0.526, 1.361, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.526, 0, 0),
        .init(.cb, 0, -0.525, -0.779, -1.207), .init(.o, 3, 0.626, 1.062, 0),
        .init(.cg, 4, 0.615, 1.393, 0), .init(.cd, 5, 0.587, 1.399, 0),
        .init(.ne2, 6, 0.593, -1.189, -0.001), .init(.oe1, 6, 0.634, 1.060, 0),
      ]
    case .glutamicAcid:
      [
        .init(.n, 0, -0.528, 1.361, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.526, 0, 0),
        .init(.cb, 0, -0.526, -0.781, -1.207), .init(.o, 3, 0.626, 1.062, 0),
        .init(.cg, 4, 0.615, 1.392, 0), .init(.cd, 5, 0.600, 1.397, 0),
        .init(.oe1, 6, 0.607, 1.095, 0), .init(.oe2, 6, 0.589, -1.104, -0.001),
      ]
    case .glycine:
      [
        .init(.n, 0, -0.572, 1.337, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.517, 0, 0),
        .init(.o, 3, 0.626, 1.062, 0),
      ]
    case .histidine:
      [
        .init(.n, 0, -0.527, 1.360, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.525, 0, 0),
        .init(.cb, 0, -0.525, -0.778, -1.208), .init(.o, 3, 0.625, 1.063, 0),
        .init(.cg, 4, 0.600, 1.370, 0), .init(.cd2, 5, 0.889, -1.021, 0.003),
        .init(.nd1, 5, 0.744, 1.160, 0), .init(.ce1, 5, 2.030, 0.851, 0.002),
        .init(.ne2, 5, 2.145, -0.466, 0.004),
      ]
    case .isoleucine:
      [
        .init(.n, 0, -0.493, 1.373, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.527, 0, 0),
        .init(.cb, 0, -0.536, -0.793, -1.213), .init(.o, 3, 0.627, 1.062, 0),
        .init(.cg1, 4, 0.534, 1.437, 0), .init(.cg2, 4, 0.540, -0.785, -1.199),
        .init(.cd1, 5, 0.619, 1.391, 0),
      ]
    case .leucine:
      [
        .init(.n, 0, -0.520, 1.363, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.525, 0, 0),
        .init(.cb, 0, -0.522, -0.773, -1.214), .init(.o, 3, 0.625, 1.063, 0),
        .init(.cg, 4, 0.678, 1.371, 0), .init(.cd1, 5, 0.530, 1.430, 0),
        .init(.cd2, 5, 0.535, -0.774, 1.200),
      ]
    case .lysine:
      [
        .init(.n, 0, -0.526, 1.362, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.526, 0, 0),
        .init(.cb, 0, -0.524, -0.778, -1.208), .init(.o, 3, 0.626, 1.062, 0),
        .init(.cg, 4, 0.619, 1.390, 0), .init(.cd, 5, 0.559, 1.417, 0),
        .init(.ce, 6, 0.560, 1.416, 0), .init(.nz, 7, 0.554, 1.387, 0),
      ]
    case .methionine:
      [
        .init(.n, 0, -0.521, 1.364, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.525, 0, 0),
        .init(.cb, 0, -0.523, -0.776, -1.210), .init(.o, 3, 0.625, 1.062, 0),
        .init(.cg, 4, 0.613, 1.391, 0), .init(.sd, 5, 0.703, 1.695, 0),
        .init(.ce, 6, 0.320, 1.786, 0),
      ]
    case .phenylalanine:
      [
        .init(.n, 0, -0.518, 1.363, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.524, 0, 0),
        .init(.cb, 0, -0.525, -0.776, -1.212), .init(.o, 3, 0.626, 1.062, 0),
        .init(.cg, 4, 0.607, 1.377, 0), .init(.cd1, 5, 0.709, 1.195, 0),
        .init(.cd2, 5, 0.706, -1.196, 0), .init(.ce1, 5, 2.102, 1.198, 0),
        .init(.ce2, 5, 2.098, -1.201, 0), .init(.cz, 5, 2.794, -0.003, -0.001),
      ]
    case .proline:
      [
        .init(.n, 0, -0.566, 1.351, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.527, 0, 0),
        .init(.cb, 0, -0.546, -0.611, -1.293), .init(.o, 3, 0.621, 1.066, 0),
        .init(.cg, 4, 0.382, 1.445, 0), .init(.cd, 5, 0.477, 1.424, 0),
      ]
    case .serine:
      [
        .init(.n, 0, -0.529, 1.360, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.525, 0, 0),
        .init(.cb, 0, -0.518, -0.777, -1.211), .init(.o, 3, 0.626, 1.062, 0),
        .init(.og, 4, 0.503, 1.325, 0),
      ]
    case .threonine:
      [
        .init(.n, 0, -0.517, 1.364, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.526, 0, 0),
        .init(.cb, 0, -0.516, -0.793, -1.215), .init(.o, 3, 0.626, 1.062, 0),
        .init(.cg2, 4, 0.550, -0.718, -1.228), .init(.og1, 4, 0.472, 1.353, 0),
      ]
    case .tryptophan:
      [
        .init(.n, 0, -0.521, 1.363, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.525, 0, 0),
        .init(.cb, 0, -0.523, -0.776, -1.212), .init(.o, 3, 0.627, 1.062, 0),
        .init(.cg, 4, 0.609, 1.370, 0), .init(.cd1, 5, 0.824, 1.091, 0),
        .init(.cd2, 5, 0.854, -1.148, -0.005), .init(.ce2, 5, 2.186, -0.678, -0.007),
        .init(.ce3, 5, 0.622, -2.530, -0.007), .init(.ne1, 5, 2.140, 0.690, -0.004),
        .init(.ch2, 5, 3.028, -2.890, -0.013), .init(.cz2, 5, 3.283, -1.543, -0.011),
        .init(.cz3, 5, 1.715, -3.389, -0.011),
      ]
    case .tyrosine:
      [
        .init(.n, 0, -0.522, 1.362, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.524, 0, 0),
        .init(.cb, 0, -0.522, -0.776, -1.213), .init(.o, 3, 0.627, 1.062, 0),
        .init(.cg, 4, 0.607, 1.382, 0), .init(.cd1, 5, 0.716, 1.195, 0),
        .init(.cd2, 5, 0.713, -1.194, -0.001), .init(.ce1, 5, 2.107, 1.200, -0.002),
        .init(.ce2, 5, 2.104, -1.201, -0.003), .init(.oh, 5, 4.168, -0.002, -0.005),
        .init(.cz, 5, 2.791, -0.001, -0.003),
      ]
    case .valine:
      [
        .init(.n, 0, -0.494, 1.373, 0), .init(.ca, 0, 0, 0, 0), .init(.c, 0, 1.527, 0, 0),
        .init(.cb, 0, -0.533, -0.795, -1.213), .init(.o, 3, 0.627, 1.062, 0),
        .init(.cg1, 4, 0.540, 1.429, 0), .init(.cg2, 4, 0.533, -0.776, 1.203),
      ]
    }
  }
}
