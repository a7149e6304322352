// x86-64 with AVX-512 (F, BW, DQ, VL): 32 registers of 16 floats, tile 14 × 32 (28 sums, 2 of B; A is broadcast from memory).

#if defined(__x86_64__)
#include <immintrin.h>

#define HF_PATH hf_path_avx512
#define HF_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define HF_LANES 16
#define HF_ROWS 14
#define HF_VECTORS 2
#define HF_FUSED_MULTIPLY_ADD 1
#define HF_MASKS 1
#include "algorithms/path_table.h"
#else
typedef int hf_path_avx512_needs_x86;
#endif
