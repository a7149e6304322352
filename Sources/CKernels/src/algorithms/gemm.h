// The matrix product: C = epilogue(A · B), B packed in panels of PANEL columns.
//
// Blocks of ROW_BLOCK rows of A stay in the second-level cache while the panels of B pass by; within a block one slice of a panel
// (K_BLOCK units of k) stays in the first-level cache. Where k has several slices, sums wait in an fp32 buffer between them.
// All sizes are constants of the path.

enum {
  ROW_BLOCK = 96 / PAIR_ROWS * PAIR_ROWS,  // rows of A converted and reused at a time
  ROW_BLOCK_PADDED = ROW_BLOCK + HF_LANES,
  K_BLOCK = 512,                        // units: 512 of fp32, 1,024 of bf16
  COLUMN_BLOCK = 1024,                  // columns whose sums are kept between slices of k
  ROW_STRIDE = K_BLOCK + 16,            // of converted rows: one cache line off a power of two, or rows would evict each other
};

/// Sums of one block: A's rows as units, either in place or in scratch.
typedef struct {
  const char *a;
  int64_t a_stride;  // bytes
} rows_of_a;

static size_t gemm_scratch_size(hf_dtype operand_type, int64_t m, int64_t n, int64_t k) {
  const int64_t units = units_of(operand_type == HF_BF16, k);
  const int64_t rows = min64(m, ROW_BLOCK) + HF_LANES;
  const int64_t columns = round_up(min64(n, COLUMN_BLOCK), PANEL);
  return (size_t)(rows * ROW_STRIDE + (units > K_BLOCK ? rows * columns : 0)) * sizeof(uint32_t);
}

/// Whether the micro-kernel can read `rows` of A where they stand: units contiguous along k, no half pair or block at the end, whole
/// tiles of rows, and a row stride that does not put every row of a tile into the same set of the first-level cache.
INLINE bool readable_in_place(const operand *a, int64_t rows) {
  const hf_dtype wanted = a->pairs ? HF_BF16 : HF_F32;
  if (a->type != wanted || a->k_stride != 1) return false;
  if (a->pairs && (a->k % (2 * PAIR_BLOCK) != 0 || rows % ROW_UNIT != 0)) return false;
  return HF_ROWS <= 8 || a->outer_stride * (int64_t)element_size(a->type) % 2048 != 0;
}

/// Units [p0, p1) of A's rows [i0, i1).
static rows_of_a rows_of(const operand *a, int64_t i0, int64_t i1, int64_t p0, int64_t p1, uint32_t *scratch) {
  if (readable_in_place(a, i1 - i0)) {
    const int64_t bytes = (int64_t)element_size(a->type) * a->outer_stride;
    return (rows_of_a){.a = (const char *)a->data + i0 * bytes + p0 * 4, .a_stride = bytes};
  }
  pack_operand_rows(a, i0, i1, p0, p1, scratch, ROW_STRIDE);
  return (rows_of_a){.a = (const char *)scratch, .a_stride = ROW_STRIDE * 4};
}

/// One slice of k for rows [i0, i1) and the columns of one panel.
/// `sums` holds the panel's part of the buffer between slices, or is NULL if k has one slice.
static void multiply_panel(const hf_gemm_args *g, rows_of_a rows, const uint32_t *b, int64_t units, int64_t i0, int64_t i1,
                           int64_t j, float *sums, int64_t sums_stride, bool first, bool last) {
  _Alignas(64) float tile[(PAIR_ROWS > ROWS ? PAIR_ROWS : ROWS) * PANEL];
  const bool pairs = g->operand_type == HF_BF16;
  for (int64_t i = i0, height; i < i1; i += height) {
    height = tile_height(pairs, i1 - i);
    float *out = sums ? sums + (i - i0) * sums_stride : tile;
    const int64_t stride = sums ? sums_stride : PANEL;
    multiply_tile(pairs, height, g->n - j, units, rows.a + (i - i0) * rows.a_stride, rows.a_stride, b, out, stride, !first);
    if (last) finish_tile(g, out, stride, i, height, j, min64(PANEL, g->n - j));
  }
}

/// Rows [i0, i1) × columns [j0, j1), all of k.
static void multiply_block(const hf_gemm_args *g, const operand *a, int64_t i0, int64_t i1, int64_t j0, int64_t j1,
                           uint32_t *scratch) {
  const int64_t units = units_of(a->pairs, g->k), sums_stride = round_up(j1 - j0, PANEL);
  float *sums = units > K_BLOCK ? (float *)scratch + (min64(g->m, ROW_BLOCK) + HF_LANES) * ROW_STRIDE : NULL;
  int64_t p0 = 0;
  do {
    const int64_t p1 = min64(units, p0 + K_BLOCK);
    const rows_of_a rows = rows_of(a, i0, i1, p0, p1, scratch);
    for (int64_t j = j0; j < j1; j += PANEL) {
      const uint32_t *panel = (const uint32_t *)g->b_packed + j * units + p0 * PANEL;
      multiply_panel(g, rows, panel, p1 - p0, i0, i1, j, sums ? sums + (j - j0) : NULL, sums_stride, p0 == 0, p1 == units);
    }
    p0 = p1;
  } while (p0 < units);
}

static void gemm(const hf_gemm_args *g, void *scratch) {
  const operand a = {.data = g->a, .type = g->a_type, .pairs = g->operand_type == HF_BF16, .k = g->k, .outer = g->m,
                     .k_stride = g->a_col_stride, .outer_stride = g->a_row_stride};
  begin_pair_tiles(a.pairs);
  for (int64_t j = 0; j < g->n; j += COLUMN_BLOCK) {
    for (int64_t i = 0; i < g->m; i += ROW_BLOCK)
      multiply_block(g, &a, i, min64(i + ROW_BLOCK, g->m), j, min64(j + COLUMN_BLOCK, g->n), scratch);
  }
  end_pair_tiles(a.pairs);
}
