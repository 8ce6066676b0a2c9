/* The limit of the bench "sign": the hash work alone of a typical call, with
** EVP contexts reused and the contexts of the day's key copied.
**
** Built by `make bench` as the Lua module "sign_limit". */
#include "../../csrc/base/compat.h"
#include "../../csrc/sign/hash.h"

#include <time.h>

#define BODY 115      /* bytes of a GetExecution */
#define CANONICAL 737 /* with a session token of 400 */
#define STRING 144    /* to sign */

static double seconds (void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* sign_limit(n) does it n times -> how many in a second of CPU time. */
static int l_limit (lua_State *L) {
  static const char text[CANONICAL];
  long i, count = (long)luaL_checknumber(L, 1);
  struct cj_hash hash = { NULL, NULL };
  struct cj_hmac key = { NULL, NULL };
  unsigned char out[CJ_SHA256_SIZE];
  int code = cj_hash_open(&hash) | cj_hmac_key(&key, &hash, "key", 3);
  double started = seconds();
  for (i = 0; i < count; i++) {
    code |= cj_sha256(&hash, text, BODY, out);
    code |= cj_sha256(&hash, text, CANONICAL, out);
    code |= cj_hmac(&key, &hash, text, STRING, out);
  }
  lua_pushnumber(L, (lua_Number)count / (seconds() - started));
  cj_hmac_free(&key);
  cj_hash_close(&hash);
  return code == 0 ? 1 : luaL_error(L, "libcrypto cannot hash");
}

CJ_EXPORT int luaopen_sign_limit (lua_State *L);

CJ_EXPORT int luaopen_sign_limit (lua_State *L) {
  lua_pushcfunction(L, l_limit);
  return 1;
}
