// Which keys a block of queries need not look at: column-wise intervals of FlashMask (arXiv:2410.01359).

// What no query of a block sees is found in units of KEY_UNIT keys; spans begin and end at multiples of KEY_STEP, so that what is summed
// together over keys (SUM_KEYS) is the same whatever is skipped.
enum { KEY_UNIT = LANES, SUM_KEYS = 2 * PAIR_BLOCK, KEY_STEP = SUM_KEYS > KEY_UNIT ? SUM_KEYS : KEY_UNIT };
enum { MOST_CUTS = 256, LEAST_CUT_KEYS = 8 };

/// The runs of one call. Per unit of keys the least and largest of each of the four ends, from which follows what a block may skip;
/// and the queries where runs of many keys begin or end, ascending: blocks of queries end there, so that few see two proteins.
typedef struct {
  int32_t *least, *most;   // [4, units]
  int64_t units;
  int64_t cut_count;
  int64_t cuts[MOST_CUTS];
} hidden_runs;

/// Units of keys, for arrays that are read a vector at a time.
static int64_t run_units(int64_t keys) { return round_up((keys + KEY_UNIT - 1) / KEY_UNIT, LANES); }

/// Keys [begin, end), whole steps, that hold all that some rows see: [first, last), with `first` a multiple of SUM_KEYS. Gapless if some
/// row sees a key of each unit that is not there only to fill up a step.
typedef struct {
  int64_t begin, end, first, last;
  bool gapless;
} key_span;

static const key_span no_keys = {.gapless = true};

static void add_cut(hidden_runs *runs, int64_t query) {
  int64_t at = runs->cut_count;
  while (at > 0 && runs->cuts[at - 1] > query) --at;
  if ((at > 0 && runs->cuts[at - 1] == query) || runs->cut_count == MOST_CUTS) return;
  memmove(runs->cuts + at + 1, runs->cuts + at, (size_t)(runs->cut_count - at) * sizeof *runs->cuts);
  runs->cuts[at] = query;
  ++runs->cut_count;
}

/// Cuts around an end that `keys` consecutive keys share, an even number of queries from the first: sums over queries go by pairs, and
/// a pair that the end divides is a block of its own.
static void add_cuts(int64_t keys, int64_t query, int64_t query_begin, int64_t query_end, hidden_runs *runs) {
  if (keys < LEAST_CUT_KEYS || query <= query_begin || query >= query_end) return;
  const int64_t even = query_begin + (query - query_begin) / 2 * 2;
  if (even > query_begin) add_cut(runs, even);
  if (even < query && even + 2 < query_end) add_cut(runs, even + 2);
}

static void bound_runs(const hf_attention_args *g, int64_t query_begin, int64_t query_end, hidden_runs *runs) {
  runs->cut_count = 0;
  if (!g->hidden) return;
  for (int end = 0; end < 4; ++end) {
    int32_t shared = 0;    // the end of the keys before this one,
    int64_t sharing = 0;   // and how many of them share it
    for (int64_t from = 0; from < g->keys; from += KEY_UNIT) {
      const int32_t *ends = g->hidden + end * g->keys + from;
      const int64_t count = min64(KEY_UNIT, g->keys - from);
      vi all = (vi)ends[0];
      if (count == KEY_UNIT) memcpy(&all, ends, sizeof all);
      else memcpy(&all, ends, (size_t)count * sizeof *ends);
      const int32_t least = __builtin_reduce_min(all), most = __builtin_reduce_max(all);
      runs->least[end * runs->units + from / KEY_UNIT] = least;
      runs->most[end * runs->units + from / KEY_UNIT] = most;
      if (least == most && least == shared) {
        sharing += count;
        continue;
      }
      for (int64_t j = 0; j < count; ++j, ++sharing) {
        if (ends[j] == shared) continue;
        add_cuts(sharing, shared, query_begin, query_end, runs);
        shared = ends[j];
        sharing = 0;
      }
    }
    add_cuts(sharing, shared, query_begin, query_end, runs);
  }
}

