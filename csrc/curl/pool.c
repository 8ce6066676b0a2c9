/* Exchanges that are on their way at once, and the connections that are kept
** between them. */
#include "pool.h"

#include "../base/fork_generation.h"
#include "../base/seconds.h"
#include "../base/sigpipe.h"

#include <stdlib.h>

/* Beyond so many places the connection that is idle longest gives way to one to
** another host. */
#define MAX_PLACES 256
/* Seconds that an idle connection is kept: as long as libcurl would. */
#define MAX_IDLE 118.0
/* The same for what is not sent again when the server has just closed it. */
#define MAX_IDLE_NON_IDEMPOTENT 3.0
/* Seconds in which no server closes what it has just answered on and keeps. */
#define MOMENT 0.001
/* Before it, libcurl does not let go of a connection that is ours. */
#define SPEAKS_FROM 0x075500U

static double now (void) {
  return cj_seconds_read(CLOCK_MONOTONIC);
}

/* ---- places ---- */

/* A connection is watched as long as it is open, idle or not. */
static int watch (struct cj_pool *p, struct cj_exchange *e) {
  int out = e->c.sent < e->c.out.len;
  int was = e->waits_out;
  e->waits_out = out;
  if (out == was)
    return 0;
  return cj_sockets_watch(&p->sockets, e->c.fd, e->id, out, was >= 0);
}

static void shut (struct cj_pool *p, struct cj_exchange *e) {
  if (e->c.fd != CURL_SOCKET_BAD && cj_pool_is_open(p))
    cj_sockets_unwatch(&p->sockets, e->c.fd);
  cj_connection_close(&e->c);
}

static void take (struct cj_pool *p, struct cj_exchange *e,
                  enum cj_speaker speaker) {
  e->speaker = speaker;
  e->has_ended = 0;
  e->status = 0;
  p->busy++;
}

static void end (struct cj_pool *p, struct cj_exchange *e) {
  e->has_ended = 1;
  e->next = NULL;
  *p->ended_end = e;
  p->ended_end = &e->next;
}

/* Takes it out of the queue of those that have ended. */
static void unqueue (struct cj_pool *p, struct cj_exchange *e) {
  struct cj_exchange **at = &p->ended;
  while (*at != NULL && *at != e)
    at = &(*at)->next;
  if (*at == NULL)
    return;
  *at = e->next;
  if (p->ended_end == &e->next)
    p->ended_end = at;
}

void cj_pool_release (struct cj_pool *p, struct cj_exchange *e) {
  if (e->speaker == CJ_NOBODY || e->is_read)
    return;
  if (e->has_ended)
    unqueue(p, e);
  if (e->speaker == CJ_LIBCURL && cj_pool_is_open(p)) {
    curl_multi_remove_handle(p->multi, e->t.h.easy);
  } else if (e->speaker == CJ_WE) {
    if (e->status != 0 && cj_connection_keeps(&e->c) && watch(p, e) == 0)
      e->c.is_used = 1; /* and it is watched for no more than its end */
    else
      shut(p, e);
    e->c.idle_since = now();
  }
  e->speaker = CJ_NOBODY;
  p->busy--;
}

void cj_pool_begin_reading (struct cj_pool *p, struct cj_exchange *e) {
  unqueue(p, e);
  e->is_read = 1;
  p->reading++;
}

void cj_pool_end_reading (struct cj_pool *p, struct cj_exchange *e) {
  p->reading--;
  e->is_read = e->has_ended = 0;
  cj_pool_release(p, e);
  if (p->closes && p->reading == 0)
    cj_pool_close(p);
}

static struct cj_exchange *new_place (struct cj_pool *p) {
  struct cj_exchange **list = realloc(p->list, (p->n + 1) * sizeof(void *));
  struct cj_exchange *e;
  if (list == NULL)
    return NULL;
  p->list = list;
  e = calloc(1, sizeof(*e));
  if (e == NULL)
    return NULL;
  cj_connection_init(&e->c);
  cj_transfer_init(&e->t);
  e->c.in.body.max = e->t.max_body = p->max_body;
  e->t.gzip = p->gzip;
  e->c.h.owner = e->t.h.owner = e;
  list[p->n++] = e;
  e->id = p->n;
  return e;
}

/* Whether the server can be counted on to listen still: a moment ago it did, or
** it has not closed the connection. */
static int is_kept (struct cj_exchange *e, int non_idempotent) {
  double idle = now() - e->c.idle_since;
  return idle < (non_idempotent ? MAX_IDLE_NON_IDEMPOTENT : MAX_IDLE) &&
         ((idle < MOMENT && !non_idempotent) || cj_connection_is_alive(&e->c));
}

static int leads_there (struct cj_pool *p, struct cj_exchange *e,
                        struct cj_slice origin, int non_idempotent) {
  if (!cj_connection_leads(&e->c, origin, &p->network))
    return 0;
  if (is_kept(e, non_idempotent))
    return 1;
  shut(p, e);
  return 0;
}

