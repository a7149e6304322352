// Which keys a block of queries need not look at: column-wise intervals of FlashMask (arXiv:2410.01359).

enum { KEY_UNIT = PANEL, MOST_CUTS = 256, LEAST_BLOCK = 4 };

/// Least and largest of the four ends of the runs, per unit of keys: what a block may skip follows from them without looking at keys.
typedef struct {
  int32_t least[4], most[4];
} run_bounds;

/// The runs of one call: bounds per unit of keys, and the queries where runs begin or end, ascending. Blocks of queries end there, so
/// that few of them see the keys of two proteins.
typedef struct {
  run_bounds *bounds;
  int64_t cut_count;
  int64_t cuts[MOST_CUTS];
} hidden_runs;

/// Keys [begin, end) of a tile that rows of a block may see, and whether some of the rows do not see some of them.
typedef struct {
  int64_t begin, end;
  bool cut;
} key_span;

static void add_cut(hidden_runs *runs, int64_t query) {
  int64_t at = runs->cut_count;
  while (at > 0 && runs->cuts[at - 1] > query) --at;
  if ((at > 0 && runs->cuts[at - 1] == query) || runs->cut_count == MOST_CUTS) return;
  memmove(runs->cuts + at + 1, runs->cuts + at, (size_t)(runs->cut_count - at) * sizeof *runs->cuts);
  runs->cuts[at] = query;
  ++runs->cut_count;
}

/// Cuts at the ends of a unit's runs, an even number of queries from the first: sums over queries go by pairs.
static void add_cuts(const run_bounds *unit, int64_t query_begin, int64_t query_end, hidden_runs *runs) {
  for (int end = 0; end < 4; ++end) {
    if (unit->least[end & 2] >= unit->most[end | 1]) continue;  // an empty run
    const int64_t queries[2] = {unit->least[end], unit->most[end]};
    for (int i = 0; i < 2; ++i) {
      if (queries[i] <= query_begin || queries[i] >= query_end) continue;
      const int64_t even = query_begin + (queries[i] - query_begin) / 2 * 2;
      if (even > query_begin) add_cut(runs, even);
      if (even < queries[i] && even + 2 < query_end) add_cut(runs, even + 2);
    }
  }
}

static void bound_runs(const hf_attention_args *g, int64_t query_begin, int64_t query_end, hidden_runs *runs) {
  runs->cut_count = 0;
  if (!g->hidden) return;
  for (int64_t from = 0; from < g->keys; from += KEY_UNIT) {
    run_bounds *unit = runs->bounds + from / KEY_UNIT;
    const int64_t count = min64(KEY_UNIT, g->keys - from);
    for (int end = 0; end < 4; ++end) {
      const int32_t *ends = g->hidden + end * g->keys + from;
      int32_t least = ends[0], most = ends[0];
      for (int64_t j = 1; j < count; ++j) {
        least = ends[j] < least ? ends[j] : least;
        most = ends[j] > most ? ends[j] : most;
      }
      unit->least[end] = least;
      unit->most[end] = most;
    }
    add_cuts(unit, query_begin, query_end, runs);
  }
}

/// One past the last row of the block that begins at `query`: at most `most` rows, an even number unless it is the last.
static int64_t block_end(const hidden_runs *runs, int64_t query, int64_t query_end, int64_t most) {
  const int64_t end = min64(query + most, query_end);
  for (int64_t i = 0; i < runs->cut_count && runs->cuts[i] < end; ++i)
    if (runs->cuts[i] >= query + LEAST_BLOCK) return runs->cuts[i];
  return end;
}

/// What rows [query, query + rows) may see of the keys [from, to), both whole units: the hull of the units that are not hidden from all
/// rows. Without intervals everything.
static key_span visible_span(const hf_attention_args *g, const hidden_runs *runs, int64_t query, int64_t rows, int64_t from,
                             int64_t to) {
  key_span span = {.begin = from, .end = to, .cut = false};
  if (!g->hidden) return span;
  const int64_t stop = query + rows;
  int64_t first = to, end = from, visible = 0;
  for (int64_t key = from; key < min64(to, g->keys); key += KEY_UNIT) {
    const int32_t *least = runs->bounds[key / KEY_UNIT].least, *most = runs->bounds[key / KEY_UNIT].most;
    if ((most[0] <= query && stop <= least[1]) || (most[2] <= query && stop <= least[3])) continue;
    span.cut |= (least[0] < stop && query < most[1]) || (least[2] < stop && query < most[3]);
    first = min64(first, key);
    end = key + KEY_UNIT;
    visible += KEY_UNIT;
  }
  if (g->visits_hidden) return (key_span){.begin = from, .end = to, .cut = true};
  if (first == to) return (key_span){.begin = from, .end = from, .cut = false};
  return (key_span){.begin = first, .end = min64(to, end), .cut = span.cut || visible < end - first};
}

/// Scores of hidden pairs become −inf, where exp gives exactly 0; `scores` begins with the key span.begin. A vector of keys at a time,
/// and only where one of them is hidden from some row.
static void hide_scores(const hf_attention_args *g, int64_t query, int64_t rows, key_span span, float *scores, int64_t stride) {
  if (!span.cut) return;
  for (int64_t j = span.begin; j < min64(span.end, g->keys); j += LANES) {
    vi ends[4] = {(vi)0, (vi)0, (vi)0, (vi)0};
    for (int end = 0; end < 4; ++end) {
      const int32_t *from = g->hidden + end * g->keys + j;
      if (j + LANES <= g->keys) memcpy(ends + end, from, sizeof *ends);
      else memcpy(ends + end, from, (size_t)(g->keys - j) * sizeof *from);
    }
    vi hides = (vi)0;  // from a row of the block
    UNROLL for (int run = 0; run < 4; run += 2)
      hides |= (ends[run] < (int32_t)(query + rows)) & (ends[run + 1] > (int32_t)query) & (ends[run] < ends[run + 1]);
    if (sum_lanes(__builtin_convertvector(hides, vf)) == 0) continue;
    for (int64_t r = 0; r < rows; ++r) {
      const vi row = (vi)(int32_t)(query + r);
      const vi hidden = ((ends[0] <= row) & (row < ends[1])) | ((ends[2] <= row) & (row < ends[3]));
      float *s = scores + r * stride + j - span.begin;
      store(s, HF_F32, hidden ? splat(-INFINITY) : load(s, HF_F32));
    }
  }
}
