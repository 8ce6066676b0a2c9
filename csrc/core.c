/* luaopen_cloudjobs_core: hashes and randomness here, signers, the codec and
** certificates in files of their own. Never libcurl, so that an nginx worker
** can load it. */
#include "core.h"

#include "certificate.h"
#include "codec.h"
#include "fields.h"
#include "forks.h"
#include "hash.h"
#include "signer.h"

#include <openssl/rand.h>
#include <sys/random.h>
#include <unistd.h>

#define BUF_T "cloudjobs.buf"
#define TOOLS_T "cloudjobs.tools"

#define POOL_SIZE 4096 /* RAND_bytes costs as much for 16 bytes */
#define FIRST_SIZE 256 /* as much as getentropy gives */

/* ---- what other files use, too ---- */

struct cj_slice cj_check_slice (lua_State *L, int i) {
  struct cj_slice s;
  s.s = luaL_checklstring(L, i, &s.n);
  return s;
}

void cj_open_metatable (lua_State *L, const char *name,
                        const luaL_Reg *members) {
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, members, 0);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable");
}

static int buf_gc (lua_State *L) {
  cj_buf_free(luaL_checkudata(L, 1, BUF_T));
  return 0;
}

static const luaL_Reg buf_mt[] = {
  { "__gc", buf_gc },
  { "__close", buf_gc }, /* Lua before 5.4 ignores it */
  { NULL, NULL },
};

struct cj_buf *cj_buf_new (lua_State *L, size_t max) {
  struct cj_buf *b = lua_newuserdatauv(L, sizeof(*b), 0);
  memset(b, 0, sizeof(*b)); /* empty, so __gc is safe from here on */
  b->max = max;
  luaL_setmetatable(L, BUF_T);
  return b;
}

/* ---- what all functions of one Lua state share ---- */

/* Upvalue 1 of the functions below. Nothing yields or calls Lua while one of
** them uses it. */
struct tools {
  struct cj_hash hash;
  unsigned char pool[POOL_SIZE]; /* random bytes; the last 'left' are unused */
  size_t left;
  int begun;      /* the first were drawn */
  unsigned forks; /* before they were drawn: a child must not use the same */
};

static int tools_gc (lua_State *L) {
  struct tools *t = luaL_checkudata(L, 1, TOOLS_T);
  cj_hash_close(&t->hash);
  return 0;
}

static const luaL_Reg tools_mt[] = {
  { "__gc", tools_gc },
  { NULL, NULL },
};

static void tools_new (lua_State *L) {
  struct tools *t = lua_newuserdatauv(L, sizeof(*t), 0);
  memset(t, 0, sizeof(*t));
  luaL_setmetatable(L, TOOLS_T);
  if (cj_hash_open(&t->hash) != 0)
    luaL_error(L, "libcrypto offers no SHA-256");
}

static struct tools *tools (lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

/* ---- hashes ---- */

static int no_hash (lua_State *L) {
  return luaL_error(L, "libcrypto cannot hash");
}

static int l_sha256 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  unsigned char hash[CJ_SHA256_SIZE];
  char hex[2 * CJ_SHA256_SIZE];
  if (cj_sha256(&tools(L)->hash, text.s, text.n, hash) != 0)
    return no_hash(L);
  cj_hex(hash, sizeof(hash), hex);
  lua_pushlstring(L, hex, sizeof(hex));
  return 1;
}

static int l_sha1 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  unsigned char hash[CJ_SHA1_SIZE];
  char hex[2 * CJ_SHA1_SIZE];
  if (cj_sha1(text.s, text.n, hash) != 0)
    return no_hash(L);
  cj_hex(hash, sizeof(hash), hex);
  lua_pushlstring(L, hex, sizeof(hex));
  return 1;
}

static int l_crc32 (lua_State *L) {
  struct cj_slice text = cj_check_slice(L, 1);
  lua_pushinteger(L, (lua_Integer)cj_crc32(text.s, text.n));
  return 1;
}

