// Layer norm both ways with its derivatives, sums of columns, softmax, and copies of strided matrices.

#include "sweep.h"

#include <math.h>

static const float eps = 1e-5f;

typedef struct {
  double mean, rstd;
} statistics;

/// Of `count` elements, `stride` apart.
static statistics statistics_of(const buffer *x, int64_t first, int64_t count, int64_t stride) {
  statistics s = {0, 0};
  double variance = 0;
  for (int64_t j = 0; j < count; ++j) s.mean += get(x, first + j * stride);
  s.mean /= (double)count;
  for (int64_t j = 0; j < count; ++j) variance += pow(get(x, first + j * stride) - s.mean, 2);
  s.rstd = 1 / sqrt(variance / (double)count + eps);
  return s;
}

/// A value near 3 carries one rounding of 2⁻²² from its mean, which 1/σ magnifies; sums over columns add theirs.
static double norm_bound(int64_t columns, hf_dtype type, double y, double rstd) {
  return (4 + (double)columns / 4) * 0x1p-22 * fmax(rstd, 1) * (1 + rstd / 4) + rounding(type) * fabs(y);
}

static buffer near_three(int64_t count, hf_dtype type, float spread, numbers *from) {
  buffer x = random_values(count, type, from);
  for (int64_t i = 0; i < count; ++i) set(&x, i, spread * get(&x, i) + 3);
  return x;
}

static void norm(int columns, hf_dtype xt, hf_dtype yt, numbers *from) {
  begin_case("layer norm", columns % 4, "%d %d%d", columns, xt, yt);
  const int rows = 11, stride = columns + 3;
  const buffer x = near_three(rows * stride, xt, 1, from), scale = random_values(columns, HF_F32, from);
  const buffer offset = random_values(columns, HF_F32, from);
  buffer y = filled(rows * stride, yt, -7), cut = copy_of(&y);
  hf_layer_norm(rows, columns, x.data, xt, stride, floats(&scale), floats(&offset), eps, y.data, yt, stride);
  for (int i = 0; i < rows; ++i) {
    const statistics s = statistics_of(&x, i * stride, columns, 1);
    for (int j = 0; j < columns; ++j) {
      const double expected = (get(&x, i * stride + j) - s.mean) * s.rstd * get(&scale, j) + get(&offset, j);
      check(get(&y, i * stride + j), expected, norm_bound(columns, yt, expected, s.rstd));
    }
    demand(get(&y, i * stride + columns) == -7, "gaps between rows stay");
    hf_layer_norm(1, columns, x.data + i * stride * (xt == HF_BF16 ? 2 : 4), xt, stride, floats(&scale), floats(&offset), eps,
                  cut.data + i * stride * (yt == HF_BF16 ? 2 : 4), yt, stride);
  }
  demand_same(&cut, &y, "rows may be cut anywhere");
  result(&y);
  end_case();
}

static void norm_channels(int points, int channels, hf_dtype xt, hf_dtype yt, numbers *from) {
  begin_case("layer norm channels", points % 4, "%d %d %d%d", points, channels, xt, yt);
  const int channel_stride = points + 5, row_stride = channels + 2;
  const buffer x = near_three(channels * channel_stride, xt, 1, from), scale = random_values(channels, HF_F32, from);
  const buffer offset = random_values(channels, HF_F32, from);
  buffer y = filled(points * row_stride, yt, -7);
  hf_layer_norm_channels(points, channels, x.data, xt, channel_stride, floats(&scale), floats(&offset), eps, y.data, yt,
                         row_stride);
  for (int i = 0; i < points; ++i) {
    const statistics s = statistics_of(&x, i, channels, channel_stride);
    for (int c = 0; c < channels; ++c) {
      const double expected = (get(&x, c * channel_stride + i) - s.mean) * s.rstd * get(&scale, c) + get(&offset, c);
      check(get(&y, i * row_stride + c), expected, norm_bound(4 * channels, yt, expected, s.rstd));
    }
    demand(get(&y, i * row_stride + channels) == -7, "gaps between rows stay");
  }
  result(&y);
  end_case();
}

