/* Exchanges that are on their way at once, and the connections that are kept
** between them. On Linux all sockets are in one epoll descriptor; elsewhere
** curl_multi_poll waits. */
#include "pool.h"

#include "forks.h"
#include "seconds.h"
#include "sigpipe.h"

#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

/* Taken from the kernel at a time; what is left comes with the next step. */
#define MAX_EVENTS 128
/* Beyond so many places the connection that is idle longest gives way to one to
** another host. */
#define MAX_PLACES 256
/* Seconds that an idle connection is kept: as long as libcurl would. */
#define MAX_IDLE 118.0
/* The same for what is not sent again when the server has just closed it. */
#define MAX_IDLE_ONCE 3.0
/* Seconds in which no server closes what it has just answered on and keeps. */
#define MOMENT 0.001
/* Before it, libcurl does not let go of a connection that is ours. */
#define SPEAKS_FROM 0x075500U

static double now (void) {
  return cj_seconds_read(CLOCK_MONOTONIC);
}

/* ---- what epoll knows ---- */

#ifdef __linux__

/* An event's data: a descriptor, and in the upper half the exchange that it
** belongs to, 0 for libcurl. */
static int tell (struct cj_pool *p, int operation, int fd, unsigned wanted,
                 size_t id) {
  struct epoll_event event;
  memset(&event, 0, sizeof(event));
  event.events = wanted;
  event.data.u64 = (uint64_t)id << 32 | (uint32_t)fd;
  return epoll_ctl(p->epoll, operation, fd, &event);
}

/* A connection stays in epoll as long as it is open, idle or not. */
static int watch (struct cj_pool *p, struct cj_exchange *e) {
  int out = e->c.sent < e->c.out.len;
  int was = e->waits_out;
  e->waits_out = out;
  if (out == was)
    return 0;
  return tell(p, was < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, e->c.fd,
              EPOLLIN | (out ? (unsigned)EPOLLOUT : 0U), e->id);
}

/* Where a child that was forked holds the socket too, closing it is not enough
** for epoll. */
static void unwatch (struct cj_pool *p, struct cj_exchange *e) {
  if (e->c.fd != CURL_SOCKET_BAD && cj_pool_is_open(p))
    tell(p, EPOLL_CTL_DEL, e->c.fd, 0, 0);
}

#else

static int watch (struct cj_pool *p, struct cj_exchange *e) {
  (void)p;
  (void)e;
  return 0;
}

static void unwatch (struct cj_pool *p, struct cj_exchange *e) {
  (void)p;
  (void)e;
}

#endif

/* ---- places ---- */

static void shut (struct cj_pool *p, struct cj_exchange *e) {
  unwatch(p, e);
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
      e->c.is_used = 1; /* and epoll listens for no more than its end */
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
static int is_kept (struct cj_exchange *e, int once) {
  double idle = now() - e->c.idle_since;
  return idle < (once ? MAX_IDLE_ONCE : MAX_IDLE) &&
         ((idle < MOMENT && !once) || cj_connection_is_alive(&e->c));
}

static int leads_there (struct cj_pool *p, struct cj_exchange *e,
                        struct cj_slice origin, int once) {
  if (!cj_connection_leads(&e->c, origin, &p->network))
    return 0;
  if (is_kept(e, once))
    return 1;
  shut(p, e);
  return 0;
}

/* A place that is free, made if there is none; NULL when out of memory. Where
** there is an origin, with a connection to it or with none. */
static struct cj_exchange *find_place (struct cj_pool *p,
                                       struct cj_slice origin, int once) {
  struct cj_exchange *closed = NULL, *oldest = NULL;
  size_t i;
  for (i = 0; i < p->n && p->busy < p->n; i++) {
    struct cj_exchange *e = p->list[i];
    if (e->speaker != CJ_NOBODY)
      continue;
    if (origin.n == 0 ||
        (e->c.fd != CURL_SOCKET_BAD && leads_there(p, e, origin, once)))
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
      e->waits_out = -1; /* epoll does not know it */
      advance(p, e, cj_connection_send(&e->c));
    } else {
      advance(p, e, CJ_PROGRESS_FAILED);
    }
  }
}

