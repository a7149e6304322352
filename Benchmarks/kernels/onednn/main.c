// bf16 products of the network's shapes, ours and oneDNN's in turns, one thread: GFLOP/s, best of 9 rounds on the CPU clock.
//
// Both store bf16. Weights are in each library's own layout before the clock starts; activations that stand on the right (triangle
// products, outer products) are not, so ours packs them within the time, and oneDNN gets whole batches at once, as it prefers.

#include "CKernels.h"
#include "timing.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(call)                                                                \
  do {                                                                             \
    if ((call) != dnnl_success) {                                                  \
      fprintf(stderr, "onednn-bench: oneDNN refused %s\n", #call);                 \
      exit(1);                                                                     \
    }                                                                              \
  } while (0)

typedef struct {
  const char *name;
  int64_t batch, m, k, n;
  bool weights;            // B is a weight: packed beforehand
  bool a_turned, b_turned;  // stands as [k, m], as [n, k]
} shape;

static const shape shapes[] = {
    {"pair transition, first", 1, 4096, 128, 512, true, false, false},
    {"pair transition, second", 1, 4096, 512, 128, true, false, false},
    {"MSA transition, first", 1, 4096, 256, 1024, true, false, false},
    {"MSA transition, second", 1, 4096, 1024, 256, true, false, false},
    {"attention projections", 1, 256, 128, 512, true, false, false},
    {"triangle, outgoing", 128, 64, 64, 64, false, false, true},
    {"triangle, outgoing", 32, 128, 128, 128, false, false, true},
    {"triangle, outgoing", 16, 256, 256, 256, false, false, true},
    {"triangle, outgoing", 4, 512, 512, 512, false, false, true},
    {"triangle, incoming", 16, 256, 256, 256, false, true, false},
    {"outer product, rows", 1, 256, 128, 1024, false, true, false},
    {"outer product, output", 1, 4096, 1024, 128, true, false, false},
};

// MARK: - Ours

typedef struct {
  const shape *s;
  char *a, *b, *c;
  void *packed, *scratch;
} own_call;

static void pack_own(const own_call *p, const char *b) {
  const shape *s = p->s;
  hf_gemm_pack(HF_BF16, s->k, s->n, b, HF_BF16, s->b_turned ? 1 : s->n, s->b_turned ? s->k : 1, p->packed);
}

static void run_own(void *context) {
  const own_call *p = context;
  const shape *s = p->s;
  for (int64_t i = 0; i < s->batch; ++i) {
    if (!s->weights) pack_own(p, p->b + 2 * i * s->k * s->n);
    const hf_gemm_args args = {.m = s->m, .n = s->n, .k = s->k, .a = p->a + 2 * i * s->m * s->k, .a_type = HF_BF16,
                               .a_row_stride = s->a_turned ? 1 : s->k, .a_col_stride = s->a_turned ? s->m : 1,
                               .operand_type = HF_BF16, .b_packed = p->packed, .c = p->c + 2 * i * s->m * s->n,
                               .c_type = HF_BF16, .c_row_stride = s->n, .c_col_stride = 1, .alpha = 1};
    hf_gemm(&args, p->scratch);
  }
}

// MARK: - oneDNN

typedef struct {
  dnnl_stream_t stream;
  dnnl_primitive_t product;
  dnnl_exec_arg_t args[3];
} other_call;

static void run_other(void *context) {
  other_call *p = context;
  CHECK(dnnl_primitive_execute(p->product, p->stream, 3, p->args));
  CHECK(dnnl_stream_wait(p->stream));
}

static dnnl_memory_desc_t describe(const shape *s, int64_t rows, int64_t columns, bool turned) {
  const dnnl_dims_t dims = {s->batch, rows, columns};
  const dnnl_dims_t strides = {rows * columns, turned ? 1 : columns, turned ? rows : 1};
  dnnl_memory_desc_t result;
  CHECK(dnnl_memory_desc_init_by_strides(&result, 3, dims, dnnl_bf16, strides));
  return result;
}

static dnnl_memory_t memory(dnnl_engine_t engine, const dnnl_memory_desc_t *desc, void *data) {
  dnnl_memory_t result;
  CHECK(dnnl_memory_create(&result, desc, engine, data));
  return result;
}

static other_call make_other(const shape *s, dnnl_engine_t engine, dnnl_stream_t stream, void *a, void *b, void *c) {
  const dnnl_memory_desc_t plain = describe(s, s->k, s->n, s->b_turned);
  const dnnl_memory_desc_t left = describe(s, s->m, s->k, s->a_turned), result = describe(s, s->m, s->n, false);
  dnnl_memory_desc_t right = plain;
  if (s->weights) {
    const dnnl_dims_t dims = {s->batch, s->k, s->n};
    CHECK(dnnl_memory_desc_init_by_tag(&right, 3, dims, dnnl_bf16, dnnl_format_tag_any));
  }
  dnnl_matmul_desc_t desc;
  dnnl_primitive_desc_t primitive;
  other_call call = {.stream = stream};
  CHECK(dnnl_matmul_desc_init(&desc, &left, &right, NULL, &result));
  CHECK(dnnl_primitive_desc_create(&primitive, &desc, NULL, engine, NULL));
  CHECK(dnnl_primitive_create(&call.product, primitive));
  dnnl_memory_t weights = memory(engine, &plain, b);
  if (s->weights) {
    dnnl_memory_t packed = memory(engine, dnnl_primitive_desc_query_md(primitive, dnnl_query_weights_md, 0), DNNL_MEMORY_ALLOCATE);
    dnnl_primitive_desc_t reorder;
    dnnl_primitive_t copy;
    CHECK(dnnl_reorder_primitive_desc_create(&reorder, &plain, engine,
                                             dnnl_primitive_desc_query_md(primitive, dnnl_query_weights_md, 0), engine, NULL));
    CHECK(dnnl_primitive_create(&copy, reorder));
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, weights}, {DNNL_ARG_TO, packed}};
    CHECK(dnnl_primitive_execute(copy, stream, 2, args));
    CHECK(dnnl_stream_wait(stream));
    weights = packed;
  }
  call.args[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, memory(engine, &left, a)};
  call.args[1] = (dnnl_exec_arg_t){DNNL_ARG_WEIGHTS, weights};
  call.args[2] = (dnnl_exec_arg_t){DNNL_ARG_DST, memory(engine, &result, c)};
  return call;
}

