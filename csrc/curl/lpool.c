/* The pool for Lua: one blocking exchange ('perform'), or many concurrent ones.
** For these Lua adds requests, waits with 'step' and gets the results from
** 'next'; no callback runs Lua. On Linux another event loop can wait for the
** pool's descriptor. */
#include "lpool.h"

#include "lrequest.h"
#include "../base/lsignal.h"
#include "pool.h"
#include "../base/seconds.h"

#include <math.h>

#define MULTI_T "cloudjobs.curl.multi"

static struct cj_pool *check_multi (lua_State *L) {
  return luaL_checkudata(L, 1, MULTI_T);
}

int cj_multi_descriptor (lua_State *L, int i) {
  const struct cj_pool *p = luaL_checkudata(L, i, MULTI_T);
  return p->pollset.epoll;
}

/* ---- opening ---- */

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

/* multi({ max_body, gzip, max_host } or nil) -> multi. It opens with the first
** request. */
static int l_multi (lua_State *L) {
  struct cj_pool *p;
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  p = lua_newuserdatauv(L, sizeof(*p), 1);
  cj_pool_init(p);
  luaL_setmetatable(L, MULTI_T);
  lua_newtable(L); /* anchors the bodies that libcurl is sending, by id */
  lua_setiuservalue(L, 2, 1);
  p->max_body = (size_t)opt_count(L, "max_body", (lua_Number)CJ_MAX_BODY);
  p->max_host = (long)opt_count(L, "max_host", 0);
  lua_getfield(L, 1, "gzip");
  p->gzip = lua_toboolean(L, -1);
  lua_settop(L, 2);
  return 1;
}

/* multi:close(), also __gc and __close: ends all exchanges and closes the
** connections, after the result that is being pushed. It can be used again. */
static int multi_close (lua_State *L) {
  cj_pool_close(check_multi(L));
  return 0;
}

/* ---- one exchange ---- */

/* Writes { name = value } as the request's header lines. May raise. */
static void write_lines (lua_State *L, int i, struct cj_buf *b,
                         struct cj_request *r) {
  cj_buf_reset(b);
  lua_pushnil(L);
  while (lua_next(L, i) != 0) {
    struct cj_field f;
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "headers: expected strings, got %s = %s",
                 luaL_typename(L, -2), luaL_typename(L, -1));
    f.name.s = lua_tolstring(L, -2, &f.name.n);
    f.value.s = lua_tolstring(L, -1, &f.value.n);
    cj_request_add_header(r, b, &f);
    lua_pop(L, 1);
  }
  r->lines.s = b->len > 0 ? b->s : "";
  r->lines.n = b->len;
}

/* Anchors the body of a running exchange, or with 0 lets it go. */
static void anchor_body (lua_State *L, size_t id, int body) {
  lua_getiuservalue(L, 1, 1);
  if (body != 0)
    lua_pushvalue(L, body);
  else
    lua_pushnil(L);
  lua_rawseti(L, -2, (int)id);
  lua_pop(L, 1);
}

/* Begins an exchange on CJ_DRIVER_LIBCURL. */
static struct cj_exchange *begin_libcurl (lua_State *L, struct cj_pool *p,
                                          const struct cj_request *r) {
  struct cj_exchange *e = cj_pool_slot(p);
  int is_refused;
  if (e == NULL)
    luaL_error(L, "out of memory");
  is_refused = cj_easy_exchange_begin(&e->libcurl) != 0 ||
               cj_easy_exchange_prepare(&e->libcurl, r) != 0;
  anchor_body(L, e->id, 5);
  if (cj_pool_begin_libcurl(p, e, r, is_refused) != 0)
    luaL_error(L, "out of memory");
  return e;
}

/* Begins the exchange of the request in the arguments from 2 on, which streams
** where the value at 'idle' is not nil. NULL: out of memory or descriptors. */
static struct cj_exchange *begin (lua_State *L, struct cj_pool *p, int idle) {
  struct cj_request r;
  struct cj_exchange *e = NULL;
  cj_request_read(L, 2, idle, &r);
  if (cj_pool_open(p) != 0)
    return NULL;
  if (r.lines.s == NULL)
    write_lines(L, 4, &p->lines, &r);
  if (!r.streams)
    e = cj_pool_begin_http1(p, &r);
  return e != NULL ? e : begin_libcurl(L, p, &r);
}

/* push_result(exchange) -> its response or failure. May raise, and run
** finalizers. */
static int push_result (lua_State *L) {
  const struct cj_exchange *e = lua_touserdata(L, 1);
  if (e->status == 0)
    return cj_failure_push(L, e->failure);
  lua_pushinteger(L, e->status);
  lua_pushlstring(L, e->head->s, e->head->len);
  lua_pushlstring(L, e->body->s, e->body->len);
  return 3;
}

/* Its address is the registry's key of push_result. */
static const char push_result_key;

