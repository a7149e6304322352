// The path of any processor: 128-bit vectors, which every 64-bit target of the compiler has, and no extension beyond them.

#define HF_PATH hf_path_portable
#define HF_LANES 4
#define HF_ROWS 4
#define HF_VECTORS 2
#include "algorithms/path_table.h"
