/* Lua values <-> wire text, directed by a shape. */
#ifndef CJ_LSHAPE_H
#define CJ_LSHAPE_H

#include "../base/lutil.h"
#include "json.h"
#include "shape.h"

/* Adds the codec's functions to the table on top of the stack. */
void cj_codec_open (lua_State *L);

/* The rest is shared by codec.c, encode.c and decode.c. */

#define CJ_SHAPE_T "cloudjobs.shape"
#define CJ_ARRAY_T "cloudjobs.array"

/* The uservalue of a shape, shared by all that were compiled with it: at
** [member->index] the member's name, so that a decode hashes none. */
#define CJ_NAMES 1

/* Upvalues of every function: its own buffer while it is idle, a table shared
** by all, with the metatable of lists at [1], and the metatable of shapes. */
#define CJ_UP_BUFFER lua_upvalueindex(1)
#define CJ_UP_SETTINGS lua_upvalueindex(2)
#define CJ_UP_SHAPE lua_upvalueindex(3)
#define CJ_SETTING_ARRAY_MT 1

/* Pushes the function's buffer, empty, and takes it from its upvalue: a
** finalizer that calls the function again meanwhile gets another. */
struct cj_buf *cj_buffer_borrow (lua_State *L);
/* Gives the buffer at 'index' back; after an error it is just collected. */
void cj_buffer_return (lua_State *L, int index);

/* Where a value stands: linked from the innermost out, on the C stack. */
struct cj_path {
  const struct cj_path *up;
  struct cj_slice name; /* of a member or key; when s is NULL, */
  lua_Integer index;    /* of a list's element */
};

/* Pushes a path as text, Export.Columns[3].Name; "" for the whole. */
void cj_path_push (lua_State *L, const struct cj_path *path);

/* JSON's null in Lua: cloudjobs.null, which is cjson.null. */
int cj_is_null (lua_State *L, int at);

/* Pushes a number, an integer when it is whole. */
void cj_push_whole (lua_State *L, double d);

extern const struct cj_node cj_document_node;

int cj_encode (lua_State *L);
int cj_json_encode (lua_State *L);
int cj_decode (lua_State *L);
int cj_json_decode (lua_State *L);
int cj_xml_decode (lua_State *L);

#endif