/// One past the last row of the block that begins at `query`: blocks between two cuts are about equal, at most `most` rows, and an even
/// number unless it is the last.
static int64_t block_end(const hidden_runs *runs, int64_t query, int64_t query_end, int64_t most) {
  int64_t i = 0;
  while (i < runs->cut_count && runs->cuts[i] <= query) ++i;
  const int64_t rows = (i < runs->cut_count ? runs->cuts[i] : query_end) - query, count = (rows + most - 1) / most;
  return query + min64(rows, round_up((rows + count - 1) / count, 2));
}

/// The four ends of the runs of LANES keys from `key`; past the last key there are none.
INLINE void load_ends(const hf_attention_args *g, int64_t key, vi ends[4]) {
  UNROLL for (int end = 0; end < 4; ++end) {
    ends[end] = (vi)0;
    const int32_t *from = g->hidden + end * g->keys + key;
    if (key + LANES <= g->keys) memcpy(ends + end, from, sizeof *ends);
    else if (key < g->keys) memcpy(ends + end, from, (size_t)(g->keys - key) * sizeof *from);
  }
}

/// Which keys one run hides from all of the rows [query, stop).
INLINE vi hidden_from_all(const vi ends[4], int64_t query, int64_t stop) {
  return ((ends[0] <= (int32_t)query) & (ends[1] >= (int32_t)stop)) | ((ends[2] <= (int32_t)query) & (ends[3] >= (int32_t)stop));
}

INLINE vi numbers_from(int64_t first) {
  vi numbers;
  UNROLL for (int l = 0; l < LANES; ++l) numbers[l] = (int32_t)first + l;
  return numbers;
}

/// Sets span->first to the first key of the span's first unit that a row sees, and returns whether there is one.
INLINE bool first_visible(const hf_attention_args *g, key_span *span, int64_t query, int64_t stop) {
  vi ends[4];
  load_ends(g, span->begin, ends);
  span->first = __builtin_reduce_min(hidden_from_all(ends, query, stop) ? (vi)INT32_MAX : numbers_from(span->begin));
  return span->first < INT32_MAX;
}

/// Sets span->last to one past the last key of the span's last unit that a row sees, and returns whether there is one.
INLINE bool last_visible(const hf_attention_args *g, key_span *span, int64_t query, int64_t stop) {
  const int64_t from = span->end - KEY_UNIT;
  vi ends[4];
  load_ends(g, from, ends);
  span->last = min64(__builtin_reduce_max(hidden_from_all(ends, query, stop) ? (vi)0 : numbers_from(from + 1)), g->keys);
  return span->last > 0;
}

/// What rows [query, query + rows) may see of the keys [from, to), both whole steps: the hull of the keys that are not hidden from all
/// rows. Without intervals everything.
static key_span visible_span(const hf_attention_args *g, const hidden_runs *runs, int64_t query, int64_t rows, int64_t from,
                             int64_t to) {
  key_span span = {.begin = from, .end = to, .first = from, .last = min64(to, g->keys), .gapless = true};
  if (!g->hidden || g->visits_hidden) return span;
  const int64_t stop = query + rows, units = (min64(to, g->keys) + KEY_UNIT - 1) / KEY_UNIT;
  vi number = numbers_from(from / KEY_UNIT), first = (vi)INT32_MAX, last = (vi)-1, visible = (vi)0;
  for (int64_t unit = from / KEY_UNIT; unit < units; unit += LANES, number += LANES) {
    vi hidden = number >= (int32_t)units;
    UNROLL for (int run = 0; run < 4; run += 2) {
      const vi begins = (vi)load_bits(runs->most + run * runs->units + unit);
      const vi ends = (vi)load_bits(runs->least + (run + 1) * runs->units + unit);
      hidden |= (begins <= (int32_t)query) & (ends >= (int32_t)stop);
    }
    first = (!hidden & (number < first)) ? number : first;
    last = hidden ? last : number;
    visible += hidden ? 0 : (vi)1;
  }
  const int64_t last_unit = __builtin_reduce_max(last);
  if (last_unit < 0) return no_keys;
  span.begin = __builtin_reduce_min(first) * KEY_UNIT;
  span.end = (last_unit + 1) * KEY_UNIT;
  span.gapless = __builtin_reduce_add(visible) * KEY_UNIT >= span.end - span.begin;
  while (span.begin < span.end && !first_visible(g, &span, query, stop)) span.begin += KEY_UNIT;
  while (span.begin < span.end && !last_visible(g, &span, query, stop)) span.end -= KEY_UNIT;
  if (span.begin == span.end) return no_keys;
  span.first -= span.first % SUM_KEYS;
  span.begin -= span.begin % KEY_STEP;
  span.end = round_up(span.end, KEY_STEP);
  return span;
}

