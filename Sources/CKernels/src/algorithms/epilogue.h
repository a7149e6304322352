// What happens to a finished tile of sums on its way to C: scale, biases, activation, masks, gate, residual, rounding.
// The arithmetic is always done in whole vectors with the same operations; only how C is reached differs, so an
// element's bits do not depend on the tile it is in.

/// Offset of column j in C.
INLINE int64_t column_offset(const hf_gemm_args *g, int64_t j) {
  if (g->c_block <= 0) return j * g->c_col_stride;
  return j / g->c_block * g->c_block_stride + j % g->c_block * g->c_col_stride;
}

/// How many of the columns [j, j + count) follow one another in C before a block ends; 1 where columns are strided.
INLINE int64_t columns_in_run(const hf_gemm_args *g, int64_t j, int64_t count) {
  if (g->c_col_stride != 1) return 1;
  return g->c_block <= 0 ? count : min64(count, g->c_block - j % g->c_block);
}

/// Where LANES columns of one row stand in C.
typedef struct {
  bool whole;             // all lanes, contiguous
  int64_t offset;         // of the first
  int64_t j, count, row;  // else lane l at row + column_offset(j + l), l < count
} lanes_of_c;

/// LANES columns of row i of `mul` from column j.
INLINE vf load_factors(const hf_gemm_args *g, int64_t i, int64_t j, int64_t count) {
  const int64_t first = i * g->mul_row_stride + j * g->mul_col_stride;
  if (g->mul_col_stride == 1) {
    if (g->mul_type == HF_BF16) return load_first(element(g->mul, HF_BF16, first), HF_BF16, count);
    return load_first(element(g->mul, HF_F32, first), HF_F32, count);
  }
  float lanes[LANES] = {0};
  for (int64_t l = 0; l < min64(count, LANES); ++l)
    lanes[l] = load_scalar(element(g->mul, g->mul_type, first + l * g->mul_col_stride), g->mul_type);
  return load(lanes, HF_F32);
}

INLINE vf load_lanes(const hf_gemm_args *g, const void *base, hf_dtype type, lanes_of_c at) {
  if (at.whole) return load(element(base, type, at.offset), type);
  float lanes[LANES] = {0};
  for (int64_t l = 0, run; l < at.count; l += run) {
    run = columns_in_run(g, at.j + l, at.count - l);
    store_first(lanes + l, HF_F32, run, load_first(element(base, type, at.row + column_offset(g, at.j + l)), type, run));
  }
  return load(lanes, HF_F32);
}

INLINE void store_lanes(const hf_gemm_args *g, void *base, hf_dtype type, lanes_of_c at, vf v) {
  if (at.whole) {
    store((char *)base + at.offset * (int64_t)element_size(type), type, v);
    return;
  }
  float lanes[LANES];
  store(lanes, HF_F32, v);
  for (int64_t l = 0, run; l < at.count; l += run) {
    run = columns_in_run(g, at.j + l, at.count - l);
    store_first((void *)element(base, type, at.row + column_offset(g, at.j + l)), type, run, load_first(lanes + l, HF_F32, run));
  }
}

INLINE vf activate(hf_activation activation, vf v) {
  if (activation == HF_ACT_RELU) return v <= splat(0) ? splat(0) : v;  // keeps NaN
  if (activation == HF_ACT_SIGMOID) return sigmoid_vector(v);
  return v;
}

/// The parts of an epilogue that are worth code of their own.
typedef struct {
  hf_activation activation;
  bool multiplies, accumulates;
} finish_kind;

