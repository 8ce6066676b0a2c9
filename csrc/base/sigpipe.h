/* Writing to a closed connection without the signal: a SIGPIPE raised between
** these two calls is consumed, and no handler of the process runs. */
#ifndef CJ_SIGPIPE_H
#define CJ_SIGPIPE_H

#include <signal.h>

struct cj_sigpipe {
  sigset_t before;
};
void cj_sigpipe_block (struct cj_sigpipe *s);
void cj_sigpipe_restore (const struct cj_sigpipe *s);

#endif