/// The part of what rows see, `all`, that lies in [from, to), both whole steps.
static key_span part_of_span(const hf_attention_args *g, const hidden_runs *runs, int64_t query, int64_t rows, key_span all,
                             int64_t from, int64_t to) {
  if (!all.gapless) return visible_span(g, runs, query, rows, from, to);
  return (key_span){.begin = from > all.begin ? from : all.begin, .end = min64(to, all.end),
                    .first = from > all.first ? from : all.first, .last = min64(to, all.last), .gapless = true};
}

/// Whether each of the rows [query, stop) sees each key of a unit.
static bool shows_to_all(const hidden_runs *runs, int64_t unit, int64_t query, int64_t stop) {
  const int32_t *least = runs->least + unit, *most = runs->most + unit;
  return (stop <= least[0] || most[runs->units] <= query) && (stop <= least[2 * runs->units] || most[3 * runs->units] <= query);
}

/// What a block adds to the logits of the keys of `span`: `mask`, and −inf where no row sees a key, in `block_mask`. Where only some
/// rows do, the scores of the others become −inf; `scores` begins with the key span.begin. In both cases exp gives exactly 0. NULL where
/// there is nothing to add: `masks` says whether `mask` is anything but 0 for the real keys.
static const float *hide_keys(const hf_attention_args *g, const hidden_runs *runs, int64_t query, int64_t rows, key_span span,
                              const float *mask, bool masks, float *block_mask, float *scores, int64_t stride) {
  if (!g->hidden) return masks || span.end > g->keys ? mask + span.begin : NULL;
  const int64_t stop = query + rows;
  for (int64_t j = span.begin; j < span.end; j += LANES) {
    if (j >= g->keys || shows_to_all(runs, j / KEY_UNIT, query, stop)) {
      store(block_mask + j - span.begin, HF_F32, load(mask + j, HF_F32));
      continue;
    }
    vi ends[4];
    load_ends(g, j, ends);
    const vi all = hidden_from_all(ends, query, stop);
    vi some = (vi)0;
    UNROLL for (int run = 0; run < 4; run += 2)
      some |= (ends[run] < (int32_t)stop) & (ends[run + 1] > (int32_t)query) & (ends[run] < ends[run + 1]);
    store(block_mask + j - span.begin, HF_F32, all ? splat(-INFINITY) : load(mask + j, HF_F32));
    if (!__builtin_reduce_or(some & ~all)) continue;
    for (int64_t r = 0; r < rows; ++r) {
      const vi row = (vi)(int32_t)(query + r);
      const vi hidden = ((ends[0] <= row) & (row < ends[1])) | ((ends[2] <= row) & (row < ends[3]));
      float *s = scores + r * stride + j - span.begin;
      store(s, HF_F32, hidden ? splat(-INFINITY) : load(s, HF_F32));
    }
  }
  return block_mask;
}
