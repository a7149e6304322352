import ArrayFiles
import FeaturePipeline
import FoldingCore
import Foundation
import HelixFold
import NumericArrays
import Protein

/// Good files of each format, from which mutations start.
struct SeedFiles {
  private let files: [InputFormat: [[UInt8]]]

  /// Good files of a format, at least one.
  subscript(_ format: InputFormat) -> [[UInt8]] { files[format] ?? [] }

  /// Makes the files in a folder, and reads the fixtures of the tests.
  init(scratch: String) throws {
    var files: [InputFormat: [[UInt8]]] = [:]
    for (format, text) in Self.texts { files[format, default: []].append(Array(text.utf8)) }
    let fixtures: [(InputFormat, [String])] = [
      (.pickle, (0...5).map { "ArrayFilesTests/Fixtures/features_p\($0).pkl" }),
      (.torch, ["ArrayFilesTests/Fixtures/tensors.pt", "WeightsTests/Fixtures/openfold_part.pt"]),
      (.paddle, ["ArrayFilesTests/Fixtures/parameters.pdparams"]),
      (.gzip, ["StructureTests/Fixtures/1a8o.pdb.gz", "StructureTests/Fixtures/1a8o.cif.gz"]),
    ]
    for (format, names) in fixtures {
      for name in names {
        let url = Self.repository.appendingPathComponent("Tests/" + name)
        files[format, default: []].append([UInt8](try Data(contentsOf: url)))
      }
    }
    files[.npy] = [try Self.npy(scratch)]
    files[.npz] = [try Self.npz(scratch)]
    files[.store] = [try Self.store(scratch)]
    self.files = files
  }

  /// Root of the sources that this program was built from.
  private static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func npy(_ scratch: String) throws -> [UInt8] {
    let values = NDArray<Float>(shape: [3, 5], values: (0..<15).map { Float($0) })
    return try made(scratch + "/seed.npy") { try NumpyFile.write(.float32(values), to: $0) }
  }

  private static func npz(_ scratch: String) throws -> [UInt8] {
    let raw = try target()
    let arrays = raw.alphaFoldArrays.sorted { $0.key < $1.key }.map {
      (name: $0.key, array: $0.value)
    }
    return try made(scratch + "/seed.npz") {
      try NumpyArchive.write(arrays, to: $0, deflated: true)
    }
  }

  private static func store(_ scratch: String) throws -> [UInt8] {
    let raw = try target()
    let atoms = raw.residueCount * AtomName.count
    let labels = TargetLabels(
      positions: NDArray(
        shape: [raw.residueCount, AtomName.count, 3],
        values: (0..<atoms * 3).map { Float($0 % 100) }),
      mask: NDArray(
        shape: [raw.residueCount, AtomName.count], values: (0..<atoms).map { Float($0 % 2) }),
      resolution: 1.5, releaseDate: "2001-02-03", cluster: "c")
    return try made(scratch + "/seed.h5") {
      try FeatureStore.write([TargetRecord(features: raw, labels: labels)], to: $0)
    }
  }

  private static func target() throws -> RawFeatures {
    let alignment = try Alignment.parse(InputText(name: "t.a3m", ">t\nMKAYI\n>h\nM-aAYI\n"))
    return try RawFeatures(id: "t", sequence: ProteinSequence("MKAYI"), alignments: [alignment])
  }

