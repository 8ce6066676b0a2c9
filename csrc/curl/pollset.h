/* The sockets that a pool waits on, libcurl's and its own. Knows no Lua. */
#ifndef CJ_POLLSET_H
#define CJ_POLLSET_H

#include <stddef.h>

#include <curl/curl.h>

struct cj_sockets {
  CURLM *multi;
  double deadline; /* when libcurl wants to be called, HUGE_VAL: never */
  int epoll;       /* has them all where there is Linux; -1: none */
  /* Elsewhere: the owner's own, and what it calls each. */
  struct curl_waitfd *list;
  size_t *ids;
  unsigned n;
};

/* Tells the owner of the ready socket that it watches as 'id', which it may
** have closed a moment ago. */
typedef void cj_sockets_ready (void *owner, curl_socket_t fd, size_t id);

void cj_sockets_init (struct cj_sockets *s);

/* Those of this multi, too. 0, or -1 when out of memory or descriptors. */
int cj_sockets_open (struct cj_sockets *s, CURLM *multi);

/* Call it after the multi's end, which takes libcurl's sockets away. */
void cj_sockets_close (struct cj_sockets *s);

/* Waits for bytes from a socket of the owner's, and with 'out' until it takes
** some; 'is_known': it is watched already. 'id' is from 1. 0 or -1. */
int cj_sockets_watch (struct cj_sockets *s, curl_socket_t fd, size_t id,
                      int out, int is_known);
void cj_sockets_unwatch (struct cj_sockets *s, curl_socket_t fd);

/* Waits up to 'seconds' for anything to do. What is libcurl's it does. */
CURLMcode cj_sockets_wait (struct cj_sockets *s, double seconds,
                           cj_sockets_ready *on_ready, void *owner);

#endif
