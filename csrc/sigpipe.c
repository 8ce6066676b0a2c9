/* Writing where nobody reads any more, without the signal. */
#include "sigpipe.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

void cj_sigpipe_block (struct cj_sigpipe *s) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &mask, &s->before);
}

static void take (void) {
  static const struct timespec now = { 0, 0 };
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGPIPE);
  while (sigtimedwait(&mask, NULL, &now) < 0 && errno == EINTR)
    ;
}

void cj_sigpipe_restore (const struct cj_sigpipe *s) {
  sigset_t pending;
  if (sigismember(&s->before, SIGPIPE))
    return; /* blocked already: a pending one is not ours */
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE))
    take();
  pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
