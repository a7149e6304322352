// Speed of the kernels on the shapes of the network, one thread: GFLOP/s and share of the measured register peak.

#include "CKernels.h"
#include "timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double peak;

static void report(const char *what, const char *storage, timing t, double operations) {
  printf("%-34s %-5s %9.3f ms  %6.1f GFLOP/s (median %6.1f)", what, storage, t.best * 1e3, operations / t.best * 1e-9,
         operations / t.median * 1e-9);
  if (peak > 0) printf("  %3.0f %% of peak", 100 * operations / t.best / peak);
  printf("\n");
}

static const char *name_of(hf_dtype type) { return type == HF_BF16 ? "bf16" : "fp32"; }

// MARK: - Matrix products

typedef struct {
  hf_gemm_args args;
  void *scratch;
  const void *b;  // packed within the measured time, if given
  hf_dtype b_type;
  int64_t b_row_stride, b_col_stride;
  void *packed;
} product;

static void run_product(void *context) {
  product *p = context;
  if (p->b)
    hf_gemm_pack(p->args.operand_type, p->args.k, p->args.n, p->b, p->b_type, p->b_row_stride, p->b_col_stride, p->packed);
  hf_gemm(&p->args, p->scratch);
}

/// Times one product; `transposed_a`: A stands as [k, m]; `b` as [k, n] or (transposed_b) [n, k]; packing is timed if `pack`.
static void bench_product(const char *what, hf_dtype type, int64_t m, int64_t n, int64_t k, int transposed_a, int transposed_b,
                          int pack, hf_activation activation) {
  const hf_dtype operand_type = hf_gemm_operand_type(type);
  void *a = random_values((size_t)(m * k), type, 1), *b = random_values((size_t)(k * n), type, 2);
  float *bias = random_values((size_t)n, HF_F32, 3);
  product p = {.b = b, .b_type = type, .b_row_stride = transposed_b ? 1 : n, .b_col_stride = transposed_b ? k : 1};
  p.packed = zeros(hf_gemm_packed_size(operand_type, k, n));
  p.scratch = zeros(hf_gemm_scratch_size(operand_type, m, n, k));
  p.args = (hf_gemm_args){.m = m, .n = n, .k = k, .a = a, .a_type = type, .a_row_stride = transposed_a ? 1 : k,
                          .a_col_stride = transposed_a ? m : 1, .operand_type = operand_type, .b_packed = p.packed,
                          .c = zeros((size_t)(m * n) * 4), .c_type = type, .c_row_stride = n, .c_col_stride = 1, .alpha = 1,
                          .bias_n = pack ? NULL : bias, .activation = activation};
  run_product(&p);
  if (!pack) p.b = NULL;
  report(what, name_of(type), time_calls(run_product, &p, 9), 2.0 * (double)m * (double)n * (double)k);
  free(a), free(b), free(bias), free(p.packed), free(p.scratch), free(p.args.c);
}

static void bench_linears(hf_dtype type) {
  static const int64_t shapes[][3] = {{128, 128, 128}, {256, 128, 128}, {512, 512, 128}, {512, 128, 512}, {256, 1024, 256},
                                      {256, 256, 1024}, {512, 256, 64}, {1, 384, 384}, {256, 8, 128}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; ++i) {
    char what[64];
    snprintf(what, sizeof what, "linear m=%d n=%d k=%d", (int)shapes[i][0], (int)shapes[i][1], (int)shapes[i][2]);
    bench_product(what, type, shapes[i][0], shapes[i][1], shapes[i][2], 0, 0, 0, HF_ACT_NONE);
  }
  bench_product("linear 512x512x128, sigmoid", type, 512, 512, 128, 0, 0, 0, HF_ACT_SIGMOID);
}

static void bench_triangles(hf_dtype type) {
  for (int64_t n = 64; n <= 512; n *= 2) {
    char what[64];
    snprintf(what, sizeof what, "triangle outgoing n=%d", (int)n);
    bench_product(what, type, n, n, n, 0, 1, 1, HF_ACT_NONE);
    snprintf(what, sizeof what, "triangle incoming n=%d", (int)n);
    bench_product(what, type, n, n, n, 1, 0, 1, HF_ACT_NONE);
  }
  bench_product("outer product mean 256x256x512", type, 256, 256, 512, 1, 0, 1, HF_ACT_NONE);
  bench_product("outer product mean 256x256x5120", type, 256, 256, 5120, 1, 0, 1, HF_ACT_NONE);
}

// MARK: - Attention

typedef struct {
  hf_attention_args args;
  void *scratch;
} attention_call;

static void run_attention(void *context) {
  attention_call *p = context;
  hf_attention(&p->args, 0, p->args.queries, p->scratch);
}

