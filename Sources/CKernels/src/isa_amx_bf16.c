// x86-64 with AMX-BF16 (Sapphire Rapids and later): pairs of bf16 in tiles of 16 × 16 sums, all else as the AVX512-BF16 path.
// isa_emulated_amx.c shares all but the instructions and the masks.

#if defined(__x86_64__)
#include <immintrin.h>

#define HF_PATH hf_path_amx_bf16
#define HF_TARGET "amx-bf16,amx-tile,avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#define HF_LANES 16
#define HF_ROWS 14
#define HF_VECTORS 2
#define HF_FUSED_MULTIPLY_ADD 1
#define HF_BF16_OPERANDS 1
#define HF_PAIR_TILES 1
#define HF_TILE_INSTRUCTIONS 1
#define HF_MASKS 1
#define HF_NARROW(x) ((vh)_mm512_cvtneps_pbh((__m512)(x)))
#define HF_NARROW_PAIR(first, second) ((vu)_mm512_cvtne2ps_pbh((__m512)(second), (__m512)(first)))
#include "algorithms/path_table.h"
#else
typedef int hf_path_amx_bf16_needs_x86;
#endif
