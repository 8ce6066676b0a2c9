/* A libcurl handle that is kept for the next request, and what tells it how to
** reach an address. Knows no Lua. */
#ifndef CJ_EASY_H
#define CJ_EASY_H

#include "../base/buf.h"
#include "../http/request.h"

#include <curl/curl.h>

/* Of the network's settings, flattened. */
#define CJ_MAX_NETWORK ((size_t)16 << 10)

/* Why there is no answer. The texts live until the handle's next request. */
struct cj_failure {
  const char *code; /* resolve connect tls timeout closed too_large protocol
                    ** proxy request memory */
  const char *message;
  int sent; /* the request may have reached the server */
};

struct cj_handle {
  void *owner;              /* comes back as CURLINFO_PRIVATE */
  CURL *easy;               /* NULL: closed */
  unsigned fork_generation; /* cj_fork_generation when it was opened:
                             *connections are the
                             ** process's that made them */
  int secure; /* may have had a TLS connection; over others libcurl sends
              ** without a signal in any case */
  int trusts; /* whose certificates is set, too */
  int unset;  /* libcurl had no memory for a setting */
  long timeout, connect_timeout; /* the settings in force */
  struct cj_buf network;         /* flattened */
  struct cj_buf url;
  const char *problem; /* the code of what we refused, not libcurl */
  char message[CURL_ERROR_SIZE];
};

/* Readies libcurl itself, once a process. 'begin' does it too. */
void cj_handle_start (void);

void cj_handle_init (struct cj_handle *h);

/* Closes the handle and its connections, and frees its memory. */
void cj_handle_free (struct cj_handle *h);

/* Opens it, anew if it is another process's or lacks a setting. 0, or -1 when
** it refuses. */
int cj_handle_begin (struct cj_handle *h);

/* Puts in force what the request says of the way. 1: the handle was reset, and
** lacks what else its owner wants of it. 0; -1 when it refuses. */
int cj_handle_network (struct cj_handle *h, const struct cj_request *r);

/* The same for an address and the times. 0 or -1. */
int cj_handle_address (struct cj_handle *h, const char *url, size_t n);
void cj_handle_timeouts (struct cj_handle *h, long timeout,
                         long connect_timeout);

/* Sets an option that libcurl makes a copy of. */
void cj_handle_text (struct cj_handle *h, CURLoption option, const char *text);

/* The network's settings as bytes to compare. 0, or -1: more than a handle
** takes. */
int cj_network_flatten (struct cj_buf *b, const struct cj_network *n);

/* Notes the code and the message of what is wrong. -1. */
__attribute__((format(printf, 3, 4))) int cj_handle_refuse (struct cj_handle *h,
                                                            const char *code,
                                                            const char *message,
                                                            ...);

/* What libcurl's 'result' means, or what was refused. */
struct cj_failure cj_handle_failure (struct cj_handle *h, CURLcode result);

#endif
