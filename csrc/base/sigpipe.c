/* Writing to a closed connection without the signal. */
#include "sigpipe.h"

#include <pthread.h>

static void only_sigpipe (sigset_t *set) {
  sigemptyset(set);
  sigaddset(set, SIGPIPE);
}

void cj_sigpipe_block (struct cj_sigpipe *s) {
  sigset_t set;
  only_sigpipe(&set);
  pthread_sigmask(SIG_BLOCK, &set, &s->before);
}

void cj_sigpipe_restore (const struct cj_sigpipe *s) {
  sigset_t set;
  int number;
  if (sigismember(&s->before, SIGPIPE))
    return; /* blocked already: a pending one is not ours */
  sigpending(&set);
  if (sigismember(&set, SIGPIPE)) {
    only_sigpipe(&set);
    sigwait(&set, &number); /* it is pending, so this does not wait */
  }
  pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
