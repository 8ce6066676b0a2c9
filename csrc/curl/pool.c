/* The connection pool: it finds slots, drives the exchanges in them and closes
** what is idle for too long or closed by the server. pool.h has the overview.
*/
#include "pool.h"

#include "../base/fork_generation.h"
#include "../base/seconds.h"
#include "../base/sigpipe.h"

#include <stdlib.h>

/* The most slots with idle connections: beyond it a new connection replaces the
** one that is idle longest. */
#define MAX_SLOTS 256
/* How long an idle connection is reused, in s: as libcurl's default. */
#define MAX_IDLE 118.0
/* The same for a request that is not sent again if the server closes the
** connection at that moment. */
#define MAX_IDLE_NON_IDEMPOTENT 3.0
/* Earlier versions of libcurl do not close a CURLOPT_CONNECT_ONLY connection
** when its handle is removed from the multi. */
#define HTTP1_MIN_LIBCURL 0x075500U

static double now (void) {
  return cj_seconds_read(CLOCK_MONOTONIC);
}

/* ---- slots ---- */

/* Watches the connection for input, and for output while the request is not yet
** sent. An idle connection is watched, too, to see the server close it. */
static int watch (struct cj_pool *p, struct cj_exchange *e) {
  int out = e->http1.sent < e->http1.out.len;
  int was = e->waits_out;
  e->waits_out = out;
  if (out == was)
    return 0;
  return cj_pollset_watch(&p->pollset, e->http1.fd, e->id, out, was >= 0);
}

static void disconnect (struct cj_pool *p, struct cj_exchange *e) {
  if (e->http1.fd != CURL_SOCKET_BAD && cj_pool_is_open(p))
    cj_pollset_unwatch(&p->pollset, e->http1.fd);
  cj_connection_close(&e->http1);
}

static void claim (struct cj_pool *p, struct cj_exchange *e,
                   enum cj_driver driver) {
  e->driver = driver;
  e->has_ended = 0;
  e->status = 0;
  p->busy++;
}

/* Appends it to the queue of ended exchanges. */
static void finish (struct cj_pool *p, struct cj_exchange *e) {
  e->has_ended = 1;
  e->next_ended = NULL;
  *p->ended_end = e;
  p->ended_end = &e->next_ended;
}

/* Removes it from the queue of ended exchanges. */
static void unqueue (struct cj_pool *p, struct cj_exchange *e) {
  struct cj_exchange **at = &p->ended;
  while (*at != NULL && *at != e)
    at = &(*at)->next_ended;
  if (*at == NULL)
    return;
  *at = e->next_ended;
  if (p->ended_end == &e->next_ended)
    p->ended_end = at;
}

void cj_pool_release (struct cj_pool *p, struct cj_exchange *e) {
  if (e->driver == CJ_DRIVER_NONE || e->is_read)
    return;
  if (e->has_ended)
    unqueue(p, e);
  if (e->driver == CJ_DRIVER_LIBCURL && cj_pool_is_open(p)) {
    curl_multi_remove_handle(p->multi, e->libcurl.easy.handle);
    p->streams -= (size_t)e->libcurl.stream.is_on;
    e->libcurl.stream.is_on = 0;
  } else if (e->driver == CJ_DRIVER_HTTP1) {
    if (e->status != 0 && cj_connection_is_reusable(&e->http1) &&
        watch(p, e) == 0)
      e->http1.is_reused = 1;
    else
      disconnect(p, e);
    e->http1.idle_since = p->now;
  }
  e->driver = CJ_DRIVER_NONE;
  p->busy--;
}

