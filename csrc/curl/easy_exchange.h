/* One HTTP exchange in libcurl's own way, on a handle that is kept for the next
** one. Knows no Lua. */
#ifndef CJ_EASY_EXCHANGE_H
#define CJ_EASY_EXCHANGE_H

#include "easy.h"

/* What an answer's body may hold unless a request says otherwise: far more
** than any answer of these services, far less than a gateway's memory. */
#define CJ_MAX_BODY ((size_t)64 << 20)

/* libcurl's kinds of request. */
enum cj_form { CJ_FORM_NONE, CJ_FORM_GET, CJ_FORM_HEAD, CJ_FORM_BODY };

struct cj_transfer {
  size_t max_body; /* settings, after 'init' for the owner to change */
  int gzip;        /* ask for a compressed answer, and unpack it */
  struct cj_handle h;
  struct cj_buf lines; /* the request's headers, a NUL behind each */
  size_t count;        /* of lines */
  int given;           /* which headers libcurl must not make itself */
  struct curl_slist *list;
  size_t list_cap;
  enum cj_form form; /* what is in force */
  int named;
  struct cj_buf head; /* the answer's status line and headers */
  size_t head_total;  /* bytes of all heads, interim answers counted */
  int head_ended;     /* the blank line has come */
  struct cj_buf body;
  int ready; /* for the wire: nothing was refused before it */
};

void cj_transfer_init (struct cj_transfer *t);

/* Closes the handle and its connections; the settings stay. */
void cj_transfer_free (struct cj_transfer *t);

/* The steps before the wire. Each returns 0, or -1 when it refuses, and then
** cj_transfer_failure tells why. */
int cj_transfer_begin (struct cj_transfer *t);
int cj_transfer_prepare (struct cj_transfer *t, const struct cj_request *r);

/* Whether 'result' stands for a whole answer; if not, why. */
int cj_transfer_succeeded (struct cj_transfer *t, CURLcode result);
struct cj_failure cj_transfer_failure (struct cj_transfer *t, CURLcode result);

long cj_transfer_status (const struct cj_transfer *t);

#endif
