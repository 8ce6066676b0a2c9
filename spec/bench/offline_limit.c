/* The limit of call-offline: what a call without a network cannot do without.
** Writes the request from two strings, signs it with our signer in C, reads
** the response into presized Lua tables; checks nothing and knows no types.
**
** Built by `make bench` as the Lua module "offline_limit". */
#include "../../csrc/base/compat.h"
#include "../../csrc/sign/hash.h"
#include "../../csrc/sign/sigv4.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_TABLES 1024

/* Sizes of the response's tables in reading order, found by a first reading. */
struct reader {
  const char *p;
  int counting;
  int table;
  int arrays[MAX_TABLES], fields[MAX_TABLES];
};

static void read_value (lua_State *L, struct reader *r);

static void skip_blanks (struct reader *r) {
  while (*r->p == ' ' || *r->p == '\n' || *r->p == ',' || *r->p == ':')
    r->p++;
}

/* The response has no escapes. */
static void read_string (lua_State *L, struct reader *r) {
  const char *from = r->p + 1;
  const char *to = strchr(from, '"');
  lua_pushlstring(L, from, (size_t)(to - from));
  r->p = to + 1;
}

static void read_object (lua_State *L, struct reader *r, int table) {
  int n = 0;
  lua_createtable(L, 0, r->counting ? 0 : r->fields[table]);
  for (r->p++, skip_blanks(r); *r->p != '}'; skip_blanks(r), n++) {
    read_string(L, r);
    skip_blanks(r);
    read_value(L, r);
    lua_rawset(L, -3);
  }
  r->p++;
  r->fields[table] = n;
}

static void read_array (lua_State *L, struct reader *r, int table) {
  int n = 0;
  lua_createtable(L, r->counting ? 0 : r->arrays[table], 0);
  for (r->p++, skip_blanks(r); *r->p != ']'; skip_blanks(r)) {
    read_value(L, r);
    lua_rawseti(L, -2, ++n);
  }
  r->p++;
  r->arrays[table] = n;
}

static void read_value (lua_State *L, struct reader *r) {
  skip_blanks(r);
  switch (*r->p) {
  case '{':
    read_object(L, r, r->table++);
    break;
  case '[':
    read_array(L, r, r->table++);
    break;
  case '"':
    read_string(L, r);
    break;
  case 't':
    r->p += 4;
    lua_pushboolean(L, 1);
    break;
  case 'f':
    r->p += 5;
    lua_pushboolean(L, 0);
    break;
  default: {
    char *end;
    lua_pushnumber(L, strtod(r->p, &end));
    r->p = end;
  }
  }
}

struct session {
  struct cj_hash hash;
  struct cj_signer signer;
  struct cj_buf text;
  struct reader response;
};

static struct cj_slice slice (const char *s) {
  struct cj_slice whole;
  whole.s = s;
  whole.n = strlen(s);
  return whole;
}

static void must (int status) {
  if (status != 0)
    abort();
}

static void sign (struct session *s, const char *body, size_t size) {
  static const char *const headers[][2] = {
    { "amz-sdk-invocation-id", "c4ca4238-a0b9-4382-9cc5-509a6f75849b" },
    { "amz-sdk-request", "attempt=1; max=3" },
    { "content-type", "application/x-amz-json-1.1" },
    { "host", "bcm-data-exports.us-east-1.api.aws" },
    { "x-amz-date", "20260101T000000Z" },
    { "x-amz-target", "AWSBillingAndCostManagementDataExports.GetExecution" },
  };
  struct cj_signing r;
  struct cj_signed result;
  unsigned char digest[CJ_SHA256_SIZE];
  char payload[CJ_SIGNATURE_SIZE];
  r.method = slice("POST");
  r.path = slice("/");
  r.query = slice("");
  r.region = slice("us-east-1");
  r.service = slice("bcm-data-exports");
  r.normalize_path = r.encode_path = 1;
  must(cj_stamp_write(r.stamp, 1767225600) != CJ_STAMP_SIZE);
  for (r.count = 0; r.count < 6; r.count++) {
    r.headers[r.count].name = slice(headers[r.count][0]);
    r.headers[r.count].value = slice(headers[r.count][1]);
  }
  must(cj_sha256(&s->hash, body, size, digest));
  cj_hex(digest, sizeof(digest), payload);
  r.payload.s = payload;
  r.payload.n = sizeof(payload);
  cj_buf_reset(&s->text);
  must(cj_sign(&s->text, &s->hash, &s->signer, &r, &result));
}

static void call (lua_State *L, struct session *s, const char *response) {
  static const char arn[] = "arn:aws:bcm-data-exports:us-east-1:111122223333:"
                            "export/nightly-5c0a1f2e";
  static const char id[] = "9f2d6c1a-3b47-4e58-8c20-51f7a4e0b9d3";
  char body[256];
  int size = snprintf(body, sizeof(body),
                      "{\"ExportArn\":\"%s\",\"ExecutionId\":\"%s\"}", arn, id);
  sign(s, body, (size_t)size);
  s->response.p = response;
  s->response.table = 0;
  read_value(L, &s->response);
}

/* offline_limit(response, n): calls in a second of CPU time, of n. */
static int l_limit (lua_State *L) {
  const char *response = luaL_checkstring(L, 1);
  long n = (long)luaL_checknumber(L, 2), i;
  struct session *s = lua_newuserdatauv(L, sizeof(*s), 0);
  clock_t started;
  memset(s, 0, sizeof(*s));
  s->text.max = 8192;
  must(cj_hash_open(&s->hash));
  s->signer.id = slice("AKIDEXAMPLE");
  s->signer.secret = slice("AWS4secret");
  s->response.counting = 1;
  call(L, s, response);
  s->response.counting = 0;
  started = clock();
  for (i = 0; i < n; i++) {
    call(L, s, response);
    lua_pop(L, 1);
  }
  lua_pushnumber(L, (lua_Number)n * CLOCKS_PER_SEC /
                        (lua_Number)(clock() - started));
  cj_buf_free(&s->text);
  cj_signer_free(&s->signer);
  cj_hash_close(&s->hash);
  return 1;
}

CJ_EXPORT int luaopen_offline_limit (lua_State *L);

CJ_EXPORT int luaopen_offline_limit (lua_State *L) {
  lua_pushcfunction(L, l_limit);
  return 1;
}
