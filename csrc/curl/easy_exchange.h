/* One HTTP exchange whose HTTP is libcurl's, on an easy handle that is reused
** for the next one. Knows no Lua. */
#ifndef CJ_EASY_EXCHANGE_H
#define CJ_EASY_EXCHANGE_H

#include "easy.h"
#include "../http/response_head.h"

/* libcurl's kinds of request. */
enum cj_form { CJ_FORM_NONE, CJ_FORM_GET, CJ_FORM_HEAD, CJ_FORM_BODY };

struct cj_easy_exchange {
  size_t max_body; /* options of the owner, to set after 'init' */
  int gzip;        /* request a compressed response, and decompress it */
  struct cj_easy easy;
  struct cj_buf lines; /* the request's header lines, each with a NUL */
  size_t count;        /* of lines */
  int given;           /* GIVEN_…: headers that libcurl must not add itself */
  struct curl_slist *list;
  size_t list_cap;
  enum cj_form form;  /* in force on the handle */
  int custom;         /* CURLOPT_CUSTOMREQUEST is set on the handle */
  struct cj_buf head; /* the response's status line and headers */
  size_t head_total;  /* bytes of all heads, interim responses included */
  int head_ended;     /* the blank line was received */
  struct cj_buf body;
  int ready;        /* to be sent: no step before it failed */
  int reports_sent; /* libcurl calls on_request */
  int sent;         /* on_request was called: the server may receive it */
  int is_stale;     /* on_request found input on a kept connection */
};

void cj_easy_exchange_init (struct cj_easy_exchange *x);

/* Closes the handle and its connections; the options stay. */
void cj_easy_exchange_free (struct cj_easy_exchange *x);

/* The steps before the request can be sent, in this order. 0; or -1, and
** cj_easy_exchange_failure gives the reason. */
int cj_easy_exchange_begin (struct cj_easy_exchange *x);
int cj_easy_exchange_prepare (struct cj_easy_exchange *x,
                              const struct cj_request *r);

/* Whether libcurl's 'result' stands for a whole response. If not,
** cj_easy_exchange_failure gives the reason. */
int cj_easy_exchange_succeeded (struct cj_easy_exchange *x, CURLcode result);
struct cj_failure cj_easy_exchange_failure (struct cj_easy_exchange *x,
                                            CURLcode result);

/* Whether the server may have received the request. */
int cj_easy_exchange_was_sent (const struct cj_easy_exchange *x);

/* Whether the exchange ended before its request because the kept connection had
** input. It is then prepared to be started again, on a new connection. */
int cj_easy_exchange_reconnects (struct cj_easy_exchange *x);

long cj_easy_exchange_status (const struct cj_easy_exchange *x);

#endif
