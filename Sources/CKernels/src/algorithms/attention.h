// Gated multi-head attention, one batch element: out = softmax(scale · q kᵀ + bias + mask) v ⊙ sigmoid(gate).
//
// For each head, k and v are packed once as right operands; then blocks of query rows meet tiles of KEY_TILE keys with online softmax
// (Milakov and Gimelshein, arXiv:1805.02867; tiles as in FlashAttention, arXiv:2205.14135): per row a running maximum, the sum of
// exponentials and the fp32 output, both rescaled by exp(old − new) when the maximum grows. Exponents are ≤ 0 throughout, so nothing
// overflows. A query row sees the same tiles in the same order whatever rows are computed with it.

#ifdef HF_PAIR_TILES
enum { QUERY_TILE = PAIR_ROWS };
#else
enum { QUERY_TILE = 2 * HF_ROWS };
#endif
enum { KEY_TILE = 128, QUERY_TILE_PADDED = QUERY_TILE + HF_LANES };

/// Sizes and places in scratch of one call.
typedef struct {
  bool pairs;
  int64_t key_count, padded_keys, depth;   // depth: head_dim rounded up to a panel
  int64_t units_d, units_keys;             // units of k in q·kᵀ and in p·v
  uint32_t *k, *v, *q, *p;                 // packed; q rows and probabilities as left operands
  int64_t q_stride;                        // units
  float *mask, *block_mask, *scores, *out;
  bool masks;                              // not every key counts
  float *top, *tile_top, *shrink;          // per row: maximum so far, with this tile, exp(old − new)
  float *sum;                              // LANES partial sums per row
  hidden_runs runs;
} attention_plan;

/// Lays out scratch from `base`; returns the bytes used. With a NULL base no place is set and only the sizes are of use.
static size_t plan_attention(attention_plan *plan, hf_dtype type, int64_t keys, int64_t head_dim, char *base) {
  size_t size = 0;
  plan->pairs = type == HF_BF16;
  plan->key_count = keys;
  plan->padded_keys = round_up(keys, KEY_TILE);
  plan->depth = round_up(head_dim, PANEL);
  plan->units_d = units_of(plan->pairs, head_dim);
  plan->units_keys = units_of(plan->pairs, plan->padded_keys);
  plan->q_stride = round_up(plan->units_d, LANES) + 16;
  plan->runs.units = run_units(plan->padded_keys);
#define PLACE(field, count)                                        \
  if (base) plan->field = (void *)(base + size);                   \
  size += (size_t)round_up((int64_t)sizeof(*plan->field) * (count), 64)
  PLACE(k, plan->padded_keys * plan->units_d);
  PLACE(v, plan->depth * plan->units_keys);
  PLACE(q, QUERY_TILE_PADDED * plan->q_stride);
  PLACE(p, QUERY_TILE * KEY_TILE);
  PLACE(mask, plan->padded_keys);
  PLACE(block_mask, KEY_TILE);
  PLACE(runs.least, 4 * plan->runs.units);
  PLACE(runs.most, 4 * plan->runs.units);
  PLACE(scores, QUERY_TILE * KEY_TILE);
  PLACE(out, QUERY_TILE * plan->depth);
  PLACE(top, QUERY_TILE_PADDED);
  PLACE(tile_top, QUERY_TILE_PADDED);
  PLACE(shrink, QUERY_TILE_PADDED);
  PLACE(sum, QUERY_TILE * LANES);
#undef PLACE
  return size;
}

/// Scratch does not grow with the queries, which pass in blocks of a fixed size.
static size_t attention_scratch_size(int64_t keys, int64_t head_dim) {
  attention_plan plan;
  const size_t single = plan_attention(&plan, HF_F32, keys, head_dim, NULL);
  const size_t paired = plan_attention(&plan, HF_BF16, keys, head_dim, NULL);
  return single > paired ? single : paired;
}

