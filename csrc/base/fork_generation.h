/* Tells a process from the one that forked it, so that a child neither uses its
** parent's connections nor repeats its random bytes. A counter, because getpid
** is a system call. */
#ifndef CJ_FORK_GENERATION_H
#define CJ_FORK_GENERATION_H

/* The number of forks between the process that loaded this library and the
** calling one. */
unsigned cj_fork_generation (void);

#endif
