// Scratch of the thread that calls, kept from call to call: a tile of a product takes some ten microseconds, and memory that all
// workers take from one place would make them wait for each other.

#define _POSIX_C_SOURCE 200809L  // posix_memalign

#include "CKernels.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct {
  void *memory;
  size_t bytes;
} scratch_block;

static _Thread_local scratch_block *mine;
static pthread_key_t key;
static bool has_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void give_back(void *block) {
  mine = NULL;
  free(((scratch_block *)block)->memory);
  free(block);
}

static void make_key(void) { has_key = pthread_key_create(&key, give_back) == 0; }

void *hf_thread_scratch(size_t bytes) {
  if (mine == NULL) {
    pthread_once(&once, make_key);
    if (!has_key) return NULL;
    mine = calloc(1, sizeof *mine);
    if (mine == NULL) return NULL;
    if (pthread_setspecific(key, mine) != 0) {
      free(mine);
      mine = NULL;
      return NULL;
    }
  }
  if (bytes <= mine->bytes) return mine->memory;
  free(mine->memory);
  mine->bytes = 0;
  void *memory = NULL;
  if (posix_memalign(&memory, 64, bytes) != 0) memory = NULL;
  mine->memory = memory;
  if (memory != NULL) mine->bytes = bytes;
  return memory;
}
