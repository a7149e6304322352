/// Ideal length of a bond inside a residue.
public struct IdealBond: Sendable, Hashable {
  /// The two atoms.
  public let first, second: AtomName
  /// Mean length and standard deviation, Å.
  public let length, deviation: Double

  init(_ first: AtomName, _ second: AtomName, _ length: Double, _ deviation: Double) {
    self.first = first
    self.second = second
    self.length = length
    self.deviation = deviation
  }
}

/// Ideal angle between two bonds inside a residue.
public struct IdealAngle: Sendable, Hashable {
  /// The three atoms; `vertex` is the one in the middle.
  public let first, vertex, second: AtomName
  /// Mean and standard deviation, degrees.
  public let degrees, deviation: Double

  init(
    _ first: AtomName, _ vertex: AtomName, _ second: AtomName, _ degrees: Double,
    _ deviation: Double
  ) {
    self.first = first
    self.vertex = vertex
    self.second = second
    self.degrees = degrees
    self.deviation = deviation
  }
}

extension AminoAcid {
  /// Bond lengths inside the residue.
  ///
  /// Engh & Huber 2001, International Tables for Crystallography F, 18.3.
  public var idealBonds: [IdealBond] {
    switch self {
    case .unknown: []
    case .alanine:
      [
        .init(.ca, .cb, 1.520, 0.021), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .arginine:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.521, 0.027),
        .init(.cg, .cd, 1.515, 0.025), .init(.cd, .ne, 1.460, 0.017),
        .init(.ne, .cz, 1.326, 0.013), .init(.cz, .nh1, 1.326, 0.013),
        .init(.cz, .nh2, 1.326, 0.013), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .asparagine:
      [
        .init(.ca, .cb, 1.527, 0.026), .init(.cb, .cg, 1.506, 0.023),
        .init(.cg, .od1, 1.235, 0.022), .init(.cg, .nd2, 1.324, 0.025),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .asparticAcid:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.513, 0.021),
        .init(.cg, .od1, 1.249, 0.023), .init(.cg, .od2, 1.249, 0.023),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .cysteine:
      [
        .init(.ca, .cb, 1.526, 0.013), .init(.cb, .sg, 1.812, 0.016),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .glutamine:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.521, 0.027),
        .init(.cg, .cd, 1.506, 0.023), .init(.cd, .oe1, 1.235, 0.022),
        .init(.cd, .ne2, 1.324, 0.025), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .glutamicAcid:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.517, 0.019),
        .init(.cg, .cd, 1.515, 0.015), .init(.cd, .oe1, 1.252, 0.011),
        .init(.cd, .oe2, 1.252, 0.011), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .glycine:
      [
        .init(.n, .ca, 1.456, 0.015), .init(.ca, .c, 1.514, 0.016), .init(.c, .o, 1.232, 0.016),
      ]
    case .histidine:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.492, 0.016),
        .init(.cg, .nd1, 1.369, 0.015), .init(.cg, .cd2, 1.353, 0.017),
        .init(.nd1, .ce1, 1.343, 0.025), .init(.cd2, .ne2, 1.415, 0.021),
        .init(.ce1, .ne2, 1.322, 0.023), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .isoleucine:
      [
        .init(.ca, .cb, 1.544, 0.023), .init(.cb, .cg1, 1.536, 0.028),
        .init(.cb, .cg2, 1.524, 0.031), .init(.cg1, .cd1, 1.500, 0.069),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .leucine:
      [
        .init(.ca, .cb, 1.533, 0.023), .init(.cb, .cg, 1.521, 0.029),
        .init(.cg, .cd1, 1.514, 0.037), .init(.cg, .cd2, 1.514, 0.037),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .lysine:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.521, 0.027),
        .init(.cg, .cd, 1.520, 0.034), .init(.cd, .ce, 1.508, 0.025),
        .init(.ce, .nz, 1.486, 0.025), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .methionine:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.509, 0.032),
        .init(.cg, .sd, 1.807, 0.026), .init(.sd, .ce, 1.774, 0.056),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .phenylalanine:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.509, 0.017),
        .init(.cg, .cd1, 1.383, 0.015), .init(.cg, .cd2, 1.383, 0.015),
        .init(.cd1, .ce1, 1.388, 0.020), .init(.cd2, .ce2, 1.388, 0.020),
        .init(.ce1, .cz, 1.369, 0.019), .init(.ce2, .cz, 1.369, 0.019),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .proline:
      [
        .init(.ca, .cb, 1.531, 0.020), .init(.cb, .cg, 1.495, 0.050),
        .init(.cg, .cd, 1.502, 0.033), .init(.cd, .n, 1.474, 0.014),
        .init(.n, .ca, 1.468, 0.017), .init(.ca, .c, 1.524, 0.020), .init(.c, .o, 1.228, 0.020),
      ]
    case .serine:
      [
        .init(.ca, .cb, 1.525, 0.015), .init(.cb, .og, 1.418, 0.013),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .threonine:
      [
        .init(.ca, .cb, 1.529, 0.026), .init(.cb, .og1, 1.428, 0.020),
        .init(.cb, .cg2, 1.519, 0.033), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .tryptophan:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.498, 0.018),
        .init(.cg, .cd1, 1.363, 0.014), .init(.cg, .cd2, 1.432, 0.017),
        .init(.cd1, .ne1, 1.375, 0.017), .init(.ne1, .ce2, 1.371, 0.013),
        .init(.cd2, .ce2, 1.409, 0.012), .init(.cd2, .ce3, 1.399, 0.015),
        .init(.ce2, .cz2, 1.393, 0.017), .init(.ce3, .cz3, 1.380, 0.017),
        .init(.cz2, .ch2, 1.369, 0.019), .init(.cz3, .ch2, 1.396, 0.016),
        .init(.n, .ca, 1.459, 0.020), .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .tyrosine:
      [
        .init(.ca, .cb, 1.535, 0.022), .init(.cb, .cg, 1.512, 0.015),
        .init(.cg, .cd1, 1.387, 0.013), .init(.cg, .cd2, 1.387, 0.013),
        .init(.cd1, .ce1, 1.389, 0.015), .init(.cd2, .ce2, 1.389, 0.015),
        .init(.ce1, .cz, 1.381, 0.013), .init(.ce2, .cz, 1.381, 0.013),
        .init(.cz, .oh, 1.374, 0.017), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    case .valine:
      [
        .init(.ca, .cb, 1.543, 0.021), .init(.cb, .cg1, 1.524, 0.021),
        .init(.cb, .cg2, 1.524, 0.021), .init(.n, .ca, 1.459, 0.020),
        .init(.ca, .c, 1.525, 0.026), .init(.c, .o, 1.229, 0.019),
      ]
    }
  }

  /// Bond angles inside the residue.
  ///
  /// Engh & Huber 2001, International Tables for Crystallography F, 18.3.
  public var idealAngles: [IdealAngle] {
    switch self {
    case .unknown: []
    case .alanine:
      [
        .init(.n, .ca, .cb, 110.1, 1.4), .init(.cb, .ca, .c, 110.1, 1.5),
        .init(.n, .ca, .c, 111.0, 2.7), .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .arginine:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.4, 2.2), .init(.cb, .cg, .cd, 111.6, 2.6),
        .init(.cg, .cd, .ne, 111.8, 2.1), .init(.cd, .ne, .cz, 123.6, 1.4),
        .init(.ne, .cz, .nh1, 120.3, 0.5), .init(.ne, .cz, .nh2, 120.3, 0.5),
        .init(.nh1, .cz, .nh2, 119.4, 1.1), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .asparagine:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.4, 2.2), .init(.cb, .cg, .nd2, 116.7, 2.4),
        .init(.cb, .cg, .od1, 121.6, 2.0), .init(.nd2, .cg, .od1, 121.9, 2.3),
        .init(.n, .ca, .c, 111.0, 2.7), .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .asparticAcid:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.4, 2.2), .init(.cb, .cg, .od1, 118.3, 0.9),
        .init(.cb, .cg, .od2, 118.3, 0.9), .init(.od1, .cg, .od2, 123.3, 1.9),
        .init(.n, .ca, .c, 111.0, 2.7), .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .cysteine:
      [
        .init(.n, .ca, .cb, 110.8, 1.5), .init(.cb, .ca, .c, 111.5, 1.2),
        .init(.ca, .cb, .sg, 114.2, 1.1), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .glutamine:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.4, 2.2), .init(.cb, .cg, .cd, 111.6, 2.6),
        .init(.cg, .cd, .oe1, 121.6, 2.0), .init(.cg, .cd, .ne2, 116.7, 2.4),
        .init(.oe1, .cd, .ne2, 121.9, 2.3), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .glutamicAcid:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.4, 2.2), .init(.cb, .cg, .cd, 114.2, 2.7),
        .init(.cg, .cd, .oe1, 118.3, 2.0), .init(.cg, .cd, .oe2, 118.3, 2.0),
        .init(.oe1, .cd, .oe2, 123.3, 1.2), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .glycine:
      [
        .init(.n, .ca, .c, 113.1, 2.5), .init(.ca, .c, .o, 120.6, 1.8),
      ]
    case .histidine:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.6, 1.7), .init(.cb, .cg, .nd1, 123.2, 2.5),
        .init(.cb, .cg, .cd2, 130.8, 3.1), .init(.cg, .nd1, .ce1, 108.2, 1.4),
        .init(.nd1, .ce1, .ne2, 109.9, 2.2), .init(.ce1, .ne2, .cd2, 106.6, 2.5),
        .init(.ne2, .cd2, .cg, 109.2, 1.9), .init(.cd2, .cg, .nd1, 106.0, 1.4),
        .init(.n, .ca, .c, 111.0, 2.7), .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .isoleucine:
      [
        .init(.n, .ca, .cb, 110.8, 2.3), .init(.cb, .ca, .c, 111.6, 2.0),
        .init(.ca, .cb, .cg1, 111.0, 1.9), .init(.cb, .cg1, .cd1, 113.9, 2.8),
        .init(.ca, .cb, .cg2, 110.9, 2.0), .init(.cg1, .cb, .cg2, 111.4, 2.2),
        .init(.n, .ca, .c, 111.0, 2.7), .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .leucine:
      [
        .init(.n, .ca, .cb, 110.4, 2.0), .init(.cb, .ca, .c, 110.2, 1.9),
        .init(.ca, .cb, .cg, 115.3, 2.3), .init(.cb, .cg, .cd1, 111.0, 1.7),
        .init(.cb, .cg, .cd2, 111.0, 1.7), .init(.cd1, .cg, .cd2, 110.5, 3.0),
        .init(.n, .ca, .c, 111.0, 2.7), .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .lysine:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.4, 2.2), .init(.cb, .cg, .cd, 111.6, 2.6),
        .init(.cg, .cd, .ce, 111.9, 3.0), .init(.cd, .ce, .nz, 111.7, 2.3),
        .init(.n, .ca, .c, 111.0, 2.7), .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .methionine:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.3, 1.7), .init(.cb, .cg, .sd, 112.4, 3.0),
        .init(.cg, .sd, .ce, 100.2, 1.6), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .phenylalanine:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.9, 2.4), .init(.cb, .cg, .cd1, 120.8, 0.7),
        .init(.cb, .cg, .cd2, 120.8, 0.7), .init(.cd1, .cg, .cd2, 118.3, 1.3),
        .init(.cg, .cd1, .ce1, 120.8, 1.1), .init(.cg, .cd2, .ce2, 120.8, 1.1),
        .init(.cd1, .ce1, .cz, 120.1, 1.2), .init(.cd2, .ce2, .cz, 120.1, 1.2),
        .init(.ce1, .cz, .ce2, 120.0, 1.8), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .proline:
      [
        .init(.n, .ca, .cb, 103.3, 1.2), .init(.cb, .ca, .c, 111.7, 2.1),
        .init(.ca, .cb, .cg, 104.8, 1.9), .init(.cb, .cg, .cd, 106.5, 3.9),
        .init(.cg, .cd, .n, 103.2, 1.5), .init(.ca, .n, .cd, 111.7, 1.4),
        .init(.n, .ca, .c, 112.1, 2.6), .init(.ca, .c, .o, 120.2, 2.4),
      ]
    case .serine:
      [
        .init(.n, .ca, .cb, 110.5, 1.5), .init(.cb, .ca, .c, 110.1, 1.9),
        .init(.ca, .cb, .og, 111.2, 2.7), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .threonine:
      [
        .init(.n, .ca, .cb, 110.3, 1.9), .init(.cb, .ca, .c, 111.6, 2.7),
        .init(.ca, .cb, .og1, 109.0, 2.1), .init(.ca, .cb, .cg2, 112.4, 1.4),
        .init(.og1, .cb, .cg2, 110.0, 2.3), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .tryptophan:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.7, 1.9), .init(.cb, .cg, .cd1, 127.0, 1.3),
        .init(.cb, .cg, .cd2, 126.6, 1.3), .init(.cd1, .cg, .cd2, 106.3, 0.8),
        .init(.cg, .cd1, .ne1, 110.1, 1.0), .init(.cd1, .ne1, .ce2, 109.0, 0.9),
        .init(.ne1, .ce2, .cd2, 107.3, 1.0), .init(.ce2, .cd2, .cg, 107.3, 0.8),
        .init(.cg, .cd2, .ce3, 133.9, 0.9), .init(.ne1, .ce2, .cz2, 130.4, 1.1),
        .init(.ce3, .cd2, .ce2, 118.7, 1.2), .init(.cd2, .ce2, .cz2, 122.3, 1.2),
        .init(.ce2, .cz2, .ch2, 117.4, 1.0), .init(.cz2, .ch2, .cz3, 121.6, 1.2),
        .init(.ch2, .cz3, .ce3, 121.2, 1.1), .init(.cz3, .ce3, .cd2, 118.8, 1.3),
        .init(.n, .ca, .c, 111.0, 2.7), .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .tyrosine:
      [
        .init(.n, .ca, .cb, 110.6, 1.8), .init(.cb, .ca, .c, 110.4, 2.0),
        .init(.ca, .cb, .cg, 113.4, 1.9), .init(.cb, .cg, .cd1, 121.0, 0.6),
        .init(.cb, .cg, .cd2, 121.0, 0.6), .init(.cd1, .cg, .cd2, 117.9, 1.1),
        .init(.cg, .cd1, .ce1, 121.3, 0.8), .init(.cg, .cd2, .ce2, 121.3, 0.8),
        .init(.cd1, .ce1, .cz, 119.8, 0.9), .init(.cd2, .ce2, .cz, 119.8, 0.9),
        .init(.ce1, .cz, .ce2, 119.8, 1.6), .init(.ce1, .cz, .oh, 120.1, 2.7),
        .init(.ce2, .cz, .oh, 120.1, 2.7), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    case .valine:
      [
        .init(.n, .ca, .cb, 111.5, 2.2), .init(.cb, .ca, .c, 111.4, 1.9),
        .init(.ca, .cb, .cg1, 110.9, 1.5), .init(.ca, .cb, .cg2, 110.9, 1.5),
        .init(.cg1, .cb, .cg2, 110.9, 1.6), .init(.n, .ca, .c, 111.0, 2.7),
        .init(.ca, .c, .o, 120.1, 2.1),
      ]
    }
  }
}