static void norm_backward(int columns, hf_dtype xt, hf_dtype gt, numbers *from) {
  begin_case("layer norm backward", columns % 4, "%d %d%d", columns, xt, gt);
  const int rows = 3, stride = columns + 2;
  const buffer x = near_three(rows * stride, xt, 2, from), dy = random_values(rows * stride, gt, from);
  const buffer scale = random_values(columns, HF_F32, from);
  buffer dx = filled(rows * stride, HF_F32, 0.5f), dscale = filled(columns, HF_F32, 1), doffset = filled(columns, HF_F32, -1);
  hf_layer_norm_backward(rows, columns, x.data, xt, stride, dy.data, gt, stride, floats(&scale), eps, floats(&dx), stride,
                         floats(&dscale), floats(&doffset));
  double *scale_sums = scratch((size_t)columns * 2 * sizeof *scale_sums), *offset_sums = scale_sums + columns, widest = 0;
  for (int j = 0; j < columns; ++j) scale_sums[j] = 1, offset_sums[j] = -1;
  for (int i = 0; i < rows; ++i) {
    const statistics s = statistics_of(&x, i * stride, columns, 1);
    double mean = 0, projection = 0;
    for (int j = 0; j < columns; ++j) {
      const double normed = (get(&x, i * stride + j) - s.mean) * s.rstd, up = get(&dy, i * stride + j);
      mean += up * get(&scale, j) / columns, projection += up * get(&scale, j) * normed / columns;
      scale_sums[j] += up * normed, offset_sums[j] += up;
    }
    const double unit = (10 + columns / 4.0) * 0x1p-22 * fmax(1, s.rstd * s.rstd);
    widest = fmax(widest, unit);
    for (int j = 0; j < columns; ++j) {
      const double normed = (get(&x, i * stride + j) - s.mean) * s.rstd, g = get(&dy, i * stride + j) * (double)get(&scale, j);
      check(get(&dx, i * stride + j), 0.5 + (g - mean - normed * projection) * s.rstd, 2 * unit);
    }
    demand(get(&dx, i * stride + columns) == 0.5f, "gaps between rows stay");
  }
  for (int j = 0; j < columns; ++j) {
    check(get(&dscale, j), scale_sums[j], 4 * widest);
    check(get(&doffset, j), offset_sums[j], 4 * widest);
  }
  result(&dx), result(&dscale), result(&doffset);
  end_case();
}

/// Sums are made row by row in fp32, so every bit is known.
static void column_sums(int columns, hf_dtype type, numbers *from) {
  begin_case("column sums", columns % 4, "%d %d", columns, type);
  const int rows = 5, stride = columns + 1;
  const buffer x = random_values(rows * stride, type, from);
  buffer sums = filled(columns, HF_F32, 2);
  hf_add_column_sums(rows, columns, x.data, type, stride, floats(&sums));
  for (int j = 0; j < columns; ++j) {
    volatile float sum = 2;
    for (int i = 0; i < rows; ++i) sum += get(&x, i * stride + j);
    check(get(&sums, j), sum, 0);
  }
  result(&sums);
  end_case();
}

static void softmax(int columns, numbers *from) {
  begin_case("softmax", columns % 4, "%d", columns);
  const int stride = columns + 2;
  buffer x = random_values(4 * stride, HF_F32, from);
  for (int j = 0; j < 4 * stride; ++j) set(&x, j, 8 * get(&x, j));
  for (int j = 0; j < columns; ++j) set(&x, stride + j, -INFINITY);
  for (int j = 1; j < columns; ++j) set(&x, 3 * stride + j, -1e9f);
  const buffer logits = copy_of(&x);
  hf_softmax(4, columns, floats(&x), stride);
  for (int i = 0; i < 4; ++i) {
    double sum = 0;
    for (int j = 0; j < columns; ++j) sum += exp(get(&logits, i * stride + j));
    for (int j = 0; j < columns; ++j) {
      const double expected = sum > 0 ? exp(get(&logits, i * stride + j)) / sum : 0;
      check(get(&x, i * stride + j), expected, (columns * 0x1p-24 + 2e-6) * expected);
    }
    demand(get(&x, i * stride + columns) == get(&logits, i * stride + columns), "gaps between rows stay");
  }
  result(&x);
  end_case();
}

