// One instruction-set path: the table of functions that dispatch.c calls through.
//
// Each isa_*.c file compiles the sources in algorithms/ once, for one vector width and one set of instructions, and exports
// one such table. The algorithms are shared; a path differs only in the constants named in its isa_*.c file.

#ifndef HELIXFOLD_PATH_H
#define HELIXFOLD_PATH_H

#include "BlockCodec.h"
#include "CKernels.h"

typedef struct {
  hf_dtype bf16_operand;   // operand type in which this path multiplies activations stored as bf16
  int64_t column_unit;     // columns of a panel of the packed right operand
  int64_t key_unit;        // keys that attention skips together
  int64_t key_tile;        // keys of one tile of attention

  size_t (*gemm_packed_size)(hf_dtype operand_type, int64_t k, int64_t n);
  void (*gemm_pack)(hf_dtype operand_type, int64_t k, int64_t n, const void *b, hf_dtype b_type, int64_t row_stride,
                    int64_t col_stride, void *packed);
  size_t (*gemm_scratch_size)(hf_dtype operand_type, int64_t m, int64_t n, int64_t k);
  void (*gemm)(const hf_gemm_args *args, void *scratch);

  size_t (*attention_scratch_size)(int64_t keys, int64_t head_dim);
  void (*attention)(const hf_attention_args *args, int64_t query_begin, int64_t query_end, void *scratch);

  size_t (*attention_backward_scratch_size)(int64_t keys, int64_t head_dim);
  void (*attention_backward)(const hf_attention_backward_args *args, int64_t head_begin, int64_t head_end, int64_t query_begin,
                             int64_t query_end, void *scratch);

  void (*layer_norm)(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, const float *scale,
                     const float *offset, float eps, void *y, hf_dtype y_type, int64_t y_row_stride);
  void (*layer_norm_channels)(int64_t points, int64_t channels, const void *x, hf_dtype x_type, int64_t x_channel_stride,
                              const float *scale, const float *offset, float eps, void *y, hf_dtype y_type,
                              int64_t y_row_stride);
  void (*layer_norm_backward)(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride,
                              const void *dy, hf_dtype dy_type, int64_t dy_row_stride, const float *scale, float eps, float *dx,
                              int64_t dx_row_stride, float *dscale, float *doffset);
  void (*add_column_sums)(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, float *sums);
  void (*convert)(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type);
  void (*copy_matrix)(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, int64_t x_col_stride,
                      void *y, hf_dtype y_type, int64_t y_row_stride, int64_t y_col_stride);
  void (*add)(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type);
  void (*multiply)(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type);
  void (*relu_gradient)(int64_t n, const void *y, hf_dtype y_type, void *dy, hf_dtype dy_type);
  void (*sigmoid_gradient)(int64_t n, const void *y, hf_dtype y_type, void *dy, hf_dtype dy_type);
  void (*exp)(int64_t n, const float *x, float *y);
  void (*exp_coarse)(int64_t n, const float *x, float *y);
  void (*softmax)(int64_t rows, int64_t columns, float *x, int64_t row_stride);

  void (*block_encode)(hf_block_code code, int64_t n, const void *x, hf_dtype x_type, void *blocks);
  void (*block_decode)(hf_block_code code, int64_t n, const void *blocks, void *y, hf_dtype y_type);
  float (*e4m3_value)(uint8_t code);
  uint8_t (*e4m3_code)(float x);
} hf_path;

extern const hf_path hf_path_portable;
extern const hf_path hf_path_emulated_bf16;
extern const hf_path hf_path_emulated_amx;
extern const hf_path hf_path_emulated_neon;
#if defined(__aarch64__)
extern const hf_path hf_path_neon;
#endif
#if defined(__x86_64__)
extern const hf_path hf_path_avx2;
extern const hf_path hf_path_avx512;
extern const hf_path hf_path_avx512_bf16;
extern const hf_path hf_path_amx_bf16;
#endif

#endif
