// What happens to a finished tile of sums on its way to C: scale, biases, activation, masks, gate, residual, rounding.
// The arithmetic is always done in whole vectors with the same operations; only how C is reached differs, so an
// element's bits do not depend on the tile it is in.

/// Offset of column j in C.
INLINE int64_t column_offset(const hf_gemm_args *g, int64_t j) {
  if (g->c_block <= 0) return j * g->c_col_stride;
  return j / g->c_block * g->c_block_stride + j % g->c_block * g->c_col_stride;
}

/// Where LANES columns of one row stand in C.
typedef struct {
  bool whole;              // all lanes, contiguous
  int64_t offset;          // of the first
  int64_t j, count, row;   // else lane l at row + column_offset(j + l), l < count
} lanes_of_c;

/// LANES columns of row i of `mul` from column j.
INLINE vf load_factors(const hf_gemm_args *g, int64_t i, int64_t j, int64_t count) {
  const int64_t first = i * g->mul_row_stride + j * g->mul_col_stride;
  if (g->mul_col_stride == 1) return load_first(element(g->mul, g->mul_type, first), g->mul_type, count);
  float lanes[LANES] = {0};
  for (int64_t l = 0; l < min64(count, LANES); ++l)
    lanes[l] = load_scalar(element(g->mul, g->mul_type, first + l * g->mul_col_stride), g->mul_type);
  return load(lanes, HF_F32);
}

INLINE vf load_lanes(const hf_gemm_args *g, const void *base, hf_dtype type, lanes_of_c at) {
  if (at.whole) return load(element(base, type, at.offset), type);
  float lanes[LANES] = {0};
  for (int64_t l = 0; l < at.count; ++l)
    lanes[l] = load_scalar(element(base, type, at.row + column_offset(g, at.j + l)), type);
  return load(lanes, HF_F32);
}

INLINE void store_lanes(const hf_gemm_args *g, void *base, hf_dtype type, lanes_of_c at, vf v) {
  if (at.whole) {
    store((char *)base + at.offset * (int64_t)element_size(type), type, v);
    return;
  }
  float lanes[LANES];
  store(lanes, HF_F32, v);
  for (int64_t l = 0; l < at.count; ++l)
    store_scalar((void *)element(base, type, at.row + column_offset(g, at.j + l)), type, lanes[l]);
}

INLINE vf activate(hf_activation activation, vf v) {
  if (activation == HF_ACT_RELU) return v > splat(0) ? v : splat(0);
  if (activation == HF_ACT_SIGMOID) return sigmoid_vector(v);
  return v;
}

/// Rows [i, i + rows) of LANES columns from j: sums at s[r · stride]. `plain`: nothing but alpha and biases.
INLINE void finish_column_vector(const hf_gemm_args *g, const bool plain, const hf_dtype c_type, const bool whole,
                                 const float *s, int64_t stride, int64_t i, int64_t rows, int64_t j, int64_t count) {
  const vf alpha = splat(g->alpha);
  const vf bias_n = g->bias_n ? load_first(g->bias_n + j, HF_F32, count) : splat(0);
  const vf scale_n = g->scale_n ? load_first(g->scale_n + j, HF_F32, count) : splat(1);
  lanes_of_c at = {.whole = whole, .j = j, .count = count};
  const int64_t first = whole ? column_offset(g, j) : 0;
  for (int64_t r = 0; r < rows; ++r) {
    at.row = (i + r) * g->c_row_stride;
    at.offset = at.row + first;
    vf v = multiply_add(alpha, load(s + r * stride, HF_F32), bias_n);
    if (g->bias_m) v += splat(g->bias_m[i + r]);
    if (!plain) {
      v = activate(g->activation, v);
      if (g->scale_m) v *= splat(g->scale_m[i + r]);
      v *= scale_n;
      if (g->mul) v *= load_factors(g, i + r, j, count);
      if (g->accumulate) v += load_lanes(g, g->c, c_type, at);
    }
    store_lanes(g, g->c, c_type, at, v);
  }
}

/// Whether columns [j, j + count) are contiguous in C.
INLINE bool contiguous_columns(const hf_gemm_args *g, int64_t j, int64_t count) {
  return g->c_col_stride == 1 && (g->c_block <= 0 || j % g->c_block + count <= g->c_block);
}

/// Stores rows [i, i + rows) × columns [j, j + columns) of C from a tile of sums.
static void finish_tile(const hf_gemm_args *g, const float *tile, int64_t stride, int64_t i, int64_t rows, int64_t j,
                        int64_t columns) {
  const bool plain = g->activation == HF_ACT_NONE && !g->scale_m && !g->scale_n && !g->mul && !g->accumulate;
  for (int64_t v = 0; v < columns; v += LANES) {
    const int64_t count = min64(columns - v, LANES);
    const bool whole = count == LANES && contiguous_columns(g, j + v, LANES);
    const float *s = tile + v;
    if (!whole) {
      finish_column_vector(g, false, g->c_type, false, s, stride, i, rows, j + v, count);
    } else if (g->c_type == HF_BF16) {
      if (plain) finish_column_vector(g, true, HF_BF16, true, s, stride, i, rows, j + v, LANES);
      else finish_column_vector(g, false, HF_BF16, true, s, stride, i, rows, j + v, LANES);
    } else {
      if (plain) finish_column_vector(g, true, HF_F32, true, s, stride, i, rows, j + v, LANES);
      else finish_column_vector(g, false, HF_F32, true, s, stride, i, rows, j + v, LANES);
    }
  }
}
