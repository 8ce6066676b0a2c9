/* A connection that libcurl opens (names, addresses, TLS, certificates) and on
** which we speak HTTP/1.1 ourselves: libcurl takes longer to write a request's
** headers than everything else of a call does. One exchange after the other.
** Knows no Lua. */
#ifndef CJ_HTTP1_CONNECTION_H
#define CJ_HTTP1_CONNECTION_H

#include "easy.h"
#include "../http/response_parser.h"

struct cj_connection {
  struct cj_handle h;
  CURLM *multi;         /* where the handle is: NULL for a closed connection */
  curl_socket_t fd;     /* CURL_SOCKET_BAD until it is connected */
  struct cj_buf origin; /* where it leads to: "https://host:port/", a NUL */
  struct cj_buf out;    /* the request */
  size_t sent;          /* of it */
  int has_sent;         /* any of it, be it on the connection before */
  struct cj_response_parser
      in; /* the answer. Its body's 'max' is the owner's to set */
  long timeout, connect_timeout; /* of the request, in ms */
  int non_idempotent;            /* the request must not be sent twice */
  int is_used;                   /* it carried an exchange before this one */
  double idle_since;             /* on the owner's clock */
};

enum cj_progress {
  CJ_PROGRESS_FAILED = -1, /* cj_connection_failure tells why */
  CJ_PROGRESS_WAIT,        /* for its descriptor */
  CJ_PROGRESS_DONE,        /* the answer is there */
  CJ_PROGRESS_AGAIN        /* the server had closed it: open it once more */
};

/* The length of "https://host:port" in the URL of a request that we speak for;
** 0: leave it to libcurl's HTTP. */
size_t cj_connection_origin (const struct cj_request *r);

void cj_connection_init (struct cj_connection *c);

/* Closes it; the buffers stay. In a child of the process that opened it, it is
** only forgotten. */
void cj_connection_close (struct cj_connection *c);
void cj_connection_free (struct cj_connection *c);

/* Whether it leads where a request with this origin and these network settings,
** flattened, is to go. */
int cj_connection_leads (const struct cj_connection *c, struct cj_slice origin,
                         const struct cj_buf *network);

/* Whether an idle connection can be used again. */
int cj_connection_is_alive (struct cj_connection *c);

/* Takes the request's bytes. 0; or -1 when libcurl's HTTP should say what is
** wrong with it. */
int cj_connection_write (struct cj_connection *c, const struct cj_request *r,
                         size_t origin);

/* Begins to open it in 'multi': to where the request says, or where it led to
** before. 0 or -1. */
int cj_connection_aim (struct cj_connection *c, const struct cj_request *r,
                       size_t origin);
int cj_connection_open (struct cj_connection *c, CURLM *multi);

/* libcurl's word on it: FAILED, or WAIT and it is connected. */
enum cj_progress cj_connection_opened (struct cj_connection *c,
                                       CURLcode result);

/* Sends what is left of the request. */
enum cj_progress cj_connection_send (struct cj_connection *c);

/* Takes what has come of the answer. */
enum cj_progress cj_connection_receive (struct cj_connection *c);

/* Whether it can carry another exchange, now that this one is done. */
int cj_connection_keeps (const struct cj_connection *c);

/* Gives the exchange up: code and message, for cj_connection_failure. */
void cj_connection_late (struct cj_connection *c, double seconds);

struct cj_failure cj_connection_failure (struct cj_connection *c);

#endif
