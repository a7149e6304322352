import ArgumentParser
import Distribution
import FoldingCore
import FoldingModel
import Foundation
import HelixFold
import Measurements
import Messages

extension BenchCommand {
  /// Predicted time of training on many processes.
  struct Scaling: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "scaling",
      abstract:
        "Compute what a training step would take on 1 to 512 processes. Nothing is run: figures are extrapolations.",
      discussion: """
        The model counts operations, bytes and messages (docs/distributed.md). Rate, bandwidth and latency are those of one process \
        and its connection; the defaults are a core of the machine that docs/distributed.md names.
        """)

    @Option(help: "Residues of a sample.")
    var residues = 256

    @Option(help: "Alignment rows of the main stack.")
    var msa = 128

    @Option(help: "Extra alignment rows.")
    var extra = 1024

    @Option(help: "Templates.")
    var templates = 4

    @Option(help: "Network whose widths and depths are taken.")
    var preset = "model_1"

    @Option(help: "Samples per step.")
    var batch = 128

    @Option(help: "GFLOP/s of one process.")
    var rate = 48.0

    @Option(help: "GB/s between two processes.")
    var bandwidth = 4.0

    @Option(help: "Microseconds of a message.")
    var latency = 0.3

    @Option(help: "Share of a step outside of blocks and template stack.")
    var serialShare = 0.17

    @Option(help: "Passes before the last, mean.")
    var recycles = 1.5

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
      for (name, value) in [
        ("--residues", residues), ("--msa", msa), ("--batch", batch),
      ] where !(1...1_000_000).contains(value) {
        throw ValidationError("\(name) is \(value), expected 1 to 1000000")
      }
      for (name, value) in [("--extra", extra), ("--templates", templates)]
      where !(0...1_000_000).contains(value) {
        throw ValidationError("\(name) is \(value), expected 0 to 1000000")
      }
      for (name, value) in [("--rate", rate), ("--bandwidth", bandwidth)]
      where !(value > 0 && value.isFinite) {
        throw ValidationError("\(name) is \(value), expected more than 0")
      }
      if !(latency >= 0 && latency.isFinite) || !(0..<1).contains(serialShare)
        || !(0...100).contains(recycles)
      {
        throw ValidationError(
          "--latency from 0, --serial-share from 0 to below 1, --recycles from 0 to 100")
      }
    }

    func run() throws {
      var config = try FoldingConfig.named(preset)
      config.blockOrder = .parallel
      if templates == 0 { config.template = nil }
      let model = ScalingModel(
        config,
        ProblemSize(residues: residues, clusters: msa, extraRows: extra, templates: templates),
        recycles: recycles)
      let machine = ScalingModel.Machine(
        rate: rate * 1e9, bandwidth: bandwidth * 1e9, latency: latency * 1e-6,
        serialShare: serialShare)
      let base = model.step(batch: batch, ProcessGrid(), machine).total
      let rows = Self.grids(batch: batch).map { ($0, model.step(batch: batch, $0, machine)) }
      if json {
        let list = rows.map { grid, step in
          JSONValue.object([
            ("processes", .integer(grid.count)), ("dp", .integer(grid.data)),
            ("dap", .integer(grid.axes)), ("bp", .integer(grid.branches)),
            ("seconds", .number(step.total)), ("compute_seconds", .number(step.compute)),
            ("branch_exchange_seconds", .number(step.branchExchange)),
            ("axial_exchange_seconds", .number(step.axialExchange)),
            ("gradient_sum_seconds", .number(step.gradientSum)),
            ("speedup", .number(base / step.total)),
          ])
        }
        print(
          JSONValue.object([
            ("extrapolated", .bool(true)), ("constants", constants), ("grids", .array(list)),
          ]).pretty())
        return
      }
      print(
        "extrapolated, nothing was run: \(rate) GFLOP/s of a process, \(bandwidth) GB/s and \(latency) µs between two, serial share \(serialShare)"
      )
      print(
        "processes   dp  dap   bp     seconds     compute          BP         DAP          DP    speed-up"
      )
      for (grid, step) in rows {
        let counts = [grid.count, grid.data, grid.axes, grid.branches].map {
          Self.padded("\($0)", 5)
        }
        let times = [
          step.total, step.compute, step.branchExchange, step.axialExchange, step.gradientSum,
          base / step.total,
        ].map { Self.padded(fixed($0, decimals: 2), 12) }
        print(Self.padded(counts[0], 9) + counts[1] + counts[2] + counts[3] + times.joined())
      }
    }

    /// What the figures are computed from.
    private var constants: JSONValue {
      .object([
        ("preset", .string(preset)), ("residues", .integer(residues)), ("msa", .integer(msa)),
        ("extra", .integer(extra)), ("templates", .integer(templates)), ("batch", .integer(batch)),
        ("recycles", .number(recycles)), ("rate_gflops", .number(rate)),
        ("bandwidth_gb_per_second", .number(bandwidth)), ("latency_microseconds", .number(latency)),
        ("serial_share", .number(serialShare)),
      ])
    }

    /// Grids of 1 to 512 processes: samples first, then branches, then axes.
    private static func grids(batch: Int) -> [ProcessGrid] {
      var grids: [ProcessGrid] = []
      for exponent in 0...9 {
        let count = 1 << exponent
        for (axes, branches) in [(1, 1), (1, 2), (2, 1), (2, 2), (4, 2)] {
          let data = count / (axes * branches)
          if data >= 1, data * axes * branches == count, data <= batch {
            grids.append(ProcessGrid(data: data, axes: axes, branches: branches))
          }
        }
      }
      return grids
    }

    private static func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
  }
}
