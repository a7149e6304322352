// Attention and its derivatives: sizes around the tiles of keys, masks, gates, biases, hidden pairs, and queries and heads in parts.

#include "sweep.h"

#include <math.h>

enum { NO_MASK, SOME_MASKED, ALL_MASKED };

typedef struct {
  int queries, keys, heads, head_dim, gap, mask;
  hf_dtype type, bias_type, key_type;
  bool biased, gated, hides;
} problem;

typedef struct {
  const problem *t;
  int64_t row, bias_row;
  float scale;
  buffer q, k, v, gate, bias, mask, dout;
  int32_t *hidden;
} operands;

typedef struct {
  buffer out, dq, dk, dv, dgate, dbias;
} derivatives;

static operands make_operands(const problem *t, numbers *from) {
  operands x = {.t = t, .row = t->heads * t->head_dim + t->gap, .bias_row = t->keys + t->gap};
  x.scale = (float)(1 / sqrt(t->head_dim));
  x.q = random_values(t->queries * x.row, t->type, from);
  for (int64_t i = 0; i < x.q.count; ++i) set(&x.q, i, 3 * get(&x.q, i));
  x.k = random_values(t->keys * x.row, t->type, from);
  x.v = random_values(t->keys * x.row, t->type, from);
  x.gate = random_values(t->queries * x.row, t->type, from);
  x.dout = random_values(t->queries * x.row, t->type, from);
  x.bias = random_values(t->heads * t->queries * x.bias_row, t->bias_type, from);
  x.mask = filled(t->keys, HF_F32, 0);
  for (int64_t j = 0; j < t->keys && t->mask == SOME_MASKED; ++j) set(&x.mask, j, (float)choice(from, 2));
  if (!t->hides) return x;
  x.hidden = scratch((size_t)t->keys * 4 * sizeof *x.hidden);
  // Keys in groups share their runs, as those of one protein do; some groups have none.
  const int group = 1 + choice(from, 12);
  for (int64_t j = 0; j < t->keys; ++j) {
    for (int run = 0; run < 4; run += 2) {
      int32_t *ends = x.hidden + run * t->keys + j;
      if (j % group != 0) {
        ends[0] = ends[-1], ends[t->keys] = ends[t->keys - 1];
        continue;
      }
      const int32_t a = choice(from, t->queries + 1), b = choice(from, t->queries + 1);
      const bool none = choice(from, 4) == 0;
      ends[0] = none ? 0 : a < b ? a : b, ends[t->keys] = none ? 0 : a < b ? b : a;
    }
  }
  return x;
}

static bool sees(const operands *x, int64_t i, int64_t j) {
  if (!x->hidden) return true;
  const int64_t n = x->t->keys;
  const int32_t *h = x->hidden + j;
  return !(h[0] <= i && i < h[n]) && !(h[2 * n] <= i && i < h[3 * n]);
}

static hf_attention_args arguments(const operands *x) {
  const problem *t = x->t;
  return (hf_attention_args){
      .queries = t->queries, .keys = t->keys, .heads = t->heads, .head_dim = t->head_dim, .type = t->type, .q = x->q.data,
      .k = x->k.data, .v = x->v.data, .q_row_stride = x->row, .k_row_stride = x->row, .v_row_stride = x->row,
      .bias = t->biased ? x->bias.data : NULL, .bias_type = t->bias_type, .bias_head_stride = t->queries * x->bias_row,
      .bias_row_stride = x->bias_row, .key_mask = t->mask == NO_MASK ? NULL : floats(&x->mask), .hidden = x->hidden,
      .gate = t->gated ? x->gate.data : NULL, .gate_row_stride = x->row, .out_row_stride = x->row, .scale = x->scale};
}

static buffer forward(const operands *x, int cut, bool visits) {
  hf_attention_args g = arguments(x);
  buffer out = filled(x->t->queries * x->row, x->t->type, -7);
  g.out = out.data, g.visits_hidden = visits;
  void *memory = scratch(hf_attention_scratch_size(g.keys, g.head_dim));
  if (cut > 0) hf_attention(&g, 0, cut, memory);
  hf_attention(&g, cut, g.queries, memory);
  return out;
}

