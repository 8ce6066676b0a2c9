/* gzip for Lua. */
#include "lgzip.h"

#include "../base/lutil.h"
#include "gzip.h"

#include <stdlib.h>
#include <string.h>

#define INFLATER_T "cloudjobs.zlib.inflater"

/* The most that a text of gzip can expand, by its format. */
#define MAX_RATIO 1032

/* A piece's size where none is asked for. */
#define PIECE 65536

/* The most by which the room for a whole text grows at once. */
#define GROWTH ((size_t)4 << 20)

struct inflater {
  struct cj_gzip gzip;
  char *text; /* gunzip's */
};

static struct cj_gzip *check (lua_State *L) {
  struct inflater *inflater = luaL_checkudata(L, 1, INFLATER_T);
  return &inflater->gzip;
}

static void release (struct inflater *inflater) {
  cj_gzip_free(&inflater->gzip);
  free(inflater->text);
  inflater->text = NULL;
}

static int inflater_gc (lua_State *L) {
  release(luaL_checkudata(L, 1, INFLATER_T));
  return 0;
}

static uint64_t check_limit (lua_State *L, int i) {
  lua_Number limit = luaL_checknumber(L, i);
  luaL_argcheck(L, limit >= 0 && limit < 9e15, i, "not a size");
  return (uint64_t)limit;
}

/* Pushes a new inflater. */
static struct inflater *new_inflater (lua_State *L, uint64_t limit) {
  struct inflater *inflater = lua_newuserdatauv(L, sizeof(*inflater), 1);
  /* Empty, so __gc is safe from here on. */
  memset(inflater, 0, sizeof(*inflater));
  luaL_setmetatable(L, INFLATER_T);
  if (cj_gzip_begin(&inflater->gzip, limit) != 0)
    luaL_error(L, "not enough memory");
  return inflater;
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

/* Reads the next 'room' bytes at most to 'to', and sets *made. */
static int read_piece (lua_State *L, struct cj_gzip *g, char *to, size_t room,
                       size_t *made) {
  int result = cj_gzip_read(g, to, room, made);
  if (result == -2)
    luaL_error(L, "not enough memory");
  return result;
}

/* inflater:read(max) -> the next bytes, 64 KiB at most unless 'max' is given;
** "" when more has to be fed | nil, message */
static int l_read (lua_State *L) {
  struct cj_gzip *g = check(L);
  lua_Number max = luaL_optnumber(L, 2, PIECE);
  char *piece;
  size_t made;
  luaL_argcheck(L, max >= 1 && max <= (lua_Number)(1 << 30), 2, "not a size");
  piece = lua_newuserdatauv(L, (size_t)max, 0);
  if (read_piece(L, g, piece, (size_t)max, &made) != 0)
    return push_problem(L, g);
  lua_pushlstring(L, piece, made);
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

/* The length in the last member's trailer; most texts have one member. */
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

static void resize (lua_State *L, struct inflater *inflater, size_t room) {
  char *text = realloc(inflater->text, room);
  if (text == NULL)
    luaL_error(L, "not enough memory");
  inflater->text = text;
}

/* gunzip(bytes, limit) -> the whole text, of 'limit' bytes at most | nil,
** message. Its buffer is freed at once: a text may be large. */
static int l_gunzip (lua_State *L) {
  struct cj_slice bytes = cj_check_slice(L, 1);
  uint64_t limit = check_limit(L, 2);
  size_t room = claimed_length(bytes, limit) + 1, n = 0, made;
  struct inflater *inflater;
  lua_settop(L, 2);
  inflater = new_inflater(L, limit);
  resize(L, inflater, room);
  cj_gzip_feed(&inflater->gzip, bytes.s, bytes.n);
  for (;;) {
    if (read_piece(L, &inflater->gzip, inflater->text + n, room - n, &made) !=
        0)
      return push_problem(L, &inflater->gzip);
    n += made;
    if (n < room)
      break; /* all is read */
    room += room < GROWTH ? room : GROWTH;
    resize(L, inflater, room);
  }
  if (cj_gzip_finish(&inflater->gzip) != 0)
    return push_problem(L, &inflater->gzip);
  lua_pushlstring(L, inflater->text, n);
  release(inflater);
  return 1;
}

/* gzip(bytes) -> their gzip. */
static int l_gzip (lua_State *L) {
  struct cj_slice bytes = cj_check_slice(L, 1);
  char *text = lua_newuserdatauv(L, cj_gzip_bound(bytes.n), 0);
  size_t made;
  if (cj_gzip_write(bytes.s, bytes.n, text, &made) != 0)
    return luaL_error(L, "not enough memory");
  lua_pushlstring(L, text, made);
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
  { "gzip", l_gzip },
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