/// A row that holds a NaN or an infinity is NaN in norms, and no other is.
static void not_finite(void) {
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (int b = 0; b < 3; ++b) {
    begin_case("layer norm", b, "not finite %d", b);
    buffer x = filled(3 * 21, HF_F32, 1), y = filled(3 * 21, HF_F32, 0);
    const buffer ones = filled(21, HF_F32, 1);
    for (int j = 0; j < 63; ++j) set(&x, j, (float)(j % 5));
    set(&x, 21 + 20, bad[b]);
    hf_layer_norm(3, 21, x.data, HF_F32, 21, floats(&ones), floats(&ones), eps, y.data, HF_F32, 21);
    for (int j = 0; j < 63; ++j) demand(isnan(get(&y, j)) == (j / 21 == 1), "one row is NaN");
    result(&y);
    end_case();
  }
}

static void copies(numbers *from) {
  const int shapes[6][2] = {{1, 1}, {3, 40}, {16, 16}, {17, 5}, {33, 70}, {64, 1}};
  for (int s = 0; s < 6; ++s) {
    const int rows = shapes[s][0], columns = shapes[s][1];
    const int strides[3][2] = {{columns + 3, 1}, {1, rows + 2}, {2 * columns, 2}};
    for (int pair = 0; pair < 4 * 9; ++pair) {
      const hf_dtype xt = type_pairs[pair % 4][0], yt = type_pairs[pair % 4][1];
      const int *a = strides[pair / 4 % 3], *b = strides[pair / 12];
      begin_case("copy", pair % 3, "%d×%d %d", rows, columns, pair);
      buffer x = random_values((rows - 1) * a[0] + (columns - 1) * a[1] + 1, xt, from);
      if (rows * columns > 10) set(&x, a[0] + a[1], NAN), set(&x, a[0], -INFINITY), set(&x, a[1], 1e-40f);
      buffer y = filled((rows - 1) * b[0] + (columns - 1) * b[1] + 1, yt, 7), expected = copy_of(&y);
      hf_copy_matrix(rows, columns, x.data, xt, a[0], a[1], y.data, yt, b[0], b[1]);
      // Paths with products of pairs take denormals for zeros when they store bf16.
      const bool flushes = hf_gemm_operand_type(HF_BF16) == HF_BF16 && yt == HF_BF16;
      for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < columns; ++j) {
          const float one = get(&x, i * a[0] + j * a[1]);
          set(&expected, i * b[0] + j * b[1], flushes && fabsf(one) < 0x1p-126f ? copysignf(0, one) : one);
        }
      }
      demand_same(&y, &expected, "every element is copied and converted, and nothing else written");
      moved(&y);
      end_case();
    }
  }
}

void sweep_rows(void) {
  numbers from = seeded(3);
  const int wide[] = {256, 384};
  for (int s = 0; s < SIZES + 2; ++s) {
    const int columns = s < SIZES ? sizes[s] : wide[s - SIZES];
    for (int pair = 0; pair < 4; ++pair) {
      norm(columns, type_pairs[pair][0], type_pairs[pair][1], &from);
      norm_channels(columns, sizes[(SIZES + 4 - s) % SIZES], type_pairs[pair][0], type_pairs[pair][1], &from);
      norm_backward(columns, type_pairs[pair][0], type_pairs[pair][1], &from);
    }
    column_sums(columns, HF_F32, &from);
    column_sums(columns, HF_BF16, &from);
    softmax(columns, &from);
  }
  norm_channels(5, 600, HF_F32, HF_BF16, &from);
  norm_channels(40, 512, HF_BF16, HF_F32, &from);
  not_finite();
  copies(&from);
}