/* A place that is free, made if there is none; NULL when out of memory. Where
** there is an origin, with a connection to it or with none. */
static struct cj_exchange *
find_place (struct cj_pool *p, struct cj_slice origin, int non_idempotent) {
  struct cj_exchange *closed = NULL, *oldest = NULL;
  size_t i;
  for (i = 0; i < p->n && p->busy < p->n; i++) {
    struct cj_exchange *e = p->list[i];
    if (e->speaker != CJ_NOBODY)
      continue;
    if (origin.n == 0 || (e->c.fd != CURL_SOCKET_BAD &&
                          leads_there(p, e, origin, non_idempotent)))
      return e;
    if (e->c.fd == CURL_SOCKET_BAD)
      closed = e;
    else if (oldest == NULL || e->c.idle_since < oldest->c.idle_since)
      oldest = e;
  }
  if (closed != NULL || p->n < MAX_PLACES || oldest == NULL)
    return closed != NULL ? closed : new_place(p);
  shut(p, oldest);
  return oldest;
}

/* ---- the exchanges that are ours ---- */

static void advance (struct cj_pool *p, struct cj_exchange *e,
                     enum cj_progress progress) {
  if (progress == CJ_PROGRESS_AGAIN) {
    shut(p, e);
    progress = cj_connection_open(&e->c, p->multi) == 0 ? CJ_PROGRESS_WAIT
                                                        : CJ_PROGRESS_FAILED;
  } else if (progress == CJ_PROGRESS_WAIT && watch(p, e) != 0) {
    cj_handle_refuse(&e->c.h, "memory", "out of memory");
    progress = CJ_PROGRESS_FAILED;
  }
  if (progress == CJ_PROGRESS_WAIT)
    return;
  if (progress == CJ_PROGRESS_DONE) {
    e->status = e->c.in.status;
    e->head = &e->c.in.head;
    e->body = &e->c.in.body;
  } else {
    e->failure = cj_connection_failure(&e->c);
  }
  end(p, e);
}

/* libcurl's word on an exchange of its own. */
static void end_transfer (struct cj_pool *p, struct cj_exchange *e,
                          CURLcode result) {
  if (cj_transfer_succeeded(&e->t, result)) {
    e->status = cj_transfer_status(&e->t);
    e->head = &e->t.head;
    e->body = &e->t.body;
  } else {
    e->failure = cj_transfer_failure(&e->t, result);
  }
  end(p, e);
}

/* What libcurl has finished: a connection, or its own exchange. */
static void collect (struct cj_pool *p) {
  CURLMsg *message;
  char *owner;
  int queued;
  while ((message = curl_multi_info_read(p->multi, &queued)) != NULL) {
    CURLcode result = message->data.result;
    struct cj_exchange *e;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    e = (struct cj_exchange *)(void *)owner;
    if (e->has_ended) /* its time was over */
      continue;
    if (e->speaker == CJ_LIBCURL) {
      end_transfer(p, e, result);
    } else if (cj_connection_opened(&e->c, result) == CJ_PROGRESS_WAIT) {
      e->waits_out = -1; /* it is not watched yet */
      advance(p, e, cj_connection_send(&e->c));
    } else {
      advance(p, e, CJ_PROGRESS_FAILED);
    }
  }
}

/* The socket of a connection is ready. */
static void on_ready (void *owner, curl_socket_t fd, size_t id) {
  struct cj_pool *p = owner;
  struct cj_exchange *e = p->list[id - 1];
  enum cj_progress progress = CJ_PROGRESS_WAIT;
  if (e->c.fd != fd) /* closed a moment ago */
    return;
  if (e->speaker != CJ_WE) {
    if (!cj_connection_is_alive(&e->c))
      shut(p, e);
    return;
  }
  if (e->has_ended)
    return;
  if (e->c.sent < e->c.out.len)
    progress = cj_connection_send(&e->c);
  if (progress == CJ_PROGRESS_WAIT)
    progress = cj_connection_receive(&e->c);
  advance(p, e, progress);
}

static void expire (struct cj_pool *p) {
  double at = p->due < HUGE_VAL ? now() : 0;
  size_t i;
  if (p->due > at)
    return;
  p->due = HUGE_VAL;
  for (i = 0; i < p->n; i++) {
    struct cj_exchange *e = p->list[i];
    if (e->speaker != CJ_WE || e->has_ended)
      continue;
    if (e->deadline <= at) {
      cj_connection_late(&e->c, e->timeout);
      advance(p, e, CJ_PROGRESS_FAILED);
    } else if (e->deadline < p->due) {
      p->due = e->deadline;
    }
  }
}

/* ---- waiting ---- */

double cj_pool_left (const struct cj_pool *p, double seconds) {
  double until = p->sockets.deadline < p->due ? p->sockets.deadline : p->due;
  if (p->ended != NULL)
    return 0;
  if (until < HUGE_VAL) {
    until -= now();
    if (until < seconds)
      return until > 0 ? until : 0;
  }
  return seconds;
}

