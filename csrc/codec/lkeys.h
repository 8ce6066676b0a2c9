/* The keys of a Lua table in bytewise order, so that output is deterministic.
 */
#ifndef CJ_LKEYS_H
#define CJ_LKEYS_H

#include "lproblems.h"

struct cj_key {
  struct cj_slice text;
  int at; /* of its value, or 0 for those after the first few */
};

#define CJ_FEW_KEYS 16
struct cj_keys {
  size_t n, room;
  struct cj_key *key;
  struct cj_key few[CJ_FEW_KEYS];
};

/* Collects the keys of the table at 'at' that are no members of 'but'. Pushes
** 1 + CJ_FEW_KEYS values, which hold the keys' array and the first values. 0,
** or -1 to end the walk. */
int cj_keys_sort (struct cj_encoder *e, struct cj_keys *keys,
                  const struct cj_shape *but, int at,
                  const struct cj_path *path);

#endif
