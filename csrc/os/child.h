/* One child process. Knows no Lua. */
#ifndef CJ_CHILD_H
#define CJ_CHILD_H

#include "../base/buf.h"

#include <sys/types.h>

/* In place of a status that another part of the process has collected: nginx
** waits for any child, and with SIGCHLD ignored the kernel keeps none. */
#define CJ_CHILD_COLLECTED (-1)

struct cj_child {
  pid_t pid;    /* 0: none, or collected already */
  pid_t target; /* kill's argument: the process group, or the child alone */
  pid_t owner;  /* the process that started it: no other may end it */
  int status;   /* as waitpid gives it, once pid is 0 */
  int pipe[3];  /* our ends of its standard streams, -1 when closed */
  struct cj_buf out, err;
  const char *input; /* what is left of it; the caller keeps the string */
  size_t input_len;
};

/* The launch options, built before the fork: after it no memory may be
** allocated. */
struct cj_launch {
  char **argv;
  char **env;       /* NULL: ours */
  const char *cwd;  /* NULL: ours */
  int captures;     /* its input is written and its errors are read, too */
  int interactive;  /* it has our standard input, standard error, terminal */
  int dies_with_us; /* on Linux */
};

/* Prepares a child that may print up to 'max_output' bytes. */
void cj_child_init (struct cj_child *c, size_t max_output);

/* Starts the child and waits for its exec. 0, or the errno of what failed. */
int cj_child_start (struct cj_child *c, const struct cj_launch *l);

/* Waits for a slice of time, writes the input and reads the outputs. 1: it has
** ended; 0: it has not; -1: 'problem' is the failure's code. */
int cj_child_communicate (struct cj_child *c, const char **problem);

/* Waits for a slice of time until 'out' holds a line. Its length; -1: there is
** none yet, or no more if the output is closed. */
ssize_t cj_child_line (struct cj_child *c, double deadline);
int cj_child_is_closed (const struct cj_child *c);

/* Waits for a slice of time. Whether the child has ended. */
int cj_child_wait (struct cj_child *c, double deadline);

/* Sends SIGTERM, SIGKILL after the deadline, and disposes of it. */
void cj_child_stop (struct cj_child *c, double deadline);

/* Kills the child if it is this process's and still runs, and frees all. */
void cj_child_dispose (struct cj_child *c);

#endif
