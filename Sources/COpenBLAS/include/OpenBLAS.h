// OpenBLAS, loaded when it is first asked for.
//
// A program that is linked with it has a thread of it for every core from its first moment on, each with 128 MiB of address
// space; where that is limited they spin, and the program never ends. Most runs multiply with helixfold's own kernels.
#ifndef HELIXFOLD_OPENBLAS_H
#define HELIXFOLD_OPENBLAS_H

#include <stdbool.h>
#include <stdint.h>

/// Loads the library, with one thread, unless it is there; false if it cannot be loaded.
///
/// The first call sets a variable of the environment, so it belongs before threads are started.
bool hf_openblas_load(void);

/// Why it could not be loaded, one line; empty if it could.
const char *hf_openblas_problem(void);

/// Version, options and core of the loaded library as it tells them, one line, such as "OpenBLAS 0.3.26 DYNAMIC_ARCH Zen (core Zen)";
/// empty where it is not loaded or does not tell.
const char *hf_openblas_build(void);

/// c = a · b of row-major fp32 matrices: a [m, k], b [k, n], c [m, n], rows `lda`, `ldb`, `ldc` apart.
///
/// The library must have been loaded.
void hf_openblas_sgemm(int32_t m, int32_t n, int32_t k, const float *a, int32_t lda, const float *b,
                       int32_t ldb, float *c, int32_t ldc);

#endif
