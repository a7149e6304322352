#include "CProcess.h"

#include <limits.h>
#include <stdio.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void hf_return_freed_blocks(size_t bytes) {
#ifdef __GLIBC__
  const int limit = bytes < INT_MAX ? (int)bytes : INT_MAX;
  mallopt(M_MMAP_THRESHOLD, limit);
  mallopt(M_TRIM_THRESHOLD, limit);
#else
  (void)bytes;
#endif
}

bool hf_output_has_failed(void) { return ferror(stdout) != 0; }
