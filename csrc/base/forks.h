/* Whether this is still the process that opened a connection or drew random
** bytes. Counted, since asking for the pid is a call to the kernel. */
#ifndef CJ_FORKS_H
#define CJ_FORKS_H

/* How many forks lie between the process that loaded this and this one. */
unsigned cj_forks (void);

#endif
