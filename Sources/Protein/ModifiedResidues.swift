extension AminoAcid {
  /// The amino acid for a component's name in a structure file; modified residues count as their parent, others as unknown.
  public init(component code: String) {
    self = AminoAcid(code: code) ?? AminoAcid(parentOfModifiedResidue: code) ?? .unknown
  }

  /// The amino acid from which a modified residue was made, such as methionine for `MSE`; nil if not known.
  ///
  /// Parents as in the wwPDB Chemical Component Dictionary (`_chem_comp.mon_nstd_parent_comp_id`) and in SCOP, which is the table that
  /// AlphaFold2 reads templates with (`SCOPData`; today `protein_letters_3to1_extended` of Biopython 1.8x); D amino acids are
  /// included. Names that molecular dynamics uses for states of protonation and bonding take precedence over those of the dictionary:
  /// `HSE` and `GLH` are homoserine and a kind of glutamine there.
  public init?(parentOfModifiedResidue code: String) {
    guard let parent = Self.statesOfParents[code] ?? Self.parents[code] else { return nil }
    self = parent
  }

  /// Residues of Amber's `amino12.lib` (`ASH` … `LYN`) and of CHARMM's `top_all36_prot.rtf`.
  private static let statesOfParents: [String: AminoAcid] = [
    "ASH": .asparticAcid, "GLH": .glutamicAcid, "HID": .histidine, "HIE": .histidine,
    "HIP": .histidine, "CYX": .cysteine, "CYM": .cysteine, "LYN": .lysine,
    "HSD": .histidine, "HSE": .histidine, "HSP": .histidine,
  ]

  private static let parents: [String: AminoAcid] = {
    let codes: [(AminoAcid, String)] = [
      (
        .alanine,
        """
        02K 02O 02Y 0CS 0FL 0NC 1AC 1L1 1PI 23P 2AG 2RA 33W 3GA 3WS 4U7 4WQ 5AB 5FQ 5OH 5XU 6CV 6GL 7O5 7OZ 8AY 9WV AA3
        AA4 ABA AHO AHP AIB ALC ALM ALN ALS ALT ALV AN8 AYA AZH B2A B3A BP5 C22 CWD CZS DAB DAL DBZ DDZ DNP DNW DPP FB5
        FB6 FLA H7V HAC HIX HQA HV5 IAM KNB LAL MAA N9P NA8 NAL NAM NCB NPI NWD ONH ORN PYA QMB QX7 RVJ S2P SEG TIH
        UM1 UM2 UMA UQK XW1 XYC Z01 ZZJ
        """
      ),
      (
        .arginine,
        """
        0AR 0X9 2MR 2OR 4AR 4D4 4J5 4VI 73N 9NR AAR ACL AGM AHL AR2 AR7 ARM ARO BOR BWV C1J C4G C67 C6D CIR DA2 DAR DIR
        DP1 FIO G3M HAR HMR HR7 HRG IAR IOR J9Y MAI MGG MMO MYN NMM NNH OAR ORQ POK RGL RPI THZ VR0
        """
      ),
      (
        .asparagine,
        """
        02L 41Q 5VV 823 9DN A5N AFA AHB AS7 B3X CE7 DMH DSG MEN SD4 SNN XSN
        """
      ),
      (
        .asparticAcid,
        """
        0A0 0AK 0TD 3MD 7ID 999 AEI AKL AKZ ASA ASB ASI ASK ASL ASQ ASX B3D BFD BH2 BHD D2T DAS DMK DOH DYA FL6 IAS KKD
        LAA OHS OXX PAS PHD TAV
        """
      ),
      (
        .cysteine,
        """
        03Y 07O 0A8 0QL 143 2CO 2XA 30V 31Q 3X9 4GJ 4J4 5CS 60F 6M6 6V1 6WK AEA AGT BB6 BB7 BB9 BBC BCS BCX BPE BTC BUC
        C1S C1T C3Y C4R C5C C6C CAF CAS CAY CCS CEA CG6 CGV CME CMH CML CMT CS0 CS1 CS3 CS4 CSA CSB CSD CSE CSJ CSO CSP
        CSR CSS CSU CSW CSX CSZ CY0 CY1 CY3 CY4 CYA CYD CYF CYG CYM CYQ CYR CYW CZ2 CZZ DC2 DCY DYS ECX EFC EJA FFM FOE
        GT9 HCM HNC HTI ICY J3D JJJ JJK JJL K1R K5H M0H MCS MD3 MD5 NPH NYB NYS OCS OCY P1L P9S PBB PEC PR3 PYX QCS QNQ
        QNT QNW QO2 QO5 QO8 QPA QVA R1A S2C SAH SCH SCS SCY SEC SHC SIB SMC SNC TNB TQZ TSY V44 XCN YCM ZBZ ZZD
        """
      ),
      (
        .glutamine,
        """
        DGN ECC EPQ GHG GNC LMQ MEQ MGN NLQ PCA QMM QQ8
        """
      ),
      (
        .glutamicAcid,
        """
        11W 3GL 3O3 5HP 9NE AR4 B3E CGA CGU DGL DV9 EME G01 G8M GAU GHC GHW GLJ GLK GLQ GLX GMA GME GSU ILG LME MEG MFN
        RGP X2W
        """
      ),
      (
        .glycine,
        """
        0AC 3XH 5PG CHP CR5 EZY FGL GEE GL3 GLZ GSC HGY I4G IC0 IGL IPG LPG LVG M30 MD6 MEU MGY MPQ MSA NLY NMC PGY PRV
        SAR SHP UGY
        """
      ),
      (
        .histidine,
        """
        2HF 2SO 3AH 3ZH 56A AVJ B3U DDE DHI E9V HBN HHI HIA HIC HIP HIQ HOO HS8 HS9 HSK HSO HSV MH1 MHS NEM NEP NZH OHI
        OLD OYL PSH PVH SNK V5N Z70
        """
      ),
      (
        .isoleucine,
        """
        5GM 66D 7JA B2I BIU DIL I2M IIL ILM ILX IML QIL TS9
        """
      ),
      (
        .leucine,
        """
        0AG 2LU 2ML AN6 BL2 BLE BTA CLE DLE DON EXY FLE G5G HL2 HLU L3O LAY LED LEF LEH LEM LEN LEX LNE LNM MHL MK8 MLE
        MLL MNL NLB NLE NLN NLO NLP NLW NOT QM8 WLU Y1V
        """
      ),
      (
        .lysine,
        """
        0A2 2KK 2KP 3QN 4AK 5CT 5MW 5OW 5T3 6CL 6DN 6HN 73P 74P 9E7 9KP 9TR 9TU 9TX 9U0 ALY API APK AZK B3K BLY BTK C1X
        CLG CLH CYJ DLS DLY DM0 DNL DNS ELY EXA FAK FDL FF9 FH7 FHL FHO FQA FZN GPL HLY I58 IEL ILY IT1 JLP KBE KCR KCX
        KEO KFP KGC KHB KPF KPI KPY KST KYQ L5P LA2 LBY LBZ LCK LCX LDH LET LGY LLO LLP LLY LLZ LMF LP6 LRK LSO LYF LYK
        LYM LYN LYO LYP LYR LYU LYX LYZ M2L M3L M3R MCL ML3 MLY MLZ MYK N65 OBS PE1 PRK PYH PYL Q3P SHR SKH SLL SLZ TLY
        TRG V7T VB1 VPV XX1 Y57 YHA ZT1
        """
      ),
      (
        .methionine,
        """
        2FM 4CY 4MM AME CXM EPM ESC FME H1D HYI IZO KOR M2S ME0 MED MHO MME MSE MSL MSO MT2 OMT Q75 SME
        """
      ),
      (
        .phenylalanine,
        """
        0A9 0BN 1PA 200 23F 2GX 33S 3CF 41H 4AF 4BF 4CF 4II 4OU 4PH 4SJ 55I 5CR 7N8 7XC 9IJ 9NF A3U B1F B2F BB8 BIF BNN
        DAH DJD DPN EHP F2F FC0 FCL H14 HOX HPC HPE HPH HPQ LWI MEA MHU N0A NFA OZW PBF PCS PF5 PFF PHA PHI PHL PHM PM3
        PPN PSA Q78 QPH SMF T11 TEF TFQ TSQ U3X UXQ V61 WFP WPA XA6 ZCL
        """
      ),
      (
        .proline,
        """
        037 04U 04V 05N 0LF 0Y8 11Q 12L 12X 12Y 2MT 2P0 3BY 3PX 3TT 3WX 45F 4FB 4KY 4L0 4N7 4N8 4N9 6Y9 DPL DPR DYJ E0Y
        FP9 FPK G8X H5M HY3 HYP HZP JKH LPD LWY MP8 N7P N80 P2Y PCC PH6 PKR PLJ POM PR4 PR7 PR9 PRJ PRS PXU RT0 TPJ TPK
        VH0 XPR YPR ZPO ZYJ ZYK
        """
      ),
      (
        .serine,
        """
        0AH 1X6 2JG 2RX 2ZC 42Y 432 4HH 4HJ 4OV 4OZ 5JP 5R5 73C 8SP A9D AZS BG1 BSE BWB BXT CWR DBS DHA DSN EW6 FGP GFT
        GVL HSL J8W K5L K7K LPS MC1 MH6 MIR MIS N10 NC1 O2E OAS OLZ OMH OSE P5U PG1 RVX RZ4 S12 S1H SAC SBG SBL SDB
        SDP SEB SEE SEL SEM SEN SEP SET SGB SNM SOY SRZ SUN SVA SVV SVW SVX SVY SVZ SWW SXE TIS TNR UF0
        """
      ),
      (
        .threonine,
        """
        0E5 26B 28X 2QZ ALO B27 BMT CTH DBU DTH EUP NZC O7A OLT OTH T8L T9E TBM TH5 TH6 THC TMB TMD TNY TPO YTH Z3E ZU0
        """
      ),
      (
        .tryptophan,
        """
        0AF 0UO 1TQ 4AW 4DP 4FW 4HT 4IN 4OG 4PQ 54C 5CW 6CW BTR CTE DTR E9M EXL F7W FT6 FTR HRP HT7 HTR KYN LTR O6H O7D
        PAT Q2E R4K RE0 RE3 TCR TGH TNQ TOQ TOX TPL TQI TQQ TRF TRN TRO TRQ TRW TRX TRY TTQ UX8 WRP ZIQ
        """
      ),
      (
        .tyrosine,
        """
        0A1 0EA 0PR 0WZ 1OP 1TY 2LT 2R3 2TY 3CT 3MY 3NF 3YM 4HL 4LZ 51T 73O A30 AGQ AZY B3Y BYR DBY DI7 DPQ DTY E9C ESB
        F2Y F7Q FLT FTY FY2 FY3 G1X IYR MBQ MDF MTY NBQ NIY NTR NTY OMX OMY P2Q P3Q PAQ PTH PTM PTR STY T0I TCQ TPQ TTS
        TXY TY1 TY2 TY3 TY5 TY8 TY9 TYB TYC TYE TYI TYJ TYN TYO TYQ TYS TYT TYW TYY U2X YOF YPZ ZDJ
        """
      ),
      (
        .valine,
        """
        033 0AA 0AB 2VA 34E 9NV A8E B2V BUG DHN DVA FVA HVA LE1 LVN MNV MVA NVA O7G TBG VAD VAF VAH VAI WVL
        """
      ),
    ]
    var table: [String: AminoAcid] = [:]
    for (parent, names) in codes {
      for name in names.split(whereSeparator: \.isWhitespace) { table[String(name)] = parent }
    }
    return table
  }()
}
