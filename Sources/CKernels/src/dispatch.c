// The public functions: each calls the same function of the chosen path.

#define _GNU_SOURCE  // sched_setaffinity, syscall

#include "path.h"

#include <stdatomic.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

static _Atomic(const hf_path *) chosen_path;
static _Atomic(int) chosen_isa = -1;
static _Thread_local const hf_path *thread_path;
static _Thread_local hf_isa thread_isa;

/// The table of `isa`, or NULL where this program was built without it.
static const hf_path *path_of(hf_isa isa) {
  switch (isa) {
    case HF_ISA_PORTABLE: return &hf_path_portable;
    case HF_ISA_EMULATED_BF16: return &hf_path_emulated_bf16;
    case HF_ISA_EMULATED_AMX: return &hf_path_emulated_amx;
    case HF_ISA_EMULATED_NEON: return &hf_path_emulated_neon;
#if defined(__aarch64__)
    case HF_ISA_NEON: return &hf_path_neon;
#endif
#if defined(__x86_64__)
    case HF_ISA_AVX2: return &hf_path_avx2;
    case HF_ISA_AVX512: return &hf_path_avx512;
    case HF_ISA_AVX512_BF16: return &hf_path_avx512_bf16;
    case HF_ISA_AMX_BF16: return &hf_path_amx_bf16;
#endif
    default: return NULL;
  }
}

#if defined(__x86_64__)
/// Whether the system lets the process use tile registers, for which Linux wants to be asked: once for all threads, present and future.
static bool tiles_permitted(void) {
#if defined(__linux__) && defined(SYS_arch_prctl)
  enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA of asm/prctl.h
  return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  return false;
#endif
}
#endif

/// Whether processor and operating system (which must save the wide registers) have what the path uses; __builtin_cpu_supports
/// asks both.
static bool supported_by_machine(hf_isa isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (isa == HF_ISA_AVX2) return avx2;
  if (isa == HF_ISA_AVX512) return avx512;
  const bool avx512_bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
  if (isa == HF_ISA_AVX512_BF16) return avx512_bf16;
  if (isa == HF_ISA_AMX_BF16)
    return avx512_bf16 && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") && tiles_permitted();
#endif
  return path_of(isa) != NULL;
}

bool hf_isa_available(hf_isa isa) { return path_of(isa) != NULL && supported_by_machine(isa); }

hf_isa hf_isa_best(void) {
  for (int isa = HF_ISA_AMX_BF16; isa > HF_ISA_PORTABLE; --isa)
    if (hf_isa_available((hf_isa)isa)) return (hf_isa)isa;
  return HF_ISA_PORTABLE;
}

bool hf_isa_select(hf_isa isa) {
  if (!hf_isa_available(isa)) return false;
  atomic_store(&chosen_isa, (int)isa);
  atomic_store(&chosen_path, path_of(isa));
  return true;
}

/// The chosen table; the first call chooses the best if nobody has. Two first calls at once choose the same.
static const hf_path *path(void) {
  if (thread_path) return thread_path;
  const hf_path *chosen = atomic_load_explicit(&chosen_path, memory_order_acquire);
  if (chosen) return chosen;
  hf_isa_select(hf_isa_best());
  return atomic_load(&chosen_path);
}

bool hf_isa_override(hf_isa isa) {
  if (!hf_isa_available(isa)) return false;
  thread_isa = isa;
  thread_path = path_of(isa);
  return true;
}

void hf_isa_end_override(void) { thread_path = NULL; }

hf_isa hf_isa_current(void) {
  if (thread_path) return thread_isa;
  path();
  return (hf_isa)atomic_load(&chosen_isa);
}

const char *hf_isa_name(hf_isa isa) {
  switch (isa) {
    case HF_ISA_PORTABLE: return "portable";
    case HF_ISA_NEON: return "neon";
    case HF_ISA_AVX2: return "avx2";
    case HF_ISA_AVX512: return "avx512";
    case HF_ISA_AVX512_BF16: return "avx512-bf16";
    case HF_ISA_AMX_BF16: return "amx-bf16";
    case HF_ISA_EMULATED_BF16: return "emulated-bf16";
    case HF_ISA_EMULATED_AMX: return "emulated-amx";
    case HF_ISA_EMULATED_NEON: return "emulated-neon";
  }
  return "unknown";
}

void hf_flush_denormals(void) {
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040);  // flush to zero (bit 15), denormals are zero (bit 6)
#elif defined(__aarch64__)
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  control |= UINT64_C(1) << 24;  // FZ: inputs and results
  __asm__ volatile("msr fpcr, %0" : : "r"(control));
#endif
}

// MARK: - Forwarding

hf_dtype hf_gemm_operand_type(hf_dtype storage) { return storage == HF_BF16 ? path()->bf16_operand : HF_F32; }
int64_t hf_gemm_column_unit(void) { return path()->column_unit; }
int64_t hf_attention_key_unit(void) { return path()->key_unit; }
int64_t hf_attention_key_tile(void) { return path()->key_tile; }

