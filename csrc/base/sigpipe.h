/* Writing where nobody reads any more, without the signal. Between these two
** calls nobody sees a SIGPIPE, and one that came is taken away. */
#ifndef CJ_SIGPIPE_H
#define CJ_SIGPIPE_H

#include <signal.h>

struct cj_sigpipe {
  sigset_t before;
};
void cj_sigpipe_block (struct cj_sigpipe *s);
void cj_sigpipe_restore (const struct cj_sigpipe *s);

#endif