/// 1e9 · (mask − 1) per key as AlphaFold2 adds it, and −inf past the last key, where exp gives exactly 0. Returns whether the mask of a
/// key is anything but 0.
static bool fill_mask(const hf_attention_args *g, int64_t padded_keys, float *mask) {
  bool masks = false;
  for (int64_t j = 0; j < padded_keys; ++j) {
    mask[j] = j >= g->keys ? -INFINITY : g->key_mask ? 1e9f * (g->key_mask[j] - 1) : 0;
    masks |= j < g->keys && mask[j] != 0;
  }
  return masks;
}

/// Packs keys [0, g->keys) of a head as columns, [head_dim, keys]: the panels that hold `span`; past the last key they are zero.
static void pack_key_columns(const operand *keys, key_span span, uint32_t *packed) {
  const int64_t units = units_of(keys->pairs, keys->k);
  for (int64_t o = span.begin / PANEL * PANEL; o < span.end; o += PANEL) {
    if (o < keys->outer) pack_operand_panel(keys, o, 0, units, packed + o * units);
    else memset(packed + o * units, 0, (size_t)(PANEL * units) * sizeof(uint32_t));
  }
}

/// Packs the keys of a head as rows, [keys, head_dim], in panels of `units_keys`; likewise, and zero past head_dim.
static void pack_key_rows(const operand *keys, key_span span, int64_t units_keys, uint32_t *packed) {
  const int64_t first = units_of(keys->pairs, span.begin), last = units_of(keys->pairs, span.end);
  const int64_t end = min64(last, units_of(keys->pairs, keys->k));
  for (int64_t o = 0; o < keys->outer; o += PANEL) {
    uint32_t *panel = packed + o * units_keys;
    pack_operand_panel(keys, o, first, end, panel + first * PANEL);
    if (end < last) memset(panel + end * PANEL, 0, (size_t)((last - end) * PANEL) * sizeof(uint32_t));
  }
}

/// Packs those k and v of head h that some query sees.
static void pack_head(const hf_attention_args *g, const attention_plan *plan, int64_t h, key_span span) {
  const operand k = {.data = element(g->k, g->type, h * g->head_dim), .type = g->type, .pairs = plan->pairs, .k = g->head_dim,
                     .outer = g->keys, .k_stride = 1, .outer_stride = g->k_row_stride};
  const operand v = {.data = element(g->v, g->type, h * g->head_dim), .type = g->type, .pairs = plan->pairs, .k = g->keys,
                     .outer = g->head_dim, .k_stride = g->v_row_stride, .outer_stride = 1};
  pack_key_columns(&k, span, plan->k);
  pack_key_rows(&v, span, plan->units_keys, plan->v);
}

/// c[rows][columns] = (resume ? c : 0) + left · packed right, in register tiles.
static void multiply_tiles(bool pairs, int64_t rows, int64_t columns, int64_t units, const char *a, int64_t a_stride,
                           const uint32_t *b, int64_t panel_stride, float *c, int64_t c_stride, bool resume) {
  for (int64_t j = 0; j < columns; j += PANEL, b += panel_stride)
    multiply_strip(pairs, rows, columns - j, units, a, a_stride, b, c + j, c_stride, resume);
}

/// c[rows][span] = left · packed right, where c begins with the column span.begin: panels, and single vectors of those cut by the span.
static void multiply_columns(bool pairs, int64_t rows, key_span span, int64_t units, const char *a, int64_t a_stride,
                             const uint32_t *packed, float *c, int64_t c_stride) {
  for (int64_t j = span.begin, width; j < span.end; j += width) {
    const bool whole = j % PANEL == 0 && span.end - j >= PANEL;
    width = whole ? PANEL : LANES;
    const uint32_t *b = packed + j / PANEL * PANEL * units + j % PANEL;
    multiply_strip(pairs, rows, width, units, a, a_stride, b, c + j - span.begin, c_stride, false);
  }
}