static int l_hmac_sha256 (lua_State *L) {
  struct cj_slice key = cj_check_slice(L, 1);
  struct cj_slice text = cj_check_slice(L, 2);
  struct cj_hash *hash = &tools(L)->hash;
  struct cj_hmac hmac = { NULL, NULL };
  unsigned char mac[CJ_SHA256_SIZE];
  int result = cj_hmac_key(&hmac, hash, key.s, key.n);
  if (result == 0)
    result = cj_hmac(&hmac, hash, text.s, text.n, mac);
  cj_hmac_free(&hmac);
  if (result != 0)
    return no_hash(L);
  lua_pushlstring(L, (const char *)mac, sizeof(mac));
  return 1;
}

static int l_hex (lua_State *L) {
  struct cj_slice s = cj_check_slice(L, 1);
  struct cj_buf *b;
  if (s.n > SIZE_MAX / 4)
    return luaL_argerror(L, 1, "too long");
  b = cj_buf_new(L, 2 * s.n);
  if (cj_buf_reserve(b, 2 * s.n) != 0)
    return luaL_error(L, "not enough memory");
  cj_hex((const unsigned char *)s.s, s.n, b->s);
  lua_pushlstring(L, b->s, 2 * s.n);
  return 1;
}

/* ---- randomness ---- */

/* The first are the system's: libcrypto's generator takes 0.6 ms to set up, as
** long as one call on a local network. Returns how many there are. */
static size_t fill (struct tools *t) {
  int is_first = !t->begun;
  t->begun = 1;
  if (is_first && getentropy(t->pool, FIRST_SIZE) == 0)
    return FIRST_SIZE;
  return RAND_bytes(t->pool, sizeof(t->pool)) == 1 ? sizeof(t->pool) : 0;
}

static const unsigned char *draw (lua_State *L, size_t n) {
  struct tools *t = tools(L);
  if (t->left < n || t->forks != cj_forks()) {
    t->left = fill(t);
    if (t->left == 0)
      luaL_error(L, "libcrypto has no random bytes");
    t->forks = cj_forks();
  }
  t->left -= n;
  return t->pool + t->left;
}

static int l_uuid (lua_State *L) {
  unsigned char bytes[16];
  char hex[32], text[36];
  memcpy(bytes, draw(L, sizeof(bytes)), sizeof(bytes));
  bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
  bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* RFC 9562 */
  cj_hex(bytes, sizeof(bytes), hex);
  memset(text, '-', sizeof(text));
  memcpy(text, hex, 8);
  memcpy(text + 9, hex + 8, 4);
  memcpy(text + 14, hex + 12, 4);
  memcpy(text + 19, hex + 16, 4);
  memcpy(text + 24, hex + 20, 12);
  lua_pushlstring(L, text, sizeof(text));
  return 1;
}

/* All the bits a double has: 53. */
static int l_random (lua_State *L) {
  uint64_t bits;
  memcpy(&bits, draw(L, sizeof(bits)), sizeof(bits));
  lua_pushnumber(L, (lua_Number)(bits >> 11) / CJ_MAX_EXACT);
  return 1;
}

/* ---- the module ---- */

static const luaL_Reg functions[] = {
  { "sha256", l_sha256 },
  { "crc32", l_crc32 },
  { "hmac_sha256", l_hmac_sha256 },
  { "sha1", l_sha1 },
  { "hex", l_hex },
  { "uuid", l_uuid },
  { "random", l_random },
  { NULL, NULL },
};

int luaopen_cloudjobs_core (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_core (lua_State *L) {
  cj_open_metatable(L, BUF_T, buf_mt);
  cj_open_metatable(L, TOOLS_T, tools_mt);
  lua_newtable(L);
  tools_new(L);
  luaL_setfuncs(L, functions, 1);
  cj_fields_open(L);
  cj_signer_open(L); /* knows the fields' metatable */
  cj_codec_open(L);
  cj_certificate_open(L);
  return 1;
}