static derivatives backward(const operands *x, int cut, bool visits) {
  const problem *t = x->t;
  const int64_t queries = t->queries * x->row, keys = t->keys * x->row;
  derivatives d = {filled(queries, t->type, 0), filled(queries, t->type, 0), filled(keys, t->key_type, 0),
                   filled(keys, t->key_type, 0), filled(queries, t->type, 0), filled(x->bias.count, HF_F32, 0.25f)};
  hf_attention_backward_args g = {
      .forward = arguments(x), .dout = x->dout.data, .dout_row_stride = x->row, .dq = d.dq.data, .dk = d.dk.data,
      .dv = d.dv.data, .dgate = t->gated ? d.dgate.data : NULL, .dq_row_stride = x->row, .dk_row_stride = x->row,
      .dv_row_stride = x->row, .dgate_row_stride = x->row, .key_type = t->key_type, .dbias = t->biased ? floats(&d.dbias) : NULL,
      .dbias_head_stride = t->queries * x->bias_row, .dbias_row_stride = x->bias_row};
  g.forward.out = d.out.data, g.forward.visits_hidden = visits;
  void *memory = scratch(hf_attention_backward_scratch_size(t->keys, t->head_dim));
  if (cut > 0) hf_attention_backward(&g, 0, cut, 0, t->queries, memory);
  hf_attention_backward(&g, cut, t->heads, 0, t->queries, memory);
  return d;
}

/// Weights of one row in double. Where every key is masked, 1e9 leaves nothing of the logits and they are equal.
static void weights_of(const operands *x, int64_t h, int64_t i, double *p) {
  const problem *t = x->t;
  double top = -INFINITY, sum = 0;
  bool any = t->mask == NO_MASK;
  for (int64_t j = 0; j < t->keys; ++j) any |= sees(x, i, j) && get(&x->mask, j) > 0;
  for (int64_t j = 0; j < t->keys; ++j) {
    p[j] = 0;
    for (int64_t c = h * t->head_dim; c < (h + 1) * t->head_dim; ++c)
      p[j] += (double)get(&x->q, i * x->row + c) * get(&x->k, j * x->row + c);
    p[j] *= x->scale;
    if (t->biased) p[j] += get(&x->bias, (h * t->queries + i) * x->bias_row + j);
    if (t->mask != NO_MASK) p[j] = any ? p[j] + 1e9 * (get(&x->mask, j) - 1) : -1e9;
    if (!sees(x, i, j)) p[j] = -INFINITY;
    top = p[j] > top ? p[j] : top;
  }
  for (int64_t j = 0; j < t->keys; ++j) sum += p[j] = top == -INFINITY ? 0 : exp(p[j] - top);
  for (int64_t j = 0; j < t->keys; ++j) p[j] /= sum > 0 ? sum : 1;
}

static double gate_of(const operands *x, int64_t at) { return x->t->gated ? 1 / (1 + exp(-get(&x->gate, at))) : 1; }

/// Bound of the Swift tests: errors of a logit change its weight by their exponential; bf16 rounds every probability.
static void compare_forward(const operands *x, const buffer *out) {
  const problem *t = x->t;
  const double logit = (t->head_dim + 4) * 0x1p-24 * (3 * sqrt(t->head_dim) + 1);
  const bool pairs = hf_gemm_operand_type(t->type) == HF_BF16;
  const double weight = 2 * logit + (t->keys + 8) * 0x1p-24 + (pairs ? 0x1p-8 : 0) + 4e-7;
  double *p = scratch((size_t)t->keys * sizeof *p);
  for (int64_t h = 0; h < t->heads; ++h) {
    for (int64_t i = 0; i < t->queries; ++i) {
      weights_of(x, h, i, p);
      for (int64_t c = h * t->head_dim; c < (h + 1) * t->head_dim; ++c) {
        double o = 0;
        for (int64_t j = 0; j < t->keys; ++j) o += p[j] * get(&x->v, j * x->row + c);
        o *= gate_of(x, i * x->row + c);
        check(get(out, i * x->row + c), o, weight + rounding(t->type) * fabs(o));
      }
    }
  }
}

