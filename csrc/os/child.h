/* One child process. Knows no Lua. */
#ifndef CJ_CHILD_H
#define CJ_CHILD_H

#include "../base/buf.h"

#include <sys/types.h>

/* In place of a status: somebody else took it, as nginx does and as an ignored
** SIGCHLD has it. */
#define CJ_CHILD_COLLECTED (-1)

struct cj_child {
  pid_t pid;   /* 0: none, or collected already */
  pid_t whom;  /* to kill: its whole group, or it alone */
  pid_t owner; /* who started it: only they may end it */
  int status;  /* as waitpid gives it, once pid is 0 */
  int pipe[3]; /* our ends of its standard descriptors, -1 when closed */
  struct cj_buf out, err;
};

/* What it is started with, laid out before the fork: behind it no memory may be
** taken. */
struct cj_launch {
  char **argv;
  char **env;       /* NULL: ours */
  const char *cwd;  /* NULL: ours */
  int converses;    /* we write its input and read its errors, too */
  int asks;         /* its user: our terminal, input and errors are its own */
  int ends_with_us; /* where there is Linux */
};

/* None yet, which may print so much. */
void cj_child_init (struct cj_child *c, size_t max_output);

/* Waits for the child's exec. Returns 0 or the errno of what failed. */
int cj_child_start (struct cj_child *c, const struct cj_launch *l);

/* Moves bytes until the child has ended, or until the clock's 'deadline'.
** Returns NULL or the code of what went wrong; the child may then still run. */
const char *cj_child_converse (struct cj_child *c, const char *input, size_t n,
                               double deadline);

/* Reads until there is a line in 'out'. Returns its length, or -1 when it did
** not come in time or the child is silent: none will come. */
ssize_t cj_child_line (struct cj_child *c, double deadline);
int cj_child_is_silent (const struct cj_child *c);

/* Returns 1 when it has ended in time. */
int cj_child_wait (struct cj_child *c, double deadline);

/* SIGTERM, SIGKILL after the deadline, and it is disposed of. */
void cj_child_stop (struct cj_child *c, double deadline);

/* Kills it if it is ours and still runs, and frees what it holds. */
void cj_child_dispose (struct cj_child *c);

#endif
