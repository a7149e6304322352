// Backward pass of gated attention, one batch element; notation: o = softmax(l) v, out = o ⊙ σ(gate), dX the gradient of X.
//
//   do = dout ⊙ σ(gate)   dgate = dout ⊙ o ⊙ σ'(gate)   dp = do vᵀ   dl = p ⊙ (dp − Σ_c do_c o_c)
//   dv = pᵀ do            dq = scale · dl k             dk = scale · dlᵀ q   dbias += dl
//
// Blocks of query rows meet all keys at once: their probabilities are formed again from q, k, bias and mask, in scratch that is linear
// in the number of keys. With whole rows at hand the softmax needs one pass and `out`, which weight gradients want, falls off: six
// products in all, where a tiled pass (FlashAttention-2, arXiv:2307.08691) takes five after two of a forward pass run for its log-sum-exp.
// dk and dv are summed transposed, [head_dim, keys], over the blocks in order: then p and dl are right operands, which pack without
// shuffles, and only slim q and do are turned.

enum { ROW_GROUP = 4, GRADIENT_QUERIES = 4 * QUERY_TILE, GRADIENT_QUERIES_PADDED = GRADIENT_QUERIES + HF_LANES };

/// Sizes and places in scratch of one call. Left operands have rows of `…_stride` units, right operands are packed.
typedef struct {
  bool pairs;
  int64_t padded_keys, depth;                     // depth: head_dim rounded up to a panel
  int64_t units_d, units_keys;
  int64_t d_stride, query_stride, key_stride;     // units: of rows over head_dim, over a block's queries, over keys
  int64_t row_stride;                             // floats: of scores and of sums over keys
  uint32_t *k_columns, *v_columns;                // right, [head_dim, keys]
  uint32_t *k_rows, *v_rows;                      // right, [keys, head_dim]
  uint32_t *q, *dout;                             // left, [queries, head_dim]
  uint32_t *q_turned, *dout_turned;               // left, [head_dim, queries]
  uint32_t *p, *dl;                               // left, [queries, keys]
  uint32_t *panel;                                // right, one panel of p or dl
  float *mask, *block_mask, *scores, *dp, *out, *dout_values, *dq, *delta;
  float *dk, *dv;                                 // [head_dim, keys]
  bool masks;                                     // not every key counts
  hidden_runs runs;
} gradient_plan;

/// Lays out scratch from `base` as `plan_attention` does.
static size_t plan_gradient(gradient_plan *plan, hf_dtype type, int64_t keys, int64_t head_dim, char *base) {
  size_t size = 0;
  plan->pairs = type == HF_BF16;
  plan->padded_keys = round_up(keys, 2 * PANEL);
  plan->depth = round_up(head_dim, PANEL);
  plan->units_d = units_of(plan->pairs, head_dim);
  plan->units_keys = units_of(plan->pairs, plan->padded_keys);
  // One cache line off multiples of large powers of two, or the rows of a tile would evict each other.
  plan->d_stride = round_up(plan->units_d, LANES) + 16;
  plan->query_stride = round_up(units_of(plan->pairs, GRADIENT_QUERIES), LANES) + 16;
  plan->key_stride = plan->units_keys + 16;
  plan->row_stride = plan->padded_keys + 16;
  plan->runs.units = run_units(plan->padded_keys);
#define PLACE(field, count)                                        \
  if (base) plan->field = (void *)(base + size);                   \
  size += (size_t)round_up((int64_t)sizeof(*plan->field) * (count), 64)
  PLACE(k_columns, plan->padded_keys * plan->units_d);
  PLACE(v_columns, plan->padded_keys * plan->units_d);
  PLACE(k_rows, plan->depth * plan->units_keys);
  PLACE(v_rows, plan->depth * plan->units_keys);
  PLACE(q, GRADIENT_QUERIES_PADDED * plan->d_stride);
  PLACE(dout, GRADIENT_QUERIES_PADDED * plan->d_stride);
  PLACE(q_turned, (plan->depth + LANES) * plan->query_stride);
  PLACE(dout_turned, (plan->depth + LANES) * plan->query_stride);
  PLACE(p, GRADIENT_QUERIES * plan->key_stride);
  PLACE(dl, GRADIENT_QUERIES * plan->key_stride);
  PLACE(panel, GRADIENT_QUERIES * PANEL);
  PLACE(mask, plan->padded_keys);
  PLACE(block_mask, plan->padded_keys);
  PLACE(runs.least, 4 * plan->runs.units);
  PLACE(runs.most, 4 * plan->runs.units);
  PLACE(scores, GRADIENT_QUERIES * plan->row_stride);
  PLACE(dp, QUERY_TILE * KEY_TILE);
  PLACE(out, GRADIENT_QUERIES * plan->depth);
  PLACE(dout_values, GRADIENT_QUERIES * plan->depth);
  PLACE(dq, GRADIENT_QUERIES * plan->depth);
  PLACE(delta, GRADIENT_QUERIES);
  PLACE(dk, plan->depth * plan->row_stride);
  PLACE(dv, plan->depth * plan->row_stride);
#undef PLACE
  return size;
}

