// Layer norm: y = (x − mean) / sqrt(variance + eps) · scale + offset.
//
// Statistics take two passes in fp32: the mean first, then the mean of squared differences from it, which cannot cancel as
// E[x²] − E[x]² does. Each row is summed in LANES partial sums, so rounding grows with columns / LANES.

enum { NORM_GROUP = 8 };  // rows whose statistics are formed side by side

/// Σ over a row of x, or of (x − mean)² if `squares`.
INLINE float row_sum(const void *x, const hf_dtype type, int64_t columns, const bool squares, float mean) {
  vf sum[4] = {splat(0), splat(0), splat(0), splat(0)};
  int64_t j = 0;
  for (; j + 4 * LANES <= columns; j += 4 * LANES) {
    UNROLL for (int u = 0; u < 4; ++u) {
      vf v = load(element(x, type, j + u * LANES), type);
      if (squares) {
        v -= splat(mean);
        sum[u] = multiply_add(v, v, sum[u]);
      } else {
        sum[u] += v;
      }
    }
  }
  for (; j < columns; j += LANES) {
    vf v = load_first(element(x, type, j), type, columns - j);
    if (squares) {
      v -= splat(mean);
      if (columns - j < LANES) v = first_lanes(v, columns - j);
      sum[0] = multiply_add(v, v, sum[0]);
    } else {
      sum[0] += v;
    }
  }
  return sum_lanes((sum[0] + sum[2]) + (sum[1] + sum[3]));
}

INLINE void normalise_row(const void *x, const hf_dtype x_type, int64_t columns, const float *scale, const float *offset,
                          float mean, float rstd, void *y, const hf_dtype y_type) {
  const vf center = splat(mean), factor = splat(rstd);
  int64_t j = 0;
  for (; j + LANES <= columns; j += LANES) {
    vf v = (load(element(x, x_type, j), x_type) - center) * factor;
    v = multiply_add(v, load(scale + j, HF_F32), load(offset + j, HF_F32));
    store((void *)element(y, y_type, j), y_type, v);
  }
  if (j < columns) {
    const int64_t count = columns - j;
    vf v = (load_first(element(x, x_type, j), x_type, count) - center) * factor;
    v = multiply_add(v, load_first(scale + j, HF_F32, count), load_first(offset + j, HF_F32, count));
    store_first((void *)element(y, y_type, j), y_type, count, v);
  }
}

/// Mean and 1/σ of up to NORM_GROUP rows, one step of all before the next: their chains of dependent sums hide each other's latency.
INLINE void group_statistics(int64_t rows, int64_t columns, const void *x, const hf_dtype type, int64_t row_stride, float eps,
                             float *mean, float *rstd) {
  for (int64_t r = 0; r < rows; ++r)
    mean[r] = row_sum(element(x, type, r * row_stride), type, columns, false, 0) / (float)columns;
  for (int64_t r = 0; r < rows; ++r) {
    const float variance = row_sum(element(x, type, r * row_stride), type, columns, true, mean[r]) / (float)columns;
    rstd[r] = 1 / __builtin_sqrtf(variance + eps);
  }
}

/// Asks for the next rows, which may be columns of a larger tensor and far apart: the processor does not see that they will be read.
INLINE void prefetch_rows(int64_t rows, int64_t columns, const void *x, const hf_dtype type, int64_t row_stride) {
  for (int64_t r = 0; r < rows; ++r) {
    const char *row = element(x, type, r * row_stride);
    for (int64_t at = 0; at < columns * (int64_t)element_size(type); at += 64) __builtin_prefetch(row + at);
  }
}

INLINE void layer_norm_typed(int64_t rows, int64_t columns, const void *x, const hf_dtype x_type, int64_t x_row_stride,
                             const float *scale, const float *offset, float eps, void *y, const hf_dtype y_type,
                             int64_t y_row_stride) {
  for (int64_t i = 0; i < rows; i += NORM_GROUP) {
    float center[NORM_GROUP], factor[NORM_GROUP];
    const int64_t count = min64(NORM_GROUP, rows - i);
    prefetch_rows(min64(NORM_GROUP, rows - i - count), columns, element(x, x_type, (i + count) * x_row_stride), x_type, x_row_stride);
    group_statistics(count, columns, element(x, x_type, i * x_row_stride), x_type, x_row_stride, eps, center, factor);
    for (int64_t r = 0; r < count; ++r)
      normalise_row(element(x, x_type, (i + r) * x_row_stride), x_type, columns, scale, offset, center[r], factor[r],
                    (void *)element(y, y_type, (i + r) * y_row_stride), y_type);
  }
}

static void layer_norm(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, const float *scale,
                       const float *offset, float eps, void *y, hf_dtype y_type, int64_t y_row_stride) {
#define CASE(xt, yt)                   \
  if (x_type == xt && y_type == yt)    \
  layer_norm_typed(rows, columns, x, xt, x_row_stride, scale, offset, eps, y, yt, y_row_stride)
  CASE(HF_F32, HF_F32);
  else CASE(HF_F32, HF_BF16);
  else CASE(HF_BF16, HF_F32);
  else CASE(HF_BF16, HF_BF16);
#undef CASE
}

// MARK: - Channel-major

enum {
  POINT_BLOCK = 32,      // points at a time: a whole cache line of each channel even in bf16
  CHANNEL_LIMIT = 512,   // channels whose block fits on the stack (64 KiB)
};