/// `add_bias_row` with or without a bias and a mask, so that its loop asks for neither.
INLINE float logits_of_row(const bool biased, const bool masked, float *s, int64_t padded, int64_t keys, float scale, const void *bias,
                           const hf_dtype bias_type, const float *mask, float top) {
  const vf factor = splat(scale);
  vf highest[2] = {splat(top), splat(top)};
  const int64_t whole = (biased ? min64(keys, padded) : padded) / (2 * LANES) * (2 * LANES);
  int64_t j = 0;
  for (; j < whole; j += 2 * LANES) {
    UNROLL for (int u = 0; u < 2; ++u) {
      const int64_t at = j + u * LANES;
      vf t = biased ? multiply_add(load(s + at, HF_F32), factor, load(element(bias, bias_type, at), bias_type))
                    : load(s + at, HF_F32) * factor;
      if (masked) t += load(mask + at, HF_F32);
      store(s + at, HF_F32, t);
      highest[u] = larger(t, highest[u]);
    }
  }
  for (; j < padded; j += LANES) {
    const vf last = biased && keys > j ? load_first(element(bias, bias_type, j), bias_type, keys - j) : splat(0);
    vf t = multiply_add(load(s + j, HF_F32), factor, last);
    if (masked) t += load(mask + j, HF_F32);
    store(s + j, HF_F32, t);
    highest[0] = larger(t, highest[0]);
  }
  return largest_lane(larger(highest[0], highest[1]));
}

/// Logits of one row over one key tile, in place of the products; returns the larger of their maximum and `top`. Bias and mask may be
/// NULL, where they are 0 throughout.
INLINE float add_bias_row(float *s, int64_t padded, int64_t keys, float scale, const void *bias, const hf_dtype bias_type,
                          const float *mask, float top) {
#define CASE(biased, masked) logits_of_row(biased, masked, s, padded, keys, scale, bias, bias_type, mask, top)
  if (bias) return mask ? CASE(true, true) : CASE(true, false);
  return mask ? CASE(false, true) : CASE(false, false);
#undef CASE
}

/// exp(logit − top) of one or two vectors as part of a left operand; adds them, before any rounding to bf16, to `sum`.
INLINE void exponentials(const int count, const float *s, vf top, const bool pairs, uint32_t *p, vf *sum) {
  vf e[2];
  UNROLL for (int u = 0; u < count; ++u) e[u] = load(s + u * LANES, HF_F32) - top;
  if (pairs) exp_nonpositive_coarse_each(count, e);
  else exp_nonpositive_each(count, e);
  UNROLL for (int u = 0; u < count; ++u) sum[u] += e[u];
  if (!pairs) {
    UNROLL for (int u = 0; u < count; ++u) store(p + u * LANES, HF_F32, e[u]);
  } else if (count == 2) {
    store_pair_narrowed(p, e[0], e[1]);
  } else {
    store(p, HF_BF16, e[0]);
  }
}

/// exp(logit − top) of one row as a left operand, added to the row's partial sums: vectors at even places among all keys first, then
/// those at `odd` ones.
INLINE void exponentials_row(const float *s, bool odd, int64_t padded, float top, const bool pairs, uint32_t *p, float *sums) {
  const vf highest = splat(top);
  vf sum[2] = {load(sums, HF_F32), splat(0)};
  int64_t j = 0;
  if (odd) {
    exponentials(1, s, highest, pairs, p, sum + 1);
    j = LANES;
  }
  for (; j + 2 * LANES <= padded; j += 2 * LANES) exponentials(2, s + j, highest, pairs, p + (pairs ? j / 2 : j), sum);
  if (j < padded) exponentials(1, s + j, highest, pairs, p + (pairs ? j / 2 : j), sum);
  store(sums, HF_F32, sum[0] + sum[1]);
}

/// Scales the sums and outputs of rows whose maximum has grown; before the first tile there are none.
INLINE void rescale_rows(const attention_plan *plan, int64_t rows, bool first) {
  if (first) {
    memcpy(plan->top, plan->tile_top, (size_t)rows * sizeof(float));
    return;
  }
  for (int64_t r = 0; r < rows; r += LANES) {
    const vf grown = load(plan->tile_top + r, HF_F32);
    store(plan->shrink + r, HF_F32, exp_nonpositive(load(plan->top + r, HF_F32) - grown));
    store(plan->top + r, HF_F32, grown);
  }
  for (int64_t r = 0; r < rows; ++r) {
    if (plan->shrink[r] == 1) continue;
    const vf shrink = splat(plan->shrink[r]);
    store(plan->sum + r * LANES, HF_F32, load(plan->sum + r * LANES, HF_F32) * shrink);
    float *out = plan->out + r * plan->depth;
    for (int64_t c = 0; c < plan->depth; c += LANES) store(out + c, HF_F32, load(out + c, HF_F32) * shrink);
  }
}