static size_t attention_backward_scratch_size(int64_t keys, int64_t head_dim) {
  gradient_plan plan;
  const size_t single = plan_gradient(&plan, HF_F32, keys, head_dim, NULL);
  const size_t paired = plan_gradient(&plan, HF_BF16, keys, head_dim, NULL);
  return single > paired ? single : paired;
}

/// Head h of a row-major array [rows, heads · head_dim] as an operand: k the axis that is summed over.
INLINE operand head_columns(const void *data, hf_dtype type, bool pairs, int64_t column, int64_t k, int64_t outer, int64_t k_stride,
                            int64_t outer_stride) {
  return (operand){.data = element(data, type, column), .type = type, .pairs = pairs, .k = k, .outer = outer, .k_stride = k_stride,
                   .outer_stride = outer_stride};
}

/// Packs k or v of head h both ways, those that some query sees; what stands for keys past the last is zero.
static void pack_keys(const hf_attention_args *g, const gradient_plan *plan, int64_t h, key_span span, const void *data,
                      int64_t stride, uint32_t *columns, uint32_t *rows) {
  const int64_t first = h * g->head_dim;
  const operand by_key = head_columns(data, g->type, plan->pairs, first, g->head_dim, g->keys, 1, stride);
  const operand by_channel = head_columns(data, g->type, plan->pairs, first, g->keys, g->head_dim, stride, 1);
  pack_key_columns(&by_key, span, columns);
  pack_key_rows(&by_channel, span, plan->units_keys, rows);
}

/// exp(logit − top) of one or two vectors in place; adds them to `sum`.
INLINE void exponentials_in_place(const int count, float *s, vf top, const bool pairs, vf *sum) {
  vf e[2];
  UNROLL for (int u = 0; u < count; ++u) e[u] = load(s + u * LANES, HF_F32) - top;
  if (pairs) exp_nonpositive_coarse_each(count, e);
  else exp_nonpositive_each(count, e);
  UNROLL for (int u = 0; u < count; ++u) {
    sum[u] += e[u];
    store(s + u * LANES, HF_F32, e[u]);
  }
}

/// exp(logit − top) of one row in place; returns 1 / their sum, whose order is that of the forward pass within a tile.
INLINE float exponentials_of_row(float *s, bool odd, int64_t padded, float top, const bool pairs) {
  vf sum[2] = {splat(0), splat(0)};
  int64_t j = 0;
  if (odd) {
    exponentials_in_place(1, s, splat(top), pairs, sum + 1);
    j = LANES;
  }
  for (; j + 2 * LANES <= padded; j += 2 * LANES) exponentials_in_place(2, s + j, splat(top), pairs, sum);
  if (j < padded) exponentials_in_place(1, s + j, splat(top), pairs, sum);
  const float total = sum_lanes(sum[0] + sum[1]);
  return total > 0 ? 1 / total : 0;  // nothing is visible: all probabilities are 0
}

/// Probabilities of one row: in fp32 in place, and as a left operand.
INLINE void normalise_probabilities(float *s, int64_t padded, float factor, const bool pairs, uint32_t *p) {
  for (int64_t j = 0; j < padded; j += LANES) {
    const vf v = load(s + j, HF_F32) * splat(factor);
    store(s + j, HF_F32, v);
    if (pairs) store((uint16_t *)p + j, HF_BF16, v);
    else store(p + j, HF_F32, v);
  }
}