/* The socket of a connection is ready. */
static void on_ready (struct cj_pool *p, struct cj_exchange *e) {
  enum cj_progress progress = CJ_PROGRESS_WAIT;
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

static int on_timer (CURLM *handle, long ms, void *data) {
  struct cj_pool *p = data;
  (void)handle;
  p->deadline = ms < 0 ? HUGE_VAL : now() + (double)ms / 1000;
  return 0;
}

double cj_pool_left (const struct cj_pool *p, double seconds) {
  double until = p->deadline < p->due ? p->deadline : p->due;
  if (p->ended != NULL)
    return 0;
  if (until < HUGE_VAL) {
    until -= now();
    if (until < seconds)
      return until > 0 ? until : 0;
  }
  return seconds;
}

#ifdef __linux__

/* libcurl calls this before it closes a socket, so none is left behind. */
static int on_socket (CURL *easy, curl_socket_t fd, int what, void *data,
                      void *known) {
  struct cj_pool *p = data;
  (void)easy;
  if (what == CURL_POLL_REMOVE)
    return tell(p, EPOLL_CTL_DEL, fd, 0, 0), 0;
  curl_multi_assign(p->multi, fd, p); /* 'known' from now on */
  return tell(p, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
              (what & CURL_POLL_IN ? (unsigned)EPOLLIN : 0U) |
                  (what & CURL_POLL_OUT ? (unsigned)EPOLLOUT : 0U),
              0);
}

static int open_waiting (struct cj_pool *p) {
  p->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (p->epoll < 0)
    return -1;
  curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
  return 0;
}

static int act_on (unsigned events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
         (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

/* Waits up to 'seconds' for anything to do, and does it. */
static CURLMcode wait_and_act (struct cj_pool *p, double seconds) {
  struct epoll_event events[MAX_EVENTS];
  CURLMcode result = CURLM_OK;
  int running, i;
  int n = epoll_wait(p->epoll, events, MAX_EVENTS, cj_seconds_ms(seconds));
  for (i = 0; i < n && result == CURLM_OK; i++) {
    int fd = (int)(uint32_t)events[i].data.u64;
    size_t id = (size_t)(events[i].data.u64 >> 32);
    if (id == 0)
      result = curl_multi_socket_action(p->multi, fd, act_on(events[i].events),
                                        &running);
    else if (p->list[id - 1]->c.fd == fd) /* else closed a moment ago */
      on_ready(p, p->list[id - 1]);
  }
  if (result == CURLM_OK && p->deadline < HUGE_VAL && p->deadline <= now()) {
    p->deadline = HUGE_VAL; /* libcurl sets the next */
    result =
        curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  return result;
}

#else

static int open_waiting (struct cj_pool *p) {
  (void)p;
  return 0;
}

static CURLMcode wait_and_act (struct cj_pool *p, double seconds) {
  struct curl_waitfd *fds = calloc(p->n + 1, sizeof(*fds));
  unsigned n = 0;
  CURLMcode result;
  int running;
  size_t i;
  if (fds == NULL)
    return CURLM_OUT_OF_MEMORY;
  for (i = 0; i < p->n; i++) {
    struct cj_exchange *e = p->list[i];
    if (e->speaker != CJ_WE || e->c.fd == CURL_SOCKET_BAD)
      continue;
    fds[n].fd = e->c.fd;
    fds[n++].events =
        (short)(CURL_WAIT_POLLIN |
                (e->c.sent < e->c.out.len ? CURL_WAIT_POLLOUT : 0));
  }
  result = curl_multi_poll(p->multi, fds, n, cj_seconds_ms(seconds), NULL);
  free(fds);
  for (i = 0; i < p->n; i++) {
    if (p->list[i]->speaker == CJ_WE && p->list[i]->c.fd != CURL_SOCKET_BAD)
      on_ready(p, p->list[i]); /* finds nothing to read, or something */
  }
  return result == CURLM_OK ? curl_multi_perform(p->multi, &running) : result;
}

#endif

CURLMcode cj_pool_step (struct cj_pool *p, double seconds) {
  struct cj_sigpipe guard;
  CURLMcode result;
  if (p->secure)
    cj_sigpipe_block(&guard);
  result = wait_and_act(p, cj_pool_left(p, seconds));
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
  p->epoll = -1;
  p->deadline = p->due = HUGE_VAL;
  p->ended_end = &p->ended;
  p->network.max = CJ_MAX_NETWORK;
  p->lines.max = CJ_MAX_LINES;
}

int cj_pool_is_open (const struct cj_pool *p) {
  return p->multi != NULL && p->forks == cj_forks();
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
  if (p->epoll >= 0)
    close(p->epoll);
  p->epoll = -1;
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
  p->deadline = p->due = HUGE_VAL;
  p->forks = cj_forks();
  cj_handle_start();
  p->multi = curl_multi_init();
  if (p->multi == NULL || open_waiting(p) != 0) {
    cj_pool_close(p);
    return -1;
  }
  p->speaks = !p->gzip && p->max_host == 0 &&
              curl_version_info(CURLVERSION_NOW)->version_num >= SPEAKS_FROM;
  curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, 2L * MAX_PLACES);
  curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
  curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, p->max_host);
  return 0;
}

/* ---- requests ---- */

/* In our own way. */
static struct cj_exchange *speak (struct cj_pool *p, const struct cj_request *r,
                                  struct cj_slice origin) {
  struct cj_exchange *e = find_place(p, origin, r->once);
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