/// Rows [i, i + rows) of one vector of columns from j, or of two that are whole: sums at s[r · stride].
INLINE void finish_columns(const hf_gemm_args *g, const finish_kind kind, const hf_dtype c_type, const bool whole, const int vectors,
                           const float *s, int64_t stride, int64_t i, int64_t rows, int64_t j, int64_t count) {
  const vf alpha = splat(g->alpha);
  vf bias_n[2], scale_n[2];
  UNROLL for (int v = 0; v < vectors; ++v) {
    bias_n[v] = g->bias_n ? load_first(g->bias_n + j + v * LANES, HF_F32, count) : splat(0);
    scale_n[v] = g->scale_n ? load_first(g->scale_n + j + v * LANES, HF_F32, count) : splat(1);
  }
  const float *bias_m = g->bias_m, *scale_m = g->scale_m;
  const bool scales = g->scale_n != NULL;
  lanes_of_c at = {.whole = whole, .j = j, .count = count};
  const int64_t first = whole ? column_offset(g, j) : 0;
  for (int64_t r = 0; r < rows; ++r) {
    at.row = (i + r) * g->c_row_stride;
    vf x[2];
    UNROLL for (int v = 0; v < vectors; ++v) {
      at.offset = at.row + first + v * LANES;
      x[v] = multiply_add(alpha, load(s + r * stride + v * LANES, HF_F32), bias_n[v]);
      if (bias_m) x[v] += splat(bias_m[i + r]);
      x[v] = activate(kind.activation, x[v]);
      if (scale_m) x[v] *= splat(scale_m[i + r]);
      if (scales) x[v] *= scale_n[v];
      if (kind.multiplies) x[v] *= load_factors(g, i + r, j + v * LANES, count);
      if (kind.accumulates) x[v] += load_lanes(g, g->c, c_type, at);
    }
    at.offset = at.row + first;
    if (vectors == 1) {
      store_lanes(g, g->c, c_type, at, x[0]);
    } else if (c_type == HF_BF16) {
      store_pair_narrowed((uint16_t *)g->c + at.offset, x[0], x[1]);
    } else {
      store((float *)g->c + at.offset, HF_F32, x[0]);
      store((float *)g->c + at.offset + LANES, HF_F32, x[1]);
    }
  }
}

/// The same for whole vectors of C, the usual kinds with loops of their own.
INLINE void finish_whole_columns(const hf_gemm_args *g, const hf_dtype c_type, const int vectors, const float *s, int64_t stride,
                                 int64_t i, int64_t rows, int64_t j) {
#define KIND(act, mul, acc)                                                            \
  if (kind.activation == act && kind.multiplies == mul && kind.accumulates == acc)     \
  return finish_columns(g, (finish_kind){act, mul, acc}, c_type, true, vectors, s, stride, i, rows, j, LANES)
  const finish_kind kind = {g->activation, g->mul != NULL, g->accumulate};
  KIND(HF_ACT_NONE, false, false);
  KIND(HF_ACT_RELU, false, false);
  KIND(HF_ACT_SIGMOID, false, false);
  KIND(HF_ACT_NONE, true, false);
  KIND(HF_ACT_NONE, false, true);
  KIND(HF_ACT_NONE, true, true);
#undef KIND
  finish_columns(g, kind, c_type, true, vectors, s, stride, i, rows, j, LANES);
}

/// Whether columns [j, j + count) are contiguous in C.
INLINE bool contiguous_columns(const hf_gemm_args *g, int64_t j, int64_t count) {
  return g->c_col_stride == 1 && (g->c_block <= 0 || j % g->c_block + count <= g->c_block);
}

/// Stores rows [i, i + rows) × columns [j, j + columns) of C from a tile of sums. Two vectors at a time fill a cache line of bf16.
static void finish_tile(const hf_gemm_args *g, const float *tile, int64_t stride, int64_t i, int64_t rows, int64_t j,
                        int64_t columns) {
#define WHOLE(type, vectors) finish_whole_columns(g, type, vectors, tile + v, stride, i, rows, j + v)
  for (int64_t v = 0, width; v < columns; v += width) {
    const int64_t count = min64(columns - v, LANES);
    width = LANES;
    if (columns - v >= 2 * LANES && contiguous_columns(g, j + v, 2 * LANES)) {
      width = 2 * LANES;
      if (g->c_type == HF_BF16) WHOLE(HF_BF16, 2);
      else WHOLE(HF_F32, 2);
    } else if (count < LANES || !contiguous_columns(g, j + v, LANES)) {
      const finish_kind kind = {g->activation, g->mul != NULL, g->accumulate};
      finish_columns(g, kind, g->c_type, false, 1, tile + v, stride, i, rows, j + v, count);
    } else if (g->c_type == HF_BF16) {
      WHOLE(HF_BF16, 1);
    } else {
      WHOLE(HF_F32, 1);
    }
  }
#undef WHOLE
}