  private static func made(_ path: String, _ write: (String) throws -> Void) throws -> [UInt8] {
    try write(path)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private static let texts: [(InputFormat, String)] = [
    (.fasta, ">sp|P1|A some\nACDEFGHIKLMNPQRSTVWY\nACD*\n\n>b\r\nacdef\r\n>c\nUBZJOX\n"),
    (.fasta, "id,sequence\na,ACDEFGHIKLMNPQRSTVWY\nb c,acd*\r\n\nd,UBZJOX\n"),
    (
      .a3m,
      "#12\t1\n>q\nACDEFGHIKLMN\n>h1 a\nAC-aaaDEFGHI--N\n>ss_pred x\nCCCC\n>h2\n--DEFG\nHIKLMNx\n"
    ),
    (
      .stockholm,
      "# STOCKHOLM 1.0\n#=GS h DE x\nq ACD--EFG\nh ACDkkE-G\n#=GC RF xxx..xxx\n\nq HIK\nh H.K\n//\n"
    ),
    (
      .hmmsearch,
      "# STOCKHOLM 1.0\n#=GS 1abc_A/3-8 DE [subseq from] mol:protein length:20 X\n1abc_A/3-8 MKAY--IR\n"
        + "2abc_B/1-6 MKaAYW.Q\n#=GC RF xx.xxxxx\n//\n"
    ),
    (
      .mmseqs,
      "q\tt\t0.5\t8\t0\t0\t1\t8\t1\t8\t1e-3\t20\t3M1D2M1I2M\nq\tu\t0.9\t4\t0\t0\t1\t4\t1\t4\t1\t2\n"
    ),
    (
      .hhr,
      """
      Query         target
      Match_columns 8

       No Hit

      No 1
      >1abc_A first; {Homo sapiens}
      Probab=99.84  E-value=2.1e-25  Score=158.41  Aligned_cols=4  Identities=71%  Similarity=1.106  Sum_probs=3.5  Template_Neff=10.900

      Q ss_pred             CCCCCC
      Q target            3 KRA-YI    7 (8)
      Q Consensus         3 kra~yi    7 (8)
                            .+. ..
      T Consensus         5 kraxy~    9 (60)
      T 1abc_A            5 KRAWY-    9 (60)
      T ss_dssp             CCCCC-
      Confidence            99999

      No 2
      >2abc_B second
      Probab=9  E-value=1  Score=1  Aligned_cols=2  Identities=1%  Similarity=1  Sum_probs=1.5  Template_Neff=1

      Q target            1 MK    2 (8)
      T 2abc_B            1 MK    2 (60)

      """
    ),
    (
      .pdb,
      """
      HEADER    HYDROLASE                               01-JAN-01   1ABC
      SEQRES   1 A    3  TRP MSE GLY
      MODEL        1
      ATOM      1  N   TRP A   1       1.000   2.000   3.000  1.00 10.00           N
      ATOM      2  CA ATRP A   1A      2.000   2.000   3.000  0.50 10.00           C
      HETATM    3  CA  MSE A   2       3.000  -2.500   3.000  1.00 10.00           C
      HETATM    4 SE   MSE A   2       3.000  -2.500   9.000  1.00 10.00          SE
      TER       5      MSE A   2
      ENDMDL
      END

      """
    ),
    (
      .mmcif,
      """
      data_1ABC
      _entry.id 1ABC
      _pdbx_audit_revision_history.revision_date 2001-01-01
      loop_
      _entity_poly_seq.entity_id
      _entity_poly_seq.num
      _entity_poly_seq.mon_id
      1 1 TRP
      1 2 MSE
      loop_
      _atom_site.group_PDB
      _atom_site.id
      _atom_site.type_symbol
      _atom_site.label_atom_id
      _atom_site.label_alt_id
      _atom_site.label_comp_id
      _atom_site.label_asym_id
      _atom_site.label_entity_id
      _atom_site.label_seq_id
      _atom_site.pdbx_PDB_ins_code
      _atom_site.Cartn_x
      _atom_site.Cartn_y
      _atom_site.Cartn_z
      _atom_site.occupancy
      _atom_site.B_iso_or_equiv
      _atom_site.auth_seq_id
      _atom_site.auth_asym_id
      _atom_site.pdbx_PDB_model_num
      ATOM 1 C CA . TRP A 1 1 ? 1.0 2.0 3.0 1.0 10.0 7 B 1
      HETATM 2 SE "SE" . MSE A 1 2 ? 1.5 2.0(1) 3.0 1.0 10.0 8 B 1
      _struct.title
      ;several
      lines
      ;

      """
    ),
    (
      .configuration,
      "{\"preset\": \"tiny\", \"evoformer\": {\"blocks\": 3}, \"template\": null, \"recycles\": 1}"
    ),
    (
      .databases,
      "{\"sets\": [{\"name\": \"x\", \"description\": \"\", \"databases\": [{\"name\": \"u\", \"path\": \"u.fasta\"}]}]}"
    ),
  ]
}
