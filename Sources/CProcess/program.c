#ifdef __linux__
#define _GNU_SOURCE // vfork, close_range
#endif

#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#else
#include <spawn.h>
#endif

extern char **environ;

// ---- programs that run

// Their process groups, where a signal handler finds them; one beyond these places is only not killed by it.
static _Atomic pid_t running[64];

enum { places = sizeof running / sizeof running[0] };

static void enlist(pid_t program) {
  for (int place = 0; place < places; ++place) {
    pid_t none = 0;
    if (atomic_compare_exchange_strong(&running[place], &none, program)) return;
  }
}

static void strike_out(pid_t program) {
  for (int place = 0; place < places; ++place) {
    pid_t listed = program;
    if (atomic_compare_exchange_strong(&running[place], &listed, 0)) return;
  }
}

void hf_kill_programs(void) {
  for (int place = 0; place < places; ++place) {
    const pid_t program = atomic_load(&running[place]);
    if (program > 0) kill(-program, SIGKILL);
  }
}

void hf_signal_program(pid_t program, int number) { kill(-program, number); }

bool hf_is_ignored(int number) {
  struct sigaction action;
  return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

// ---- start

// What a program finds as usual, whatever this process or the one that started it has made of it.
static const int usual_signals[] = {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ};

enum { usual_count = sizeof usual_signals / sizeof usual_signals[0] };

#ifdef __linux__

// Runs in the child, in the memory of this process: nothing but system calls. Returns if the program cannot be started.
static void become(const char *path, char *const arguments[], int output, int error, pid_t parent) {
  const struct sigaction usual = {.sa_handler = SIG_DFL};
  for (int place = 0; place < usual_count; ++place) sigaction(usual_signals[place], &usual, NULL);
  if (!hf_is_ignored(SIGHUP)) sigaction(SIGHUP, &usual, NULL);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) return;
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
  close_range(3, ~0U, 0);
#endif
#endif
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(path, arguments, environ);
}

// posix_spawn cannot ask for the signal at the end of the parent; vfork, unlike fork, copies no page tables and lets libraries be.
static pid_t start(const char *path, char *const arguments[], int output, int error) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t parent = getpid();
  volatile int failure = 0;
  const pid_t program = vfork();
  if (program == 0) {
    become(path, arguments, output, error, parent);
    failure = errno;
    _exit(127);
  }
  if (program < 0) failure = errno;
  if (program > 0 && failure != 0) waitpid(program, NULL, 0);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failure != 0 ? -failure : program;
}

#else

static pid_t start(const char *path, char *const arguments[], int output, int error) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  if (posix_spawn_file_actions_init(&files) != 0) return -ENOMEM;
  if (posix_spawnattr_init(&attributes) != 0) {
    posix_spawn_file_actions_destroy(&files);
    return -ENOMEM;
  }
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, 1);
  posix_spawn_file_actions_adddup2(&files, error, 2);
  sigset_t none, usual;
  sigemptyset(&none);
  sigemptyset(&usual);
  for (int place = 0; place < usual_count; ++place) sigaddset(&usual, usual_signals[place]);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setpgroup(&attributes, 0);
  short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
#ifdef POSIX_SPAWN_CLOEXEC_DEFAULT
  flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
  posix_spawnattr_setflags(&attributes, flags);
  pid_t program = 0;
  const int failure = posix_spawn(&program, path, &files, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return failure != 0 ? -failure : program;
}

#endif

pid_t hf_start_program(const char *path, char *const arguments[], int output, int error) {
  // Where the end of children is ignored the system forgets how they ended.
  if (hf_is_ignored(SIGCHLD)) signal(SIGCHLD, SIG_DFL);
  pid_t program = start(path, arguments, output, error);
  // A script that was just written may for a moment be open for writing in a process that another thread is starting.
  for (int tries = 0; program == -ETXTBSY && tries < 100; ++tries) {
    const struct timespec pause = {.tv_nsec = 5000000};
    nanosleep(&pause, NULL);
    program = start(path, arguments, output, error);
  }
  if (program > 0) enlist(program);
  return program;
}

// ---- end

bool hf_collect_program(pid_t program, int *status) {
  siginfo_t end = {0};
  if (waitid(P_PID, (id_t)program, &end, WEXITED | WNOHANG | WNOWAIT) == 0) {
    if (end.si_pid == 0) return false;
    // Until the process is collected its number, and so that of its group, belongs to nobody else.
    kill(-program, SIGKILL);
  }
  strike_out(program);
  int state = 0;
  pid_t collected;
  do {
    collected = waitpid(program, &state, 0);
  } while (collected < 0 && errno == EINTR);
  *status = collected < 0 ? 255 : WIFSIGNALED(state) ? -WTERMSIG(state) : WEXITSTATUS(state);
  return true;
}