/// Reads a block of points once into fp32 block[c][POINT_BLOCK], a cache line of each channel at a time (channels are far apart and
/// may share a cache set, so the source is not read again), and leaves mean and 1/σ of each point.
INLINE void gather_points(const void *x, const hf_dtype type, int64_t channels, int64_t channel_stride, int64_t count, float eps,
                          float *block, float *mean, float *rstd) {
  enum { WIDTH = POINT_BLOCK / LANES };
  vf sum[WIDTH], squares[WIDTH];
  UNROLL for (int w = 0; w < WIDTH; ++w) sum[w] = squares[w] = splat(0);
  for (int64_t c = 0; c < channels; ++c) {
    const void *line = element(x, type, c * channel_stride);
    UNROLL for (int w = 0; w < WIDTH; ++w) {
      const int64_t l = w * LANES;
      vf v = splat(0);
      if (count == POINT_BLOCK) v = load(element(line, type, l), type);
      else if (l < count) v = load_first(element(line, type, l), type, count - l);
      store(block + c * POINT_BLOCK + l, HF_F32, v);
      sum[w] += v;
    }
  }
  UNROLL for (int w = 0; w < WIDTH; ++w) sum[w] /= splat((float)channels);
  for (int64_t c = 0; c < channels; ++c) {
    UNROLL for (int w = 0; w < WIDTH; ++w) {
      const vf v = load(block + c * POINT_BLOCK + w * LANES, HF_F32) - sum[w];
      squares[w] = multiply_add(v, v, squares[w]);
    }
  }
  UNROLL for (int w = 0; w < WIDTH; ++w) {
    store(mean + w * LANES, HF_F32, sum[w]);
    const vf variance = squares[w] / splat((float)channels);
    store(rstd + w * LANES, HF_F32, splat(1) / __builtin_elementwise_sqrt(variance + splat(eps)));
  }
}

/// Channels [c, c + LANES) of points [l, l + LANES): normalised, turned and stored point-major.
INLINE void write_points(const float *block, int64_t channels, int64_t c, int64_t l, int64_t count, const float *mean,
                         const float *rstd, const float *scale, const float *offset, void *y, const hf_dtype y_type,
                         int64_t y_row_stride) {
  const vf center = load(mean + l, HF_F32), factor = load(rstd + l, HF_F32);
  vu turned[LANES];
  UNROLL for (int u = 0; u < LANES; ++u) {
    vf v = splat(0);
    if (c + u < channels) {
      v = (load(block + (c + u) * POINT_BLOCK + l, HF_F32) - center) * factor;
      v = multiply_add(v, splat(scale[c + u]), splat(offset[c + u]));
    }
    turned[u] = (vu)v;
  }
  transpose(turned);
  UNROLL for (int u = 0; u < LANES; ++u) {
    if (l + u < count)
      store_first((void *)element(y, y_type, (l + u) * y_row_stride + c), y_type, channels - c, (vf)turned[u]);
  }
}

INLINE void layer_norm_channels_typed(int64_t points, int64_t channels, const void *x, const hf_dtype x_type,
                                      int64_t x_channel_stride, const float *scale, const float *offset, float eps, void *y,
                                      const hf_dtype y_type, int64_t y_row_stride) {
  _Alignas(64) float block[POINT_BLOCK * CHANNEL_LIMIT], center[POINT_BLOCK], factor[POINT_BLOCK];
  for (int64_t i = 0; i < points; i += POINT_BLOCK) {
    const int64_t count = min64(POINT_BLOCK, points - i);
    gather_points(element(x, x_type, i), x_type, channels, x_channel_stride, count, eps, block, center, factor);
    for (int64_t c = 0; c < channels; c += LANES) {
      for (int64_t l = 0; l < count; l += LANES)
        write_points(block, channels, c, l, count, center, factor, scale, offset, (void *)element(y, y_type, i * y_row_stride),
                     y_type, y_row_stride);
    }
  }
}

/// More channels than a block holds (no network here has that many): point by point.
static void layer_norm_many_channels(int64_t points, int64_t channels, const void *x, hf_dtype x_type, int64_t x_channel_stride,
                                     const float *scale, const float *offset, float eps, void *y, hf_dtype y_type,
                                     int64_t y_row_stride) {
  for (int64_t i = 0; i < points; ++i) {
    float sum = 0, squares = 0;
    for (int64_t c = 0; c < channels; ++c) sum += load_scalar(element(x, x_type, c * x_channel_stride + i), x_type);
    const float center = sum / (float)channels;
    for (int64_t c = 0; c < channels; ++c) {
      const float v = load_scalar(element(x, x_type, c * x_channel_stride + i), x_type) - center;
      squares += v * v;
    }
    const float factor = 1 / __builtin_sqrtf(squares / (float)channels + eps);
    for (int64_t c = 0; c < channels; ++c) {
      const float v = (load_scalar(element(x, x_type, c * x_channel_stride + i), x_type) - center) * factor;
      store_scalar((void *)element(y, y_type, i * y_row_stride + c), y_type, v * scale[c] + offset[c]);
    }
  }
}

static void layer_norm_channels(int64_t points, int64_t channels, const void *x, hf_dtype x_type, int64_t x_channel_stride,
                                const float *scale, const float *offset, float eps, void *y, hf_dtype y_type,
                                int64_t y_row_stride) {
#define CALL(function, xt, yt) \
  function(points, channels, x, xt, x_channel_stride, scale, offset, eps, y, yt, y_row_stride)
#define CASE(xt, yt) \
  if (x_type == xt && y_type == yt) CALL(layer_norm_channels_typed, xt, yt)
  if (channels > CHANNEL_LIMIT) CALL(layer_norm_many_channels, x_type, y_type);
  else CASE(HF_F32, HF_F32);
  else CASE(HF_F32, HF_BF16);
  else CASE(HF_BF16, HF_F32);
  else CASE(HF_BF16, HF_BF16);
#undef CASE
#undef CALL
}
