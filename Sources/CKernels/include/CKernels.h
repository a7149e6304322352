// The hot loops of helixfold. Single-threaded; each works only on the slice it is given. The only state is the chosen
// instruction-set path and per-thread scratch.
//
// Bits: an output element depends only on its own inputs and on constants of the path, never on how the
// caller cut rows or columns into calls. Sums are fp32; bfloat16 is storage (round to nearest even).
// Strides are in elements and non-negative. Matrices are row-major unless a stride says otherwise.

#ifndef HELIXFOLD_CKERNELS_H
#define HELIXFOLD_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Types and dispatch

typedef enum { HF_F32 = 0, HF_BF16 = 1 } hf_dtype;

/// Instruction-set paths, slowest first. `HF_ISA_AVX512_BF16` multiplies bfloat16 pairs with vdpbf16ps, `HF_ISA_AMX_BF16` tiles of them
/// with tdpbf16ps; every other path widens to fp32 and uses fused multiply-add.
typedef enum {
  HF_ISA_PORTABLE = 0,
  HF_ISA_NEON = 1,
  HF_ISA_AVX2 = 2,
  HF_ISA_AVX512 = 3,
  HF_ISA_AVX512_BF16 = 4,
  HF_ISA_AMX_BF16 = 5,
  /// For tests: the code of the two paths above with their instructions written out, on any processor. Never the best.
  HF_ISA_EMULATED_BF16 = 6,
  HF_ISA_EMULATED_AMX = 7,
  /// For tests: the tile of the NEON path on any processor.
  HF_ISA_EMULATED_NEON = 8,
} hf_isa;

/// Whether this machine can run `isa`.
bool hf_isa_available(hf_isa isa);
/// The best available path.
hf_isa hf_isa_best(void);
/// Chooses the path of all later calls; returns false (and changes nothing) if it is not available.
/// Call before any worker starts.
bool hf_isa_select(hf_isa isa);
/// The path in use (on the calling thread, if it has an override).
hf_isa hf_isa_current(void);
/// For tests: the path of all later calls of the calling thread, whatever the program has chosen. False if not available.
/// Packed operands of one path mean nothing to another.
bool hf_isa_override(hf_isa isa);
/// Ends the override of the calling thread.
void hf_isa_end_override(void);
/// "portable", "neon", "avx2", "avx512", "avx512-bf16", "amx-bf16", "emulated-bf16", "emulated-amx", "emulated-neon".
const char *hf_isa_name(hf_isa isa);
/// Denormals become zero on the calling thread (every worker calls this once).
void hf_flush_denormals(void);
/// 64-byte aligned memory of the calling thread, valid until it asks again or ends; NULL where the system refuses.
void *hf_thread_scratch(size_t bytes);
/// Tells the processor that the calling thread only looks at a variable again and again.
void hf_pause(void);
/// Ties the calling thread to the processor with that number among those that the process may use (modulo their count); false where
/// the system cannot. For measurements.
bool hf_pin_thread(int index);

// MARK: - Matrix product

/// Type in which the current path wants the operands of a product whose activations are stored as `storage`:
/// bf16 only where the path multiplies bf16 directly, fp32 elsewhere.
hf_dtype hf_gemm_operand_type(hf_dtype storage);

/// Bytes of a packed right operand [k, n] of `operand_type`.
size_t hf_gemm_packed_size(hf_dtype operand_type, int64_t k, int64_t n);

/// Packs B[k, n], element (p, j) at b[p * row_stride + j * col_stride], for hf_gemm.
/// Columns are independent: packing [k, n] at once or in column ranges starting at multiples of hf_gemm_column_unit() gives the same bytes.
void hf_gemm_pack(hf_dtype operand_type, int64_t k, int64_t n, const void *b, hf_dtype b_type, int64_t row_stride,
                  int64_t col_stride, void *packed);
/// Column granularity of the packed format.
int64_t hf_gemm_column_unit(void);

typedef enum { HF_ACT_NONE = 0, HF_ACT_RELU = 1, HF_ACT_SIGMOID = 2 } hf_activation;

/// C = epilogue(A · B): with s = Σ_p A[i,p] B[p,j] in fp32,
///   v = alpha * s;  v += bias_n[j];  v += bias_m[i];  v = activation(v);  v *= scale_m[i];  v *= scale_n[j];
///   v *= mul[i,j];  v += accumulate ? C[i,j] : 0;  C[i,j] = round(v)
/// `mul` has strides of its own: 0 repeats a row or a column. Optional pointers may be NULL.
/// Column j of C stands at (j / c_block) * c_block_stride + (j % c_block) * c_col_stride when c_block > 0, else at j * c_col_stride.
/// Blocks may have any width; vectors within one are stored whole. A and C must not overlap.
typedef struct {
  int64_t m, n, k;
  const void *a;
  hf_dtype a_type;
  int64_t a_row_stride, a_col_stride;
  hf_dtype operand_type;
  const void *b_packed;
  void *c;
  hf_dtype c_type;
  int64_t c_row_stride, c_col_stride, c_block, c_block_stride;
  float alpha;
  const float *bias_n, *bias_m;
  hf_activation activation;
  const float *scale_m, *scale_n;
  const void *mul;
  hf_dtype mul_type;
  int64_t mul_row_stride, mul_col_stride;
  bool accumulate;
} hf_gemm_args;

/// Scratch bytes that hf_gemm needs for these sizes (64-byte aligned memory).
size_t hf_gemm_scratch_size(hf_dtype operand_type, int64_t m, int64_t n, int64_t k);
void hf_gemm(const hf_gemm_args *args, void *scratch);

// MARK: - Attention

