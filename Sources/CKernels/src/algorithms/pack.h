// Copies operands of the matrix product into the order in which the micro-kernel reads them.
//
// Everything is moved in units of 32 bits: one fp32 value, or a pair of bf16 at k = 2p and 2p + 1 (low half first; an odd last k is
// paired with zero). A matrix is then [units of k] × [outer], outer being the rows of A or the columns of B. Pairs come in whole
// blocks of PAIR_BLOCK, those past k being zero.

typedef struct {
  const void *data;
  hf_dtype type;
  bool pairs;
  int64_t k, outer;
  int64_t k_stride, outer_stride;
} operand;

INLINE int64_t units_of(bool pairs, int64_t k) { return pairs ? round_up((k + 1) / 2, PAIR_BLOCK) : k; }

/// Whether pair p is one of those that fill up a block.
INLINE bool past_last_pair(const operand *x, int64_t p) { return PAIR_BLOCK > 1 && 2 * p >= x->k; }

INLINE uint32_t unit_at(const operand *x, int64_t p, int64_t o) {
  if (!x->pairs) {
    float value = load_scalar(element(x->data, x->type, p * x->k_stride + o * x->outer_stride), x->type);
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
  }
  if (past_last_pair(x, p)) return 0;
  const void *first = element(x->data, x->type, 2 * p * x->k_stride + o * x->outer_stride);
  uint32_t low = narrow_scalar(load_scalar(first, x->type));
  if (2 * p + 1 == x->k) return low;
  uint32_t high = narrow_scalar(load_scalar(element(first, x->type, x->k_stride), x->type));
  return low | high << 16;
}

/// bf16 values of LANES consecutive elements in the low halves; those from `count` on are zero.
INLINE vu load_halves(const void *p, hf_dtype type, int64_t count) {
  vh h;
  if (type == HF_F32) h = narrow(load_first(p, HF_F32, count));
  else if (count < LANES) return (vu)load_first(p, HF_BF16, count) >> 16;
  else memcpy(&h, p, sizeof h);
  return __builtin_convertvector(h, vu);
}

/// LANES units of one p along outer; those from `count` on are zero.
INLINE vu units_along_outer(const operand *x, int64_t p, int64_t o, int64_t count) {
  if (x->outer_stride == 1) {
    if (!x->pairs) return (vu)load_first(element(x->data, x->type, p * x->k_stride + o), x->type, count);
    if (past_last_pair(x, p)) return (vu)0;
    const void *first = element(x->data, x->type, 2 * p * x->k_stride + o);
    vu low = load_halves(first, x->type, count);
    if (2 * p + 1 == x->k) return low;
    return low | load_halves(element(first, x->type, x->k_stride), x->type, count) << 16;
  }
  uint32_t lanes[LANES] = {0};
  for (int64_t l = 0; l < min64(count, LANES); ++l) lanes[l] = unit_at(x, p, o + l);
  return load_bits(lanes);
}

/// LANES units along k of one row (or column) of the operand; those from `count` on are zero.
INLINE vu units_along_k(const operand *x, int64_t p, int64_t o, int64_t count) {
  if (x->k_stride == 1) {
    const void *first = element(x->data, x->type, (x->pairs ? 2 * p : p) + o * x->outer_stride);
    if (!x->pairs) return (vu)load_first(first, x->type, count);
    const int64_t values = min64(2 * count, x->k - 2 * p);
    if (x->type == HF_BF16) return values >= 2 * LANES ? load_bits(first) : load_first_halves(first, values);
    uint16_t halves[2 * LANES];
    store(halves, HF_BF16, load_first(first, HF_F32, values));
    store(halves + LANES, HF_BF16, load_first(element(first, HF_F32, LANES), HF_F32, values - LANES));
    return load_bits(halves);
  }
  uint32_t lanes[LANES] = {0};
  for (int64_t l = 0; l < min64(count, LANES); ++l) lanes[l] = unit_at(x, p + l, o);
  return load_bits(lanes);
}