/// p of some rows of the block at `query`, `rows` from `from` on, for head h. Where no key is visible, p is uniform whatever the logits.
static void probabilities_of_rows(const hf_attention_args *g, const gradient_plan *plan, int64_t h, int64_t query, int64_t from,
                                  int64_t rows, key_span span, bool visible) {
  const int64_t first = span.begin, padded = span.end - span.begin, keys = g->keys - span.begin;
  const bool odd = first / LANES % 2;
  float *scores = plan->scores + from * plan->row_stride + first;
  if (visible) {
    prefetch_bias(g, h, query + from, rows, span);
    multiply_columns(plan->pairs, rows, span, plan->units_d, (const char *)(plan->q + from * plan->d_stride), plan->d_stride * 4,
                     plan->k_columns, scores, plan->row_stride);
  } else {
    for (int64_t r = 0; r < rows; ++r) memset(scores + r * plan->row_stride, 0, (size_t)padded * sizeof(float));
  }
  const float *mask = hide_keys(g, &plan->runs, query + from, rows, span, plan->mask, plan->masks, plan->block_mask, scores,
                                plan->row_stride);
  float top[QUERY_TILE], factor[QUERY_TILE];
  for (int64_t group = 0; group < rows; group += ROW_GROUP) {
    const int64_t end = min64(group + ROW_GROUP, rows);
    for (int64_t r = group; r < end; ++r) {
      float *s = scores + r * plan->row_stride;
      const int64_t row = h * g->bias_head_stride + (query + from + r) * g->bias_row_stride + first;
      const void *bias = g->bias && visible ? element(g->bias, g->bias_type, row) : NULL;
      top[r] = g->bias_type == HF_BF16 ? add_bias_row(s, padded, keys, g->scale, bias, HF_BF16, mask, -FLT_MAX)
                                       : add_bias_row(s, padded, keys, g->scale, bias, HF_F32, mask, -FLT_MAX);
    }
    for (int64_t r = group; r < end; ++r) {
      float *s = scores + r * plan->row_stride;
      factor[r] = plan->pairs ? exponentials_of_row(s, odd, padded, top[r], true) : exponentials_of_row(s, odd, padded, top[r], false);
    }
    for (int64_t r = group; r < end; ++r) {
      uint32_t *p = plan->p + (from + r) * plan->key_stride + units_of(plan->pairs, first);
      if (plan->pairs) normalise_probabilities(scores + r * plan->row_stride, padded, factor[r], true, p);
      else normalise_probabilities(scores + r * plan->row_stride, padded, factor[r], false, p);
    }
  }
}

/// From o and dout: out and dgate are stored, do = dout ⊙ σ(gate) and Σ_c do_c o_c kept.
INLINE void gate_rows(const hf_attention_backward_args *b, const gradient_plan *plan, int64_t h, int64_t query, int64_t rows,
                      const hf_dtype type) {
  const hf_attention_args *g = &b->forward;
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t i = query + r;
    vf delta = splat(0);
    for (int64_t c = 0; c < g->head_dim; c += LANES) {
      const int64_t count = g->head_dim - c, column = h * g->head_dim + c;
      vf o = load(plan->out + r * plan->depth + c, HF_F32);
      if (count < LANES) o = first_lanes(o, count);
      const vf upstream = load_first(element(b->dout, type, i * b->dout_row_stride + column), type, count);
      vf open = splat(1);
      if (g->gate) {
        open = gate_vector(load_first(element(g->gate, type, i * g->gate_row_stride + column), type, count), type);
        const vf slope = open * (splat(1) - open);
        store_first((void *)element(b->dgate, type, i * b->dgate_row_stride + column), type, count, upstream * o * slope);
      }
      if (g->out) store_first((void *)element(g->out, type, i * g->out_row_stride + column), type, count, o * open);
      store(plan->dout_values + r * plan->depth + c, HF_F32, upstream * open);
      delta = multiply_add(upstream * open, o, delta);
    }
    plan->delta[r] = sum_lanes(delta);
  }
}

