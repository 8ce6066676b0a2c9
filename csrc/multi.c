/* Many transfers at once. Pull only: Lua adds requests, lets time pass with
** 'step', and takes what has ended with 'next'. On Linux all of libcurl's
** sockets are in one epoll descriptor, which any event loop can wait for;
** elsewhere curl_multi_poll waits, and there is nothing for other loops. */
#include "multi.h"

#include "clock.h"
#include "curl.h"
#include "forks.h"
#include "sigpipe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

#define MULTI_T "cloudjobs.curl.multi"
#define POLLER_T "cloudjobs.curl.poller"

/* Taken from the kernel at a time; what is left comes with the next step. */
#define MAX_EVENTS 128
/* The longest sleep in the kernel, in ms: an hour. */
#define MAX_WAIT 3600000.0

struct slot {
  struct cj_transfer t; /* first: CURLINFO_PRIVATE points here */
  size_t id;            /* from 1 */
  int busy;
};

struct multi {
  CURLM *m;
  unsigned forks;  /* where it was opened: see struct cj_transfer */
  int epoll;       /* -1: none */
  double deadline; /* when libcurl wants to be called, HUGE_VAL: never */
  struct slot **slots;
  size_t n, busy;
  int secure;    /* as a transfer's, of all */
  long max_host; /* connections to one host, 0: no limit */
  size_t max_body;
  int gzip;
};

/* ---- waiting ---- */

static int to_ms (double seconds) {
  double ms = ceil(seconds * 1000);
  return ms <= 0 ? 0 : (int)(ms < MAX_WAIT ? ms : MAX_WAIT);
}

static int on_timer (CURLM *handle, long ms, void *data) {
  struct multi *m = data;
  (void)handle;
  m->deadline =
      ms < 0 ? HUGE_VAL : cj_clock_read(CLOCK_MONOTONIC) + (double)ms / 1000;
  return 0;
}

#ifdef __linux__

