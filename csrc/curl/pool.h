/* Exchanges that are on their way at once, and the connections that are kept
** between them. Knows no Lua. */
#ifndef CJ_POOL_H
#define CJ_POOL_H

#include "http1_connection.h"
#include "pollset.h"
#include "easy_exchange.h"

/* Who has the exchange: nobody, we by 'c', libcurl by 't'. */
enum cj_speaker { CJ_NOBODY, CJ_WE, CJ_LIBCURL };

/* One exchange after the other, and the connection that is kept between them.
** Of use outside of pool.c: id, t, speaker, has_ended, and what came of it. */
struct cj_exchange {
  struct cj_connection c;
  struct cj_transfer t;
  size_t id; /* from 1 */
  enum cj_speaker speaker;
  int has_ended, is_read;
  double timeout, deadline; /* of 'c', in s */
  int waits_out;            /* what 'c' is watched for, -1: it is not */
  struct cj_exchange *next; /* that has ended */
  /* Once ended: until the exchange's next use. */
  long status; /* 0: there is no answer */
  const struct cj_buf *head, *body;
  struct cj_failure failure;
};

struct cj_pool {
  long max_host; /* settings, after 'init' for the owner to change: */
  size_t max_body;
  int gzip;
  CURLM *multi;             /* NULL: closed */
  unsigned fork_generation; /* where it was opened: see struct cj_handle */
  struct cj_sockets sockets;
  double due; /* none of ours runs out of time before it */
  struct cj_exchange **list;
  size_t n, busy;
  struct cj_exchange *ended, **ended_end; /* in a queue */
  size_t reading; /* so many of the busy ones have ended and are being read */
  int closes;     /* as soon as none is read any more */
  struct cj_buf network; /* of a request, flattened, while a place is found */
  struct cj_buf lines;   /* for the owner, to write a request's headers to */
  int secure;            /* as a handle's, of all */
  int speaks;            /* we may, this libcurl being new enough */
};

void cj_pool_init (struct cj_pool *p);

/* Opens it unless it is open, in this very process. 0, or -1 when out of memory
** or descriptors. */
int cj_pool_open (struct cj_pool *p);
int cj_pool_is_open (const struct cj_pool *p);

/* Ends what is on its way and closes the connections; it can be opened again.
** In a child of the process that opened it only memory and a descriptor go.
** While an answer is read it waits for the end of that. */
void cj_pool_close (struct cj_pool *p);

/* Begins an exchange. NULL: the request is one for libcurl's HTTP. */
struct cj_exchange *cj_pool_speak (struct cj_pool *p,
                                   const struct cj_request *r);

/* Gives libcurl one: finds it a place (NULL: out of memory), and when 't' has
** been prepared begins, or has it end with the refusal. 0 or -1. */
struct cj_exchange *cj_pool_place (struct cj_pool *p);
int cj_pool_transfer (struct cj_pool *p, struct cj_exchange *e, int is_refused);

/* Waits up to 'seconds' for anything to do, and does it. */
CURLMcode cj_pool_step (struct cj_pool *p, double seconds);

/* How long nothing has to be done, up to 'seconds'. */
double cj_pool_left (const struct cj_pool *p, double seconds);

/* Whether it ended or not: its place is free for the next one, unless it is
** being read. */
void cj_pool_release (struct cj_pool *p, struct cj_exchange *e);

/* Around the reading of what came of an exchange, if others may begin and end
** meanwhile, or the pool be closed: it stays until then, and is released. */
void cj_pool_begin_reading (struct cj_pool *p, struct cj_exchange *e);
void cj_pool_end_reading (struct cj_pool *p, struct cj_exchange *e);

#endif