/// dl of one row over a key tile as a left operand; added to dbias.
INLINE void logit_gradients_row(const float *p, const float *dp, int64_t padded, int64_t keys, float delta, const bool pairs,
                                uint32_t *dl, float *dbias) {
  for (int64_t j = 0; j < padded; j += LANES) {
    const vf v = load(p + j, HF_F32) * (load(dp + j, HF_F32) - splat(delta));
    if (pairs) store((uint16_t *)dl + j, HF_BF16, v);
    else store(dl + j, HF_F32, v);
    if (dbias && j < keys) store_first(dbias + j, HF_F32, keys - j, load_first(dbias + j, HF_F32, keys - j) + v);
  }
}

/// dl of some rows of the block at `query`, `rows` from `from` on, from p in `scores`.
static void logit_gradients_of_rows(const hf_attention_backward_args *b, const gradient_plan *plan, int64_t h, int64_t query,
                                    int64_t from, int64_t rows, key_span span) {
  float *bias_rows = b->dbias ? b->dbias + h * b->dbias_head_stride + (query + from) * b->dbias_row_stride : NULL;
  for (int64_t key = span.begin; key < span.end; key += KEY_TILE) {
    const int64_t padded = min64(KEY_TILE, span.end - key), keys = b->forward.keys - key;
    if (bias_rows) {
      prefetch_part_of_rows((const char *)(bias_rows + key), b->dbias_row_stride * (int64_t)sizeof(float), rows,
                    min64(padded, keys) * (int64_t)sizeof(float));
    }
    multiply_columns(plan->pairs, rows, (key_span){.begin = key, .end = key + padded}, plan->units_d,
                     (const char *)(plan->dout + from * plan->d_stride), plan->d_stride * 4, plan->v_columns, plan->dp, KEY_TILE);
    for (int64_t r = 0; r < rows; ++r) {
      const float *p = plan->scores + (from + r) * plan->row_stride + key, *dp = plan->dp + r * KEY_TILE;
      uint32_t *dl = plan->dl + (from + r) * plan->key_stride + units_of(plan->pairs, key);
      float *dbias = bias_rows ? bias_rows + r * b->dbias_row_stride + key : NULL;
      if (plan->pairs) logit_gradients_row(p, dp, padded, keys, plan->delta[from + r], true, dl, dbias);
      else logit_gradients_row(p, dp, padded, keys, plan->delta[from + r], false, dl, dbias);
    }
  }
}

/// sums[head_dim][keys] += turned · weights: `turned` a left operand [head_dim, rows], `weights` rows of p or dl.
static void add_key_gradients(const hf_attention_args *g, const gradient_plan *plan, int64_t rows, key_span span,
                              const uint32_t *turned, const uint32_t *weights, float *sums) {
  const int64_t stride = plan->pairs ? 2 * plan->key_stride : plan->key_stride, units = units_of(plan->pairs, rows);
  const operand right = {.data = weights, .type = plan->pairs ? HF_BF16 : HF_F32, .pairs = plan->pairs, .k = rows,
                         .outer = span.end, .k_stride = stride, .outer_stride = 1};
  for (int64_t j = span.begin; j < span.end; j += PANEL) {
    pack_operand_panel(&right, j, 0, units, plan->panel);
    multiply_tiles(plan->pairs, g->head_dim, min64(PANEL, span.end - j), units, (const char *)turned, plan->query_stride * 4,
                   plan->panel, 0, sums + j, plan->row_stride, true);
  }
}

/// Stores [rows][head_dim] of the fp32 products of one block, times `scale`.
static void store_query_gradients(const hf_attention_backward_args *b, const gradient_plan *plan, int64_t h, int64_t query,
                                  int64_t rows) {
  const hf_attention_args *g = &b->forward;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < g->head_dim; c += LANES) {
      void *target = (void *)element(b->dq, g->type, (query + r) * b->dq_row_stride + h * g->head_dim + c);
      store_first(target, g->type, g->head_dim - c, load(plan->dq + r * plan->depth + c, HF_F32) * splat(g->scale));
    }
  }
}