/// Online softmax of one block of rows over the keys of `span`: logits, new maxima, rescaled sums and outputs, probabilities.
INLINE void softmax_tile(const hf_attention_args *g, const attention_plan *plan, int64_t h, int64_t query, int64_t rows,
                         key_span span, const float *mask, bool first, const hf_dtype bias_type, const bool pairs) {
  const int64_t padded = span.end - span.begin;
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t row = h * g->bias_head_stride + (query + r) * g->bias_row_stride + span.begin;
    const void *bias = g->bias ? element(g->bias, bias_type, row) : NULL;
    plan->tile_top[r] = add_bias_row(plan->scores + r * KEY_TILE, padded, g->keys - span.begin, g->scale, bias, bias_type, mask,
                                     plan->top[r]);
  }
  rescale_rows(plan, rows, first);
  const bool odd = span.begin / LANES % 2;
  for (int64_t r = 0; r < rows; ++r) {
    exponentials_row(plan->scores + r * KEY_TILE, odd, padded, plan->top[r], pairs, plan->p + r * KEY_TILE, plan->sum + r * LANES);
  }
}

static void softmax_block(const hf_attention_args *g, const attention_plan *plan, int64_t h, int64_t query, int64_t rows,
                          key_span span, const float *mask, bool first) {
#define CASE(bias_type, pairs) softmax_tile(g, plan, h, query, rows, span, mask, first, bias_type, pairs)
  if (g->bias_type == HF_BF16) {
    if (plan->pairs) CASE(HF_BF16, true);
    else CASE(HF_BF16, false);
  } else {
    if (plan->pairs) CASE(HF_F32, true);
    else CASE(HF_F32, false);
  }
#undef CASE
}

/// Zeros for the rows of a block that sees no key: with the first head for all of them.
static void write_nothing(const hf_attention_args *g, int64_t h, int64_t query, int64_t rows) {
  const size_t bytes = (size_t)(g->heads * g->head_dim) * element_size(g->type);
  for (int64_t i = query; i < query + rows; ++i) {
    if (h == 0) memset((void *)element(g->out, g->type, i * g->out_row_stride), 0, bytes);
  }
}

/// Divides by the sum, gates and stores one block of rows of head h.
INLINE void write_rows(const hf_attention_args *g, const attention_plan *plan, int64_t h, int64_t query, int64_t rows,
                       const hf_dtype type) {
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t i = query + r;
    const float sum = sum_lanes(load(plan->sum + r * LANES, HF_F32));
    const vf factor = splat(sum > 0 ? 1 / sum : 0);
    for (int64_t c = 0; c < g->head_dim; c += LANES) {
      const int64_t count = g->head_dim - c, column = h * g->head_dim + c;
      vf o = load(plan->out + r * plan->depth + c, HF_F32) * factor;
      if (g->gate) o *= gate_vector(load_first(element(g->gate, type, i * g->gate_row_stride + column), type, count), type);
      store_first((void *)element(g->out, type, i * g->out_row_stride + column), type, count, o);
    }
  }
}

/// Left operand of q·kᵀ for rows [query, query + rows) of head h: in place where the types agree, else converted.
static rows_of_a query_rows(const hf_attention_args *g, const attention_plan *plan, int64_t h, int64_t query, int64_t rows) {
  const operand q = {.data = element(g->q, g->type, h * g->head_dim), .type = g->type, .pairs = plan->pairs, .k = g->head_dim,
                     .outer = g->queries, .k_stride = 1, .outer_stride = g->q_row_stride};
  if (readable_in_place(&q, rows)) {
    const int64_t bytes = (int64_t)element_size(g->type) * g->q_row_stride;
    return (rows_of_a){.a = (const char *)q.data + query * bytes, .a_stride = bytes};
  }
  pack_operand_rows(&q, query, query + rows, 0, plan->units_d, plan->q, plan->q_stride);
  return (rows_of_a){.a = (const char *)plan->q, .a_stride = plan->q_stride * 4};
}

