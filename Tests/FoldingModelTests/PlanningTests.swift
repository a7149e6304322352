import FoldingCore
import TestSupport
import Testing

@testable import FoldingModel

@Suite("Plans of cost and of branches")
struct PlanningTests {
  private func size(clusters: Int = 8, templates: Int = 0) -> ProblemSize {
    ProblemSize(residues: 64, clusters: clusters, extraRows: 16, templates: templates)
  }

  @Test("rows of templates with torsions cost what as many rows of the alignment do")
  func templateRows() throws {
    var config = FoldingConfig.tiny
    func operations(_ size: ProblemSize) -> [Double] {
      CostModel(config, size).evoformerBlock.map(\.operations)
    }
    for embedsTorsions in [true, false] {
      config.template?.embedsTorsions = embedsTorsions
      let rows = embedsTorsions ? 11 : 8
      #expect(operations(size(templates: 3)) == operations(size(clusters: rows)))
    }
  }

  // Blocks of the tiny network take less time than handing out the work of their operations.
  @Test("only parallel blocks have branches to run side by side")
  func branches() {
    var config = FoldingConfig.tiny
    for order in BlockOrder.allCases {
      config.blockOrder = order
      #expect(BranchPlan(config, size()).prefersBranches == (order == .parallel), "\(order)")
    }
  }
}
