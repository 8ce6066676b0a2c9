/* The limit of calls on the wire: libcurl in C that sends the same signed bytes
** and receives the same responses, one by one (easy) or many at once (multi).
** Options are set once; nothing is signed, encoded or decoded.
**
** Built by `make bench` as the Lua module "curl_limit". */
#include "../../csrc/base/compat.h"

#include <curl/curl.h>

#include <string.h>
#include <time.h>

#define MAX_HANDLES 512

struct sink {
  char bytes[16384];
  size_t n;
};

static size_t on_body (char *s, size_t size, size_t n, void *data) {
  struct sink *sink = data;
  n *= size;
  if (n > sizeof(sink->bytes) - sink->n)
    return 0;
  memcpy(sink->bytes + sink->n, s, n);
  sink->n += n;
  return n;
}

static double now (void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct call {
  const char *url, *body;
  struct curl_slist *headers;
};

/* Reads url, headers (lines) and body from arguments 1 to 3. */
static struct call read_call (lua_State *L) {
  struct call call = { luaL_checkstring(L, 1), luaL_checkstring(L, 3), NULL };
  char line[4096];
  const char *s = luaL_checkstring(L, 2), *end;
  for (; (end = strchr(s, '\n')) != NULL; s = end + 1) {
    size_t n = (size_t)(end - s);
    if (n >= sizeof(line))
      luaL_error(L, "a header is too long");
    memcpy(line, s, n);
    line[n] = '\0';
    call.headers = curl_slist_append(call.headers, line);
  }
  return call;
}

static CURL *new_easy (const struct call *call, struct sink *sink) {
  CURL *e = curl_easy_init();
  sink->n = 0;
  curl_easy_setopt(e, CURLOPT_URL, call->url);
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, call->headers);
  curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)strlen(call->body));
  curl_easy_setopt(e, CURLOPT_POSTFIELDS, call->body);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, sink);
  curl_easy_setopt(e, CURLOPT_PRIVATE, sink);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  return e;
}

/* easy(url, headers, body, n) -> calls in a second, one after the other */
static int l_easy (lua_State *L) {
  struct call call = read_call(L);
  struct sink sink;
  CURL *e = new_easy(&call, &sink);
  int n = (int)luaL_checkinteger(L, 4), i, bad = 0;
  double started;
  curl_easy_perform(e); /* connects */
  started = now();
  for (i = 0; i < n; i++) {
    sink.n = 0;
    bad |= curl_easy_perform(e) != CURLE_OK || sink.n == 0;
  }
  lua_pushnumber(L, n / (now() - started));
  curl_easy_cleanup(e);
  curl_slist_free_all(call.headers);
  return bad ? luaL_error(L, "a call failed") : 1;
}

/* Takes what has ended out and puts it in again while calls are left. */
static int turn (CURLM *m, int *left) {
  CURLMsg *message;
  int queued, ended = 0;
  while ((message = curl_multi_info_read(m, &queued)) != NULL) {
    CURL *e = message->easy_handle;
    struct sink *sink;
    if (message->data.result != CURLE_OK)
      return -1;
    curl_easy_getinfo(e, CURLINFO_PRIVATE, (char **)&sink);
    sink->n = 0;
    curl_multi_remove_handle(m, e);
    ended++;
    if (*left > 0) {
      (*left)--;
      curl_multi_add_handle(m, e);
    }
  }
  return ended;
}

static int run (CURLM *m, CURL **handles, int width, int n) {
  int left = n > width ? n - width : 0, ended = 0, running, i;
  for (i = 0; i < width && i < n; i++)
    curl_multi_add_handle(m, handles[i]);
  while (ended < n) {
    int some;
    curl_multi_perform(m, &running);
    some = turn(m, &left);
    if (some < 0)
      return -1;
    ended += some;
    if (some == 0)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  }
  return 0;
}

/* multi(url, headers, body, n, width) -> calls in a second, 'width' at once */
static int l_multi (lua_State *L) {
  static struct sink sinks[MAX_HANDLES];
  static CURL *handles[MAX_HANDLES];
  struct call call = read_call(L);
  int n = (int)luaL_checkinteger(L, 4), i, bad;
  int width = (int)luaL_checkinteger(L, 5);
  CURLM *m = curl_multi_init();
  double started;
  if (width > MAX_HANDLES)
    return luaL_error(L, "too many at once");
  curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)width);
  for (i = 0; i < width; i++)
    handles[i] = new_easy(&call, &sinks[i]);
  bad = run(m, handles, width, width); /* connects */
  started = now();
  bad |= run(m, handles, width, n);
  lua_pushnumber(L, n / (now() - started));
  for (i = 0; i < width; i++)
    curl_easy_cleanup(handles[i]);
  curl_multi_cleanup(m);
  curl_slist_free_all(call.headers);
  return bad ? luaL_error(L, "a call failed") : 1;
}

static const luaL_Reg functions[] = {
  { "easy", l_easy },
  { "multi", l_multi },
  { NULL, NULL },
};

int luaopen_curl_limit (lua_State *L);

CJ_EXPORT int luaopen_curl_limit (lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