/* libcurl calls this before it closes a socket, so none is left behind. */
static int on_socket (CURL *easy, curl_socket_t fd, int what, void *data,
                      void *known) {
  struct multi *m = data;
  struct epoll_event event;
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(m->epoll, EPOLL_CTL_DEL, fd, NULL);
    return 0;
  }
  memset(&event, 0, sizeof(event));
  event.events = (what & CURL_POLL_IN ? (unsigned)EPOLLIN : 0U) |
                 (what & CURL_POLL_OUT ? (unsigned)EPOLLOUT : 0U);
  event.data.fd = fd;
  if (known != NULL)
    return epoll_ctl(m->epoll, EPOLL_CTL_MOD, fd, &event);
  curl_multi_assign(m->m, fd, m); /* 'known' from now on */
  return epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int act_on (const struct epoll_event *event) {
  return (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
         (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

static int open_waiting (struct multi *m) {
  m->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (m->epoll < 0)
    return -1;
  curl_multi_setopt(m->m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(m->m, CURLMOPT_SOCKETDATA, m);
  return 0;
}

/* Waits up to 'seconds' for anything to do, and does it. */
static CURLMcode step (struct multi *m, double seconds) {
  struct epoll_event events[MAX_EVENTS];
  double left = m->deadline - cj_clock_read(CLOCK_MONOTONIC);
  CURLMcode result = CURLM_OK;
  int running, i;
  int n = epoll_wait(m->epoll, events, MAX_EVENTS,
                     to_ms(left < seconds ? left : seconds));
  for (i = 0; i < n && result == CURLM_OK; i++)
    result = curl_multi_socket_action(m->m, events[i].data.fd,
                                      act_on(&events[i]), &running);
  if (result == CURLM_OK && m->deadline <= cj_clock_read(CLOCK_MONOTONIC)) {
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

static CURLMcode step (struct multi *m, double seconds) {
  double left = m->deadline - cj_clock_read(CLOCK_MONOTONIC);
  int running;
  curl_multi_poll(m->m, NULL, 0, to_ms(left < seconds ? left : seconds), NULL);
  return curl_multi_perform(m->m, &running);
}

#endif

/* ---- opening and closing ---- */

static void end_slot (struct multi *m, struct slot *s) {
  if (!s->busy)
    return;
  if (m->forks == cj_forks())
    curl_multi_remove_handle(m->m, s->t.easy);
  s->busy = 0;
  m->busy--;
}

/* In a child of the process that opened it, the connections and what epoll
** knows of them are the parent's: only memory and the descriptor go. */
static void close_all (struct multi *m) {
  size_t i;
  for (i = 0; i < m->n; i++) {
    end_slot(m, m->slots[i]);
    cj_transfer_free(&m->slots[i]->t);
    free(m->slots[i]);
  }
  free(m->slots);
  m->slots = NULL;
  m->n = 0;
  if (m->m != NULL && m->forks == cj_forks())
    curl_multi_cleanup(m->m);
  m->m = NULL;
  if (m->epoll >= 0)
    close(m->epoll);
  m->epoll = -1;
}

static int open_multi (struct multi *m) {
  if (m->m != NULL && m->forks == cj_forks())
    return 0;
  close_all(m);
  m->deadline = HUGE_VAL;
  m->secure = 0;
  m->forks = cj_forks();
  cj_transfer_start();
  m->m = curl_multi_init();
  if (m->m == NULL || open_waiting(m) != 0)
    return -1;
  curl_multi_setopt(m->m, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(m->m, CURLMOPT_TIMERDATA, m);
  curl_multi_setopt(m->m, CURLMOPT_MAX_HOST_CONNECTIONS, m->max_host);
  return 0;
}

/* A slot that is free, made if there is none; NULL when out of memory. */
static struct slot *free_slot (struct multi *m) {
  struct slot **slots, *s;
  size_t i;
  for (i = 0; i < m->n && m->busy < m->n; i++) {
    if (!m->slots[i]->busy)
      return m->slots[i];
  }
  slots = realloc(m->slots, (m->n + 1) * sizeof(void *));
  if (slots == NULL)
    return NULL;
  m->slots = slots;
  s = calloc(1, sizeof(*s));
  if (s == NULL)
    return NULL;
  cj_transfer_init(&s->t);
  s->t.max_body = m->max_body;
  s->t.gzip = m->gzip;
  slots[m->n++] = s;
  s->id = m->n;
  return s;
}

/* ---- Lua ---- */

static struct multi *check_multi (lua_State *L) {
  return luaL_checkudata(L, 1, MULTI_T);
}

/* multi({ max_body, gzip, max_host } or nil) -> multi. Nothing is opened
** before the first request. */
static int l_multi (lua_State *L) {
  struct multi *m;
  struct cj_transfer settings;
  lua_settop(L, 1);
  m = lua_newuserdatauv(L, sizeof(*m), 1);
  memset(m, 0, sizeof(*m));
  m->epoll = -1;
  m->deadline = HUGE_VAL;
  luaL_setmetatable(L, MULTI_T);
  lua_newtable(L); /* keeps the bodies that are on their way, by id */
  lua_setiuservalue(L, 2, 1);
  cj_transfer_init(&settings);
  cj_curl_settings(L, 1, &settings);
  m->max_body = settings.max_body;
  m->gzip = settings.gzip;
  if (!lua_isnil(L, 1)) {
    lua_getfield(L, 1, "max_host");
    m->max_host = (long)luaL_optinteger(L, -1, 0);
    lua_pop(L, 1);
  }
  return 1;
}

static void keep_body (lua_State *L, size_t id, int body) {
  lua_getiuservalue(L, 1, 1);
  if (body != 0)
    lua_pushvalue(L, body);
  else
    lua_pushnil(L);
  lua_rawseti(L, -2, (int)id);
  lua_pop(L, 1);
}

/* multi:add(method, url, headers, body, timeout, connect_timeout, network)
** -> id | nil, code, message, sent */
static int multi_add (lua_State *L) {
  struct multi *m = check_multi(L);
  struct slot *s;
  lua_settop(L, 1 + CJ_REQUEST_ARGUMENTS);
  if (open_multi(m) != 0 || (s = free_slot(m)) == NULL)
    return luaL_error(L, "out of memory");
  if (cj_curl_request(L, 2, &s->t) != 0)
    return cj_curl_answer(L, &s->t, CURLE_OK);
  keep_body(L, s->id, 5);
  if (curl_multi_add_handle(m->m, s->t.easy) != CURLM_OK)
    return luaL_error(L, "out of memory");
  s->busy = 1;
  m->busy++;
  m->secure |= s->t.secure;
  lua_pushinteger(L, (lua_Integer)s->id);
  return 1;
}

/* multi:cancel(id): forgets the request, whose connection is closed. */
static int multi_cancel (lua_State *L) {
  struct multi *m = check_multi(L);
  lua_Integer id = luaL_checkinteger(L, 2);
  if (id >= 1 && (size_t)id <= m->n) {
    end_slot(m, m->slots[id - 1]);
    keep_body(L, (size_t)id, 0);
  }
  return 0;
}

/* multi:step(seconds) -> true | nil, message: waits up to seconds for the
** network, and works. When libcurl itself fails, out of memory or descriptors,
** what is on its way is lost: close it. */
static int multi_step (lua_State *L) {
  struct multi *m = check_multi(L);
  struct cj_sigpipe guard;
  double seconds = luaL_optnumber(L, 2, 0);
  CURLMcode result;
  lua_pushboolean(L, 1);
  if (m->m == NULL || m->forks != cj_forks())
    return 1;
  if (m->secure)
    cj_sigpipe_block(&guard);
  result = step(m, seconds);
  if (m->secure)
    cj_sigpipe_restore(&guard);
  if (result == CURLM_OK)
    return 1;
  lua_pushnil(L);
  lua_pushstring(L, curl_multi_strerror(result));
  return 2;
}

/* multi:next() -> id, status, lines, body | id, nil, code, message, sent
** | nothing when none has ended */
static int multi_next (lua_State *L) {
  struct multi *m = check_multi(L);
  CURLMsg *message;
  CURLcode result;
  char *private;
  struct slot *s;
  int queued;
  if (m->m == NULL || m->forks != cj_forks())
    return 0;
  message = curl_multi_info_read(m->m, &queued);
  if (message == NULL)
    return 0;
  result = message->data.result;
  curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
  s = (struct slot *)(void *)private;
  end_slot(m, s);
  keep_body(L, s->id, 0);
  lua_pushinteger(L, (lua_Integer)s->id);
  return 1 + cj_curl_answer(L, &s->t, result);
}

/* multi:timeout() -> seconds until libcurl wants to be called, or nil */
static int multi_timeout (lua_State *L) {
  struct multi *m = check_multi(L);
  double left = m->deadline - cj_clock_read(CLOCK_MONOTONIC);
  if (m->deadline >= HUGE_VAL)
    return 0;
  lua_pushnumber(L, left > 0 ? left : 0);
  return 1;
}

/* multi:close(), also __gc and __close: ends what is on its way and closes
** the connections. It can be used again. */
static int multi_close (lua_State *L) {
  close_all(check_multi(L));
  return 0;
}

/* ---- the poller: one descriptor for several multis and a wake-up ---- */

struct poller {
  unsigned forks;  /* epoll descriptors are shared over them */
  int epoll, wake; /* -1: closed */
};

static struct poller *check_poller (lua_State *L) {
  return luaL_checkudata(L, 1, POLLER_T);
}

static int poller_gc (lua_State *L) {
  struct poller *p = check_poller(L);
  if (p->epoll >= 0)
    close(p->epoll);
  if (p->wake >= 0)
    close(p->wake);
  p->epoll = p->wake = -1;
  return 0;
}

#ifdef __linux__

static int poll_in (int epoll, int fd) {
  struct epoll_event event;
  memset(&event, 0, sizeof(event));
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* poller() -> poller, whose descriptor is readable when a multi that it
** watches has work, or after 'wake' */
static int l_poller (lua_State *L) {
  struct poller *p = lua_newuserdatauv(L, sizeof(*p), 0);
  p->epoll = p->wake = -1;
  p->forks = cj_forks();
  luaL_setmetatable(L, POLLER_T);
  p->epoll = epoll_create1(EPOLL_CLOEXEC);
  p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (p->epoll < 0 || p->wake < 0 || poll_in(p->epoll, p->wake) != 0)
    return luaL_error(L, "poller: %s", strerror(errno));
  return 1;
}

/* poller:watch(multi). Watching twice is as good as once. */
static int poller_watch (lua_State *L) {
  struct poller *p = check_poller(L);
  struct multi *m = luaL_checkudata(L, 2, MULTI_T);
  if (m->epoll >= 0 && poll_in(p->epoll, m->epoll) != 0 && errno != EEXIST)
    return luaL_error(L, "poller: %s", strerror(errno));
  return 0;
}

/* poller:unwatch(multi) */
static int poller_unwatch (lua_State *L) {
  struct poller *p = check_poller(L);
  struct multi *m = luaL_checkudata(L, 2, MULTI_T);
  if (m->epoll >= 0)
    epoll_ctl(p->epoll, EPOLL_CTL_DEL, m->epoll, NULL);
  return 0;
}

/* poller:is_ours() -> whether this very process made it */
static int poller_is_ours (lua_State *L) {
  lua_pushboolean(L, check_poller(L)->forks == cj_forks());
  return 1;
}

static int poller_wake (lua_State *L) {
  struct poller *p = check_poller(L);
  uint64_t one = 1;
  ssize_t n = write(p->wake, &one, sizeof(one));
  (void)n; /* a full counter wakes as well */
  return 0;
}

static int poller_pollfd (lua_State *L) {
  lua_pushinteger(L, check_poller(L)->epoll);
  return 1;
}

/* poller:wait(seconds): until readable; takes a wake-up away. */
static int poller_wait (lua_State *L) {
  struct poller *p = check_poller(L);
  struct epoll_event event;
  uint64_t count;
  ssize_t n;
  epoll_wait(p->epoll, &event, 1, to_ms(luaL_checknumber(L, 2)));
  n = read(p->wake, &count, sizeof(count));
  (void)n;
  return 0;
}

#else

static int l_poller (lua_State *L) {
  return luaL_error(L, "other event loops need epoll, which is Linux's");
}

#define poller_watch l_poller
#define poller_unwatch l_poller
#define poller_is_ours l_poller
#define poller_wake l_poller
#define poller_pollfd l_poller
#define poller_wait l_poller

#endif

static const luaL_Reg multi_methods[] = {
  { "add", multi_add },
  { "cancel", multi_cancel },
  { "step", multi_step },
  { "next", multi_next },
  { "timeout", multi_timeout },
  { "close", multi_close },
  { NULL, NULL },
};

static const luaL_Reg multi_mt[] = {
  { "__gc", multi_close },
  { "__close", multi_close }, /* Lua before 5.4 ignores it */
  { NULL, NULL },
};

static const luaL_Reg poller_methods[] = {
  { "watch", poller_watch },
  { "unwatch", poller_unwatch },
  { "is_ours", poller_is_ours },
  { "wake", poller_wake },
  { "pollfd", poller_pollfd },
  { "wait", poller_wait },
  { NULL, NULL },
};

static const luaL_Reg poller_mt[] = {
  { "__gc", poller_gc },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "multi", l_multi },
  { "poller", l_poller },
  { NULL, NULL },
};

static void new_type (lua_State *L, const char *name, const luaL_Reg *mt,
                      const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, mt, 0);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

void cj_multi_open (lua_State *L) {
  new_type(L, MULTI_T, multi_mt, multi_methods);
  new_type(L, POLLER_T, poller_mt, poller_methods);
  luaL_setfuncs(L, functions, 0);
}
