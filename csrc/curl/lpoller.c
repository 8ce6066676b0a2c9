/* The poller: one descriptor, for another event loop to wait for, that watches
** several multis and a wake-up. */
#include "lpoller.h"

#include "lrequest.h"
#include "../base/fork_generation.h"
#include "lpool.h"
#include "../base/seconds.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

#define POLLER_T "cloudjobs.curl.poller"

struct poller {
  unsigned fork_generation; /* a child process shares the descriptor */
  int epoll, wake;          /* -1: closed */
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

/* poller() -> poller. Its descriptor is readable while a multi that it watches
** has work, and after 'wake'. */
static int l_poller (lua_State *L) {
  struct poller *p = lua_newuserdatauv(L, sizeof(*p), 0);
  p->epoll = p->wake = -1;
  p->fork_generation = cj_fork_generation();
  luaL_setmetatable(L, POLLER_T);
  p->epoll = epoll_create1(EPOLL_CLOEXEC);
  p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (p->epoll < 0 || p->wake < 0 || poll_in(p->epoll, p->wake) != 0)
    return luaL_error(L, "poller: %s", strerror(errno));
  return 1;
}

/* poller:watch(multi). A second call changes nothing. */
static int poller_watch (lua_State *L) {
  struct poller *p = check_poller(L);
  int fd = cj_multi_descriptor(L, 2);
  if (fd >= 0 && poll_in(p->epoll, fd) != 0 && errno != EEXIST)
    return luaL_error(L, "poller: %s", strerror(errno));
  return 0;
}

/* poller:unwatch(multi) */
static int poller_unwatch (lua_State *L) {
  struct poller *p = check_poller(L);
  int fd = cj_multi_descriptor(L, 2);
  if (fd >= 0)
    epoll_ctl(p->epoll, EPOLL_CTL_DEL, fd, NULL);
  return 0;
}

/* poller:is_ours() -> whether this process made it */
static int poller_is_ours (lua_State *L) {
  lua_pushboolean(L, check_poller(L)->fork_generation == cj_fork_generation());
  return 1;
}

static int poller_wake (lua_State *L) {
  struct poller *p = check_poller(L);
  uint64_t one = 1;
  ssize_t n = write(p->wake, &one, sizeof(one));
  (void)n; /* a full counter is readable, too */
  return 0;
}

static int poller_pollfd (lua_State *L) {
  lua_pushinteger(L, check_poller(L)->epoll);
  return 1;
}

/* poller:wait(seconds): waits until readable, and clears the wake-up. */
static int poller_wait (lua_State *L) {
  struct poller *p = check_poller(L);
  struct epoll_event event;
  uint64_t count;
  ssize_t n;
  epoll_wait(p->epoll, &event, 1, cj_seconds_ms(luaL_checknumber(L, 2)));
  n = read(p->wake, &count, sizeof(count));
  (void)n;
  return 0;
}

#else

static int l_poller (lua_State *L) {
  return luaL_error(L, "another event loop needs epoll, which only Linux has");
}

#define poller_watch l_poller
#define poller_unwatch l_poller
#define poller_is_ours l_poller
#define poller_wake l_poller
#define poller_pollfd l_poller
#define poller_wait l_poller

#endif

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

void cj_poller_open (lua_State *L) {
  cj_metatable_open(L, POLLER_T, poller_mt, poller_methods);
  lua_pushcfunction(L, l_poller);
  lua_setfield(L, -2, "poller");
}
