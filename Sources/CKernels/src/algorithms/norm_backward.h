// Derivatives of layer norm and sums of columns. Rows are summed in order, so a caller that cuts them at constant places gets
// constant bits.

/// What the derivative of one row needs, and where it goes.
typedef struct {
  const void *x, *dy;
  const float *scale;
  float *dx, *dscale, *doffset;
  vf mean, rstd;
} norm_row;

/// Σ g and Σ g ⊙ x̂ over the first `count` of LANES columns from j; dscale and doffset are added to.
INLINE void add_norm_sums(const norm_row *r, const hf_dtype x_type, const hf_dtype dy_type, int64_t j, int64_t count, vf *sum,
                          vf *projection) {
  const vf upstream = load_first(element(r->dy, dy_type, j), dy_type, count);
  const vf normed = (load_first(element(r->x, x_type, j), x_type, count) - r->mean) * r->rstd;
  const vf g = upstream * load_first(r->scale + j, HF_F32, count);
  *sum += g;
  *projection = multiply_add(g, normed, *projection);
  store_first(r->dscale + j, HF_F32, count, multiply_add(upstream, normed, load_first(r->dscale + j, HF_F32, count)));
  store_first(r->doffset + j, HF_F32, count, load_first(r->doffset + j, HF_F32, count) + upstream);
}

INLINE void add_norm_gradient(const norm_row *r, const hf_dtype x_type, const hf_dtype dy_type, int64_t j, int64_t count, vf mean_g,
                              vf mean_projection) {
  const vf normed = (load_first(element(r->x, x_type, j), x_type, count) - r->mean) * r->rstd;
  const vf g = load_first(element(r->dy, dy_type, j), dy_type, count) * load_first(r->scale + j, HF_F32, count);
  const vf change = (g - mean_g - normed * mean_projection) * r->rstd;
  store_first(r->dx + j, HF_F32, count, load_first(r->dx + j, HF_F32, count) + change);
}

/// With x̂ = (x − mean) / σ and g = dy ⊙ scale: dx += (g − mean(g) − x̂ mean(g ⊙ x̂)) / σ; dscale += dy ⊙ x̂; doffset += dy.
INLINE void layer_norm_gradient_row(int64_t columns, const void *x, const hf_dtype x_type, const void *dy, const hf_dtype dy_type,
                                    const float *scale, float mean, float rstd, float *dx, float *dscale, float *doffset) {
  const norm_row row = {.x = x, .dy = dy, .scale = scale, .dx = dx, .dscale = dscale, .doffset = doffset, .mean = splat(mean),
                        .rstd = splat(rstd)};
  const int64_t whole = columns / LANES * LANES;
  vf sum = splat(0), projection = splat(0);
  for (int64_t j = 0; j < whole; j += LANES) add_norm_sums(&row, x_type, dy_type, j, LANES, &sum, &projection);
  if (whole < columns) add_norm_sums(&row, x_type, dy_type, whole, columns - whole, &sum, &projection);
  const vf mean_g = splat(sum_lanes(sum) / (float)columns), mean_projection = splat(sum_lanes(projection) / (float)columns);
  for (int64_t j = 0; j < whole; j += LANES) add_norm_gradient(&row, x_type, dy_type, j, LANES, mean_g, mean_projection);
  if (whole < columns) add_norm_gradient(&row, x_type, dy_type, whole, columns - whole, mean_g, mean_projection);
}

INLINE void layer_norm_backward_typed(int64_t rows, int64_t columns, const void *x, const hf_dtype x_type, int64_t x_row_stride,
                                      const void *dy, const hf_dtype dy_type, int64_t dy_row_stride, const float *scale, float eps,
                                      float *dx, int64_t dx_row_stride, float *dscale, float *doffset) {
  for (int64_t i = 0; i < rows; i += NORM_GROUP) {
    float mean[NORM_GROUP], rstd[NORM_GROUP];
    const int64_t count = min64(NORM_GROUP, rows - i);
    group_statistics(count, columns, element(x, x_type, i * x_row_stride), x_type, x_row_stride, eps, mean, rstd);
    for (int64_t r = 0; r < count; ++r) {
      layer_norm_gradient_row(columns, element(x, x_type, (i + r) * x_row_stride), x_type,
                              element(dy, dy_type, (i + r) * dy_row_stride), dy_type, scale, mean[r], rstd[r],
                              dx + (i + r) * dx_row_stride, dscale, doffset);
    }
  }
}

static void layer_norm_backward(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, const void *dy,
                                hf_dtype dy_type, int64_t dy_row_stride, const float *scale, float eps, float *dx,
                                int64_t dx_row_stride, float *dscale, float *doffset) {
#define CASE(xt, yt)                                                                                                        \
  if (x_type == xt && dy_type == yt)                                                                                        \
  layer_norm_backward_typed(rows, columns, x, xt, x_row_stride, dy, yt, dy_row_stride, scale, eps, dx, dx_row_stride, dscale, \
                            doffset)
  CASE(HF_F32, HF_F32);
  else CASE(HF_F32, HF_BF16);
  else CASE(HF_BF16, HF_F32);
  else CASE(HF_BF16, HF_BF16);
#undef CASE
}

/// sums[j] += Σ_i x[i, j] for one or four vectors of columns, kept in registers while the rows pass.
INLINE void add_columns(const int vectors, int64_t rows, const int64_t count, const void *x, const hf_dtype type, int64_t row_stride,
                        float *sums) {
  vf sum[4];
  UNROLL for (int v = 0; v < vectors; ++v) sum[v] = load_first(sums + v * LANES, HF_F32, count - v * LANES);
  for (int64_t i = 0; i < rows; ++i) {
    UNROLL for (int v = 0; v < vectors; ++v)
      sum[v] += load_first(element(x, type, i * row_stride + v * LANES), type, count - v * LANES);
  }
  UNROLL for (int v = 0; v < vectors; ++v) store_first(sums + v * LANES, HF_F32, count - v * LANES, sum[v]);
}

INLINE void add_column_sums_typed(int64_t rows, int64_t columns, const void *x, const hf_dtype type, int64_t row_stride,
                                  float *sums) {
  int64_t j = 0;
  for (; j + 4 * LANES <= columns; j += 4 * LANES)
    add_columns(4, rows, 4 * LANES, element(x, type, j), type, row_stride, sums + j);
  for (; j + LANES <= columns; j += LANES) add_columns(1, rows, LANES, element(x, type, j), type, row_stride, sums + j);
  if (j < columns) add_columns(1, rows, columns - j, element(x, type, j), type, row_stride, sums + j);
}

static void add_column_sums(int64_t rows, int64_t columns, const void *x, hf_dtype type, int64_t row_stride, float *sums) {
  if (type == HF_BF16) add_column_sums_typed(rows, columns, x, HF_BF16, row_stride, sums);
  else add_column_sums_typed(rows, columns, x, HF_F32, row_stride, sums);
}
