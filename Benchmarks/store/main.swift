// Packs a folder of chains into one feature store and reads targets back at random.
//
//     store-bench FOLDER OUT.h5 [READS]
//
// FOLDER holds chains.tsv (columns name, resolution, cluster40), a3m/NAME.a3m and pdb/NAME.pdb. Printed, tab-separated: number of
// targets, size of the file, largest difference of a coordinate from its PDB file, and targets read per second of
// processor time on one thread (READS of them, chosen by a fixed seed, features and labels).
import CLibrary
import FeaturePipeline
import Foundation
import NumericArrays
import Protein
import StructureIO

/// One row of chains.tsv.
struct ChainRow {
  let name: String
  let resolution: Float?
  let cluster: String

  static func rows(of path: String) throws -> [ChainRow] {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let header = lines[0].split(separator: "\t").map(String.init)
    func column(_ name: String) -> Int { header.firstIndex(of: name) ?? 0 }
    let (name, resolution, cluster) = (column("name"), column("resolution"), column("cluster40"))
    return lines.dropFirst().map { line in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return ChainRow(
        name: cells[name], resolution: Float(cells[resolution]), cluster: cells[cluster])
    }
  }
}

/// Alignment and structure of a chain as one record.
func record(_ row: ChainRow, _ folder: String) throws -> TargetRecord {
  let alignment = try Alignment.read(path: "\(folder)/a3m/\(row.name).a3m")
  let sequence = try ProteinSequence(String(decoding: alignment.row(0), as: UTF8.self))
  let raw = try RawFeatures(id: row.name, sequence: sequence, alignments: [alignment])
  let chain = try StructureFile.read("\(folder)/pdb/\(row.name).pdb").models[0].chains[0]
  let residues = chain.aminoAcidResidues
  let pairs = try PairwiseAligner(scores: .identity).align(
    Array(raw.sequence.utf8), residues.map { $0.aminoAcid.letter.asciiValue ?? 88 }
  ).pairs
  var labels = TargetLabels(
    positions: NDArray(repeating: 0, shape: [raw.residueCount, AtomName.count, 3]),
    mask: NDArray(repeating: 0, shape: [raw.residueCount, AtomName.count]),
    resolution: row.resolution, cluster: row.cluster)
  for pair in pairs {
    for (name, atom) in residues[pair.second].standardAtoms {
      let slot = pair.first * AtomName.count + name.index
      labels.mask.values[slot] = 1
      for axis in 0..<3 { labels.positions.values[slot * 3 + axis] = Float(atom.position[axis]) }
    }
  }
  return TargetRecord(features: raw, labels: labels)
}

/// Processor time of this process, s.
func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  FileHandle.standardError.write(Data("usage: store-bench FOLDER OUT.h5 [READS]\n".utf8))
  exit(64)
}
let (folder, path) = (arguments[1], arguments[2])
let reads = arguments.count > 3 ? Int(arguments[3]) ?? 1000 : 1000
do {
  let rows = try ChainRow.rows(of: folder + "/chains.tsv")
  var next = 0
  try FeatureStore.write(to: path) {
    guard next < rows.count else { return nil }
    next += 1
    return try record(rows[next - 1], folder)
  }
  let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
  print("targets\t\(rows.count)")
  print("bytes\t\(size)\tMiB\t\(String(format: "%.1f", Double(size) / 0x1p20))")

  let store = try FeatureStore(path: path)
  var worst: Float = 0
  var atoms = 0
  var same = 0
  for row in rows {
    let original = try record(row, folder)
    let read = try store.record(of: row.name)
    guard let a = original.labels, let b = read.labels, a.mask == b.mask else { continue }
    if read.features.msa == original.features.msa
      && read.features.deletions == original.features.deletions
    {
      same += 1
    }
    atoms += a.mask.values.count { $0 > 0 }
    for (x, y) in zip(a.positions.values, b.positions.values) { worst = max(worst, abs(x - y)) }
  }
  print("equal alignments and masks\t\(same)\tatoms\t\(atoms)")
  print("largest difference of a coordinate, Å\t\(worst)")

  let key = RandomKey(seed: 1)
  let start = processorTime()
  for index in 0..<reads {
    _ = try store.record(of: rows[key.integer(index, below: rows.count)].name)
  }
  let rate = Double(reads) / (processorTime() - start)
  print("targets read per second of processor time\t\(Int(rate))")
} catch {
  FileHandle.standardError.write(Data("store-bench: \(error)\n".utf8))
  exit(70)
}