typedef struct {
  double *out, *dq, *dk, *dv, *dgate, *dbias;
  double terms;  // the largest that a derivative of a logit is the difference of
} plain;

static double *doubles(int64_t count, double with) {
  double *x = scratch((size_t)count * sizeof *x);
  for (int64_t i = 0; i < count; ++i) x[i] = with;
  return x;
}

/// The derivatives by their formulas; no logit has one where no key is visible.
static plain plain_backward(const operands *x) {
  const problem *t = x->t;
  const int64_t queries = t->queries * x->row, keys = t->keys * x->row;
  plain d = {doubles(queries, 0), doubles(queries, 0), doubles(keys, 0), doubles(keys, 0), doubles(queries, 0),
             doubles(x->bias.count, 0.25), 0};
  double *p = doubles(t->keys, 0), *dp = doubles(t->keys, 0);
  for (int64_t h = 0; h < t->heads; ++h) {
    for (int64_t i = 0; i < t->queries; ++i) {
      weights_of(x, h, i, p);
      double mean = 0;
      for (int64_t j = 0; j < t->keys; ++j) dp[j] = 0;
      for (int64_t c = h * t->head_dim; c < (h + 1) * t->head_dim; ++c) {
        const int64_t at = i * x->row + c;
        const double open = gate_of(x, at), g = get(&x->dout, at);
        double o = 0;
        for (int64_t j = 0; j < t->keys; ++j) {
          o += p[j] * get(&x->v, j * x->row + c);
          dp[j] += g * open * get(&x->v, j * x->row + c);
          d.dv[j * x->row + c] += p[j] * g * open;
        }
        d.out[at] = o * open;
        if (t->gated) d.dgate[at] = g * o * open * (1 - open);
      }
      if (t->mask == ALL_MASKED) continue;
      for (int64_t j = 0; j < t->keys; ++j) mean += p[j] * dp[j];
      for (int64_t j = 0; j < t->keys; ++j) {
        const double dl = p[j] * (dp[j] - mean);
        d.terms = fmax(d.terms, p[j] * (fabs(dp[j]) + fabs(mean)));
        if (t->biased) d.dbias[(h * t->queries + i) * x->bias_row + j] += dl;
        for (int64_t c = h * t->head_dim; c < (h + 1) * t->head_dim; ++c) {
          d.dq[i * x->row + c] += x->scale * dl * get(&x->k, j * x->row + c);
          d.dk[j * x->row + c] += x->scale * dl * get(&x->q, i * x->row + c);
        }
      }
    }
  }
  return d;
}

/// Bound of the Swift tests, a share of the largest value of each array: or of the terms, where one key leaves nothing but rounding.
static void compare_array(const problem *t, const buffer *found, const double *expected, double terms) {
  double largest = fmax(0.1, terms);
  for (int64_t i = 0; i < found->count; ++i) largest = fmax(largest, fabs(expected[i]));
  for (int64_t i = 0; i < found->count; ++i)
    check(get(found, i), expected[i], (t->type == HF_F32 ? 2e-5 : 3 * 0x1p-8) * largest);
}

static void compare_backward(const operands *x, const derivatives *found) {
  const plain d = plain_backward(x);
  compare_array(x->t, &found->out, d.out, 0);
  compare_array(x->t, &found->dq, d.dq, d.terms * x->scale);
  compare_array(x->t, &found->dk, d.dk, 3 * d.terms * x->scale);
  compare_array(x->t, &found->dv, d.dv, 0);
  compare_array(x->t, &found->dgate, d.dgate, 0);
  compare_array(x->t, &found->dbias, d.dbias, d.terms);
}