/// Stores the keys `span` of sums[head_dim][keys] turned, times `scale`, as head h of a row-major array.
static void store_key_gradients(const hf_attention_backward_args *b, const gradient_plan *plan, int64_t h, key_span span,
                                const float *sums, float scale, void *target, int64_t target_stride) {
  const hf_attention_args *g = &b->forward;
  for (int64_t j = span.begin; j < span.end; j += LANES) {
    for (int64_t c = 0; c < g->head_dim; c += LANES) {
      vu block[LANES];
      UNROLL for (int u = 0; u < LANES; ++u) {
        block[u] = c + u < g->head_dim ? (vu)(load(sums + (c + u) * plan->row_stride + j, HF_F32) * splat(scale)) : (vu)0;
      }
      transpose(block);
      UNROLL for (int u = 0; u < LANES; ++u) {
        const int64_t at = (j + u) * target_stride + h * g->head_dim + c;
        if (j + u < g->keys)
          store_first((void *)element(target, b->key_type, at), b->key_type, g->head_dim - c, (vf)block[u]);
      }
    }
  }
}

/// Zeros in heads [head_begin, head_end) for queries [query_begin, query_end) that see no key; their part of dbias stays as it is.
static void store_unseeing(const hf_attention_backward_args *b, const gradient_plan *plan, int64_t head_begin, int64_t head_end,
                           int64_t query_begin, int64_t query_end) {
  const hf_attention_args *g = &b->forward;
  const int64_t first = head_begin * g->head_dim;
  const size_t bytes = (size_t)((head_end - head_begin) * g->head_dim) * element_size(g->type);
  for (int64_t query = query_begin, end; query < query_end; query = end) {
    end = block_end(&plan->runs, query, query_end, GRADIENT_QUERIES);
    const key_span span = visible_span(g, &plan->runs, query, end - query, 0, round_up(g->keys, KEY_STEP));
    for (int64_t i = query; i < end && span.begin == span.end; ++i) {
      memset((void *)element(b->dq, g->type, i * b->dq_row_stride + first), 0, bytes);
      if (g->gate) memset((void *)element(b->dgate, g->type, i * b->dgate_row_stride + first), 0, bytes);
      if (g->out) memset((void *)element(g->out, g->type, i * g->out_row_stride + first), 0, bytes);
    }
  }
}

/// Zeros in heads [head_begin, head_end) for keys outside `seen`.
static void store_unseen(const hf_attention_backward_args *b, int64_t head_begin, int64_t head_end, key_span seen) {
  const hf_attention_args *g = &b->forward;
  const int64_t first = head_begin * g->head_dim;
  const size_t bytes = (size_t)((head_end - head_begin) * g->head_dim) * element_size(b->key_type);
  for (int64_t j = 0; j < g->keys; ++j) {
    if (j == seen.begin) j = seen.end;
    if (j >= g->keys) return;
    memset((void *)element(b->dk, b->key_type, j * b->dk_row_stride + first), 0, bytes);
    memset((void *)element(b->dv, b->key_type, j * b->dv_row_stride + first), 0, bytes);
  }
}

