/* Many exchanges at once, or one that is waited for. Pull only: Lua adds
** requests, lets time pass with 'step', and takes what has ended with 'next'.
** On Linux all sockets are in one epoll descriptor, which any event loop can
** wait for; elsewhere curl_multi_poll waits, and there is nothing for other
** loops. */
#include "multi.h"

#include "clock.h"
#include "connection.h"
#include "curl.h"
#include "forks.h"
#include "sigpipe.h"
#include "transfer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

#define MULTI_T "cloudjobs.curl.multi"

/* Taken from the kernel at a time; what is left comes with the next step. */
#define MAX_EVENTS 128
/* Beyond so many slots the connection that is idle longest gives way to one to
** another host. */
#define MAX_SLOTS 256
/* Seconds that an idle connection is kept: as long as libcurl would. */
#define MAX_IDLE 118.0

enum use { FREE, SPEAKS, TRANSFERS }; /* by 'c', by 't' */

/* One exchange after the other, and the connection that is kept between them.
 */
struct slot {
  struct cj_connection c;
  struct cj_transfer t;
  size_t id; /* from 1 */
  enum use use;
  int has_ended, is_answered;
  CURLcode result;          /* of 't' */
  double timeout, deadline; /* of 'c', in s */
  int waits_out;            /* what epoll is told of 'c' */
  struct slot *next;        /* that has ended */
};

struct multi {
  CURLM *m;
  unsigned forks;  /* where it was opened: see struct cj_handle */
  int epoll;       /* -1: none */
  double deadline; /* when libcurl wants to be called, HUGE_VAL: never */
  double due;      /* no exchange of ours runs out of time before it */
  struct slot **slots;
  size_t n, busy;
  struct slot *ended, **ended_end; /* in a queue */
  struct cj_buf network; /* of a request, flattened, while a slot is found */
  int secure;            /* as a handle's, of all */
  long max_host;         /* connections to one host, 0: no limit */
  size_t max_body;
  int gzip;
};

static double now (void) {
  return cj_clock_read(CLOCK_MONOTONIC);
}

/* ---- slots ---- */

static void end_slot (struct multi *m, struct slot *s) {
  s->has_ended = 1;
  s->next = NULL;
  *m->ended_end = s;
  m->ended_end = &s->next;
}

/* Takes the slot out of the queue of those that have ended. */
static void unqueue (struct multi *m, struct slot *s) {
  struct slot **at = &m->ended;
  while (*at != NULL && *at != s)
    at = &(*at)->next;
  if (*at == NULL)
    return;
  *at = s->next;
  if (m->ended_end == &s->next)
    m->ended_end = at;
}

/* What came of it is of no interest any more. */
static void free_slot (struct multi *m, struct slot *s) {
  if (s->use == FREE)
    return;
  if (s->has_ended)
    unqueue(m, s);
  if (s->use == TRANSFERS && m->forks == cj_forks()) {
    curl_multi_remove_handle(m->m, s->t.h.easy);
  } else if (s->use == SPEAKS) {
    if (s->is_answered && cj_connection_keeps(&s->c))
      s->c.is_used = 1;
    else
      cj_connection_close(&s->c);
    s->c.idle_since = now();
  }
  s->use = FREE;
  m->busy--;
}

static struct slot *new_slot (struct multi *m) {
  struct slot **slots = realloc(m->slots, (m->n + 1) * sizeof(void *));
  struct slot *s;
  if (slots == NULL)
    return NULL;
  m->slots = slots;
  s = calloc(1, sizeof(*s));
  if (s == NULL)
    return NULL;
  cj_connection_init(&s->c);
  cj_transfer_init(&s->t);
  s->c.in.body.max = s->t.max_body = m->max_body;
  s->t.gzip = m->gzip;
  s->c.h.owner = s->t.h.owner = s;
  slots[m->n++] = s;
  s->id = m->n;
  return s;
}

static int leads_there (struct multi *m, struct slot *s,
                        struct cj_slice origin) {
  if (!cj_connection_leads(&s->c, origin, &m->network))
    return 0;
  if (now() - s->c.idle_since < MAX_IDLE && cj_connection_is_alive(&s->c))
    return 1;
  cj_connection_close(&s->c);
  return 0;
}