CURLMcode cj_pool_step (struct cj_pool *p, double seconds) {
  struct cj_sigpipe guard;
  CURLMcode result;
  if (p->secure)
    cj_sigpipe_block(&guard);
  result = cj_sockets_wait(&p->sockets, cj_pool_left(p, seconds), on_ready, p);
  collect(p);
  expire(p);
  if (p->secure)
    cj_sigpipe_restore(&guard);
  return result;
}

/* ---- opening and closing ---- */

void cj_pool_init (struct cj_pool *p) {
  memset(p, 0, sizeof(*p));
  p->max_body = CJ_MAX_BODY;
  cj_sockets_init(&p->sockets);
  p->due = HUGE_VAL;
  p->ended_end = &p->ended;
  p->network.max = CJ_MAX_NETWORK;
  p->lines.max = CJ_MAX_HEADER_LINES;
}

int cj_pool_is_open (const struct cj_pool *p) {
  return p->multi != NULL && p->fork_generation == cj_fork_generation();
}

void cj_pool_close (struct cj_pool *p) {
  struct cj_sigpipe guard;
  int secure = p->secure;
  size_t i;
  p->closes = p->reading > 0;
  if (p->closes)
    return;
  if (secure)
    cj_sigpipe_block(&guard);
  for (i = 0; i < p->n; i++) {
    cj_pool_release(p, p->list[i]);
    cj_connection_free(&p->list[i]->c);
    cj_transfer_free(&p->list[i]->t);
    free(p->list[i]);
  }
  free(p->list);
  p->list = NULL;
  p->n = 0;
  cj_buf_free(&p->network);
  cj_buf_free(&p->lines);
  if (cj_pool_is_open(p))
    curl_multi_cleanup(p->multi);
  p->multi = NULL;
  cj_sockets_close(&p->sockets);
  p->secure = 0;
  if (secure)
    cj_sigpipe_restore(&guard);
}

int cj_pool_open (struct cj_pool *p) {
  if (cj_pool_is_open(p))
    return 0;
  cj_pool_close(p);
  if (p->closes)
    return -1; /* of another process, and still read in this one */
  p->due = HUGE_VAL;
  p->fork_generation = cj_fork_generation();
  cj_handle_start();
  p->multi = curl_multi_init();
  if (p->multi == NULL || cj_sockets_open(&p->sockets, p->multi) != 0) {
    cj_pool_close(p);
    return -1;
  }
  p->speaks = !p->gzip && p->max_host == 0 &&
              curl_version_info(CURLVERSION_NOW)->version_num >= SPEAKS_FROM;
  curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, 2L * MAX_PLACES);
  curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, p->max_host);
  return 0;
}

/* ---- requests ---- */

/* In our own way. */
static struct cj_exchange *speak (struct cj_pool *p, const struct cj_request *r,
                                  struct cj_slice origin) {
  struct cj_exchange *e = find_place(p, origin, r->non_idempotent);
  if (e == NULL || cj_connection_write(&e->c, r, origin.n) != 0)
    return NULL;
  take(p, e, CJ_WE);
  e->timeout = (double)r->timeout / 1000;
  e->deadline = r->timeout > 0 ? now() + e->timeout : HUGE_VAL;
  if (e->deadline < p->due)
    p->due = e->deadline;
  if (e->c.fd != CURL_SOCKET_BAD)
    advance(p, e, cj_connection_send(&e->c));
  else if (cj_connection_aim(&e->c, r, origin.n) != 0 ||
           cj_connection_open(&e->c, p->multi) != 0)
    advance(p, e, CJ_PROGRESS_FAILED);
  p->secure |= e->c.h.secure;
  return e;
}

struct cj_exchange *cj_pool_speak (struct cj_pool *p,
                                   const struct cj_request *r) {
  struct cj_slice origin = { r->url, cj_connection_origin(r) };
  struct cj_sigpipe guard;
  int secure = p->secure; /* a connection of now sends nothing yet */
  struct cj_exchange *e;
  if (origin.n == 0 || !p->speaks)
    return NULL;
  cj_buf_reset(&p->network);
  if (cj_network_flatten(&p->network, &r->network) != 0)
    return NULL;
  if (secure)
    cj_sigpipe_block(&guard);
  e = speak(p, r, origin);
  if (secure)
    cj_sigpipe_restore(&guard);
  return e;
}

struct cj_exchange *cj_pool_place (struct cj_pool *p) {
  struct cj_slice anywhere = { NULL, 0 };
  return find_place(p, anywhere, 0);
}

int cj_pool_transfer (struct cj_pool *p, struct cj_exchange *e,
                      int is_refused) {
  if (!is_refused && curl_multi_add_handle(p->multi, e->t.h.easy) != CURLM_OK)
    return -1;
  take(p, e, CJ_LIBCURL);
  p->secure |= e->t.h.secure;
  if (is_refused)
    end_transfer(p, e, CURLE_OK);
  return 0;
}