static void attend_backward_block(const hf_attention_backward_args *b, const gradient_plan *plan, int64_t h, int64_t query,
                                  int64_t rows, bool visible) {
  const hf_attention_args *g = &b->forward;
  const key_span span = visible_span(g, &plan->runs, query, rows, 0, round_up(g->keys, KEY_STEP));
  if (span.begin == span.end) return;
  const int64_t first = h * g->head_dim;
  const operand q = head_columns(element(g->q, g->type, query * g->q_row_stride), g->type, plan->pairs, first, g->head_dim, rows, 1,
                                 g->q_row_stride);
  pack_operand_rows(&q, 0, rows, 0, plan->units_d, plan->q, plan->d_stride);
  const int64_t skipped = units_of(plan->pairs, span.first), units_keys = units_of(plan->pairs, span.last) - skipped;
  for (int64_t r = 0; r < rows; r += QUERY_TILE)
    probabilities_of_rows(g, plan, h, query, r, min64(QUERY_TILE, rows - r), span, visible);
  memset(plan->out, 0, (size_t)(rows * plan->depth) * sizeof(float));
  multiply_tiles(plan->pairs, rows, g->head_dim, units_keys, (const char *)(plan->p + skipped), plan->key_stride * 4,
                 plan->v_rows + skipped * PANEL, plan->units_keys * PANEL, plan->out, plan->depth, true);
  if (g->type == HF_BF16) gate_rows(b, plan, h, query, rows, HF_BF16);
  else gate_rows(b, plan, h, query, rows, HF_F32);

  const int64_t units = units_of(plan->pairs, rows);
  const operand dout = {.data = plan->dout_values, .type = HF_F32, .pairs = plan->pairs, .k = g->head_dim, .outer = rows,
                        .k_stride = 1, .outer_stride = plan->depth};
  pack_operand_rows(&dout, 0, rows, 0, plan->units_d, plan->dout, plan->d_stride);
  const operand dout_turned = {.data = plan->dout_values, .type = HF_F32, .pairs = plan->pairs, .k = rows, .outer = g->head_dim,
                               .k_stride = plan->depth, .outer_stride = 1};
  pack_operand_rows(&dout_turned, 0, g->head_dim, 0, units, plan->dout_turned, plan->query_stride);
  add_key_gradients(g, plan, rows, span, plan->dout_turned, plan->p, plan->dv);
  if (!visible) {
    memset(plan->dq, 0, (size_t)(rows * plan->depth) * sizeof(float));
    store_query_gradients(b, plan, h, query, rows);
    return;
  }
  for (int64_t r = 0; r < rows; r += QUERY_TILE)
    logit_gradients_of_rows(b, plan, h, query, r, min64(QUERY_TILE, rows - r), span);
  multiply_tiles(plan->pairs, rows, g->head_dim, units_keys, (const char *)(plan->dl + skipped), plan->key_stride * 4,
                 plan->k_rows + skipped * PANEL, plan->units_keys * PANEL, plan->dq, plan->depth, false);
  store_query_gradients(b, plan, h, query, rows);
  const operand q_turned = head_columns(element(g->q, g->type, query * g->q_row_stride), g->type, plan->pairs, first, rows,
                                        g->head_dim, g->q_row_stride, 1);
  pack_operand_rows(&q_turned, 0, g->head_dim, 0, units, plan->q_turned, plan->query_stride);
  add_key_gradients(g, plan, rows, span, plan->q_turned, plan->dl, plan->dk);
}

/// Whether a key is visible: if none is, logits are constant and have no gradient.
INLINE bool has_visible_key(const hf_attention_args *g) {
  if (!g->key_mask) return true;
  for (int64_t j = 0; j < g->keys; ++j)
    if (g->key_mask[j] > 0) return true;
  return false;
}

static void attention_backward(const hf_attention_backward_args *b, int64_t head_begin, int64_t head_end, int64_t query_begin,
                               int64_t query_end, void *scratch) {
  const hf_attention_args *g = &b->forward;
  if (g->keys <= 0) return;
  gradient_plan plan;
#ifdef HF_BF16_OPERANDS
  plan_gradient(&plan, g->type, g->keys, g->head_dim, scratch);
#else
  plan_gradient(&plan, HF_F32, g->keys, g->head_dim, scratch);
#endif
  plan.masks = fill_mask(g, plan.padded_keys, plan.mask);
  bound_runs(g, query_begin, query_end, &plan.runs);
  const key_span span = visible_span(g, &plan.runs, query_begin, query_end - query_begin, 0, round_up(g->keys, KEY_STEP));
  const bool visible = has_visible_key(g);
  const size_t sums = (size_t)(span.end - span.begin) * sizeof(float);
  store_unseeing(b, &plan, head_begin, head_end, query_begin, query_end);
  store_unseen(b, head_begin, head_end, span);
  begin_pair_tiles(plan.pairs);
  for (int64_t h = head_begin; h < head_end; ++h) {
    pack_keys(g, &plan, h, span, g->k, g->k_row_stride, plan.k_columns, plan.k_rows);
    pack_keys(g, &plan, h, span, g->v, g->v_row_stride, plan.v_columns, plan.v_rows);
    for (int64_t c = 0; c < plan.depth; ++c) {
      memset(plan.dk + c * plan.row_stride + span.begin, 0, sums);
      memset(plan.dv + c * plan.row_stride + span.begin, 0, sums);
    }
    for (int64_t query = query_begin, end; query < query_end; query = end) {
      end = block_end(&plan.runs, query, query_end, GRADIENT_QUERIES);
      attend_backward_block(b, &plan, h, query, end - query, visible);
    }
    store_key_gradients(b, &plan, h, span, plan.dk, g->scale, b->dk, b->dk_row_stride);
    store_key_gradients(b, &plan, h, span, plan.dv, 1, b->dv, b->dv_row_stride);
  }
  end_pair_tiles(plan.pairs);
}
