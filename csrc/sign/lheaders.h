/* Header fields for Lua: those that all attempts of a request share, and those
** of a message as the lines they are on the wire. */
#ifndef CJ_LHEADERS_H
#define CJ_LHEADERS_H

#include "../base/lutil.h"
#include "lrandom.h"
#include "sigv4.h"

#define CJ_FIELDS_T "cloudjobs.fields"

/* Of these each attempt gives the value. */
#define CJ_OWN_MAX 4

/* What of a request is signed beside its fields and its body. */
struct cj_way {
  struct cj_slice method, path, query, region, service;
};

/* The userdata. Texts and headers lie behind it, in the same block. */
struct cj_fields {
  const char *lines; /* of the fields that have a value, as on the wire */
  size_t size;       /* of the lines */
  int payload;       /* which is x-amz-content-sha256, or -1 */
  struct cj_way way; /* without a method: they are not for a signer */
  int own_count;
  struct cj_slice own[CJ_OWN_MAX]; /* their names */
  int count;
  struct cj_header headers[]; /* those to be signed, by name */
};

/* The values that one attempt gives its own fields. */
struct cj_own {
  struct cj_header headers[CJ_OWN_MAX];
  int count; /* nil leaves a field out */
  char ids[CJ_OWN_MAX][CJ_UUID_SIZE];
};

/* Takes the values of its own fields, in the order of their names, from the
** arguments from 'i' on; true is a new UUID. The strings stay where they are.
** Gives 0, or -1 and the reason in 'why' when one must not be sent. */
int cj_fields_own (lua_State *L, int i, const struct cj_fields *f,
                   struct cj_random *random, struct cj_own *own,
                   struct cj_complaint *why);

/* Appends "name: value" and a line's end. 0, or -1 when out of memory. */
int cj_fields_line (struct cj_buf *out, struct cj_slice name,
                    struct cj_slice value);

/* Appends the lines of all fields. 0, or -1 when out of memory. */
int cj_fields_write (struct cj_buf *out, const struct cj_fields *f,
                     const struct cj_header *own, int count);

/* Pushes nil and the complaint. */
int cj_push_complaint (lua_State *L, const struct cj_complaint *why);

/* Adds fields(), read_fields(), read_field() and whole_answer() to the table on
** top. */
void cj_fields_open (lua_State *L);

#endif
