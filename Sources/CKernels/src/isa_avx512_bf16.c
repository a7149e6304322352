// x86-64 with AVX512-BF16 (Zen 4, Cooper Lake, Sapphire Rapids): the tile of the AVX-512 path with vdpbf16ps, which multiplies
// pairs of bf16, and vcvtne(2)ps2bf16, which round to it. isa_emulated_bf16.c shares all but these and the masks.

#if defined(__x86_64__)
#include <immintrin.h>

#define HF_PATH hf_path_avx512_bf16
#define HF_TARGET "avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define HF_LANES 16
#define HF_ROWS 14
#define HF_VECTORS 2
#define HF_FUSED_MULTIPLY_ADD 1
#define HF_BF16_OPERANDS 1
#define HF_PAIR_DOT(sum, a, b) ((vf)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(a), (__m512bh)(b)))
#define HF_MASKS 1
#define HF_NARROW(x) ((vh)_mm512_cvtneps_pbh((__m512)(x)))
#define HF_NARROW_PAIR(first, second) ((vu)_mm512_cvtne2ps_pbh((__m512)(second), (__m512)(first)))
#include "algorithms/path_table.h"
#else
typedef int hf_path_avx512_bf16_needs_x86;
#endif
