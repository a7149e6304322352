// Message passing between processes: the few MPI calls that helixfold needs, behind plain integers.
//
// Built without MPI (no HELIXFOLD_MPI in the environment of the build) every call but hf_mpi_is_built fails, so that the rest of
// the program is the same either way. Communicators are numbers; 0 is MPI_COMM_WORLD.
// Functions return 0 or a status of MPI, unless they say otherwise.

#ifndef HELIXFOLD_CMESSAGEPASSING_H
#define HELIXFOLD_CMESSAGEPASSING_H

#include <stdbool.h>
#include <stddef.h>

#include "RankWatch.h"

/// Whether the program was built with MPI.
bool hf_mpi_is_built(void);
/// Status of an MPI library that was built without support of threads; none of MPI's own is negative.
enum { hf_mpi_no_threads = -2 };

/// Joins the processes that mpirun or srun started (MPI_Init_thread), watched from then on; call once.
int hf_mpi_init(void);
/// Leaves them (MPI_Finalize).
int hf_mpi_finalize(void);
/// Number of this process in a communicator; negative on failure.
int hf_mpi_rank(int comm);
/// Number of processes in a communicator; negative on failure.
int hf_mpi_size(int comm);
/// The communicator of those that give the same colour, ordered by key (MPI_Comm_split): its number, negative on failure.
int hf_mpi_split(int comm, int colour, int key);
/// Sends to one process while it receives from another (MPI_Sendrecv). Both sides of a message must give the same length; one of
/// 0 bytes is not sent.
int hf_mpi_send_receive(
  int comm, const void *outgoing, size_t sent, int to, void *incoming, size_t received, int from);
/// Copies the bytes of process `root` to all (MPI_Bcast).
int hf_mpi_broadcast(int comm, void *bytes, size_t count, int root);
/// Ends all processes at once (MPI_Abort).
void hf_mpi_abort(int status);

#endif
