// Loops over whole buffers: conversions, sums and products of two, slopes, exp and softmax. Arithmetic is fp32 whatever the storage.

// `body` for each vector of [0, n), compiled for each pair of types: x is vector i of x, `y_at` and `count` say where its result goes.
#define ELEMENTS(n, x, x_type, y, y_type, body)                                            \
  do {                                                                                     \
    if (x_type == HF_F32 && y_type == HF_F32) ELEMENTS_TYPED(n, x, HF_F32, y, HF_F32, body)  \
    else if (x_type == HF_F32) ELEMENTS_TYPED(n, x, HF_F32, y, HF_BF16, body)              \
    else if (y_type == HF_F32) ELEMENTS_TYPED(n, x, HF_BF16, y, HF_F32, body)              \
    else ELEMENTS_TYPED(n, x, HF_BF16, y, HF_BF16, body)                                   \
  } while (0)
#define ELEMENTS_TYPED(n, x, xt, y, yt, body)                                                      \
  {                                                                                                \
    int64_t i = 0;                                                                                 \
    for (; i + LANES <= n; i += LANES)                                                             \
      store((void *)element(y, yt, i), yt, body(load(element(x, xt, i), xt), load(element(y, yt, i), yt)));       \
    if (i < n)                                                                                     \
      store_first((void *)element(y, yt, i), yt, n - i,                                            \
                  body(load_first(element(x, xt, i), xt, n - i), load_first(element(y, yt, i), yt, n - i)));      \
  }

INLINE vf keep_first(vf x, vf y) { (void)y; return x; }
INLINE vf add_vectors(vf x, vf y) { return y + x; }
INLINE vf multiply_vectors(vf x, vf y) { return y * x; }
INLINE vf where_positive(vf x, vf y) { return x <= splat(0) ? splat(0) : y; }
INLINE vf times_sigmoid_slope(vf x, vf y) { return y * (x * (splat(1) - x)); }
INLINE vf exp_of_first(vf x, vf y) { (void)y; return exp_vector(x); }
INLINE vf exp_coarse_of_first(vf x, vf y) { (void)y; exp_nonpositive_coarse_each(1, &x); return x; }

static void convert_elements(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type) {
  ELEMENTS(n, x, x_type, y, y_type, keep_first);
}
static void add_elements(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type) {
  ELEMENTS(n, x, x_type, y, y_type, add_vectors);
}
static void multiply_elements(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type) {
  ELEMENTS(n, x, x_type, y, y_type, multiply_vectors);
}
static void relu_gradient_elements(int64_t n, const void *y, hf_dtype y_type, void *dy, hf_dtype dy_type) {
  ELEMENTS(n, y, y_type, dy, dy_type, where_positive);
}
static void sigmoid_gradient_elements(int64_t n, const void *y, hf_dtype y_type, void *dy, hf_dtype dy_type) {
  ELEMENTS(n, y, y_type, dy, dy_type, times_sigmoid_slope);
}
static void exp_elements(int64_t n, const float *x, float *y) {
  ELEMENTS_TYPED(n, x, HF_F32, y, HF_F32, exp_of_first)
}
static void exp_coarse_elements(int64_t n, const float *x, float *y) {
  ELEMENTS_TYPED(n, x, HF_F32, y, HF_F32, exp_coarse_of_first)
}

/// The row maximum is subtracted first, so every exponent is ≤ 0 and nothing overflows. A row of −inf has no finite maximum; −FLT_MAX
/// takes its place, every term is exp(−inf) = 0 and the row stays zero.
static void softmax_rows(int64_t rows, int64_t columns, float *x, int64_t row_stride) {
  for (int64_t i = 0; i < rows; ++i) {
    float *row = x + i * row_stride;
    float top = -FLT_MAX;
    vf tops = splat(top);
    int64_t j = 0;
    for (; j + LANES <= columns; j += LANES) tops = larger(load(row + j, HF_F32), tops);
    for (; j < columns; ++j) top = row[j] > top ? row[j] : top;
    const float widest = largest_lane(tops);
    const vf highest = splat(widest > top ? widest : top);
    vf sums = splat(0);
    for (j = 0; j < columns; j += LANES) {
      const int64_t count = columns - j;
      vf e = exp_nonpositive(load_first(row + j, HF_F32, count) - highest);
      if (count < LANES) e = first_lanes(e, count);
      sums += e;
      store_first(row + j, HF_F32, count, e);
    }
    const float sum = sum_lanes(sums);
    const vf factor = splat(sum > 0 ? 1 / sum : 0);
    for (j = 0; j < columns; j += LANES)
      store_first(row + j, HF_F32, columns - j, load_first(row + j, HF_F32, columns - j) * factor);
  }
}