size_t hf_gemm_packed_size(hf_dtype operand_type, int64_t k, int64_t n) {
  return path()->gemm_packed_size(operand_type, k, n);
}
void hf_gemm_pack(hf_dtype operand_type, int64_t k, int64_t n, const void *b, hf_dtype b_type, int64_t row_stride,
                  int64_t col_stride, void *packed) {
  path()->gemm_pack(operand_type, k, n, b, b_type, row_stride, col_stride, packed);
}
size_t hf_gemm_scratch_size(hf_dtype operand_type, int64_t m, int64_t n, int64_t k) {
  return path()->gemm_scratch_size(operand_type, m, n, k);
}
void hf_gemm(const hf_gemm_args *args, void *scratch) { path()->gemm(args, scratch); }

size_t hf_attention_scratch_size(int64_t keys, int64_t head_dim) {
  return path()->attention_scratch_size(keys, head_dim);
}
void hf_attention(const hf_attention_args *args, int64_t query_begin, int64_t query_end, void *scratch) {
  path()->attention(args, query_begin, query_end, scratch);
}

size_t hf_attention_backward_scratch_size(int64_t keys, int64_t head_dim) {
  return path()->attention_backward_scratch_size(keys, head_dim);
}
void hf_attention_backward(const hf_attention_backward_args *args, int64_t head_begin, int64_t head_end, int64_t query_begin,
                           int64_t query_end, void *scratch) {
  path()->attention_backward(args, head_begin, head_end, query_begin, query_end, scratch);
}

void hf_layer_norm(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, const float *scale,
                   const float *offset, float eps, void *y, hf_dtype y_type, int64_t y_row_stride) {
  path()->layer_norm(rows, columns, x, x_type, x_row_stride, scale, offset, eps, y, y_type, y_row_stride);
}
void hf_layer_norm_channels(int64_t points, int64_t channels, const void *x, hf_dtype x_type, int64_t x_channel_stride,
                            const float *scale, const float *offset, float eps, void *y, hf_dtype y_type, int64_t y_row_stride) {
  path()->layer_norm_channels(points, channels, x, x_type, x_channel_stride, scale, offset, eps, y, y_type, y_row_stride);
}

void hf_layer_norm_backward(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, const void *dy,
                            hf_dtype dy_type, int64_t dy_row_stride, const float *scale, float eps, float *dx,
                            int64_t dx_row_stride, float *dscale, float *doffset) {
  path()->layer_norm_backward(rows, columns, x, x_type, x_row_stride, dy, dy_type, dy_row_stride, scale, eps, dx, dx_row_stride,
                              dscale, doffset);
}
void hf_add_column_sums(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, float *sums) {
  path()->add_column_sums(rows, columns, x, x_type, x_row_stride, sums);
}

void hf_convert(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type) {
  path()->convert(n, x, x_type, y, y_type);
}
void hf_copy_matrix(int64_t rows, int64_t columns, const void *x, hf_dtype x_type, int64_t x_row_stride, int64_t x_col_stride,
                    void *y, hf_dtype y_type, int64_t y_row_stride, int64_t y_col_stride) {
  path()->copy_matrix(rows, columns, x, x_type, x_row_stride, x_col_stride, y, y_type, y_row_stride, y_col_stride);
}
void hf_add(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type) { path()->add(n, x, x_type, y, y_type); }
void hf_multiply(int64_t n, const void *x, hf_dtype x_type, void *y, hf_dtype y_type) {
  path()->multiply(n, x, x_type, y, y_type);
}
void hf_relu_gradient(int64_t n, const void *y, hf_dtype y_type, void *dy, hf_dtype dy_type) {
  path()->relu_gradient(n, y, y_type, dy, dy_type);
}
void hf_sigmoid_gradient(int64_t n, const void *y, hf_dtype y_type, void *dy, hf_dtype dy_type) {
  path()->sigmoid_gradient(n, y, y_type, dy, dy_type);
}
void hf_exp(int64_t n, const float *x, float *y) { path()->exp(n, x, y); }
void hf_exp_coarse(int64_t n, const float *x, float *y) { path()->exp_coarse(n, x, y); }
void hf_softmax(int64_t rows, int64_t columns, float *x, int64_t row_stride) { path()->softmax(rows, columns, x, row_stride); }

void hf_block_encode(hf_block_code code, int64_t n, const void *x, hf_dtype x_type, void *blocks) {
  path()->block_encode(code, n, x, x_type, blocks);
}
void hf_block_decode(hf_block_code code, int64_t n, const void *blocks, void *y, hf_dtype y_type) {
  path()->block_decode(code, n, blocks, y, y_type);
}
float hf_e4m3_value(uint8_t code) { return path()->e4m3_value(code); }
uint8_t hf_e4m3_code(float x) { return path()->e4m3_code(x); }

void hf_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#ifdef __linux__
static cpu_set_t allowed;
static int allowed_count = 0;
static pthread_once_t allowed_once = PTHREAD_ONCE_INIT;

static void read_allowed(void) {
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) allowed_count = CPU_COUNT(&allowed);
}

bool hf_pin_thread(int index) {
  // The first caller reads what the process may use, before any thread is tied down.
  pthread_once(&allowed_once, read_allowed);
  if (allowed_count == 0) return false;
  int wanted = index % allowed_count;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed) || wanted-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
  }
  return false;
}
#else
bool hf_pin_thread(int index) {
  (void)index;
  return false;
}
#endif
