import FoldingCore
import Protein
import Testing

@testable import Training

/// Eight residues and four bins, 4 Å wide, so that contacts at 8 Å are the sum of the first two.
@Suite("Contact loss")
struct ContactLossTests {
  private let breaks = BinEdges(count: 3, from: 4, to: 12)

  /// Six or more residues apart are 0–6, 7.99 Å: a contact; 0–7, 8.01 Å, and 1–7, 28.01 Å: none.
  private let labels: StructureLabels<Double> = {
    let count = 8
    var labels = StructureLabels<Double>(
      aatype: [Int](repeating: AminoAcid.glycine.index, count: count),
      residueIndex: Array(0..<count),
      positions: [Double](repeating: 0, count: count * Atom37.count * 3),
      mask: [Double](repeating: 0, count: count * Atom37.count), resolution: 2)
    labels.pseudoBeta = [0, 20, 0, 0, 0, 0, 7.99, -8.01].flatMap { [$0, 0, 0] }
    labels.pseudoBetaMask = [Double](repeating: 1, count: count)
    return labels
  }()

  /// All logits 0, so that a contact has the probability ½, but for 0–6 in that order: log 3 in the first bin, 4 : 2 for a contact.
  private var logits: [Double] {
    var logits = [Double](repeating: 0, count: 8 * 8 * 4)
    logits[place(0, 6)] = 1.0986122886681098
    return logits
  }

  private func place(_ i: Int, _ j: Int) -> Int { (i * 8 + j) * 4 }

  @Test(
    "of 6 ordered pairs 2 are contacts, α = ⅔: by hand log(12)/9 with β = 1, 0.7160813 with β = 4, γ = ½",
    arguments: [(1.0, 0.2761007), (4, 0.7160813)])
  func value(_ beta: Double, _ expected: Double) {
    // Contacts: ⅔ (f(⅓) log 3⁄2 + f(½) log 2); no contacts: 4 · ⅓ f(½) log 2; f(q) = β^√q; a sixth of the sum.
    // β = 1: (⅔ log 3 + 4⁄3 log 2) / 6 = log(12) / 9. β = 4: f(⅓) = 2.2263811, f(½) = 2.6651441.
    var config = ContactLossConfig()
    config.loss.beta = beta
    let found = contactLoss(logits: logits, labels: labels, breaks: breaks, config: config)
    #expect(abs(found.value - expected) < 1e-6)
  }

  @Test(
    "with β = 1 contacts push α (1 − p) / 6 towards the near bins, the others (1 − α) p / 6 away")
  func gradient() {
    var config = ContactLossConfig()
    config.loss.beta = 1
    let found = contactLoss(logits: logits, labels: labels, breaks: breaks, config: config).gradient
    // Inside the near and the far bins by their share: ¾ and ¼ of ⅔ · ⅓ / 6 = 1⁄27 for 0–6, halves of the rest.
    var expected = [Double](repeating: 0, count: found.count)
    func set(_ i: Int, _ j: Int, _ values: [Double]) {
      for (k, value) in values.enumerated() { expected[place(i, j) + k] = value }
    }
    set(0, 6, [-1 / 36.0, -1 / 108.0, 1 / 54.0, 1 / 54.0])
    set(6, 0, [-1 / 36.0, -1 / 36.0, 1 / 36.0, 1 / 36.0])
    for (i, j) in [(0, 7), (7, 0), (1, 7), (7, 1)] {
      set(i, j, [1 / 72.0, 1 / 72.0, -1 / 72.0, -1 / 72.0])
    }
    for (k, (a, b)) in zip(found, expected).enumerated() {
      #expect(b == 0 ? a == 0 : abs(a - b) < 1e-7, "logit \(k)")
    }
  }

  @Test("pairs nearer along the chain and residues without a place take no part")
  func leftOut() {
    var config = ContactLossConfig()
    config.loss.beta = 1
    func pairs(_ labels: StructureLabels<Double>) -> Int {
      let found = contactLoss(logits: logits, labels: labels, breaks: breaks, config: config)
        .gradient
      return (0..<64).count { pair in found[pair * 4..<pair * 4 + 4].contains { $0 != 0 } }
    }
    #expect(pairs(labels) == 6)
    config.minSeparation = 7
    #expect(pairs(labels) == 2)
    config.minSeparation = 0
    #expect(pairs(labels) == 64)
    config.minSeparation = 6
    var masked = labels
    masked.pseudoBetaMask[7] = 0
    #expect(pairs(masked) == 2)
  }
}
