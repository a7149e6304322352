#define _GNU_SOURCE  // setenv, dlopen
#include "OpenBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// Values of CBLAS_ORDER and CBLAS_TRANSPOSE in the reference interface (netlib cblas.h).
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 };

typedef void sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k,
                            float alpha, const float *a, int lda, const float *b, int ldb,
                            float beta, float *c, int ldc);
typedef void set_threads_function(int count);
typedef char *text_function(void);

static sgemm_function *sgemm;
static char problem[512];
static char build[512];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *const names[] = {
#ifdef __APPLE__
    "libopenblas.dylib",
    "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
    "/usr/local/opt/openblas/lib/libopenblas.dylib",
#else
    "libopenblas.so.0",
    "libopenblas.so",
#endif
};

static void load(void) {
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  void *library = NULL;
  for (size_t index = 0; library == NULL && index < sizeof names / sizeof *names; index++) {
    library = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
    const char *reason = library == NULL ? dlerror() : NULL;
    if (reason != NULL && problem[0] == 0) snprintf(problem, sizeof problem, "%s", reason);
  }
  if (library == NULL) return;
  sgemm = (sgemm_function *)dlsym(library, "cblas_sgemm");
  set_threads_function *set_threads =
      (set_threads_function *)dlsym(library, "openblas_set_num_threads");
  if (sgemm == NULL || set_threads == NULL) {
    sgemm = NULL;
    snprintf(problem, sizeof problem, "the library has no cblas_sgemm or openblas_set_num_threads");
    return;
  }
  set_threads(1);
  problem[0] = 0;
  text_function *config = (text_function *)dlsym(library, "openblas_get_config");
  text_function *core = (text_function *)dlsym(library, "openblas_get_corename");
  if (config != NULL && core != NULL) {
    snprintf(build, sizeof build, "%s (core %s)", config(), core());
  }
}

bool hf_openblas_load(void) {
  pthread_once(&once, load);
  return sgemm != NULL;
}

const char *hf_openblas_problem(void) {
  pthread_once(&once, load);
  return problem;
}

const char *hf_openblas_build(void) {
  pthread_once(&once, load);
  return build;
}

void hf_openblas_sgemm(int32_t m, int32_t n, int32_t k, const float *a, int32_t lda, const float *b,
                       int32_t ldb, float *c, int32_t ldc) {
  sgemm(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}