/* Pushes the result of an exchange and frees its slot. A finalizer may use or
** close the same multi meanwhile. */
static int push_and_release (lua_State *L, struct cj_pool *p,
                             struct cj_exchange *e) {
  int top = lua_gettop(L), has_body = e->driver == CJ_DRIVER_LIBCURL, result;
  size_t id = e->id;
  lua_rawgetp(L, LUA_REGISTRYINDEX, (void *)&push_result_key);
  lua_pushlightuserdata(L, e);
  cj_pool_begin_reading(p, e);
  result = lua_pcall(L, 1, LUA_MULTRET, 0);
  cj_pool_end_reading(p, e);
  if (has_body)
    anchor_body(L, id, 0);
  return result == LUA_OK ? lua_gettop(L) - top : lua_error(L);
}

static int push_shortage (lua_State *L) {
  const struct cj_failure f = { "memory", "out of memory or descriptors", 0 };
  return cj_failure_push(L, f);
}

/* Lets Lua run for a signal while an exchange is awaited. 0: it goes on.
** Otherwise it has ended, and the results were pushed, or an error is raised.
** */
static int check_signal (lua_State *L, struct cj_pool *p, struct cj_exchange *e,
                         const struct cj_signal *signal) {
  struct cj_failure f = { "closed", "the transport was closed",
                          cj_pool_was_sent(e) };
  size_t id = e->id;
  int result, is_closed;
  cj_pool_begin_check(p, e);
  result = cj_signal_check(L, signal);
  is_closed = cj_pool_end_check(p, e) != 0;
  if (result == 0 && !is_closed)
    return 0;
  if (!is_closed) {
    f.code = f.message = "cancelled";
    cj_pool_release(p, e);
  }
  anchor_body(L, id, 0);
  return result < 0 ? lua_error(L) : cj_failure_push(L, f);
}

/* multi:perform(method, url, headers, body, timeout, connect_timeout, network,
** non_idempotent, cancel) -> status, lines, body | nil, code, message, sent.
** Blocks until the exchange has ended, or until the handler of a signal has
** cancelled it or set a hook that raises. No other exchange may be running,
** except those whose results are being pushed. */
static int multi_perform (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  CURLMcode result = CURLM_OK;
  struct cj_exchange *e;
  struct cj_signal signal;
  lua_settop(L, 2 + CJ_REQUEST_ARGUMENTS);
  if (p->busy > p->reading && cj_pool_is_open(p))
    return luaL_error(L, "other requests are running");
  cj_signal_begin(L, &signal, 2 + CJ_REQUEST_ARGUMENTS);
  e = begin(L, p, 0);
  if (e == NULL)
    return push_shortage(L);
  while (!e->has_ended && result == CURLM_OK) {
    result = cj_pool_step(p, CJ_SIGNAL_SLICE);
    if (p->pollset.is_idle && !e->has_ended) {
      int results = check_signal(L, p, e, &signal);
      if (results > 0)
        return results;
    }
  }
  if (!e->has_ended) {
    struct cj_failure f = { "memory", curl_multi_strerror(result), 1 };
    cj_pool_close(p);
    return cj_failure_push(L, f);
  }
  return push_and_release(L, p, e);
}

/* ---- many exchanges ---- */

/* multi:add(…, idle) -> id | nil, code, message, sent. The arguments are
** those of 'perform' but for the last; it does not block. With 'idle', the
** seconds without progress that end it, the exchange streams:
** the body of a response with a status of 2xx is consumed by 'consume', and
** where 'body' is a length, or true for an unknown one, the request's is
** given to 'provide'. */
static int multi_add (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  const struct cj_exchange *e;
  lua_settop(L, 2 + CJ_REQUEST_ARGUMENTS);
  e = begin(L, p, 2 + CJ_REQUEST_ARGUMENTS);
  if (e == NULL)
    return push_shortage(L);
  lua_pushinteger(L, (lua_Integer)e->id);
  return 1;
}

/* multi:cancel(id): ends the exchange and closes its connection. */
static int multi_cancel (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  lua_Integer id = luaL_checkinteger(L, 2);
  if (id >= 1 && (size_t)id <= p->n) {
    cj_pool_release(p, p->list[id - 1]);
    anchor_body(L, (size_t)id, 0);
  }
  return 0;
}

