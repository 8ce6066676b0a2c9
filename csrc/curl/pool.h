/* The connection pool: exchanges that run at the same time, and the connections
** that are kept between them. Knows no Lua.
**
** A pool is a list of slots. A slot (struct cj_exchange) runs one exchange
** after the other, and each is driven in one of two ways:
**
**   driver             sends HTTP by       connection            used for
**   CJ_DRIVER_NONE     -                   kept, or none         free slot
**   CJ_DRIVER_HTTP1    http1_connection.c  the slot's own, that  services'
**                                          libcurl has opened    requests
**   CJ_DRIVER_LIBCURL  libcurl             of libcurl's pool     proxies, gzip
**                                                                large bodies,
**                                                               streams
**
** The life of an exchange: cj_pool_begin_http1 (or cj_pool_slot and
** cj_pool_begin_libcurl) claims a slot; cj_pool_step waits and works; an
** exchange that has ended is appended to the queue 'ended', where its owner
** finds status, head and body, or the failure; cj_pool_release frees the slot.
** Once it is free, its connection is kept if it is reusable. */
#ifndef CJ_POOL_H
#define CJ_POOL_H

#include "easy_exchange.h"
#include "http1_connection.h"
#include "pollset.h"

enum cj_driver { CJ_DRIVER_NONE, CJ_DRIVER_HTTP1, CJ_DRIVER_LIBCURL };

/* A slot of the pool. Other files use id, libcurl, driver, has_ended, and the
** result. */
struct cj_exchange {
  struct cj_connection http1;
  struct cj_easy_exchange libcurl;
  size_t id; /* from 1 */
  enum cj_driver driver;
  int has_ended, is_read;
  double timeout, deadline; /* of an exchange of 'http1', in s; of a stream, the
                            ** limit of the time without progress */
  uint64_t moved;           /* of a stream, when the deadline was set */
  int waits_out; /* 1: 'http1' is watched for output, too; 0: for input alone;
                 ** -1: it is not watched */
  struct cj_exchange *next_ended;
  /* The result, from the end of the exchange until the slot's next one. */
  long status; /* 0: there is no response */
  const struct cj_buf *head, *body;
  struct cj_failure failure;
};

struct cj_pool {
  long max_host; /* options of the owner, to set after 'init' */
  size_t max_body;
  int gzip;
  CURLM *multi;             /* NULL: closed */
  unsigned fork_generation; /* as in struct cj_easy */
  struct cj_pollset pollset;
  int unread; /* an 'http1' exchange has more to read than its last turn took */
  double due; /* the earliest deadline among the exchanges, or less */
  size_t streams; /* the number of exchanges that stream */
  int attention;  /* one of them may have an event */
  int is_broken;  /* libcurl had no memory to go on with one */
  double now;     /* the clock at the last begin or step */
  struct cj_exchange **list;
  size_t n, busy;
  struct cj_exchange *ended, **ended_end; /* the queue of ended exchanges */
  size_t reading; /* the number of ended exchanges that are being read */
  int closes;     /* close as soon as none is being read */
  struct cj_socket_list opened; /* the sockets of CJ_DRIVER_LIBCURL */
  struct cj_buf network;        /* of a new request, flattened */
  struct cj_buf lines; /* for the owner: a new request's header lines */
  int secure;          /* as in struct cj_easy, for all slots */
  int http1;           /* CJ_DRIVER_HTTP1 may be used */
};

void cj_pool_init (struct cj_pool *p);

/* Opens the pool unless it is open in this process. 0, or -1 when out of memory
** or descriptors. */
int cj_pool_open (struct cj_pool *p);
int cj_pool_is_open (const struct cj_pool *p);

/* Ends all exchanges and closes the connections; the pool can be opened again.
** In a child process only memory and descriptors are freed. While a result is
** being read, closing is put off until that has ended. */
void cj_pool_close (struct cj_pool *p);

/* Begins an exchange on CJ_DRIVER_HTTP1. NULL: the request needs libcurl. */
struct cj_exchange *cj_pool_begin_http1 (struct cj_pool *p,
                                         const struct cj_request *r);

/* Begins an exchange on CJ_DRIVER_LIBCURL in two steps: find a free slot (NULL:
** out of memory), and, after its 'libcurl' was prepared, start it. With
** 'is_refused' the exchange ends at once with the failure of the preparation.
** 0 or -1. */
struct cj_exchange *cj_pool_slot (struct cj_pool *p);
int cj_pool_begin_libcurl (struct cj_pool *p, struct cj_exchange *e,
                           const struct cj_request *r, int is_refused);

/* Whether the exchange streams and has not ended. */
int cj_pool_is_stream (const struct cj_exchange *e);

/* A stream that has something to consume in its 'libcurl.body', wants a piece,
** or both; NULL: none has. */
struct cj_exchange *cj_pool_event (struct cj_pool *p);

/* To be called when a stream's body was consumed, and to give it the next piece
** of its request. */
void cj_pool_consumed (struct cj_pool *p, struct cj_exchange *e);
void cj_pool_provide (struct cj_pool *p, struct cj_exchange *e,
                      struct cj_slice piece);

/* Waits up to 'seconds' until there is work, and does it. */
CURLMcode cj_pool_step (struct cj_pool *p, double seconds);

/* The seconds until cj_pool_step has work by the clock, at most 'seconds'. */
double cj_pool_timeout (const struct cj_pool *p, double seconds);

/* Whether the server may have received the request of a running exchange. */
int cj_pool_was_sent (const struct cj_exchange *e);

/* Ends the exchange if it still runs, and frees its slot unless its result is
** being read. */
void cj_pool_release (struct cj_pool *p, struct cj_exchange *e);

/* To be called around the reading of a result if Lua code can run meanwhile,
** which may begin and end other exchanges or close the pool. The end releases
** the exchange. */
void cj_pool_begin_reading (struct cj_pool *p, struct cj_exchange *e);
void cj_pool_end_reading (struct cj_pool *p, struct cj_exchange *e);

/* The same around a wait's check for signals, after which the exchange goes on.
** 'end_check' returns 0, or -1 when the pool was closed meanwhile. */
void cj_pool_begin_check (struct cj_pool *p, struct cj_exchange *e);
int cj_pool_end_check (struct cj_pool *p, struct cj_exchange *e);

#endif