/// Operations counted: the two products, 4 · queries · keys · heads · head_dim.
static void bench_attention(hf_dtype type, int64_t n, int64_t heads, int64_t head_dim) {
  const int64_t width = heads * head_dim;
  const size_t count = (size_t)(n * width);
  float *mask = zeros((size_t)n * 4);
  for (int64_t j = 0; j < n; ++j) mask[j] = 1;
  attention_call p = {.scratch = zeros(hf_attention_scratch_size(n, head_dim))};
  p.args = (hf_attention_args){.queries = n, .keys = n, .heads = heads, .head_dim = head_dim, .type = type,
                               .q = random_values(count, type, 1), .k = random_values(count, type, 2),
                               .v = random_values(count, type, 3), .q_row_stride = width, .k_row_stride = width,
                               .v_row_stride = width, .bias = random_values((size_t)(heads * n * n), type, 4),
                               .bias_type = type, .bias_head_stride = n * n, .bias_row_stride = n, .key_mask = mask,
                               .gate = random_values(count, type, 5), .gate_row_stride = width, .out = zeros(count * 4),
                               .out_row_stride = width, .scale = 0.18f};
  char what[64];
  snprintf(what, sizeof what, "attention n=%d, %d x %d", (int)n, (int)heads, (int)head_dim);
  report(what, name_of(type), time_calls(run_attention, &p, 9), 4.0 * (double)(n * n * width));
  free((void *)p.args.q), free((void *)p.args.k), free((void *)p.args.v), free((void *)p.args.bias);
  free((void *)p.args.gate), free(p.args.out), free(mask), free(p.scratch);
}

// MARK: - Rows and elements

typedef struct {
  int64_t rows, columns;
  hf_dtype type;
  void *x, *y;
  float *scale, *offset;
} rows_call;

static void run_layer_norm(void *context) {
  rows_call *p = context;
  hf_layer_norm(p->rows, p->columns, p->x, p->type, p->columns, p->scale, p->offset, 1e-5f, p->y, p->type, p->columns);
}
static void run_layer_norm_channels(void *context) {
  rows_call *p = context;
  hf_layer_norm_channels(p->rows, p->columns, p->x, p->type, p->rows, p->scale, p->offset, 1e-5f, p->y, p->type, p->columns);
}
static void run_exp(void *context) {
  rows_call *p = context;
  hf_exp(p->rows * p->columns, p->x, p->y);
}
static void run_softmax(void *context) {
  rows_call *p = context;
  hf_softmax(p->rows, p->columns, p->x, p->columns);
}
static void run_convert(void *context) {
  rows_call *p = context;
  hf_convert(p->rows * p->columns, p->x, HF_F32, p->y, HF_BF16);
}

static void bench_rows(const char *what, hf_dtype type, int64_t rows, int64_t columns, void (*call)(void *)) {
  const size_t count = (size_t)(rows * columns);
  rows_call p = {.rows = rows, .columns = columns, .type = type, .x = random_values(count, type, 1), .y = zeros(count * 4),
                 .scale = random_values((size_t)columns, HF_F32, 2), .offset = random_values((size_t)columns, HF_F32, 3)};
  const timing t = time_calls(call, &p, 9);
  printf("%-34s %-5s %9.3f ms  %6.3f ns/element (median %6.3f)\n", what, name_of(type), t.best * 1e3,
         t.best * 1e9 / (double)count, t.median * 1e9 / (double)count);
  free(p.x), free(p.y), free(p.scale), free(p.offset);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    hf_isa chosen = HF_ISA_EMULATED_BF16 + 1;
    for (int isa = 0; isa <= HF_ISA_EMULATED_BF16; ++isa)
      if (strcmp(argv[1], hf_isa_name((hf_isa)isa)) == 0) chosen = (hf_isa)isa;
    if (!hf_isa_select(chosen)) {
      fprintf(stderr, "kernel-bench: path '%s' is not available on this processor\n", argv[1]);
      return 64;
    }
  }
  hf_flush_denormals();
  printf("path %s; CPU time of one thread, best of 9 (median)\n", hf_isa_name(hf_isa_current()));
  for (int type = HF_F32; type <= HF_BF16; ++type) {
    peak = register_peak(hf_isa_current(), hf_gemm_operand_type((hf_dtype)type) == HF_BF16);
    printf("\n%s storage, operands %s: register peak %.1f GFLOP/s\n", name_of((hf_dtype)type),
           name_of(hf_gemm_operand_type((hf_dtype)type)), peak * 1e-9);
    bench_linears((hf_dtype)type);
    bench_triangles((hf_dtype)type);
    for (int64_t n = 64; n <= 256; n *= 2) bench_attention((hf_dtype)type, n, 4, 32);
    bench_attention((hf_dtype)type, 256, 8, 32);
    bench_attention((hf_dtype)type, 256, 8, 8);
    bench_attention((hf_dtype)type, 128, 4, 16);
    bench_rows("layer norm 16384 x 128", (hf_dtype)type, 16384, 128, run_layer_norm);
    bench_rows("layer norm channels 16384 x 128", (hf_dtype)type, 16384, 128, run_layer_norm_channels);
  }
  bench_rows("exp 64 x 256", HF_F32, 64, 256, run_exp);
  bench_rows("softmax 64 x 256", HF_F32, 64, 256, run_softmax);
  bench_rows("convert to bf16 64 x 256", HF_F32, 64, 256, run_convert);
  return 0;
}