static void same_derivatives(const derivatives *a, const derivatives *b, const char *fact) {
  const buffer *const pairs[][2] = {{&a->out, &b->out}, {&a->dq, &b->dq}, {&a->dk, &b->dk}, {&a->dv, &b->dv},
                                    {&a->dgate, &b->dgate}, {&a->dbias, &b->dbias}};
  for (int i = 0; i < 6; ++i) demand_equal(pairs[i][0], pairs[i][1], fact);
}

static problem random_problem(int keys, hf_dtype type, numbers *from) {
  const int dims[] = {1, 4, 5, 8, 16, 17, 32, 48}, queries[] = {1, 3, 7, 17, 33, 50};
  problem t = {.keys = keys, .type = type, .queries = queries[choice(from, 6)], .heads = 1 + choice(from, 3)};
  t.head_dim = dims[choice(from, 8)], t.gap = choice(from, 2) ? 3 : 0, t.mask = choice(from, 2);
  t.biased = choice(from, 3) > 0, t.bias_type = choice(from, 2) ? HF_BF16 : HF_F32;
  t.key_type = choice(from, 2) ? type : HF_F32, t.gated = choice(from, 2);
  return t;
}

static void run(const char *name, const problem *t, int by, numbers *from) {
  begin_case(name, by, "%d queries %d keys %d×%d %d%d%d%d", t->queries, t->keys, t->heads, t->head_dim, t->type, t->mask, t->gated,
             t->biased);
  const operands x = make_operands(t, from);
  const buffer out = forward(&x, 0, false);
  compare_forward(&x, &out);
  result(&out);
  const buffer cut = forward(&x, t->queries / 2, false);
  demand_same(&cut, &out, "queries may be cut anywhere");
  if (t->hides) {
    const buffer visited = forward(&x, 0, true);
    demand_same(&visited, &out, "what is hidden changes no bit");
  }
  end_case();
}

static void run_backward(const char *name, const problem *t, int by, numbers *from) {
  begin_case(name, by, "%d queries %d keys %d×%d %d%d%d%d", t->queries, t->keys, t->heads, t->head_dim, t->type, t->mask, t->gated,
             t->biased);
  const operands x = make_operands(t, from);
  const derivatives d = backward(&x, 0, false);
  compare_backward(&x, &d);
  const buffer *all[] = {&d.out, &d.dq, &d.dk, &d.dv, &d.dgate, &d.dbias};
  for (int i = 0; i < 6; ++i) result(all[i]);
  const derivatives cut = backward(&x, t->heads / 2, false);
  same_derivatives(&cut, &d, "heads may be cut anywhere");
  if (t->hides) {
    const derivatives visited = backward(&x, 0, true);
    same_derivatives(&visited, &d, "what is hidden changes no bit");
  }
  end_case();
}

void sweep_attention(void) {
  numbers from = seeded(2);
  demand(hf_attention_key_tile() % hf_attention_key_unit() == 0, "tiles of keys are whole units");
  const int more_keys[] = {47, 70, 150, 256, 260};
  for (int s = 0; s < SIZES + 5; ++s) {
    const int keys = s < SIZES ? sizes[s] : more_keys[s - SIZES];
    for (int type = 0; type < 2; ++type) {
      problem t = random_problem(keys, (hf_dtype)type, &from);
      run("attention", &t, s % 4, &from);
      t = random_problem(keys, (hf_dtype)type, &from);
      run_backward("attention backward", &t, s % 4, &from);
      t = random_problem(keys, (hf_dtype)type, &from);
      t.hides = true, t.mask = NO_MASK;
      run("attention hidden", &t, s % 4, &from);
      run_backward("attention hidden back", &t, s % 4, &from);
    }
  }
  const int masked_keys[] = {5, 37, 130};
  for (int i = 0; i < 6; ++i) {
    problem t = random_problem(masked_keys[i / 2], (hf_dtype)(i % 2), &from);
    t.mask = ALL_MASKED;
    run("attention", &t, i % 4, &from);
    run_backward("attention backward", &t, i % 4, &from);
  }
}
