/* A pull reader over CBOR (RFC 8949) of services: every encoding of an item is
** read, of indefinite length too, and bytes of a text that are no UTF-8 become
** U+FFFD. Tags are skipped but for those of big numbers. No Lua.
*/
#ifndef CJ_CBOR_H
#define CJ_CBOR_H

#include "../base/buf.h"

#include <stdint.h>

enum cj_item_kind {
  CJ_ITEM_UNSIGNED, /* 'n' */
  CJ_ITEM_NEGATIVE, /* -1 - n */
  CJ_ITEM_BYTES,    /* n of them */
  CJ_ITEM_TEXT,
  CJ_ITEM_LIST, /* of n items */
  CJ_ITEM_MAP,  /* of n pairs */
  CJ_ITEM_BIG,  /* a number of more than 64 bits: the item behind a tag */
  CJ_ITEM_BOOLEAN,
  CJ_ITEM_NULL, /* and undefined */
  CJ_ITEM_FLOAT,
  CJ_ITEM_SIMPLE /* another of the simple values, which have no meaning yet */
};

struct cj_item {
  enum cj_item_kind kind;
  int is_indefinite; /* a break ends it, and n is 0 */
  uint64_t n;        /* 1 of true */
  double number;     /* of a float */
  const char *at;    /* its first byte */
};

/* A cursor over bytes it does not own. */
struct cj_cbor {
  const char *start, *p, *end;
  struct cj_buf *scratch; /* texts that do not stand in the input as they
                             are; each read resets it */
  const char *problem;    /* the error, at 'p', or NULL */
  int depth;
};

/* Every function that returns int gives -1 once 'problem' is set. */

void cj_cbor_init (struct cj_cbor *r, struct cj_slice text,
                   struct cj_buf *scratch);

/* Sets 'problem', unless it is set, and the position. Gives -1. */
int cj_cbor_fail (struct cj_cbor *r, const char *at, const char *problem);

/* Reads up to the content of the next item. A length and a count that the rest
** of the input cannot hold are refused. */
int cj_cbor_next (struct cj_cbor *r, struct cj_item *item);
const char *cj_item_name (enum cj_item_kind kind);

/* Reads the content of a text or of bytes, which points into the input or into
** the scratch buffer, and is valid until the next read. */
int cj_cbor_string (struct cj_cbor *r, const struct cj_item *item,
                    struct cj_slice *s);

/* Reads the next item when it is a short text in ASCII, as most are: 1, or 0
** and the position is unchanged. */
int cj_cbor_try_text (struct cj_cbor *r, struct cj_slice *s);

/* Begins a list or map. */
int cj_cbor_enter (struct cj_cbor *r);
/* Called after that and after each item of a list and each pair of a map: 1
** when another follows, 0 past the end. */
static inline int cj_cbor_more (struct cj_cbor *r, struct cj_item *container) {
  int ends = container->is_indefinite
                 ? r->p < r->end && (unsigned char)*r->p == 0xFF
                 : container->n-- == 0;
  if (!ends)
    return 1;
  r->p += container->is_indefinite;
  r->depth--;
  return 0;
}

/* Reads the key of a map's next pair, which has to be a text. */
int cj_cbor_key (struct cj_cbor *r, struct cj_slice *key);
/* Skips a key when it is exactly 'name' in the shortest form: 1, or 0 and the
** position is unchanged. */
static inline int cj_cbor_try_key (struct cj_cbor *r, struct cj_slice name) {
  if (name.n >= 24 || (size_t)(r->end - r->p) <= name.n ||
      (unsigned char)*r->p != (0x60 | name.n) ||
      memcmp(r->p + 1, name.s, name.n) != 0)
    return 0;
  r->p += 1 + name.n;
  return 1;
}

/* Skips the content of an item. */
int cj_cbor_skip (struct cj_cbor *r, struct cj_item *item);
/* Skips the next item. */
int cj_cbor_skip_next (struct cj_cbor *r);

/* 0 when no bytes are left. */
int cj_cbor_finish (struct cj_cbor *r);

#endif