int cj_pool_was_sent (const struct cj_exchange *e) {
  return e->driver == CJ_DRIVER_LIBCURL ? cj_easy_exchange_was_sent(&e->libcurl)
                                        : e->http1.has_sent;
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

void cj_pool_begin_check (struct cj_pool *p, struct cj_exchange *e) {
  e->is_read = 1;
  p->reading++;
}

int cj_pool_end_check (struct cj_pool *p, struct cj_exchange *e) {
  p->reading--;
  e->is_read = 0;
  if (!p->closes || p->reading > 0)
    return p->closes ? -1 : 0;
  cj_pool_close(p);
  return -1;
}

static struct cj_exchange *new_slot (struct cj_pool *p) {
  struct cj_exchange **list = realloc(p->list, (p->n + 1) * sizeof(void *));
  struct cj_exchange *e;
  if (list == NULL)
    return NULL;
  p->list = list;
  e = calloc(1, sizeof(*e));
  if (e == NULL)
    return NULL;
  cj_connection_init(&e->http1);
  cj_easy_exchange_init(&e->libcurl);
  e->http1.in.body.max = e->libcurl.max_body = p->max_body;
  e->libcurl.gzip = p->gzip;
  e->libcurl.stream.attention = &p->attention;
  e->http1.easy.owner = e->libcurl.easy.owner = e;
  e->libcurl.easy.opened = &p->opened;
  list[p->n++] = e;
  e->id = p->n;
  return e;
}

/* Whether an idle connection can still be used: the server has not closed it.
 */
static int is_fresh (const struct cj_pool *p, struct cj_exchange *e,
                     int non_idempotent) {
  double idle = p->now - e->http1.idle_since;
  return idle < (non_idempotent ? MAX_IDLE_NON_IDEMPOTENT : MAX_IDLE) &&
         cj_connection_is_alive(&e->http1);
}

static int is_usable (struct cj_pool *p, struct cj_exchange *e,
                      struct cj_slice origin, int non_idempotent) {
  if (!cj_connection_matches(&e->http1, origin, &p->network))
    return 0;
  if (is_fresh(p, e, non_idempotent))
    return 1;
  disconnect(p, e);
  return 0;
}

/* A free slot, made if there is none; NULL when out of memory. With an origin,
** its connection leads to that origin, or is closed. */
static struct cj_exchange *find_slot (struct cj_pool *p, struct cj_slice origin,
                                      int non_idempotent) {
  struct cj_exchange *closed = NULL, *oldest = NULL;
  size_t i;
  for (i = 0; i < p->n && p->busy < p->n; i++) {
    struct cj_exchange *e = p->list[i];
    if (e->driver != CJ_DRIVER_NONE)
      continue;
    if (origin.n == 0 || (e->http1.fd != CURL_SOCKET_BAD &&
                          is_usable(p, e, origin, non_idempotent)))
      return e;
    if (e->http1.fd == CURL_SOCKET_BAD)
      closed = e;
    else if (oldest == NULL || e->http1.idle_since < oldest->http1.idle_since)
      oldest = e;
  }
  if (closed != NULL || p->n < MAX_SLOTS || oldest == NULL)
    return closed != NULL ? closed : new_slot(p);
  disconnect(p, oldest);
  return oldest;
}

/* ---- progress ---- */

/* libcurl from 8.16 on caches for half a minute that a name was not found: the
** next attempt would fail without a look-up. */
static void forget_names (struct cj_pool *p, struct cj_failure f) {
#if LIBCURL_VERSION_NUM >= 0x081000
  if (strcmp(f.code, "resolve") == 0 || strcmp(f.code, "proxy") == 0)
    curl_multi_setopt(p->multi, CURLMOPT_NETWORK_CHANGED,
                      (long)CURLMNWC_CLEAR_DNS);
#else
  (void)p, (void)f;
#endif
}

static void advance (struct cj_pool *p, struct cj_exchange *e,
                     enum cj_progress progress) {
  if (progress == CJ_PROGRESS_RECONNECT) {
    disconnect(p, e);
    progress = cj_connection_connect(&e->http1, p->multi) == 0
                   ? CJ_PROGRESS_WAIT
                   : CJ_PROGRESS_FAILED;
  } else if (progress == CJ_PROGRESS_WAIT && watch(p, e) != 0) {
    cj_easy_refuse(&e->http1.easy, "memory", "out of memory");
    progress = CJ_PROGRESS_FAILED;
  }
  if (progress == CJ_PROGRESS_WAIT) {
    p->unread |= e->http1.has_unread;
    return;
  }
  if (progress == CJ_PROGRESS_DONE) {
    e->status = e->http1.in.status;
    e->head = &e->http1.in.head;
    e->body = &e->http1.in.body;
  } else {
    e->failure = cj_connection_failure(&e->http1);
    forget_names(p, e->failure);
  }
  finish(p, e);
}

/* Stores the result of an exchange of CJ_DRIVER_LIBCURL. */
static void finish_libcurl (struct cj_pool *p, struct cj_exchange *e,
                            CURLcode result) {
  if (cj_easy_exchange_reconnects(&e->libcurl)) {
    curl_multi_remove_handle(p->multi, e->libcurl.easy.handle);
    if (curl_multi_add_handle(p->multi, e->libcurl.easy.handle) == CURLM_OK)
      return;
    result = CURLE_OUT_OF_MEMORY;
  }
  if (cj_easy_exchange_succeeded(&e->libcurl, result)) {
    e->status = cj_easy_exchange_status(&e->libcurl);
    e->head = &e->libcurl.head;
    e->body = &e->libcurl.body;
  } else {
    e->failure = cj_easy_exchange_failure(&e->libcurl, result);
    forget_names(p, e->failure);
  }
  finish(p, e);
}

/* Evaluates what libcurl has finished: connecting, or an exchange. */
static void collect (struct cj_pool *p) {
  CURLMsg *message;
  char *owner;
  int queued;
  while ((message = curl_multi_info_read(p->multi, &queued)) != NULL) {
    CURLcode result = message->data.result;
    struct cj_exchange *e;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    e = (struct cj_exchange *)(void *)owner;
    if (e->has_ended) /* by its timeout */
      continue;
    if (e->driver == CJ_DRIVER_LIBCURL) {
      finish_libcurl(p, e, result);
    } else {
      enum cj_progress progress = cj_connection_connected(&e->http1, result);
      if (progress == CJ_PROGRESS_WAIT) {
        e->waits_out = -1; /* a new socket */
        progress = cj_connection_send(&e->http1);
      }
      advance(p, e, progress);
    }
  }
}

/* A connection's socket is ready. */
static void on_ready (void *owner, curl_socket_t fd, size_t id) {
  struct cj_pool *p = owner;
  struct cj_exchange *e = p->list[id - 1];
  enum cj_progress progress = CJ_PROGRESS_WAIT;
  if (e->http1.fd != fd) /* closed since the event */
    return;
  if (e->driver != CJ_DRIVER_HTTP1) {
    if (!cj_connection_is_alive(&e->http1))
      disconnect(p, e);
    return;
  }
  if (e->has_ended)
    return;
  if (e->http1.sent < e->http1.out.len)
    progress = cj_connection_send(&e->http1);
  if (progress == CJ_PROGRESS_WAIT)
    progress = cj_connection_receive(&e->http1);
  advance(p, e, progress);
}

/* Reads on where the last turn ended before the input did. */
static void read_on (struct cj_pool *p) {
  size_t i;
  if (!p->unread)
    return;
  p->unread = 0;
  for (i = 0; i < p->n; i++) {
    struct cj_exchange *e = p->list[i];
    if (e->driver == CJ_DRIVER_HTTP1 && !e->has_ended && e->http1.has_unread)
      on_ready(p, e->http1.fd, e->id);
  }
}

/* ---- streams ---- */

/* Sets the time at which a stream ends unless it makes progress. While its
** owner has to act, the time does not count. */
static void renew (struct cj_pool *p, struct cj_exchange *e) {
  const struct cj_stream *s = &e->libcurl.stream;
  e->moved = s->moved;
  e->deadline = e->timeout > 0 && !s->waits_in && !s->waits_out
                    ? now() + e->timeout
                    : HUGE_VAL;
  if (e->deadline < p->due)
    p->due = e->deadline;
}

int cj_pool_is_stream (const struct cj_exchange *e) {
  return e->driver == CJ_DRIVER_LIBCURL && e->libcurl.stream.is_on &&
         !e->has_ended;
}

static void renew_all (struct cj_pool *p) {
  size_t i;
  for (i = 0; i < p->n && p->streams > 0; i++) {
    struct cj_exchange *e = p->list[i];
    if (cj_pool_is_stream(e) && e->moved != e->libcurl.stream.moved)
      renew(p, e);
  }
}

struct cj_exchange *cj_pool_event (struct cj_pool *p) {
  size_t i;
  for (i = 0; i < p->n && p->attention; i++) {
    struct cj_exchange *e = p->list[i];
    if (cj_pool_is_stream(e) && e->libcurl.stream.has_event) {
      e->libcurl.stream.has_event = 0;
      return e;
    }
  }
  p->attention = 0;
  return NULL;
}

void cj_pool_consumed (struct cj_pool *p, struct cj_exchange *e) {
  p->is_broken |= cj_easy_exchange_consumed(&e->libcurl) != 0;
  renew(p, e);
}

void cj_pool_provide (struct cj_pool *p, struct cj_exchange *e,
                      struct cj_slice piece) {
  p->is_broken |= cj_easy_exchange_provide(&e->libcurl, piece) != 0;
  renew(p, e);
}

/* Ends an exchange whose time is over. */
static void time_out (struct cj_pool *p, struct cj_exchange *e) {
  if (e->driver == CJ_DRIVER_HTTP1) {
    cj_connection_time_out(&e->http1, e->timeout);
    advance(p, e, CJ_PROGRESS_FAILED);
    return;
  }
  cj_easy_refuse(&e->libcurl.easy, "timeout",
                 "nothing was sent or received within %g seconds", e->timeout);
  finish_libcurl(p, e, CURLE_OPERATION_TIMEDOUT);
}

static void expire (struct cj_pool *p) {
  size_t i;
  p->now = now();
  if (p->due > p->now)
    return;
  p->due = HUGE_VAL;
  for (i = 0; i < p->n; i++) {
    struct cj_exchange *e = p->list[i];
    if ((e->driver != CJ_DRIVER_HTTP1 || e->has_ended) && !cj_pool_is_stream(e))
      continue;
    if (e->deadline <= p->now)
      time_out(p, e);
    else if (e->deadline < p->due)
      p->due = e->deadline;
  }
}

/* ---- waiting ---- */

double cj_pool_timeout (const struct cj_pool *p, double seconds) {
  double until = p->pollset.deadline < p->due ? p->pollset.deadline : p->due;
  if (p->ended != NULL || p->unread || p->attention || p->is_broken)
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
  if (p->is_broken)
    return CURLM_OUT_OF_MEMORY;
  if (p->secure)
    cj_sigpipe_block(&guard);
  result =
      cj_pollset_wait(&p->pollset, cj_pool_timeout(p, seconds), on_ready, p);
  read_on(p);
  collect(p);
  renew_all(p);
  expire(p);
  if (p->secure)
    cj_sigpipe_restore(&guard);
  return result;
}

/* ---- opening and closing ---- */

void cj_pool_init (struct cj_pool *p) {
  memset(p, 0, sizeof(*p));
  p->max_body = CJ_MAX_BODY;
  cj_pollset_init(&p->pollset);
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
    cj_connection_free(&p->list[i]->http1);
    cj_easy_exchange_free(&p->list[i]->libcurl);
    free(p->list[i]);
  }
  free(p->list);
  p->list = NULL;
  p->n = p->streams = 0;
  p->attention = p->is_broken = 0;
  cj_buf_free(&p->network);
  cj_buf_free(&p->lines);
  if (cj_pool_is_open(p))
    curl_multi_cleanup(p->multi);
  p->multi = NULL;
  cj_socket_list_free(&p->opened);
  cj_pollset_close(&p->pollset);
  p->secure = 0;
  if (secure)
    cj_sigpipe_restore(&guard);
}