/// Gated multi-head attention with pair bias and key mask for one batch element, O(keys) memory:
///   l_ij = scale * q_i·k_j + bias[h,i,j] + 1e9 * (key_mask[j] - 1);  o_i = Σ_j softmax_j(l_ij) v_j;  out = o ⊙ sigmoid(gate)
/// Head h of q, k, v, gate and out starts at column h * head_dim. Keys are visited in fixed tiles with online softmax.
/// A row whose keys are all masked averages all keys (as AlphaFold2 in fp32).
typedef struct {
  int64_t queries, keys, heads, head_dim;
  hf_dtype type;                                  // of q, k, v, gate, out
  const void *q, *k, *v;
  int64_t q_row_stride, k_row_stride, v_row_stride;
  const void *bias;                               // [heads, queries, keys] or NULL
  hf_dtype bias_type;
  int64_t bias_head_stride, bias_row_stride;
  const float *key_mask;                          // [keys] or NULL
  const int32_t *hidden;                          // [4, keys] or NULL: queries [h0, h1) and [h2, h3) do not see a key
  bool visits_hidden;                             // for tests: computes also what no query of a block sees
  const void *gate;                               // logits before the sigmoid, or NULL
  int64_t gate_row_stride;
  void *out;
  int64_t out_row_stride;
  float scale;
} hf_attention_args;

/// Keys that attention skips together where no query of a block sees one of them.
int64_t hf_attention_key_unit(void);
/// Keys of one tile of attention, whose sums are made one after the other.
int64_t hf_attention_key_tile(void);
size_t hf_attention_scratch_size(int64_t keys, int64_t head_dim);
/// All heads, queries in [query_begin, query_end).
void hf_attention(const hf_attention_args *args, int64_t query_begin, int64_t query_end, void *scratch);

/// Backward pass of `forward` for one batch element, which is computed again in scratch linear in `keys`.
/// dX is the gradient of X; q, k, v and gate gradients are stored, that of the bias is added to. Where no key is visible, logits are
/// constant: dq, dk and dbias are zero.
typedef struct {
  hf_attention_args forward;                      // `out` is written unless NULL
  const void *dout;                               // all gradients are of forward.type unless another type stands here
  int64_t dout_row_stride;
  void *dq, *dk, *dv, *dgate;                     // dgate only with a gate
  int64_t dq_row_stride, dk_row_stride, dv_row_stride, dgate_row_stride;
  hf_dtype key_type;                              // of dk and dv
  float *dbias;                                   // [heads, queries, keys] or NULL
  int64_t dbias_head_stride, dbias_row_stride;
} hf_attention_backward_args;

size_t hf_attention_backward_scratch_size(int64_t keys, int64_t head_dim);
/// Heads in [head_begin, head_end), queries in [query_begin, query_end); dk and dv receive the sum over these queries. A query's
/// numbers do not depend on the range; sums over queries are made in blocks from its start.
void hf_attention_backward(const hf_attention_backward_args *args, int64_t head_begin, int64_t head_end, int64_t query_begin,
                           int64_t query_end, void *scratch);

// MARK: - Normalisation and elementwise

/// y[i,:] = (x[i,:] - mean) / sqrt(var + eps) * scale + offset over `columns`, statistics in fp32 in two passes.
/// x and y may be the same memory when types and strides agree.
void hf_layer_norm(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, const float *scale,
                   const float *offset, float eps, void *y, hf_dtype y_type, int64_t y_row_stride);

/// Layer norm over the first axis of a channel-major slice: x[c, i] at x[c * x_channel_stride + i], i < points;
/// writes y[i, c] row-major (y_row_stride), so that channel-major products feed a projection without a transposition pass.
void hf_layer_norm_channels(int64_t points, int64_t channels, const void *x, hf_dtype x_type, int64_t x_channel_stride,
                            const float *scale, const float *offset, float eps, void *y, hf_dtype y_type, int64_t y_row_stride);

/// Derivative of hf_layer_norm, which is computed again: dx, dscale and doffset ([columns]) are added to, rows in order.
void hf_layer_norm_backward(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, const void *dy,
                            hf_dtype dy_type, int64_t dy_row_stride, const float *scale, float eps, float *dx,
                            int64_t dx_row_stride, float *dscale, float *doffset);
/// sums[j] += Σ_i x[i, j], rows in order.
void hf_add_column_sums(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, float *sums);

void hf_convert(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type);
/// y[i, j] = x[i, j], converted: element (i, j) at i * row_stride + j * col_stride. Fast where rows or columns are contiguous in
/// either, be it a transposition. x and y must not overlap.
void hf_copy_matrix(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, int64_t x_col_stride,
                    void *y, hf_dtype y_type, int64_t y_row_stride, int64_t y_col_stride);
/// y += x
void hf_add(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type);
/// y *= x
void hf_multiply(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type);
/// dy *= f'(x), where y = f(x) is given
void hf_relu_gradient(int64_t n, const void *y, hf_dtype y_type, void *dy, hf_dtype dy_type);
void hf_sigmoid_gradient(int64_t n, const void *y, hf_dtype y_type, void *dy, hf_dtype dy_type);
/// The exponential of every kernel, by itself so that its bound can be tested: y = exp(x), relative error bound stated with the implementation; x ≤ -87.3 gives 0, x ≥ 88.7 gives +inf.
void hf_exp(int64_t n, const float *x, float *y);
/// The same of attention in bf16: y = exp(x) for x ≤ 0, relative error bound stated with the implementation; x ≤ -87.3 gives 0.
void hf_exp_coarse(int64_t n, const float *x, float *y);
/// Rows of softmax in place; a row of -inf becomes zeros.
void hf_softmax(int64_t rows, int64_t columns, float *x, int64_t row_stride);

#ifdef __cplusplus
}
#endif

#include "BlockCodec.h"

#endif
