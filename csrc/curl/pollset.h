/* The sockets that a pool waits for: libcurl's, which this file also serves,
** and the pool's own. Knows no Lua. */
#ifndef CJ_POLLSET_H
#define CJ_POLLSET_H

#include <stddef.h>

#include <curl/curl.h>

struct cj_pollset {
  CURLM *multi;
  double deadline; /* of libcurl's timer, HUGE_VAL: it has none */
  int is_idle;     /* the last wait ended without an event, maybe by a signal */
  int epoll;       /* on Linux, the descriptor that watches all; -1: closed */
  /* Elsewhere: the pool's sockets, and the id of each. */
  struct curl_waitfd *list;
  size_t *ids;
  unsigned n;
};

/* Called for a socket of the pool that is ready, with the id that
** cj_pollset_watch was given. The pool may have closed the socket since. */
typedef void cj_pollset_ready (void *owner, curl_socket_t fd, size_t id);

void cj_pollset_init (struct cj_pollset *s);

/* Watches the sockets of 'multi', too. 0, or -1 when out of memory or
** descriptors. */
int cj_pollset_open (struct cj_pollset *s, CURLM *multi);

/* Call it after curl_multi_cleanup, which unwatches libcurl's sockets. */
void cj_pollset_close (struct cj_pollset *s);

/* Watches a socket of the pool for input, and for output where 'out' is set;
** 'is_known': it is watched already. 'id' is from 1. 0 or -1. */
int cj_pollset_watch (struct cj_pollset *s, curl_socket_t fd, size_t id,
                      int out, int is_known);
void cj_pollset_unwatch (struct cj_pollset *s, curl_socket_t fd);

/* Waits up to 'seconds' until a socket is ready or libcurl's timer is due, lets
** libcurl work and calls 'on_ready' for the pool's sockets. */
CURLMcode cj_pollset_wait (struct cj_pollset *s, double seconds,
                           cj_pollset_ready *on_ready, void *owner);

#endif
