/* gzip for Lua. */
#include "lgzip.h"

#include "../base/lutil.h"
#include "gzip.h"

#define INFLATER_T "cloudjobs.zlib.inflater"

/* The most that a text of gzip can expand, by its format. */
#define MAX_RATIO 1032

/* A piece's size where none is asked for. */
#define PIECE 65536

static struct cj_gzip *check (lua_State *L) {
  return luaL_checkudata(L, 1, INFLATER_T);
}

static int inflater_gc (lua_State *L) {
  cj_gzip_free(check(L));
  return 0;
}

static uint64_t check_limit (lua_State *L, int i) {
  lua_Number limit = luaL_checknumber(L, i);
  luaL_argcheck(L, limit >= 0 && limit < 9e15, i, "not a size");
  return (uint64_t)limit;
}

/* Pushes a new inflater. */
static struct cj_gzip *new_inflater (lua_State *L, uint64_t limit) {
  struct cj_gzip *g = lua_newuserdatauv(L, sizeof(*g), 1);
  memset(g, 0, sizeof(*g)); /* empty, so __gc is safe from here on */
  luaL_setmetatable(L, INFLATER_T);
  if (cj_gzip_begin(g, limit) != 0)
    luaL_error(L, "not enough memory");
  return g;
}

/* inflater(limit) -> a reader of gzip that gives 'limit' bytes at most. */
static int l_inflater (lua_State *L) {
  new_inflater(L, check_limit(L, 1));
  return 1;
}

/* inflater:feed(bytes). All that was fed before has to be read. */
static int l_feed (lua_State *L) {
  struct cj_gzip *g = check(L);
  struct cj_slice bytes = cj_check_slice(L, 2);
  luaL_argcheck(L, g->stream.avail_in == 0 || g->problem != NULL, 2,
                "earlier bytes are not read yet");
  lua_createtable(L, 1, 0); /* keeps the bytes where they are */
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, 1);
  lua_setiuservalue(L, 1, 1);
  cj_gzip_feed(g, bytes.s, bytes.n);
  return 0;
}

static int push_problem (lua_State *L, const struct cj_gzip *g) {
  lua_pushnil(L);
  lua_pushstring(L, g->problem);
  return 2;
}

/* Reads on into the buffer, 'room' bytes at most. */
static int read_piece (lua_State *L, struct cj_gzip *g, struct cj_buf *b,
                       size_t room) {
  size_t made;
  int result;
  if (cj_buf_reserve(b, room) != 0)
    luaL_error(L, "not enough memory");
  result = cj_gzip_read(g, b->s + b->len, room, &made);
  b->len += made;
  if (result == -2)
    luaL_error(L, "not enough memory");
  return result;
}

/* inflater:read(max) -> the next bytes, 64 KiB at most unless 'max' is given;
** "" when more has to be fed | nil, message */
static int l_read (lua_State *L) {
  struct cj_gzip *g = check(L);
  lua_Number max = luaL_optnumber(L, 2, PIECE);
  struct cj_buf *b;
  luaL_argcheck(L, max >= 1 && max <= (lua_Number)(1 << 30), 2, "not a size");
  b = cj_buf_new(L, (size_t)max);
  if (read_piece(L, g, b, (size_t)max) != 0)
    return push_problem(L, g);
  lua_pushlstring(L, b->len > 0 ? b->s : "", b->len);
  cj_buf_free(b);
  return 1;
}

/* inflater:finish() -> true when the input ended where gzip ends | nil, message
 */
static int l_finish (lua_State *L) {
  struct cj_gzip *g = check(L);
  if (cj_gzip_finish(g) != 0)
    return push_problem(L, g);
  lua_pushboolean(L, 1);
  return 1;
}

/* The length that the last member claims, which one alone mostly is. */
static size_t claimed_length (struct cj_slice bytes, uint64_t limit) {
  size_t n = 0;
  int i;
  if (bytes.n < 18) /* no member is shorter */
    return PIECE;
  for (i = 1; i <= 4; i++)
    n = n << 8 | (unsigned char)bytes.s[bytes.n - (size_t)i];
  if (n > limit || n / MAX_RATIO > bytes.n)
    return PIECE; /* it is another, or too large */
  return n;
}

/* gunzip(bytes, limit) -> the whole text, of 'limit' bytes at most | nil,
** message */
static int l_gunzip (lua_State *L) {
  struct cj_slice bytes = cj_check_slice(L, 1);
  uint64_t limit = check_limit(L, 2);
  struct cj_gzip *g;
  struct cj_buf *b;
  size_t room = claimed_length(bytes, limit) + 1, before;
  lua_settop(L, 2);
  g = new_inflater(L, limit);
  b = cj_buf_new(L, room); /* no larger than it has to be, if the claim holds */
  cj_gzip_feed(g, bytes.s, bytes.n);
  do {
    before = b->len;
    if (read_piece(L, g, b, room) != 0)
      return push_problem(L, g);
    room = b->len - before < room ? 0 : PIECE;
    b->max = SIZE_MAX / 2; /* the inflater has the limit */
  } while (room > 0);
  if (cj_gzip_finish(g) != 0)
    return push_problem(L, g);
  lua_pushlstring(L, b->len > 0 ? b->s : "", b->len);
  cj_buf_free(b);
  cj_gzip_free(g);
  return 1;
}

static const luaL_Reg methods[] = {
  { "feed", l_feed },
  { "read", l_read },
  { "finish", l_finish },
  { NULL, NULL },
};

static const luaL_Reg metatable[] = {
  { "__gc", inflater_gc },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "inflater", l_inflater },
  { "gunzip", l_gunzip },
  { NULL, NULL },
};

void cj_gzip_open (lua_State *L) {
  cj_open_metatable(L, INFLATER_T, metatable);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