/* A slot that is free, made if there is none; NULL when out of memory. Where
** there is an origin, with a connection to it or with none. */
static struct slot *find_slot (struct multi *m, struct cj_slice origin) {
  struct slot *closed = NULL, *oldest = NULL;
  size_t i;
  for (i = 0; i < m->n && m->busy < m->n; i++) {
    struct slot *s = m->slots[i];
    if (s->use != FREE)
      continue;
    if (origin.n == 0 ||
        (s->c.fd != CURL_SOCKET_BAD && leads_there(m, s, origin)))
      return s;
    if (s->c.fd == CURL_SOCKET_BAD)
      closed = s;
    else if (oldest == NULL || s->c.idle_since < oldest->c.idle_since)
      oldest = s;
  }
  if (closed != NULL || m->n < MAX_SLOTS || oldest == NULL)
    return closed != NULL ? closed : new_slot(m);
  cj_connection_close(&oldest->c);
  return oldest;
}

/* ---- the exchanges that are ours ---- */

static int watch (struct multi *m, struct slot *s);

static void advance (struct multi *m, struct slot *s,
                     enum cj_progress progress) {
  if (progress == CJ_PROGRESS_AGAIN) {
    cj_connection_close(&s->c);
    progress = cj_connection_open(&s->c, m->m) == 0 ? CJ_PROGRESS_WAIT
                                                    : CJ_PROGRESS_FAILED;
  } else if (progress == CJ_PROGRESS_WAIT && watch(m, s) != 0) {
    cj_handle_refuse(&s->c.h, "memory", "out of memory");
    progress = CJ_PROGRESS_FAILED;
  }
  if (progress == CJ_PROGRESS_WAIT)
    return;
  s->is_answered = progress == CJ_PROGRESS_DONE;
  end_slot(m, s);
}

static void start (struct multi *m, struct slot *s) {
  advance(m, s, cj_connection_send(&s->c));
}

/* What libcurl has finished: a connection, or its own exchange. */
static void collect (struct multi *m) {
  CURLMsg *message;
  char *owner;
  int queued;
  while ((message = curl_multi_info_read(m->m, &queued)) != NULL) {
    CURLcode result = message->data.result;
    struct slot *s;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    s = (struct slot *)(void *)owner;
    if (s->use == TRANSFERS) {
      s->result = result;
      s->is_answered = cj_transfer_succeeded(&s->t, result);
      end_slot(m, s);
    } else if (cj_connection_opened(&s->c, result) == CJ_PROGRESS_WAIT) {
      s->waits_out = -1; /* epoll does not know it */
      start(m, s);
    } else {
      end_slot(m, s);
    }
  }
}

/* The socket of a connection is ready. */
static void on_ready (struct multi *m, struct slot *s) {
  enum cj_progress progress = CJ_PROGRESS_WAIT;
  if (s->use != SPEAKS) {
    if (!cj_connection_is_alive(&s->c))
      cj_connection_close(&s->c);
    return;
  }
  if (s->has_ended)
    return;
  if (s->c.sent < s->c.out.len)
    progress = cj_connection_send(&s->c);
  if (progress == CJ_PROGRESS_WAIT)
    progress = cj_connection_receive(&s->c);
  advance(m, s, progress);
}

static void expire (struct multi *m) {
  double at = m->due < HUGE_VAL ? now() : 0;
  size_t i;
  if (m->due > at)
    return;
  m->due = HUGE_VAL;
  for (i = 0; i < m->n; i++) {
    struct slot *s = m->slots[i];
    if (s->use != SPEAKS || s->has_ended)
      continue;
    if (s->deadline <= at) {
      cj_connection_late(&s->c, s->timeout);
      advance(m, s, CJ_PROGRESS_FAILED);
    } else if (s->deadline < m->due) {
      m->due = s->deadline;
    }
  }
}

/* ---- waiting ---- */

static int on_timer (CURLM *handle, long ms, void *data) {
  struct multi *m = data;
  (void)handle;
  m->deadline = ms < 0 ? HUGE_VAL : now() + (double)ms / 1000;
  return 0;
}

