import NumericArrays

// Sums of products over named axes. Forward and both pullbacks are one loop nest with different strides.

/// Products summed over shared axes, which single letters name: `einsum("sic,sjd->ijcd", a, b)`.
///
/// A letter that is missing from the result is summed over; a letter twice in one operand walks its diagonal.
public func einsum<Real>(
  _ pattern: String, _ left: PlainTensor<Real>, _ right: PlainTensor<Real>
) -> PlainTensor<Real> {
  let axes = EinsumAxes(pattern, left.shape, right.shape)
  let shape = axes.resultShape
  let loops = axes.loops
  var values = [Real](repeating: 0, count: shape.reduce(1, *))
  addProducts(loops, into: &values, left.values, right.values)
  return PlainTensor(shape: shape, values: values, from: [left, right]) { gradient in
    var leftGradient = [Real](repeating: 0, count: left.count)
    var rightGradient = [Real](repeating: 0, count: right.count)
    addProducts(
      loops.map { Loop(count: $0.count, target: $0.left, left: $0.target, right: $0.right) },
      into: &leftGradient, gradient, right.values)
    addProducts(
      loops.map { Loop(count: $0.count, target: $0.right, left: $0.left, right: $0.target) },
      into: &rightGradient, left.values, gradient)
    return [leftGradient, rightGradient]
  }
}

/// One tensor with axes summed, exchanged or, in the result, walked along a diagonal: `einsum("ijh->hij", x)`.
public func einsum<Real>(_ pattern: String, _ x: PlainTensor<Real>) -> PlainTensor<Real> {
  let parts = pattern.split(separator: "-", maxSplits: 1)
  programmingError(unless: parts.count == 2, "'\(pattern)' must read like 'ijc->cij'")
  return einsum(parts[0] + ",-" + parts[1], x, PlainTensor(repeating: 1, shape: []))
}

/// One axis of the loop nest: its extent and the step that each array takes along it.
struct Loop {
  var count: Int
  var target: Int
  var left: Int
  var right: Int
}

/// The loop nest of a pattern: axes of the result first, then those that are summed.
private struct EinsumAxes {
  let loops: [Loop]
  let resultShape: [Int]

  init(_ pattern: String, _ left: [Int], _ right: [Int]) {
    let letters = pattern.filter { $0 != "-" }.split(
      separator: ">", omittingEmptySubsequences: false)
    let operands = letters[0].split(separator: ",", omittingEmptySubsequences: false)
    programmingError(
      unless: letters.count == 2 && operands.count == 2, "'\(pattern)' must read like 'ik,kj->ij'")
    let (leftLetters, rightLetters, result) = (
      Array(operands[0]), Array(operands[1]), Array(letters[1])
    )
    programmingError(
      unless: leftLetters.count == left.count && rightLetters.count == right.count,
      "'\(pattern)' does not fit the shapes \(left) and \(right)")
    var extents: [Character: Int] = [:]
    for (letter, extent) in zip(leftLetters + rightLetters, left + right) {
      programmingError(
        unless: extents[letter] ?? extent == extent,
        "axis '\(letter)' of '\(pattern)' has two extents in \(left) and \(right)")
      extents[letter] = extent
    }
    let summed = extents.keys.filter { !result.contains($0) }.sorted()
    for letter in result {
      programmingError(
        unless: extents[letter] != nil, "axis '\(letter)' of '\(pattern)' is in no operand")
    }
    let shape = result.map { extents[$0] ?? 0 }
    resultShape = shape
    loops = (result + summed).map { letter in
      Loop(
        count: extents[letter] ?? 0, target: step(letter, result, shape),
        left: step(letter, leftLetters, left), right: step(letter, rightLetters, right))
    }
  }
}

/// Elements between neighbours along the axes called `letter`; 0 if there is none.
private func step(_ letter: Character, _ letters: [Character], _ shape: [Int]) -> Int {
  zip(letters, strides(shape)).reduce(0) { $1.0 == letter ? $0 + $1.1 : $0 }
}

private func addProducts<Real: RealNumber>(
  _ loops: [Loop], into target: inout [Real], _ left: [Real], _ right: [Real]
) {
  if loops.contains(where: { $0.count == 0 }) { return }
  target.withUnsafeMutableBufferPointer { target in
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        if let target = target.baseAddress, let left = left.baseAddress,
          let right = right.baseAddress
        {
          addProducts(loops[...], into: target, left, right)
        }
      }
    }
  }
}

@_specialize(where Real == Float)
@_specialize(where Real == Double)
private func addProducts<Real: RealNumber>(
  _ loops: ArraySlice<Loop>, into target: UnsafeMutablePointer<Real>, _ left: UnsafePointer<Real>,
  _ right: UnsafePointer<Real>
) {
  guard let loop = loops.first else {
    target.pointee += left.pointee * right.pointee
    return
  }
  if loops.count == 1 {
    for i in 0..<loop.count {
      target[i * loop.target] += left[i * loop.left] * right[i * loop.right]
    }
    return
  }
  for i in 0..<loop.count {
    addProducts(
      loops.dropFirst(), into: target + i * loop.target, left + i * loop.left,
      right + i * loop.right)
  }
}
