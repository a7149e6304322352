#define _POSIX_C_SOURCE 200809L  // clock_gettime

#include "timing.h"

#include "CKernels.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

timing time_calls(void (*call)(void *), void *context, int rounds) {
  double seconds[64];
  if (rounds > 64) rounds = 64;
  long repeats = 1;
  for (double t = 0; t < 0.02;) {
    const double start = now();
    for (long i = 0; i < repeats; ++i) call(context);
    t = now() - start;
    if (t < 0.02) repeats = t > 0.001 ? (long)((double)repeats * 0.025 / t) + 1 : repeats * 8;
  }
  for (int r = 0; r < rounds; ++r) {
    const double start = now();
    for (long i = 0; i < repeats; ++i) call(context);
    seconds[r] = (now() - start) / (double)repeats;
  }
  qsort(seconds, (size_t)rounds, sizeof *seconds, ascending);
  return (timing){.best = seconds[0], .median = seconds[rounds / 2]};
}

void *zeros(size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!p) {
    fprintf(stderr, "kernel-bench: no memory for %zu bytes\n", bytes);
    exit(1);
  }
  return memset(p, 0, bytes);
}

void *random_values(size_t count, int type, unsigned seed) {
  float *x = zeros(count * sizeof *x);
  uint32_t state = seed * 2654435761u + 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    x[i] = (float)(int32_t)state * 0x1p-31f;
  }
  if (type == HF_F32) return x;
  void *narrow = zeros(count * 2);
  hf_convert((int64_t)count, x, HF_F32, narrow, HF_BF16);
  free(x);
  return narrow;
}

// MARK: - Peak

enum { STEPS = 1 << 16 };
#if defined(__x86_64__)
#include <immintrin.h>

// Ten chains hide the latency of 4 to 5 cycles at two operations a cycle.
#define PEAK(name, extensions, vector, one, step)                                            \
  __attribute__((target(extensions))) static void name(void *out) {                          \
    vector sum[10], x = one;                                                                 \
    for (int i = 0; i < 10; ++i) sum[i] = x;                                                 \
    for (int s = 0; s < STEPS; ++s) {                                                        \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < 10; ++i) step;                  \
      __asm__ volatile("" : "+x"(x));                                                        \
    }                                                                                        \
    for (int i = 1; i < 10; ++i) sum[0] = sum[0] + sum[i];                                   \
    memcpy(out, &sum[0], sizeof(vector));                                                    \
  }
PEAK(peak_avx2, "avx2,fma", __m256, _mm256_set1_ps(0.5f), sum[i] = _mm256_fmadd_ps(sum[i], x, x))
#define PEAK_512 "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"
__attribute__((target(PEAK_512))) static void peak_avx512(void *out) {
  __m512 sum[10], x = _mm512_set1_ps(0.5f);
  for (int i = 0; i < 10; ++i) sum[i] = x;
  for (int s = 0; s < STEPS; ++s) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 10; ++i) sum[i] = _mm512_fmadd_ps(sum[i], x, x);
    __asm__ volatile("" : "+v"(x));
  }
  for (int i = 1; i < 10; ++i) sum[0] += sum[i];
  memcpy(out, &sum[0], 64);
}
__attribute__((target(PEAK_512))) static void peak_bf16(void *out) {
  __m512 sum[10];
  __m512i x = _mm512_set1_epi32(0x3f003f00);
  for (int i = 0; i < 10; ++i) sum[i] = _mm512_set1_ps(0.5f);
  for (int s = 0; s < STEPS; ++s) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 10; ++i)
        sum[i] = _mm512_dpbf16_ps(sum[i], (__m512bh)x, (__m512bh)x);
    __asm__ volatile("" : "+v"(x));
  }
  for (int i = 1; i < 10; ++i) sum[0] += sum[i];
  memcpy(out, &sum[0], 64);
}
#endif

double register_peak(int isa, int pairs) {
#if defined(__x86_64__)
  float out[16];
  if (isa == HF_ISA_AVX2) return 10.0 * STEPS * 16 / time_calls(peak_avx2, out, 9).best;
  if (isa == HF_ISA_AVX512_BF16 && pairs) return 10.0 * STEPS * 64 / time_calls(peak_bf16, out, 9).best;
  if (isa == HF_ISA_AVX512 || isa == HF_ISA_AVX512_BF16) return 10.0 * STEPS * 32 / time_calls(peak_avx512, out, 9).best;
#endif
  (void)isa, (void)pairs;
  return 0;
}