/* How long nothing has to be done, up to so many seconds. */
static double left (const struct multi *m, double seconds) {
  double until = m->deadline < m->due ? m->deadline : m->due;
  if (m->ended != NULL)
    return 0;
  if (until < HUGE_VAL) {
    until -= now();
    if (until < seconds)
      return until > 0 ? until : 0;
  }
  return seconds;
}

#ifdef __linux__

/* An event's data: a descriptor, and in the upper half the slot it belongs to,
** 0 for libcurl. */
static int tell (struct multi *m, int operation, int fd, unsigned wanted,
                 size_t id) {
  struct epoll_event event;
  memset(&event, 0, sizeof(event));
  event.events = wanted;
  event.data.u64 = (uint64_t)id << 32 | (uint32_t)fd;
  return epoll_ctl(m->epoll, operation, fd, &event);
}

/* libcurl calls this before it closes a socket, so none is left behind. */
static int on_socket (CURL *easy, curl_socket_t fd, int what, void *data,
                      void *known) {
  struct multi *m = data;
  (void)easy;
  if (what == CURL_POLL_REMOVE)
    return tell(m, EPOLL_CTL_DEL, fd, 0, 0), 0;
  curl_multi_assign(m->m, fd, m); /* 'known' from now on */
  return tell(m, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
              (what & CURL_POLL_IN ? (unsigned)EPOLLIN : 0U) |
                  (what & CURL_POLL_OUT ? (unsigned)EPOLLOUT : 0U),
              0);
}

/* A connection stays in epoll as long as it is open, idle or not. */
static int watch (struct multi *m, struct slot *s) {
  int out = s->c.sent < s->c.out.len;
  int was = s->waits_out;
  s->waits_out = out;
  if (out == was)
    return 0;
  return tell(m, was < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, s->c.fd,
              EPOLLIN | (out ? (unsigned)EPOLLOUT : 0U), s->id);
}

