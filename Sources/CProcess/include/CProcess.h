// What Swift's modules of the C library leave out: the allocator's settings and the state of the standard streams.
#ifndef HELIXFOLD_C_PROCESS_H
#define HELIXFOLD_C_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/// Makes the allocator give freed blocks of at least `bytes` back to the system at once; nothing where it cannot be told.
void hf_return_freed_blocks(size_t bytes);

/// Whether a write to the standard output has failed since the program began.
bool hf_output_has_failed(void);

#endif