/// Units [p0, p1) of B's columns [o0, o0 + PANEL) → panel[p − p0][PANEL]; columns past the last are zero.
INLINE void pack_panel(const operand *b, int64_t o0, int64_t p0, int64_t p1, uint32_t *panel) {
  for (int v = 0; v < VECTORS; ++v) {
    const int64_t o = o0 + v * LANES, columns = b->outer - o;
    uint32_t *out = panel + v * LANES;
    if (b->k_stride != 1 || b->outer_stride == 1) {
      for (int64_t p = p0; p < p1; ++p) store_bits(out + (p - p0) * PANEL, units_along_outer(b, p, o, columns));
      continue;
    }
    for (int64_t p = p0; p < p1; p += LANES) {
      vu block[LANES];
      UNROLL for (int l = 0; l < LANES; ++l) block[l] = l < columns ? units_along_k(b, p, o + l, p1 - p) : (vu)0;
      transpose(block);
      if (p + LANES <= p1) {
        UNROLL for (int l = 0; l < LANES; ++l) store_bits(out + (p - p0 + l) * PANEL, block[l]);
      } else {
        for (int64_t l = 0; l < p1 - p; ++l) store_bits(out + (p - p0 + l) * PANEL, block[l]);
      }
    }
  }
}

/// Units [p0, p1) of A's rows [o0, o1) → out[row − o0][stride]; stride ≥ p1 − p0 rounded up to LANES, rows padded up to LANES.
INLINE void pack_rows(const operand *a, int64_t o0, int64_t o1, int64_t p0, int64_t p1, uint32_t *out, int64_t stride) {
  if (a->outer_stride != 1 || a->k_stride == 1) {
    for (int64_t o = o0; o < o1; ++o)
      for (int64_t p = p0; p < p1; p += LANES) store_bits(out + (o - o0) * stride + p - p0, units_along_k(a, p, o, p1 - p));
    return;
  }
  for (int64_t o = o0; o < o1; o += LANES) {
    for (int64_t p = p0; p < p1; p += LANES) {
      vu block[LANES];
      UNROLL for (int l = 0; l < LANES; ++l) block[l] = p + l < p1 ? units_along_outer(a, p + l, o, o1 - o) : (vu)0;
      transpose(block);
      UNROLL for (int l = 0; l < LANES; ++l) store_bits(out + (o - o0 + l) * stride + p - p0, block[l]);
    }
  }
}

// The loops above, compiled for each combination of types so that no element asks for its type.
#define FOR_OPERAND_TYPES(x, call)                                                     \
  do {                                                                                 \
    operand typed = *(x);                                                              \
    if (typed.pairs && typed.type == HF_BF16) { typed.pairs = true, typed.type = HF_BF16; call; } \
    else if (typed.pairs) { typed.pairs = true, typed.type = HF_F32; call; }           \
    else if (typed.type == HF_BF16) { typed.pairs = false, typed.type = HF_BF16; call; } \
    else { typed.pairs = false, typed.type = HF_F32; call; }                           \
  } while (0)

static void pack_operand_rows(const operand *a, int64_t o0, int64_t o1, int64_t p0, int64_t p1, uint32_t *out, int64_t stride) {
  FOR_OPERAND_TYPES(a, pack_rows(&typed, o0, o1, p0, p1, out, stride));
}
static void pack_operand_panel(const operand *b, int64_t o, int64_t p0, int64_t p1, uint32_t *panel) {
  FOR_OPERAND_TYPES(b, pack_panel(&typed, o, p0, p1, panel));
}

/// All panels of B, panel after panel.
static void pack_operand_columns(const operand *b, uint32_t *packed) {
  const int64_t units = units_of(b->pairs, b->k);
  for (int64_t o = 0; o < b->outer; o += PANEL) pack_operand_panel(b, o, 0, units, packed + o * units);
}

static size_t gemm_packed_size(hf_dtype operand_type, int64_t k, int64_t n) {
  return (size_t)(round_up(n, PANEL) * units_of(operand_type == HF_BF16, k)) * sizeof(uint32_t);
}

static void gemm_pack(hf_dtype operand_type, int64_t k, int64_t n, const void *b, hf_dtype b_type, int64_t row_stride,
                      int64_t col_stride, void *packed) {
  const operand view = {.data = b, .type = b_type, .pairs = operand_type == HF_BF16, .k = k, .outer = n,
                        .k_stride = row_stride, .outer_stride = col_stride};
  pack_operand_columns(&view, packed);
}
