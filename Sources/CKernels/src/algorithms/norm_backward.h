// Derivatives of layer norm and sums of columns. Rows are summed in order, so a caller that cuts them at constant places gets
// constant bits.

/// With x̂ = (x − mean) / σ and g = dy ⊙ scale: dx += (g − mean(g) − x̂ mean(g ⊙ x̂)) / σ; dscale += dy ⊙ x̂; doffset += dy.
INLINE void layer_norm_gradient_row(int64_t columns, const void *x, const hf_dtype x_type, const void *dy, const hf_dtype dy_type,
                                    const float *scale, float eps, float *dx, float *dscale, float *doffset) {
  const float mean = row_sum(x, x_type, columns, false, 0) / (float)columns;
  const float variance = row_sum(x, x_type, columns, true, mean) / (float)columns;
  const float rstd = 1 / __builtin_sqrtf(variance + eps);
  vf sum = splat(0), projection = splat(0);
  for (int64_t j = 0; j < columns; j += LANES) {
    const int64_t count = columns - j;
    const vf upstream = load_first(element(dy, dy_type, j), dy_type, count);
    const vf normed = (load_first(element(x, x_type, j), x_type, count) - splat(mean)) * splat(rstd);
    const vf g = upstream * load_first(scale + j, HF_F32, count);
    sum += g;
    projection = multiply_add(g, normed, projection);
    store_first(dscale + j, HF_F32, count, multiply_add(upstream, normed, load_first(dscale + j, HF_F32, count)));
    store_first(doffset + j, HF_F32, count, load_first(doffset + j, HF_F32, count) + upstream);
  }
  const vf mean_g = splat(sum_lanes(sum) / (float)columns), mean_projection = splat(sum_lanes(projection) / (float)columns);
  for (int64_t j = 0; j < columns; j += LANES) {
    const int64_t count = columns - j;
    const vf normed = (load_first(element(x, x_type, j), x_type, count) - splat(mean)) * splat(rstd);
    vf g = load_first(element(dy, dy_type, j), dy_type, count) * load_first(scale + j, HF_F32, count);
    g = (g - mean_g - normed * mean_projection) * splat(rstd);
    store_first(dx + j, HF_F32, count, load_first(dx + j, HF_F32, count) + g);
  }
}

static void layer_norm_backward(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, const void *dy,
                                hf_dtype dy_type, int64_t dy_row_stride, const float *scale, float eps, float *dx,
                                int64_t dx_row_stride, float *dscale, float *doffset) {
  for (int64_t i = 0; i < rows; ++i) {
    const void *x_row = element(x, x_type, i * x_row_stride), *dy_row = element(dy, dy_type, i * dy_row_stride);
    float *dx_row = dx + i * dx_row_stride;
#define CASE(xt, yt)                  \
  if (x_type == xt && dy_type == yt)  \
  layer_norm_gradient_row(columns, x_row, xt, dy_row, yt, scale, eps, dx_row, dscale, doffset)
    CASE(HF_F32, HF_F32);
    else CASE(HF_F32, HF_BF16);
    else CASE(HF_BF16, HF_F32);
    else CASE(HF_BF16, HF_BF16);
#undef CASE
  }
}

/// sums[j] += Σ_i x[i, j] for one or four vectors of columns, kept in registers while the rows pass.
INLINE void add_columns(const int vectors, int64_t rows, int64_t count, const void *x, const hf_dtype type, int64_t row_stride,
                        float *sums) {
  vf sum[4];
  UNROLL for (int v = 0; v < vectors; ++v) sum[v] = load_first(sums + v * LANES, HF_F32, count - v * LANES);
  for (int64_t i = 0; i < rows; ++i) {
    UNROLL for (int v = 0; v < vectors; ++v)
      sum[v] += load_first(element(x, type, i * row_stride + v * LANES), type, count - v * LANES);
  }
  UNROLL for (int v = 0; v < vectors; ++v) store_first(sums + v * LANES, HF_F32, count - v * LANES, sum[v]);
}

static void add_column_sums(int64_t rows, int64_t columns, const void *x, hf_dtype type, int64_t row_stride, float *sums) {
#define CASE(vectors)                                                                                                    \
  for (; columns - j >= ((vectors) > 1 ? (vectors) * LANES : 1); j += (vectors) * LANES) {                               \
    if (type == HF_BF16) add_columns(vectors, rows, columns - j, element(x, HF_BF16, j), HF_BF16, row_stride, sums + j); \
    else add_columns(vectors, rows, columns - j, element(x, HF_F32, j), HF_F32, row_stride, sums + j);                   \
  }
  int64_t j = 0;
  CASE(4)
  CASE(1)
#undef CASE
}
