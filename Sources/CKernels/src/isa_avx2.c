// x86-64 with AVX2 and FMA (Haswell, Zen and later): 16 registers of 8 floats, tile 6 × 16 (12 sums, 2 of B, 1 of A).

#if defined(__x86_64__)
#define HF_PATH hf_path_avx2
#define HF_TARGET "avx2,fma"
#define HF_LANES 8
#define HF_ROWS 6
#define HF_VECTORS 2
#define HF_FUSED_MULTIPLY_ADD 1
#include "algorithms/path_table.h"
#else
typedef int hf_path_avx2_needs_x86;
#endif
