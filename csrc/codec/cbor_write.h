/* JSON -> CBOR (RFC 8949) as the AWS SDKs write it: each number of items is
** given, integers are as short as they can be, other numbers have the size of
** their type. No Lua. */
#ifndef CJ_CBOR_WRITE_H
#define CJ_CBOR_WRITE_H

#include "shape.h"

/* Appends the map of a JSON object, the encoder's for that shape. 0, or -1 and
** *problem. */
int cj_cbor_write (struct cj_buf *to, const struct cj_shape *shape,
                   struct cj_slice json, const char **problem);

#endif
