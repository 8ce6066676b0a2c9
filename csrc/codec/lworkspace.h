/* What the functions of the codec share: a buffer for each, the metatables of
** lists and shapes. */
#ifndef CJ_LWORKSPACE_H
#define CJ_LWORKSPACE_H

#include "../base/lutil.h"

#define CJ_SHAPE_T "cloudjobs.shape"
#define CJ_ARRAY_T "cloudjobs.array"

/* Upvalues of every function: its own buffer while it is idle, the settings,
** and the metatable of shapes. */
#define CJ_UP_BUFFER lua_upvalueindex(1)
#define CJ_UP_SETTINGS lua_upvalueindex(2)
#define CJ_UP_SHAPE lua_upvalueindex(3)
#define CJ_UP_COUNT 3

/* Settings: the metatable of decoded lists. */
#define CJ_SETTING_ARRAY_MT 1

/* Adds functions with these upvalues to the table on top of the stack. */
void cj_workspace_functions (lua_State *L, const luaL_Reg *functions);

/* Pushes the function's buffer, empty, and removes it from its upvalue: a
** finalizer that calls the function again meanwhile gets another. */
struct cj_buf *cj_buffer_borrow (lua_State *L);
/* Puts the buffer at 'index' back. After an error it is collected instead. */
void cj_buffer_return (lua_State *L, int index);

/* JSON's null in Lua: cloudjobs.null, which is cjson.null. */
int cj_is_null (lua_State *L, int at);

/* Pushes a number, an integer when it is whole. */
void cj_push_whole (lua_State *L, double d);

/* Adds null, array_mt and set_array_mt() to the table on top of the stack. */
void cj_workspace_open (lua_State *L);

#endif