static int open_waiting (struct multi *m) {
  m->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (m->epoll < 0)
    return -1;
  curl_multi_setopt(m->m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(m->m, CURLMOPT_SOCKETDATA, m);
  return 0;
}

static int act_on (unsigned events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
         (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

/* Waits up to 'seconds' for anything to do, and does it. */
static CURLMcode wait_and_act (struct multi *m, double seconds) {
  struct epoll_event events[MAX_EVENTS];
  CURLMcode result = CURLM_OK;
  int running, i;
  int n = epoll_wait(m->epoll, events, MAX_EVENTS, cj_clock_ms(seconds));
  for (i = 0; i < n && result == CURLM_OK; i++) {
    int fd = (int)(uint32_t)events[i].data.u64;
    size_t id = (size_t)(events[i].data.u64 >> 32);
    if (id == 0)
      result = curl_multi_socket_action(m->m, fd, act_on(events[i].events),
                                        &running);
    else if (m->slots[id - 1]->c.fd == fd) /* else closed a moment ago */
      on_ready(m, m->slots[id - 1]);
  }
  if (result == CURLM_OK && m->deadline < HUGE_VAL && m->deadline <= now()) {
    m->deadline = HUGE_VAL; /* libcurl sets the next */
    result = curl_multi_socket_action(m->m, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  return result;
}

#else

static int open_waiting (struct multi *m) {
  (void)m;
  return 0;
}

static int watch (struct multi *m, struct slot *s) {
  (void)m;
  (void)s;
  return 0;
}

static CURLMcode wait_and_act (struct multi *m, double seconds) {
  struct curl_waitfd *fds = calloc(m->n + 1, sizeof(*fds));
  unsigned n = 0;
  CURLMcode result;
  int running;
  size_t i;
  if (fds == NULL)
    return CURLM_OUT_OF_MEMORY;
  for (i = 0; i < m->n; i++) {
    struct slot *s = m->slots[i];
    if (s->use != SPEAKS || s->c.fd == CURL_SOCKET_BAD)
      continue;
    fds[n].fd = s->c.fd;
    fds[n++].events =
        (short)(CURL_WAIT_POLLIN |
                (s->c.sent < s->c.out.len ? CURL_WAIT_POLLOUT : 0));
  }
  result = curl_multi_poll(m->m, fds, n, cj_clock_ms(seconds), NULL);
  free(fds);
  for (i = 0; i < m->n; i++) {
    if (m->slots[i]->use == SPEAKS && m->slots[i]->c.fd != CURL_SOCKET_BAD)
      on_ready(m, m->slots[i]); /* finds nothing to read, or something */
  }
  return result == CURLM_OK ? curl_multi_perform(m->m, &running) : result;
}

#endif

static CURLMcode step (struct multi *m, double seconds) {
  struct cj_sigpipe guard;
  CURLMcode result;
  if (m->secure)
    cj_sigpipe_block(&guard);
  result = wait_and_act(m, left(m, seconds));
  collect(m);
  expire(m);
  if (m->secure)
    cj_sigpipe_restore(&guard);
  return result;
}

/* ---- opening and closing ---- */

/* In a child of the process that opened it, the connections and what epoll
** knows of them are the parent's: only memory and the descriptor go. */
static void close_all (struct multi *m) {
  struct cj_sigpipe guard;
  int secure = m->secure;
  size_t i;
  if (secure)
    cj_sigpipe_block(&guard);
  for (i = 0; i < m->n; i++) {
    free_slot(m, m->slots[i]);
    cj_connection_free(&m->slots[i]->c);
    cj_transfer_free(&m->slots[i]->t);
    free(m->slots[i]);
  }
  free(m->slots);
  m->slots = NULL;
  m->n = 0;
  cj_buf_free(&m->network);
  if (m->m != NULL && m->forks == cj_forks())
    curl_multi_cleanup(m->m);
  m->m = NULL;
  if (m->epoll >= 0)
    close(m->epoll);
  m->epoll = -1;
  m->secure = 0;
  if (secure)
    cj_sigpipe_restore(&guard);
}

static int open_multi (struct multi *m) {
  if (m->m != NULL && m->forks == cj_forks())
    return 0;
  close_all(m);
  m->deadline = m->due = HUGE_VAL;
  m->forks = cj_forks();
  cj_handle_start();
  m->m = curl_multi_init();
  if (m->m == NULL || open_waiting(m) != 0)
    return -1;
  curl_multi_setopt(m->m, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(m->m, CURLMOPT_TIMERDATA, m);
  curl_multi_setopt(m->m, CURLMOPT_MAX_HOST_CONNECTIONS, m->max_host);
  return 0;
}

/* ---- requests ---- */

static void take_slot (struct multi *m, struct slot *s, enum use use) {
  s->use = use;
  s->has_ended = s->is_answered = 0;
  s->result = CURLE_OK;
  m->busy++;
}

/* Begins the exchange in our own way. NULL: it is for libcurl's. */
static struct slot *speak (struct multi *m, const struct cj_request *r) {
  struct cj_slice origin = { r->url, cj_connection_origin(r) };
  struct slot *s;
  if (origin.n == 0 || m->gzip || m->max_host > 0)
    return NULL;
  cj_buf_reset(&m->network);
  if (cj_network_flatten(&m->network, &r->network) != 0)
    return NULL;
  s = find_slot(m, origin);
  if (s == NULL || cj_connection_write(&s->c, r, origin.n) != 0)
    return NULL;
  take_slot(m, s, SPEAKS);
  s->timeout = (double)r->timeout / 1000;
  s->deadline = r->timeout > 0 ? now() + s->timeout : HUGE_VAL;
  if (s->deadline < m->due)
    m->due = s->deadline;
  if (s->c.fd != CURL_SOCKET_BAD) {
    start(m, s);
  } else if (cj_connection_aim(&s->c, r, origin.n) != 0 ||
             cj_connection_open(&s->c, m->m) != 0) {
    advance(m, s, CJ_PROGRESS_FAILED);
  }
  m->secure |= s->c.h.secure;
  return s;
}

/* { name = value }; lines are for 'prepare'. 0 or -1. May raise. */
static int add_headers (lua_State *L, int i, struct cj_transfer *t) {
  if (lua_type(L, i) == LUA_TSTRING)
    return 0;
  lua_pushnil(L);
  while (lua_next(L, i) != 0) {
    size_t name_len, value_len;
    const char *name, *value;
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      return luaL_error(L, "headers: expected strings, got %s = %s",
                        luaL_typename(L, -2), luaL_typename(L, -1));
    name = lua_tolstring(L, -2, &name_len);
    value = lua_tolstring(L, -1, &value_len);
    if (cj_transfer_header(t, name, name_len, value, value_len) != 0) {
      lua_pop(L, 2);
      return -1;
    }
    lua_pop(L, 1);
  }
  return 0;
}

/* Keeps a body that is on its way. */
static void keep_body (lua_State *L, size_t id, int body) {
  lua_getiuservalue(L, 1, 1);
  if (body != 0)
    lua_pushvalue(L, body);
  else
    lua_pushnil(L);
  lua_rawseti(L, -2, (int)id);
  lua_pop(L, 1);
}

/* Gives the exchange to libcurl. */
static struct slot *transfer (lua_State *L, struct multi *m,
                              const struct cj_request *r) {
  struct cj_slice any = { NULL, 0 };
  struct slot *s = find_slot(m, any);
  if (s == NULL)
    luaL_error(L, "out of memory");
  if (cj_transfer_begin(&s->t) != 0 || add_headers(L, 4, &s->t) != 0 ||
      cj_transfer_prepare(&s->t, r) != 0) {
    take_slot(m, s, TRANSFERS);
    end_slot(m, s);
    return s;
  }
  keep_body(L, s->id, 5);
  if (curl_multi_add_handle(m->m, s->t.h.easy) != CURLM_OK)
    luaL_error(L, "out of memory");
  take_slot(m, s, TRANSFERS);
  m->secure |= s->t.h.secure;
  return s;
}

/* Begins the exchange of the request in the arguments from 2 on. */
static struct slot *begin (lua_State *L, struct multi *m) {
  struct cj_sigpipe guard;
  struct cj_request r;
  struct slot *s;
  int secure;
  lua_settop(L, 1 + CJ_REQUEST_ARGUMENTS);
  cj_curl_request(L, 2, &r);
  if (open_multi(m) != 0)
    luaL_error(L, "out of memory");
  secure = m->secure;
  if (secure)
    cj_sigpipe_block(&guard);
  s = speak(m, &r);
  if (secure)
    cj_sigpipe_restore(&guard);
  return s != NULL ? s : transfer(L, m, &r);
}

/* Frees the slot, and then pushes what came of it: that may raise. */
static int push_end (lua_State *L, struct multi *m, struct slot *s) {
  enum use use = s->use;
  const struct cj_buf *head = use == SPEAKS ? &s->c.in.head : &s->t.head;
  const struct cj_buf *body = use == SPEAKS ? &s->c.in.body : &s->t.body;
  free_slot(m, s);
  if (use == TRANSFERS)
    keep_body(L, s->id, 0);
  if (!s->is_answered)
    return cj_curl_failure(L, use == SPEAKS
                                  ? cj_connection_failure(&s->c)
                                  : cj_transfer_failure(&s->t, s->result));
  lua_pushinteger(L,
                  use == SPEAKS ? s->c.in.status : cj_transfer_status(&s->t));
  lua_pushlstring(L, head->s, head->len);
  lua_pushlstring(L, body->s, body->len);
  return 3;
}

/* ---- Lua ---- */

static struct multi *check_multi (lua_State *L) {
  return luaL_checkudata(L, 1, MULTI_T);
}

int cj_multi_descriptor (lua_State *L, int i) {
  const struct multi *m = luaL_checkudata(L, i, MULTI_T);
  return m->epoll;
}

static lua_Number opt_count (lua_State *L, const char *name, lua_Number count) {
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1)) {
    count = luaL_checknumber(L, -1);
    if (!(count >= 0 && count <= (lua_Number)CJ_MAX_EXACT))
      luaL_error(L, "%s: expected a count", name);
  }
  lua_pop(L, 1);
  return count;
}

/* multi({ max_body, gzip, max_host } or nil) -> multi. Nothing is opened
** before the first request. */
static int l_multi (lua_State *L) {
  struct multi *m;
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  m = lua_newuserdatauv(L, sizeof(*m), 1);
  memset(m, 0, sizeof(*m));
  m->epoll = -1;
  m->deadline = m->due = HUGE_VAL;
  m->ended_end = &m->ended;
  m->network.max = CJ_MAX_NETWORK;
  luaL_setmetatable(L, MULTI_T);
  lua_newtable(L); /* keeps the bodies that are on their way, by id */
  lua_setiuservalue(L, 2, 1);
  m->max_body = (size_t)opt_count(L, "max_body", (lua_Number)CJ_MAX_BODY);
  m->max_host = (long)opt_count(L, "max_host", 0);
  lua_getfield(L, 1, "gzip");
  m->gzip = lua_toboolean(L, -1);
  lua_settop(L, 2);
  return 1;
}

/* multi:add(method, url, headers, body, timeout, connect_timeout, network,
** once) -> id */
static int multi_add (lua_State *L) {
  struct multi *m = check_multi(L);
  lua_pushinteger(L, (lua_Integer)begin(L, m)->id);
  return 1;
}

/* multi:perform(…) as 'add', and waits -> status, lines, body | nil, code,
** message, sent. Not while others are on their way. */
static int multi_perform (lua_State *L) {
  struct multi *m = check_multi(L);
  CURLMcode result = CURLM_OK;
  struct slot *s;
  if (m->busy > 0 && m->forks == cj_forks())
    return luaL_error(L, "other requests are on their way");
  s = begin(L, m);
  while (!s->has_ended && result == CURLM_OK)
    result = step(m, HUGE_VAL);
  if (!s->has_ended) {
    struct cj_failure f = { "memory", curl_multi_strerror(result), 1 };
    close_all(m);
    return cj_curl_failure(L, f);
  }
  return push_end(L, m, s);
}

/* multi:cancel(id): forgets the request, whose connection is closed. */
static int multi_cancel (lua_State *L) {
  struct multi *m = check_multi(L);
  lua_Integer id = luaL_checkinteger(L, 2);
  if (id >= 1 && (size_t)id <= m->n) {
    free_slot(m, m->slots[id - 1]);
    keep_body(L, (size_t)id, 0);
  }
  return 0;
}

/* multi:step(seconds) -> true | nil, message: waits up to seconds for the
** network, and works. When libcurl itself fails, out of memory or descriptors,
** what is on its way is lost: close it. */
static int multi_step (lua_State *L) {
  struct multi *m = check_multi(L);
  double seconds = luaL_optnumber(L, 2, 0);
  CURLMcode result = CURLM_OK;
  if (m->m != NULL && m->forks == cj_forks())
    result = step(m, seconds);
  if (result == CURLM_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, curl_multi_strerror(result));
  return 2;
}

/* multi:next() -> id, status, lines, body | id, nil, code, message, sent
** | nothing when none has ended */
static int multi_next (lua_State *L) {
  struct multi *m = check_multi(L);
  struct slot *s = m->ended;
  if (s == NULL || m->forks != cj_forks())
    return 0;
  lua_pushinteger(L, (lua_Integer)s->id);
  return 1 + push_end(L, m, s);
}

/* multi:timeout() -> seconds until it has to be stepped, or nil */
static int multi_timeout (lua_State *L) {
  double seconds = left(check_multi(L), HUGE_VAL);
  if (seconds >= HUGE_VAL)
    return 0;
  lua_pushnumber(L, seconds);
  return 1;
}

/* multi:close(), also __gc and __close: ends what is on its way and closes
** the connections. It can be used again. */
static int multi_close (lua_State *L) {
  close_all(check_multi(L));
  return 0;
}

static const luaL_Reg multi_methods[] = {
  { "perform", multi_perform }, { "add", multi_add },
  { "cancel", multi_cancel },   { "step", multi_step },
  { "next", multi_next },       { "timeout", multi_timeout },
  { "close", multi_close },     { NULL, NULL },
};

static const luaL_Reg multi_mt[] = {
  { "__gc", multi_close },
  { "__close", multi_close }, /* Lua before 5.4 ignores it */
  { NULL, NULL },
};

void cj_multi_open (lua_State *L) {
  cj_curl_type(L, MULTI_T, multi_mt, multi_methods);
  lua_pushcfunction(L, l_multi);
  lua_setfield(L, -2, "multi");
}
