// Compiles every algorithm for one path and fills its table. Included once by each isa_*.c, which defines
//   HF_PATH                 the exported table
//   HF_TARGET               instruction-set extensions of this path's functions (none: what the compiler's target has)
//   HF_LANES                floats in a vector: 4, 8 or 16
//   HF_ROWS, HF_VECTORS     register tile of the matrix product: rows × vectors
//   HF_FUSED_MULTIPLY_ADD   defined where a·b + c has its own instruction
//   HF_MASKS                defined where AVX-512 loads and stores the first lanes of a vector
//   HF_BF16_OPERANDS        defined where bf16 activations are multiplied as pairs, with HF_PAIR_DOT if there is an instruction, and
//                           HF_NARROW if there is one that rounds to bf16
//   HF_PAIR_TILES           defined where pairs are multiplied in tiles of 16 × 16 sums, with HF_TILE_INSTRUCTIONS if there are any
//
// The extensions are given function by function, so the package builds with plain flags and the program runs on any processor.

#include "../path.h"

#include <float.h>
#include <math.h>
#include <string.h>

// All vector arguments belong to functions of this file that are always inlined: no call depends on how vectors are passed.
#pragma clang diagnostic ignored "-Wpsabi"
#ifdef HF_TARGET
#pragma clang attribute push(__attribute__((target(HF_TARGET))), apply_to = function)
#endif

#include "vector.h"
#include "exponential.h"
#include "pack.h"
#include "micro_kernel.h"
#include "epilogue.h"
#include "gemm.h"
#include "column_runs.h"
#include "attention.h"
#include "norm.h"
#include "norm_backward.h"
#include "attention_backward.h"
#include "elementwise.h"
#include "copy.h"
#include "block_codec.h"

#ifdef HF_TARGET
#pragma clang attribute pop
#endif

const hf_path HF_PATH = {
#ifdef HF_BF16_OPERANDS
    .bf16_operand = HF_BF16,
#else
    .bf16_operand = HF_F32,
#endif
    .column_unit = PANEL,
    .key_unit = KEY_STEP,
    .key_tile = KEY_TILE,
    .gemm_packed_size = gemm_packed_size,
    .gemm_pack = gemm_pack,
    .gemm_scratch_size = gemm_scratch_size,
    .gemm = gemm,
    .attention_scratch_size = attention_scratch_size,
    .attention = attention,
    .attention_backward_scratch_size = attention_backward_scratch_size,
    .attention_backward = attention_backward,
    .layer_norm = layer_norm,
    .layer_norm_channels = layer_norm_channels,
    .layer_norm_backward = layer_norm_backward,
    .add_column_sums = add_column_sums,
    .convert = convert_elements,
    .copy_matrix = copy_matrix,
    .add = add_elements,
    .multiply = multiply_elements,
    .relu_gradient = relu_gradient_elements,
    .sigmoid_gradient = sigmoid_gradient_elements,
    .exp = exp_elements,
    .exp_coarse = exp_coarse_elements,
    .softmax = softmax_rows,
    .block_encode = block_encode,
    .block_decode = block_decode,
    .e4m3_value = e4m3_value,
    .e4m3_code = e4m3_code,
};