/// Asks for `bytes` of each of some rows while products keep the processor busy: rows of the bias are too short and too far apart for
/// the hardware to see a stream, and waiting for them took a quarter of the time.
static void prefetch_part_of_rows(const char *row, int64_t stride, int64_t rows, int64_t bytes) {
  for (int64_t r = 0; r < rows; ++r, row += stride)
    for (int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(row + at);
}

static void prefetch_bias(const hf_attention_args *g, int64_t h, int64_t query, int64_t rows, key_span span) {
  if (!g->bias) return;
  const int64_t size = (int64_t)element_size(g->bias_type);
  const int64_t first = h * g->bias_head_stride + query * g->bias_row_stride + span.begin;
  prefetch_part_of_rows(element(g->bias, g->bias_type, first), g->bias_row_stride * size, rows, (span.last - span.begin) * size);
}

static void attend_block(const hf_attention_args *g, const attention_plan *plan, int64_t h, int64_t query, int64_t rows) {
  const key_span all = visible_span(g, &plan->runs, query, rows, 0, round_up(g->keys, KEY_STEP));
  if (all.begin == all.end) return write_nothing(g, h, query, rows);
  const rows_of_a q = query_rows(g, plan, h, query, rows);
  memset(plan->sum, 0, (size_t)(rows * LANES) * sizeof(float));
  for (int64_t r = 0; r < QUERY_TILE_PADDED; ++r) plan->top[r] = plan->tile_top[r] = -FLT_MAX;
  bool first = true;
  for (int64_t tile = all.begin / KEY_TILE * KEY_TILE; tile < all.end; tile += KEY_TILE) {
    const int64_t end = tile + min64(KEY_TILE, round_up(g->keys - tile, KEY_STEP));
    const key_span span = part_of_span(g, &plan->runs, query, rows, all, tile, end);
    if (span.begin == span.end) continue;
    prefetch_bias(g, h, query, rows, span);
    multiply_columns(plan->pairs, rows, span, plan->units_d, q.a, q.a_stride, plan->k, plan->scores, KEY_TILE);
    const float *mask =
        hide_keys(g, &plan->runs, query, rows, span, plan->mask, plan->masks, plan->block_mask, plan->scores, KEY_TILE);
    softmax_block(g, plan, h, query, rows, span, mask, first);
    const int64_t unit = units_of(plan->pairs, span.first), skipped = unit - units_of(plan->pairs, span.begin);
    multiply_tiles(plan->pairs, rows, g->head_dim, units_of(plan->pairs, span.last) - unit, (const char *)(plan->p + skipped),
                   KEY_TILE * 4, plan->v + unit * PANEL, plan->units_keys * PANEL, plan->out, plan->depth, !first);
    first = false;
  }
  if (g->type == HF_BF16) write_rows(g, plan, h, query, rows, HF_BF16);
  else write_rows(g, plan, h, query, rows, HF_F32);
}

static void attention(const hf_attention_args *g, int64_t query_begin, int64_t query_end, void *scratch) {
  attention_plan plan;
#ifdef HF_BF16_OPERANDS
  plan_attention(&plan, g->type, g->keys, g->head_dim, scratch);
#else
  plan_attention(&plan, HF_F32, g->keys, g->head_dim, scratch);
#endif
  plan.masks = fill_mask(g, plan.padded_keys, plan.mask);
  bound_runs(g, query_begin, query_end, &plan.runs);
  const key_span span = visible_span(g, &plan.runs, query_begin, query_end - query_begin, 0, round_up(g->keys, KEY_STEP));
  begin_pair_tiles(plan.pairs);
  for (int64_t h = 0; h < g->heads; ++h) {
    pack_head(g, &plan, h, span);
    for (int64_t query = query_begin, end; query < query_end; query = end) {
      end = block_end(&plan.runs, query, query_end, QUERY_TILE);
      attend_block(g, &plan, h, query, end - query);
    }
  }
  end_pair_tiles(plan.pairs);
}
