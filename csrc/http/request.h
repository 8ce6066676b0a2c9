/* A request to be sent, and why it may not be. */
#ifndef CJ_REQUEST_H
#define CJ_REQUEST_H

#include "field.h"

#include <stdint.h>

/* Bytes of a request's headers: a session token has a few KB, and servers
** refuse more than this themselves. */
#define CJ_MAX_HEADER_LINES ((size_t)128 << 10)

/* How to reach a server. NULL: unset. */
struct cj_network {
  const char *proxy;       /* a URL, user and password included */
  const char *no_proxy;    /* host names with commas between them */
  const char *ca_bundle;   /* a file, or a directory with hashed names */
  const char *client_cert; /* PEM */
  const char *client_key;
};

struct cj_request {
  const char *method, *url;
  size_t method_len, url_len;
  const char *body; /* NULL: none. Not copied: keep it until the end. */
  size_t body_len;
  struct cj_slice lines; /* headers, "name: value" and CR LF each */
  char refusal[128];     /* why a header must not be sent; "": all may */
  long timeout, connect_timeout; /* ms; 0: none */
  int non_idempotent;            /* must not reach a server twice */
  /* A request that streams: a response with a status of 2xx is handed over in
  ** pieces, and so is the body where 'has_pieces' is set. */
  int streams, has_pieces;
  int64_t pieces_len; /* the length of the body in pieces; -1: unknown */
  long idle;          /* ms without progress that end it; 0: no limit */
  struct cj_network network;
};

/* Why it must not be sent, or NULL; its 'lines' are not checked. */
const char *cj_request_refusal (const struct cj_request *r);

/* Whether it has a Content-Length, be that 0. */
int cj_request_has_body (const struct cj_request *r);

/* Appends a header to lines that will be the request's, or sets 'refusal'. */
void cj_request_add_header (struct cj_request *r, struct cj_buf *lines,
                            const struct cj_field *f);

#endif
