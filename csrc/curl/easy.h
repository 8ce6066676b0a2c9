/* An easy handle of libcurl that is reused from request to request, with the
** options that every request of this module shares: proxy, trust, timeouts and
** URL. Knows no Lua. */
#ifndef CJ_EASY_H
#define CJ_EASY_H

#include "../base/buf.h"
#include "../http/request.h"
#include "socket.h"

#include <curl/curl.h>

/* The limit of the network options' text, in bytes. */
#define CJ_MAX_NETWORK ((size_t)16 << 10)

/* Why a request got no response. The strings are valid until the handle's next
** request. */
struct cj_failure {
  const char *code; /* resolve connect tls timeout closed too_large protocol
                    ** proxy request memory */
  const char *message;
  int sent; /* the server may have received the request */
};

struct cj_easy {
  void *owner;                   /* the handle's CURLINFO_PRIVATE */
  struct cj_socket_list *opened; /* the owner's: each new socket is added */
  CURL *handle;                  /* NULL: closed */
  unsigned fork_generation; /* cj_fork_generation() at the time it was opened: a
                             *child
                             ** process must not use its parent's connections */
  int secure;  /* may have had a TLS connection: writing to one can raise
               ** SIGPIPE, writing to any other cannot */
  int trusts;  /* the source of trusted certificates is set */
  int invalid; /* libcurl had no memory for an option: open it anew */
  long timeout, connect_timeout; /* the values in force, in ms */
  struct cj_buf network;         /* the network options in force, flattened */
  struct cj_buf url;             /* the URL in force */
  const char *problem; /* the failure's code where this module refused */
  char message[CURL_ERROR_SIZE]; /* of the failure */
  char detail[CURL_ERROR_SIZE];  /* libcurl's own message */
};

/* Whether the libcurl that is loaded is at least this version, which may differ
** from that of its header: 0x080100 is 8.1.0. */
int cj_easy_libcurl_is (unsigned version);

/* Initializes libcurl, once a process. cj_easy_begin calls it. */
void cj_easy_start (void);

void cj_easy_init (struct cj_easy *easy);

/* Closes the handle; connections that belong to a multi stay open. */
void cj_easy_close (struct cj_easy *easy);

/* Closes the handle and frees its memory. */
void cj_easy_free (struct cj_easy *easy);

/* Opens the handle where it is closed, inherited from the parent process or
** invalid, and clears the failure. 0, or -1 and a failure. */
int cj_easy_begin (struct cj_easy *easy);

/* Sets the request's network options. 1: the handle was reset, so its owner has
** to set its own options again. 0; or -1 and a failure. */
int cj_easy_network (struct cj_easy *easy, const struct cj_request *r);

/* Sets the URL. 0, or -1 and a failure. */
int cj_easy_address (struct cj_easy *easy, const char *url, size_t n);

/* Sets both timeouts, in ms; 0 is none. */
void cj_easy_timeouts (struct cj_easy *easy, long timeout,
                       long connect_timeout);

/* Sets an option whose text libcurl copies. */
void cj_easy_text (struct cj_easy *easy, CURLoption option, const char *text);

/* Appends the network options in a form that can be compared bytewise. 0, or -1
** when they are too long. */
int cj_network_flatten (struct cj_buf *b, const struct cj_network *n);

/* Sets the failure's code and message. -1. */
__attribute__((format(printf, 3, 4))) int cj_easy_refuse (struct cj_easy *easy,
                                                          const char *code,
                                                          const char *message,
                                                          ...);

/* The failure that libcurl's 'result' stands for, unless one is set already.
** 'sent' is left to the caller. */
struct cj_failure cj_easy_failure (struct cj_easy *easy, CURLcode result);

/* For libcurl's callback before a request: whether TLS holds anything to read.
 */
int cj_easy_has_tls_input (struct cj_easy *easy);

#endif
