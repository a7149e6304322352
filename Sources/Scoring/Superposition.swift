/// A rotation and a translation that carry a model onto its reference: `x → R x + t`.
public struct Superposition: Sendable, Hashable, Codable {
  /// Rotation matrix, row-major. `[3, 3]`
  public var rotation: [Double]
  /// Translation, Å. `[3]`
  public var translation: [Double]

  /// No motion at all.
  public static let identity = Superposition(
    rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1], translation: [0, 0, 0])

  /// A rotation, row-major, and a translation in Å.
  public init(rotation: [Double], translation: [Double]) {
    self.rotation = rotation
    self.translation = translation
  }

  /// The image of a point of the model.
  public func apply(_ point: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(
      rotation[0] * point.x + rotation[1] * point.y + rotation[2] * point.z + translation[0],
      rotation[3] * point.x + rotation[4] * point.y + rotation[5] * point.z + translation[1],
      rotation[6] * point.x + rotation[7] * point.y + rotation[8] * point.z + translation[2])
  }

  /// The superposition with the smallest (weighted) sum of squared distances between paired points.
  public static func leastSquares(
    _ model: [SIMD3<Double>], onto reference: [SIMD3<Double>], weights: [Double]? = nil
  ) -> Superposition {
    var sums = PairSums()
    for index in model.indices {
      sums.add(model[index], reference[index], weight: weights?[index] ?? 1)
    }
    return sums.superposition
  }
}

/// Sums over point pairs that determine their best superposition.
struct PairSums {
  var weight = 0.0
  var model = SIMD3<Double>()
  var reference = SIMD3<Double>()
  /// Sums of `m_x r`, `m_y r`, `m_z r`.
  var products: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>) = (.zero, .zero, .zero)

  mutating func add(_ m: SIMD3<Double>, _ r: SIMD3<Double>, weight w: Double) {
    weight += w
    model += w * m
    reference += w * r
    products.0 += (w * m.x) * r
    products.1 += (w * m.y) * r
    products.2 += (w * m.z) * r
  }

  static func - (a: PairSums, b: PairSums) -> PairSums {
    PairSums(
      weight: a.weight - b.weight, model: a.model - b.model, reference: a.reference - b.reference,
      products: (
        a.products.0 - b.products.0, a.products.1 - b.products.1, a.products.2 - b.products.2
      ))
  }

  /// The least-squares superposition, always a proper rotation.
  ///
  /// Horn 1987: the rotation is the quaternion that belongs to the largest eigenvalue of a symmetric 4×4 matrix of the covariances.
  /// With no pair it is the identity.
  var superposition: Superposition {
    guard weight > 0 else { return .identity }
    let meanModel = model / weight
    let meanReference = reference / weight
    let x = products.0 - model.x * meanReference
    let y = products.1 - model.y * meanReference
    let z = products.2 - model.z * meanReference
    let q = SymmetricMatrix4(
      xx: x.x, xy: x.y, xz: x.z, yx: y.x, yy: y.y, yz: y.z, zx: z.x, zy: z.y, zz: z.z
    ).principalEigenvector
    let rotation = Self.rotation(of: q)
    let linear = Superposition(rotation: rotation, translation: [0, 0, 0])
    let shift = meanReference - linear.apply(meanModel)
    return Superposition(rotation: rotation, translation: [shift.x, shift.y, shift.z])
  }

  private static func rotation(of q: SIMD4<Double>) -> [Double] {
    let (w, x, y, z) = (q[0], q[1], q[2], q[3])
    return [
      w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y),
      2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x),
      2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z,
    ]
  }
}

/// Horn's symmetric 4×4 matrix of covariances `S_ab = Σ m_a r_b`.
struct SymmetricMatrix4 {
  private var rows: (SIMD4<Double>, SIMD4<Double>, SIMD4<Double>, SIMD4<Double>)

  init(
    xx: Double, xy: Double, xz: Double, yx: Double, yy: Double, yz: Double, zx: Double, zy: Double,
    zz: Double
  ) {
    rows = (
      SIMD4(xx + yy + zz, yz - zy, zx - xz, xy - yx),
      SIMD4(yz - zy, xx - yy - zz, xy + yx, zx + xz),
      SIMD4(zx - xz, xy + yx, yy - xx - zz, yz + zy),
      SIMD4(xy - yx, zx + xz, yz + zy, zz - xx - yy)
    )
  }

  private subscript(row: Int) -> SIMD4<Double> {
    get { row == 0 ? rows.0 : row == 1 ? rows.1 : row == 2 ? rows.2 : rows.3 }
    set {
      switch row {
      case 0: rows.0 = newValue
      case 1: rows.1 = newValue
      case 2: rows.2 = newValue
      default: rows.3 = newValue
      }
    }
  }

  /// Unit eigenvector of the largest eigenvalue, by cyclic Jacobi rotations (at most ten sweeps; four suffice in practice).
  var principalEigenvector: SIMD4<Double> {
    var matrix = self
    var vectors = matrix
    for row in 0..<4 {
      vectors[row] = .zero
      vectors[row][row] = 1
    }
    for _ in 0..<10 where matrix.offDiagonal > 1e-30 * matrix.diagonal {
      for p in 0..<3 {
        for q in (p + 1)..<4 { matrix.rotate(p, q, &vectors) }
      }
    }
    let best = (0..<4).max { matrix[$0][$0] < matrix[$1][$1] } ?? 0
    return vectors[best]
  }

  private var offDiagonal: Double {
    (0..<3).reduce(0) { sum, p in
      (p + 1..<4).reduce(sum) { $0 + self[p][$1] * self[p][$1] }
    }
  }

  private var diagonal: Double { (0..<4).reduce(0) { $0 + self[$1][$1] * self[$1][$1] } }

  /// One Jacobi rotation that makes element (p, q) zero; rows of `vectors` are the eigenvectors so far.
  private mutating func rotate(_ p: Int, _ q: Int, _ vectors: inout SymmetricMatrix4) {
    let element = self[p][q]
    guard element != 0 else { return }
    let theta = (self[q][q] - self[p][p]) / (2 * element)
    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
    let c = 1 / (t * t + 1).squareRoot()
    let s = t * c
    (self[p], self[q]) = (c * self[p] - s * self[q], s * self[p] + c * self[q])
    for row in 0..<4 {
      let (a, b) = (self[row][p], self[row][q])
      self[row][p] = c * a - s * b
      self[row][q] = s * a + c * b
    }
    (vectors[p], vectors[q]) = (
      c * vectors[p] - s * vectors[q], s * vectors[p] + c * vectors[q]
    )
  }
}
