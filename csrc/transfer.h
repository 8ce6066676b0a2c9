/* One HTTP exchange on a libcurl easy handle that is kept for the next one.
** Knows no Lua: the easy and the multi binding both stand on it. */
#ifndef CJ_TRANSFER_H
#define CJ_TRANSFER_H

#include "buf.h"

#include <curl/curl.h>

/* What an answer's body may hold unless a request says otherwise: far more
** than any answer of these services, far less than a gateway's memory. */
#define CJ_MAX_BODY ((size_t)64 << 20)

/* How to reach any address. NULL: unset. */
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
  long timeout, connect_timeout; /* ms; 0: none */
  struct cj_network network;
};

/* Why there is no answer. The texts live until the transfer's next 'begin'. */
struct cj_failure {
  const char *code; /* resolve connect tls timeout closed too_large protocol
                    ** proxy request memory */
  const char *message;
  int sent; /* the request may have reached the server */
};

/* libcurl's kinds of request. */
enum cj_form { CJ_FORM_NONE, CJ_FORM_GET, CJ_FORM_HEAD, CJ_FORM_BODY };

struct cj_transfer {
  size_t max_body; /* settings, after 'init' for the owner to change */
  int gzip;        /* ask for a compressed answer, and unpack it */
  CURL *easy;
  unsigned forks;      /* cj_forks when it was opened: connections are the
                       ** process's that made them */
  struct cj_buf lines; /* the request's headers, a NUL behind each */
  size_t count;        /* of lines */
  int given;           /* which headers libcurl must not make itself */
  struct curl_slist *list;
  size_t list_cap;
  struct cj_buf network; /* the settings in force, flattened */
  int trusts;            /* whose certificates is set, too */
  int secure;            /* may have had a TLS connection; over others libcurl
                         ** sends without a signal in any case */
  enum cj_form form;     /* what else is in force */
  int named;
  long timeout, connect_timeout;
  struct cj_buf url;
  struct cj_buf head; /* the answer's status line and headers */
  size_t head_total;  /* bytes of all heads, interim answers counted */
  int head_ended;     /* the blank line has come */
  struct cj_buf body;
  const char *problem; /* the code of what we refused, not libcurl */
  int unset;           /* libcurl had no memory for a setting */
  int ready;           /* for the wire: nothing was refused before it */
  char message[CURL_ERROR_SIZE];
};

/* Readies libcurl itself, once a process. 'begin' does it too. */
void cj_transfer_start (void);

void cj_transfer_init (struct cj_transfer *t);

/* Closes the handle and its connections; the settings stay. */
void cj_transfer_free (struct cj_transfer *t);

/* The steps before the wire. Each returns 0, or -1 when it refuses, and then
** cj_transfer_failure tells why. */
int cj_transfer_begin (struct cj_transfer *t);
int cj_transfer_header (struct cj_transfer *t, const char *name,
                        size_t name_len, const char *value, size_t value_len);
/* Many at once, as "name: value" and CR LF each; they are well-formed. */
int cj_transfer_lines (struct cj_transfer *t, const char *s, size_t n);
int cj_transfer_prepare (struct cj_transfer *t, const struct cj_request *r);

/* Whether 'result' stands for a whole answer; if not, why. */
int cj_transfer_succeeded (struct cj_transfer *t, CURLcode result);
struct cj_failure cj_transfer_failure (struct cj_transfer *t, CURLcode result);

long cj_transfer_status (const struct cj_transfer *t);

#endif
