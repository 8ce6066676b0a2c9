/* A request's headers for Lua: prepared once, checked and sorted, for all the
** attempts at sending it. */
#ifndef CJ_LHEADERS_H
#define CJ_LHEADERS_H

#include "../base/lutil.h"
#include "random.h"
#include "sigv4.h"

#define CJ_REQUEST_HEADERS_T "cloudjobs.request_headers"

/* Headers whose value is given anew with each attempt. */
#define CJ_PER_ATTEMPT_MAX 4

/* What of a request is signed beside its headers and its body. */
struct cj_signing_target {
  struct cj_slice method, path, query, region, service;
  int raw_path; /* the path is signed as it is, neither normalized nor encoded
                   again: S3's */
};

/* The userdata. Texts and headers lie behind it, in the same block. */
struct cj_request_headers {
  const char *lines; /* of the headers that have a value, as on the wire */
  size_t size;       /* of the lines */
  int payload;       /* the index of x-amz-content-sha256, or -1 */
  struct cj_signing_target target; /* without a method: not to be signed */
  int per_attempt_count;
  struct cj_slice per_attempt[CJ_PER_ATTEMPT_MAX]; /* their names */
  int count;
  struct cj_header headers[]; /* those to be signed, by name */
};

/* The per-attempt headers of one attempt. */
struct cj_attempt_headers {
  struct cj_header headers[CJ_PER_ATTEMPT_MAX];
  int count; /* nil leaves a header out */
  char ids[CJ_PER_ATTEMPT_MAX][CJ_UUID_SIZE];
};

/* Reads the values of the per-attempt headers, in the order of their names,
** from the arguments from 'i' on; true is a new UUID. The strings stay where
** they are. 0, or -1 and the reason in 'error' when one must not be sent. */
int cj_attempt_headers_read (lua_State *L, int i,
                             const struct cj_request_headers *h,
                             struct cj_random *random,
                             struct cj_attempt_headers *attempt,
                             struct cj_sign_error *error);

/* Appends "name: value" and a line's end. 0, or -1 when out of memory. */
int cj_header_line_add (struct cj_buf *out, struct cj_slice name,
                        struct cj_slice value);

/* Appends the lines of all headers. 0, or -1 when out of memory. */
int cj_request_headers_write (struct cj_buf *out,
                              const struct cj_request_headers *h,
                              const struct cj_header *per_attempt, int count);

/* Pushes nil and the error's message; 2. */
int cj_sign_error_push (lua_State *L, const struct cj_sign_error *error);

/* Adds request_headers() to the table on top of the stack. */
void cj_request_headers_open (lua_State *L);

#endif