/* multi:step(seconds) -> true | nil, message. Waits up to 'seconds', at most
** CJ_SIGNAL_SLICE, for the network, and works. When libcurl fails, out of
** memory or descriptors, all exchanges are lost, and the multi is closed. */
static int multi_step (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  double seconds = luaL_optnumber(L, 2, 0);
  CURLMcode result = CURLM_OK;
  if (seconds > CJ_SIGNAL_SLICE)
    seconds = CJ_SIGNAL_SLICE;
  if (cj_pool_is_open(p))
    result = cj_pool_step(p, seconds);
  else
    cj_seconds_sleep(seconds);
  if (result == CURLM_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  cj_pool_close(p); /* first: what follows may raise */
  lua_pushnil(L);
  lua_pushstring(L, curl_multi_strerror(result));
  return 2;
}

/* multi:next() -> id, status, lines, body | id, nil, code, message, sent
** | id, true for a stream with something to consume or a piece to provide
** | nothing while there is none of these. 'body' is what of a stream's was not
** consumed. */
static int multi_next (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  struct cj_exchange *e = p->ended;
  if (!cj_pool_is_open(p))
    return 0;
  if (e != NULL) {
    lua_pushinteger(L, (lua_Integer)e->id);
    return 1 + push_and_release(L, p, e);
  }
  e = cj_pool_event(p);
  if (e == NULL)
    return 0;
  lua_pushinteger(L, (lua_Integer)e->id);
  lua_pushboolean(L, 1);
  return 2;
}

/* ---- streams ---- */

/* The running stream with the id at 2. */
static struct cj_exchange *check_stream (lua_State *L, struct cj_pool *p) {
  lua_Integer id = luaL_checkinteger(L, 2);
  struct cj_exchange *e =
      id >= 1 && (size_t)id <= p->n ? p->list[id - 1] : NULL;
  luaL_argcheck(L, e != NULL && cj_pool_is_stream(e), 2,
                "not a running stream");
  return e;
}

/* multi:head(id) -> status, lines of the response whose body streams | nothing
** before it has come */
static int multi_head (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  const struct cj_exchange *e = check_stream(L, p);
  if (!e->libcurl.stream.is_success)
    return 0;
  lua_pushinteger(L, cj_easy_exchange_status(&e->libcurl));
  lua_pushlstring(L, e->libcurl.head.s, e->libcurl.head.len);
  return 2;
}

/* push_piece(exchange) -> what has come of the response's body */
static int push_piece (lua_State *L) {
  const struct cj_exchange *e = lua_touserdata(L, 1);
  lua_pushlstring(L, e->libcurl.body.s, e->libcurl.body.len);
  return 1;
}

/* Its address is the registry's key of push_piece. */
static const char push_piece_key;

/* multi:consume(id) -> bytes | nothing where none have come. A finalizer
** may use or close the same multi meanwhile. */
static int multi_consume (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  struct cj_exchange *e = check_stream(L, p);
  int result;
  if (!e->libcurl.stream.is_success || e->libcurl.body.len == 0)
    return 0;
  lua_rawgetp(L, LUA_REGISTRYINDEX, (void *)&push_piece_key);
  lua_pushlightuserdata(L, e);
  e->libcurl.stream.is_read = 1;
  cj_pool_begin_check(p, e);
  result = lua_pcall(L, 1, 1, 0);
  if (cj_pool_end_check(p, e) == 0 && cj_pool_is_stream(e))
    cj_pool_consumed(p, e);
  return result == LUA_OK ? 1 : lua_error(L);
}

/* multi:wants(id) -> whether 'provide' may be called */
static int multi_wants (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  const struct cj_exchange *e = check_stream(L, p);
  lua_pushboolean(L, cj_easy_exchange_wants_piece(&e->libcurl));
  return 1;
}

/* multi:provide(id, bytes): the next piece of the request's body, "" at its
 * end.
 */
static int multi_provide (lua_State *L) {
  struct cj_pool *p = check_multi(L);
  struct cj_exchange *e = check_stream(L, p);
  struct cj_slice piece;
  piece.s = luaL_checklstring(L, 3, &piece.n);
  luaL_argcheck(L, cj_easy_exchange_wants_piece(&e->libcurl), 2,
                "wants no piece");
  anchor_body(L, e->id, 3);
  cj_pool_provide(p, e, piece);
  return 0;
}

/* multi:timeout() -> seconds until 'step' has work by the clock, or nil */
static int multi_timeout (lua_State *L) {
  double seconds = cj_pool_timeout(check_multi(L), HUGE_VAL);
  if (seconds >= HUGE_VAL)
    return 0;
  lua_pushnumber(L, seconds);
  return 1;
}

static const luaL_Reg multi_methods[] = {
  { "perform", multi_perform }, { "add", multi_add },
  { "cancel", multi_cancel },   { "step", multi_step },
  { "next", multi_next },       { "timeout", multi_timeout },
  { "head", multi_head },       { "consume", multi_consume },
  { "wants", multi_wants },     { "provide", multi_provide },
  { "close", multi_close },     { NULL, NULL },
};

static const luaL_Reg multi_mt[] = {
  { "__gc", multi_close },
  { "__close", multi_close }, /* Lua before 5.4 ignores it */
  { NULL, NULL },
};

void cj_multi_open (lua_State *L) {
  cj_metatable_open(L, MULTI_T, multi_mt, multi_methods);
  lua_pushcfunction(L, push_result);
  lua_rawsetp(L, LUA_REGISTRYINDEX, (void *)&push_result_key);
  lua_pushcfunction(L, push_piece);
  lua_rawsetp(L, LUA_REGISTRYINDEX, (void *)&push_piece_key);
  lua_pushcfunction(L, l_multi);
  lua_setfield(L, -2, "multi");
}
