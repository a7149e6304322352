// Copies of strided matrices, conversions and transpositions among them.

/// Columns of x that are contiguous become rows of y that are: LANES × LANES elements at a time through registers.
INLINE void transpose_typed(int64_t rows, int64_t columns, const void *x, const hf_dtype x_type, int64_t x_col_stride, void *y,
                            const hf_dtype y_type, int64_t y_row_stride) {
  for (int64_t i = 0; i < rows; i += LANES) {
    for (int64_t j = 0; j < columns; j += LANES) {
      vu block[LANES];
      UNROLL for (int u = 0; u < LANES; ++u) {
        const void *line = element(x, x_type, (j + u) * x_col_stride + i);
        block[u] = j + u < columns ? (vu)load_first(line, x_type, rows - i) : (vu)0;
      }
      transpose(block);
      UNROLL for (int u = 0; u < LANES; ++u) {
        if (i + u < rows) store_first((void *)element(y, y_type, (i + u) * y_row_stride + j), y_type, columns - j, (vf)block[u]);
      }
    }
  }
}

static void transpose_matrix(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_col_stride, void *y,
                             hf_dtype y_type, int64_t y_row_stride) {
#define CASE(xt, yt)                 \
  if (x_type == xt && y_type == yt)  \
  transpose_typed(rows, columns, x, xt, x_col_stride, y, yt, y_row_stride)
  CASE(HF_F32, HF_F32);
  else CASE(HF_F32, HF_BF16);
  else CASE(HF_BF16, HF_F32);
  else CASE(HF_BF16, HF_BF16);
#undef CASE
}

static void copy_matrix(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, int64_t x_col_stride,
                        void *y, hf_dtype y_type, int64_t y_row_stride, int64_t y_col_stride) {
  if (x_col_stride == 1 && y_col_stride == 1) {
    for (int64_t i = 0; i < rows; ++i)
      convert_elements(columns, element(x, x_type, i * x_row_stride), x_type, (void *)element(y, y_type, i * y_row_stride), y_type);
  } else if (x_row_stride == 1 && y_col_stride == 1) {
    transpose_matrix(rows, columns, x, x_type, x_col_stride, y, y_type, y_row_stride);
  } else if (x_col_stride == 1 && y_row_stride == 1) {
    transpose_matrix(columns, rows, x, x_type, x_row_stride, y, y_type, y_col_stride);
  } else {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        const float value = load_scalar(element(x, x_type, i * x_row_stride + j * x_col_stride), x_type);
        store_scalar((void *)element(y, y_type, i * y_row_stride + j * y_col_stride), y_type, value);
      }
    }
  }
}
