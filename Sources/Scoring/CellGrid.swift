/// Points sorted into cubes, so that neighbours are found in constant time.
struct CellGrid {
  private let edge: Double
  private let origin: SIMD3<Double>
  private let size: SIMD3<Int>
  /// Where each cell starts in `members`.
  private let starts: [Int32]
  private let members: [Int32]

  /// A grid with a cube edge no smaller than the search radius.
  ///
  /// Cubes grow until there are no more than eight per point, so that memory depends on the number of points, not on their spread.
  init(_ points: [SIMD3<Double>], radius: Double) {
    let low = points.reduce(points.first ?? .zero) { pointwiseMin($0, $1) }
    let high = points.reduce(points.first ?? .zero) { pointwiseMax($0, $1) }
    var edge = radius
    func cells(_ edge: Double) -> SIMD3<Double> { ((high - low) / edge).rounded(.down) + 1 }
    let limit = Double(8 * points.count + 64)
    while cells(edge).x * cells(edge).y * cells(edge).z > limit { edge *= 2 }
    let size = cells(edge)
    self.edge = edge
    origin = low
    self.size = SIMD3(Int(size.x), Int(size.y), Int(size.z))
    var counts = [Int32](repeating: 0, count: self.size.x * self.size.y * self.size.z + 1)
    let cell = points.map { [size = self.size] point in
      let place = ((point - low) / edge).rounded(.down)
      return (Int(place.z) * size.y + Int(place.y)) * size.x + Int(place.x)
    }
    for index in cell { counts[index + 1] += 1 }
    for index in 1..<counts.count { counts[index] += counts[index - 1] }
    starts = counts
    var members = [Int32](repeating: 0, count: points.count)
    for (point, index) in cell.enumerated() {
      members[Int(counts[index])] = Int32(point)
      counts[index] += 1
    }
    self.members = members
  }

  /// Calls a closure with every point in the cubes around a place, among them all within the radius.
  func forEachNear(_ place: SIMD3<Double>, _ body: (Int) -> Void) {
    let centre = ((place - origin) / edge).rounded(.down)
    let (x, y, z) = (Int(centre.x), Int(centre.y), Int(centre.z))
    for k in max(0, z - 1)...max(0, min(size.z - 1, z + 1)) {
      for j in max(0, y - 1)...max(0, min(size.y - 1, y + 1)) {
        let row = (k * size.y + j) * size.x
        let first = Int(starts[row + max(0, x - 1)])
        let last = Int(starts[row + min(size.x - 1, x + 1) + 1])
        var index = first
        while index < last {
          body(Int(members[index]))
          index += 1
        }
      }
    }
  }
}
