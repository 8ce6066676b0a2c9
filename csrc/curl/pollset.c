/* The sockets that a pool waits for: watched by one epoll descriptor on Linux,
** by curl_multi_poll elsewhere. */
#include "pollset.h"

#include "../base/seconds.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double now (void) {
  return cj_seconds_read(CLOCK_MONOTONIC);
}

#ifdef __linux__

#include <sys/epoll.h>

/* Events of one epoll_wait; further ones follow with the next. */
#define MAX_EVENTS 128

/* Registers a descriptor. The event's data is the descriptor and, in the upper
** half, the id, which is 0 for libcurl's. */
static int control (struct cj_pollset *s, int operation, int fd,
                    unsigned wanted, size_t id) {
  struct epoll_event event;
  memset(&event, 0, sizeof(event));
  event.events = wanted;
  event.data.u64 = (uint64_t)id << 32 | (uint32_t)fd;
  return epoll_ctl(s->epoll, operation, fd, &event);
}

int cj_pollset_watch (struct cj_pollset *s, curl_socket_t fd, size_t id,
                      int out, int is_known) {
  return control(s, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                 EPOLLIN | (out ? (unsigned)EPOLLOUT : 0U), id);
}

/* Closing a socket does not remove it from epoll if a child process holds it.
 */
void cj_pollset_unwatch (struct cj_pollset *s, curl_socket_t fd) {
  control(s, EPOLL_CTL_DEL, fd, 0, 0);
}

/* libcurl calls this for every change, also before it closes a socket. */
static int on_socket (CURL *easy, curl_socket_t fd, int what, void *data,
                      void *known) {
  struct cj_pollset *s = data;
  (void)easy;
  if (what == CURL_POLL_REMOVE)
    return control(s, EPOLL_CTL_DEL, fd, 0, 0), 0;
  curl_multi_assign(s->multi, fd, s); /* 'known' from now on */
  return control(s, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                 (what & CURL_POLL_IN ? (unsigned)EPOLLIN : 0U) |
                     (what & CURL_POLL_OUT ? (unsigned)EPOLLOUT : 0U),
                 0);
}

static int begin (struct cj_pollset *s) {
  s->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (s->epoll < 0)
    return -1;
  curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
  return 0;
}

static int act_on (unsigned events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
         (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

CURLMcode cj_pollset_wait (struct cj_pollset *s, double seconds,
                           cj_pollset_ready *on_ready, void *owner) {
  struct epoll_event events[MAX_EVENTS];
  CURLMcode result = CURLM_OK;
  int running, i;
  int n = epoll_wait(s->epoll, events, MAX_EVENTS, cj_seconds_ms(seconds));
  s->is_idle = n <= 0;
  for (i = 0; i < n && result == CURLM_OK; i++) {
    int fd = (int)(uint32_t)events[i].data.u64;
    size_t id = (size_t)(events[i].data.u64 >> 32);
    if (id == 0)
      result = curl_multi_socket_action(s->multi, fd, act_on(events[i].events),
                                        &running);
    else
      on_ready(owner, fd, id);
  }
  if (result == CURLM_OK && s->deadline < HUGE_VAL && s->deadline <= now()) {
    s->deadline = HUGE_VAL; /* libcurl sets the next one */
    result =
        curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  return result;
}

#else

static unsigned find (const struct cj_pollset *s, curl_socket_t fd) {
  unsigned i = 0;
  while (i < s->n && s->list[i].fd != fd)
    i++;
  return i;
}

/* Makes room for one more. 0 or -1. */
static int grow (struct cj_pollset *s) {
  size_t n = (size_t)s->n + 1;
  struct curl_waitfd *list = realloc(s->list, n * sizeof(*list));
  size_t *ids;
  if (list == NULL)
    return -1;
  s->list = list;
  ids = realloc(s->ids, n * sizeof(*ids));
  if (ids == NULL)
    return -1;
  s->ids = ids;
  return 0;
}

int cj_pollset_watch (struct cj_pollset *s, curl_socket_t fd, size_t id,
                      int out, int is_known) {
  unsigned i = is_known ? find(s, fd) : s->n;
  if (i == s->n) {
    if (grow(s) != 0)
      return -1;
    s->n++;
  }
  s->list[i].fd = fd;
  s->list[i].events = (short)(CURL_WAIT_POLLIN | (out ? CURL_WAIT_POLLOUT : 0));
  s->list[i].revents = 0;
  s->ids[i] = id;
  return 0;
}

/* Moves the last one to the free index. */
void cj_pollset_unwatch (struct cj_pollset *s, curl_socket_t fd) {
  unsigned i = find(s, fd);
  if (i == s->n)
    return;
  s->n--;
  s->list[i] = s->list[s->n];
  s->ids[i] = s->ids[s->n];
}

static int begin (struct cj_pollset *s) {
  (void)s;
  return 0;
}

/* curl_multi_poll hides a mere error or hang-up of a socket that is not
** libcurl's. So all are reported as ready, backwards, because the owner may
** close the socket that is reported. */
CURLMcode cj_pollset_wait (struct cj_pollset *s, double seconds,
                           cj_pollset_ready *on_ready, void *owner) {
  int running, ready = 0;
  CURLMcode result =
      curl_multi_poll(s->multi, s->list, s->n, cj_seconds_ms(seconds), &ready);
  unsigned i;
  s->is_idle = ready == 0;
  for (i = s->n; i > 0; i--)
    on_ready(owner, s->list[i - 1].fd, s->ids[i - 1]);
  return result == CURLM_OK ? curl_multi_perform(s->multi, &running) : result;
}

#endif

static int on_timer (CURLM *multi, long ms, void *data) {
  struct cj_pollset *s = data;
  (void)multi;
  s->deadline = ms < 0 ? HUGE_VAL : now() + (double)ms / 1000;
  return 0;
}

void cj_pollset_init (struct cj_pollset *s) {
  memset(s, 0, sizeof(*s));
  s->deadline = HUGE_VAL;
  s->epoll = -1;
}

int cj_pollset_open (struct cj_pollset *s, CURLM *multi) {
  s->multi = multi;
  s->deadline = HUGE_VAL;
  if (begin(s) != 0)
    return -1;
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, s);
  return 0;
}

void cj_pollset_close (struct cj_pollset *s) {
  if (s->epoll >= 0)
    close(s->epoll);
  free(s->list);
  free(s->ids);
  cj_pollset_init(s);
}