int cj_pool_open (struct cj_pool *p) {
  if (cj_pool_is_open(p))
    return 0;
  cj_pool_close(p);
  if (p->closes)
    return -1; /* the parent's, and a result of it is being read */
  p->due = HUGE_VAL;
  p->fork_generation = cj_fork_generation();
  cj_easy_start();
  p->multi = curl_multi_init();
  if (p->multi == NULL || cj_pollset_open(&p->pollset, p->multi) != 0) {
    cj_pool_close(p);
    return -1;
  }
  p->http1 =
      !p->gzip && p->max_host == 0 &&
      curl_version_info(CURLVERSION_NOW)->version_num >= HTTP1_MIN_LIBCURL;
#if LIBCURL_VERSION_NUM >= 0x081400
  /* From 8.20 on the look-ups belong to the multi: closing it does not wait for
  ** them. An older libcurl that is loaded ignores it. */
  curl_multi_setopt(p->multi, CURLMOPT_QUICK_EXIT, 1L);
#endif
  curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, 2L * MAX_SLOTS);
  curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, p->max_host);
  return 0;
}

/* ---- beginning ---- */

static struct cj_exchange *begin_http1 (struct cj_pool *p,
                                        const struct cj_request *r,
                                        struct cj_slice origin) {
  struct cj_exchange *e;
  p->now = now();
  e = find_slot(p, origin, r->non_idempotent);
  if (e == NULL || cj_connection_write(&e->http1, r, origin.n) != 0)
    return NULL;
  claim(p, e, CJ_DRIVER_HTTP1);
  e->timeout = (double)r->timeout / 1000;
  e->deadline = r->timeout > 0 ? p->now + e->timeout : HUGE_VAL;
  if (e->deadline < p->due)
    p->due = e->deadline;
  if (e->http1.fd != CURL_SOCKET_BAD)
    advance(p, e, cj_connection_send(&e->http1));
  else if (cj_connection_configure(&e->http1, r, origin.n) != 0 ||
           cj_connection_connect(&e->http1, p->multi) != 0)
    advance(p, e, CJ_PROGRESS_FAILED);
  p->secure |= e->http1.easy.secure;
  return e;
}

