/* Where a value stands in a parameter or a document, for messages. */
#ifndef CJ_LPATH_H
#define CJ_LPATH_H

#include "../base/buf.h"
#include "../base/compat.h"

/* A list from the innermost step outwards, on the C stack. */
struct cj_path {
  const struct cj_path *up;
  struct cj_slice name; /* of a member or key; when s is NULL, */
  lua_Integer index;    /* of a list's element */
};

/* Pushes a path as text, Export.Columns[3].Name; "" for the whole value. */
void cj_path_push (lua_State *L, const struct cj_path *path);

#endif
