/* The members of one structure, compiled from its text. No Lua. */
#ifndef CJ_SHAPE_H
#define CJ_SHAPE_H

#include "../base/buf.h"

enum cj_type {
  CJ_STRING,
  CJ_INTEGER,
  CJ_LONG,
  CJ_NUMBER,
  CJ_BOOLEAN,
  CJ_BLOB,
  CJ_TIME,
  CJ_TIME_ISO,
  CJ_TIME_HTTP,
  CJ_DOCUMENT,
  CJ_STRUCTURE,
  CJ_LIST,
  CJ_MAP
};

#define CJ_REQUIRED 1u
#define CJ_IDEMPOTENCY 2u
#define CJ_SENSITIVE 4u
#define CJ_SPARSE 8u      /* a list or map that keeps its nulls */
#define CJ_OPEN 16u       /* a structure that keeps unknown members */
#define CJ_MIN 32u        /* 'min' counts */
#define CJ_FLATTENED 64u  /* a list or map without an element of its own */
#define CJ_ATTRIBUTE 128u /* a member that is an attribute in XML */
#define CJ_SINGLE 256u    /* a number in single precision */

struct cj_shape;

/* What a value must be: of a member, a list's item, a map's key or value. */
struct cj_node {
  enum cj_type type;
  unsigned flags;
  double min;
  struct cj_slice target; /* of a structure: its shape's name, */
  struct cj_shape *shape; /* set by the caller of cj_shape_parse */
  struct cj_slice enumeration;
  struct cj_node *item, *key;
  /* Without text where the shape's text has none: */
  struct cj_slice name; /* of an item's, key's or value's element */
  struct cj_slice name_space, prefix; /* of the element in XML */
};

enum cj_location {
  CJ_IN_TEXT, /* a member of the JSON object */
  CJ_IN_BODY, /* the whole text is its value */
  CJ_IN_HEADER,
  CJ_IN_HEADERS,
  CJ_IN_QUERY,
  CJ_IN_URI,
  CJ_IN_STATUS
};

struct cj_member {
  struct cj_slice name, wire;
  struct cj_slice quoted; /* ,"wire": as it stands in compact JSON */
  enum cj_location location;
  struct cj_node *node;
  int index;               /* set by the caller: where the name's Lua */
  const void *interned;    /* string is kept, and lua_topointer of that */
  struct cj_slice element; /* its name in forms and in XML responses */
  struct cj_slice query;   /* its name in EC2's requests, if that differs */
};

struct cj_shape {
  struct cj_member *members;
  size_t count;
  struct cj_node *nodes;
  size_t node_count;
  unsigned flags; /* CJ_OPEN */
  int is_union;
  const struct cj_member *body; /* the CJ_IN_BODY member or NULL */
  size_t in_text;               /* how many members are CJ_IN_TEXT */
  size_t attributes;            /* how many are CJ_ATTRIBUTE */
  int typical; /* members that recent objects had, for presizing */
  char *text;
  char problem[120];
};

/* Fills a zeroed shape: 0; -1 for an error of notation, described in 'problem';
** -2 when out of memory. Call cj_shape_free in each case. */
int cj_shape_parse (struct cj_shape *shape, const char *text, size_t n);
void cj_shape_free (struct cj_shape *shape);

/* Finds a member of the JSON object by its name there. The search begins at
** *guess, which is set behind the member found. NULL when there is none. */
const struct cj_member *cj_shape_find (const struct cj_shape *shape,
                                       struct cj_slice wire, size_t *guess);
/* Finds any member by its name in Lua. */
const struct cj_member *cj_shape_member (const struct cj_shape *shape,
                                         struct cj_slice name);
/* The same by the address of its Lua string. NULL does not mean that there is
** none: Lua does not intern long strings. */
const struct cj_member *cj_shape_interned (const struct cj_shape *shape,
                                           const void *name, size_t *guess);
/* Notes how many members an object had: a table is presized by those of recent
** objects, not by those of the shape. */
void cj_shape_note (struct cj_shape *shape, int found);

/* The member that a misspelt name most likely means, or NULL. */
const struct cj_member *cj_shape_nearest (const struct cj_shape *shape,
                                          struct cj_slice name);

#endif