struct cj_exchange *cj_pool_begin_http1 (struct cj_pool *p,
                                         const struct cj_request *r) {
  struct cj_slice origin = { r->url, cj_connection_origin(r) };
  struct cj_sigpipe guard;
  int secure = p->secure; /* a new connection sends nothing yet */
  struct cj_exchange *e;
  if (origin.n == 0 || !p->http1)
    return NULL;
  cj_buf_reset(&p->network);
  if (cj_network_flatten(&p->network, &r->network) != 0)
    return NULL;
  if (secure)
    cj_sigpipe_block(&guard);
  e = begin_http1(p, r, origin);
  if (secure)
    cj_sigpipe_restore(&guard);
  return e;
}

struct cj_exchange *cj_pool_slot (struct cj_pool *p) {
  struct cj_slice anywhere = { NULL, 0 };
  return find_slot(p, anywhere, 0);
}

int cj_pool_begin_libcurl (struct cj_pool *p, struct cj_exchange *e,
                           const struct cj_request *r, int is_refused) {
  if (!is_refused &&
      curl_multi_add_handle(p->multi, e->libcurl.easy.handle) != CURLM_OK)
    return -1;
  claim(p, e, CJ_DRIVER_LIBCURL);
  p->secure |= e->libcurl.easy.secure;
  if (e->libcurl.stream.is_on) {
    p->streams++;
    e->timeout = (double)r->idle / 1000;
    renew(p, e);
  }
  if (is_refused)
    finish_libcurl(p, e, CURLE_OK);
  return 0;
}
