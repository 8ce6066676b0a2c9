/* A connection that libcurl opens (names, addresses, TLS, certificates) and on
** which this module sends and receives HTTP/1.1 itself, because libcurl takes
** longer to write a request's headers than the rest of a call takes. It carries
** one exchange at a time. Knows no Lua.
**
** The steps of an exchange, each called by pool.c:
**
**   write       the request's bytes into 'out'
**   configure   libcurl's handle for the origin, on a new connection
**   connect     hand the handle to the multi, which opens the connection
**   connected   libcurl reports the end of that
**   send        what is left of 'out', whenever the socket takes output
**   receive     what has arrived, whenever the socket has input
**   is_reusable after the response, whether the connection can be kept
**
** send and receive return a cj_progress. RECONNECT stands for a kept connection
** that the server had closed before the request arrived: nothing was processed,
** and the request is sent again on a new connection. */
#ifndef CJ_HTTP1_CONNECTION_H
#define CJ_HTTP1_CONNECTION_H

#include "../http/response_parser.h"
#include "easy.h"

struct cj_connection {
  struct cj_easy easy;
  CURLM *multi;         /* the handle's multi; NULL: not connected */
  curl_socket_t fd;     /* CURL_SOCKET_BAD until it is connected */
  struct cj_buf origin; /* "https://host:port/" and a NUL */
  struct cj_buf out;    /* the request */
  size_t sent;          /* bytes of 'out' that were sent on this connection */
  int has_sent;         /* any were sent, also on the connection before */
  struct cj_response_parser
      in; /* the response; the owner sets its body's 'max' */
  long timeout, connect_timeout; /* of the request, in ms */
  int non_idempotent;            /* the request must not be sent twice */
  int is_reused;                 /* it carried an exchange before this one */
  int lost;       /* new connections of this exchange that libcurl closed */
  int has_unread; /* receive left bytes behind that the socket may not show */
  double idle_since; /* on the owner's clock, in s */
};

enum cj_progress {
  CJ_PROGRESS_FAILED = -1, /* cj_connection_failure gives the reason */
  CJ_PROGRESS_WAIT,        /* for its socket */
  CJ_PROGRESS_DONE,        /* the response is whole */
  CJ_PROGRESS_RECONNECT    /* closed before the request: connect again */
};

/* The length of "https://host:port" in the URL of a request that this driver
** can send; 0: it needs libcurl's HTTP. */
size_t cj_connection_origin (const struct cj_request *r);

void cj_connection_init (struct cj_connection *c);

/* Closes the connection; the buffers stay. In a child of the process that
** opened it, it is only forgotten. */
void cj_connection_close (struct cj_connection *c);
void cj_connection_free (struct cj_connection *c);

/* Whether it leads to this origin under these network options, flattened. */
int cj_connection_matches (const struct cj_connection *c,
                           struct cj_slice origin,
                           const struct cj_buf *network);

/* Whether an idle connection is open and has nothing to read. */
int cj_connection_is_alive (struct cj_connection *c);

/* Writes the request into 'out'. 0; or -1: libcurl's HTTP gives the reason. */
int cj_connection_write (struct cj_connection *c, const struct cj_request *r,
                         size_t origin);

/* Sets the handle's options for the request's origin. 0 or -1. */
int cj_connection_configure (struct cj_connection *c,
                             const struct cj_request *r, size_t origin);

/* Begins to connect in 'multi'. 0 or -1. */
int cj_connection_connect (struct cj_connection *c, CURLM *multi);

/* Evaluates libcurl's result of connecting: WAIT when connected, FAILED or
** RECONNECT. */
enum cj_progress cj_connection_connected (struct cj_connection *c,
                                          CURLcode result);

/* Sends what is left of the request. */
enum cj_progress cj_connection_send (struct cj_connection *c);

/* Receives what has arrived of the response. */
enum cj_progress cj_connection_receive (struct cj_connection *c);

/* Whether it can carry another exchange, now that this one is done. */
int cj_connection_is_reusable (const struct cj_connection *c);

/* Sets the failure of an exchange whose time is over. */
void cj_connection_time_out (struct cj_connection *c, double seconds);

struct cj_failure cj_connection_failure (struct cj_connection *c);

#endif
