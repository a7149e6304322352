// Message passing between processes: the few MPI calls that helixfold needs, behind plain integers.
//
// Built without MPI (no HELIXFOLD_MPI in the environment of the build) every call but hf_mpi_is_built fails, so that the rest of
// the program is the same either way. Groups of processes are numbers; 0 is the group of all.
// Functions return 0 or a status of MPI, unless they say otherwise.

#ifndef HELIXFOLD_CMESSAGEPASSING_H
#define HELIXFOLD_CMESSAGEPASSING_H

#include <stdbool.h>
#include <stddef.h>

#include "RankWatch.h"

/// Whether the program was built with MPI.
bool hf_mpi_is_built(void);
/// Joins the group that mpirun or srun started, watched from then on; call once.
int hf_mpi_start(void);
/// Leaves it.
int hf_mpi_finish(void);
/// Number of this process in a group; negative on failure.
int hf_mpi_rank(int group);
/// Number of processes in a group; negative on failure.
int hf_mpi_size(int group);
/// The group of those that give the same colour, ordered by key: its number, negative on failure. All of `group` must call it.
int hf_mpi_split(int group, int colour, int key);
/// Sends to one process and receives from another at the same time; the lengths must agree on both sides.
int hf_mpi_exchange(
  int group, const void *outgoing, size_t sent, int to, void *incoming, size_t received, int from);
/// Copies the bytes of process `root` to all of the group.
int hf_mpi_broadcast(int group, void *bytes, size_t count, int root);
/// Ends all processes at once.
void hf_mpi_abort(int status);

#endif