int main(void) {
  if (hf_gemm_operand_type(HF_BF16) != HF_BF16) {
    fprintf(stderr, "onednn-bench: this processor has no bf16 products (AVX512-BF16)\n");
    return 69;
  }
  hf_flush_denormals();
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  CHECK(dnnl_engine_create(&engine, dnnl_cpu, 0));
  CHECK(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
  const dnnl_version_t *version = dnnl_version();
  printf("bf16, one thread, GFLOP/s; oneDNN %d.%d.%d\n%-26s %-20s %8s %8s %6s\n", version->major, version->minor, version->patch,
         "product", "batch x m x k x n", "ours", "oneDNN", "ratio");
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; ++i) {
    const shape *s = shapes + i;
    own_call own = {.s = s, .a = random_values((size_t)(s->batch * s->m * s->k), HF_BF16, 1),
                    .b = random_values((size_t)(s->batch * s->k * s->n), HF_BF16, 2),
                    .c = zeros((size_t)(2 * s->batch * s->m * s->n)), .packed = zeros(hf_gemm_packed_size(HF_BF16, s->k, s->n)),
                    .scratch = zeros(hf_gemm_scratch_size(HF_BF16, s->m, s->n, s->k))};
    if (s->weights) pack_own(&own, own.b);
    other_call other = make_other(s, engine, stream, own.a, own.b, zeros((size_t)(2 * s->batch * s->m * s->n)));
    const double operations = 2.0 * (double)(s->batch * s->m) * (double)(s->k * s->n);
    const double mine = operations / time_calls(run_own, &own, 9).best * 1e-9;
    const double theirs = operations / time_calls(run_other, &other, 9).best * 1e-9;
    char size[40];
    snprintf(size, sizeof size, "%d x %d x %d x %d", (int)s->batch, (int)s->m, (int)s->k, (int)s->n);
    printf("%-26s %-20s %8.0f %8.0f %6.2f\n", s->name, size, mine, theirs, mine / theirs);
  }
  return 0;
}
