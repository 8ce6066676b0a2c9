/* One HTTP exchange whose HTTP is libcurl's, on an easy handle that is reused
** for the next one. Knows no Lua. */
#ifndef CJ_EASY_EXCHANGE_H
#define CJ_EASY_EXCHANGE_H

#include "easy.h"
#include "../http/response_head.h"

/* libcurl's kinds of request. */
enum cj_form {
  CJ_FORM_NONE,
  CJ_FORM_GET,
  CJ_FORM_HEAD,
  CJ_FORM_BODY,
  CJ_FORM_PIECES /* a body in pieces */
};

/* The bytes of a response that wait for the owner. libcurl adds one piece more
** before it pauses. */
#define CJ_STREAM_BUFFER ((size_t)64 << 10)
#define CJ_STREAM_PIECE ((size_t)64 << 10)

/* What an exchange has that streams. */
struct cj_stream {
  int is_on;
  int *attention;        /* the owner's: set with 'has_event' */
  int has_event;         /* the owner has something to consume or to provide */
  int is_success;        /* the response's status is 2xx: its body streams */
  int is_read;           /* the owner reads 'body': it stays as it is */
  int waits_in;          /* libcurl is paused until 'body' is consumed */
  int waits_out;         /* libcurl is paused until there is a piece to send */
  int has_ended;         /* there are no pieces after 'piece' */
  struct cj_slice piece; /* what is left to send of it; the owner's */
  uint64_t moved;        /* bytes, both ways */
};

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
  struct cj_stream stream;
  int has_stream_options; /* those of a stream are in force on the handle */
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

/* Whether a stream waits for a piece of the request's body. */
int cj_easy_exchange_wants_piece (const struct cj_easy_exchange *x);

/* Gives a stream the next piece, which has to stay until it is wanted again; an
** empty one is the body's end. 0; or -1: the multi is of no use any more. */
int cj_easy_exchange_provide (struct cj_easy_exchange *x,
                              struct cj_slice piece);

/* Says that a stream's 'body' was consumed. 0 or -1, as above. */
int cj_easy_exchange_consumed (struct cj_easy_exchange *x);

long cj_easy_exchange_status (const struct cj_easy_exchange *x);

#endif
