/* Lua values -> JSON text, for Lua. */
#include "lencode.h"

#include "lshape.h"
#include "lworkspace.h"

/* Sets up the rest of the stack and the encoder. */
static void begin (lua_State *L, struct cj_encoder *e, int has_shape) {
  if (has_shape)
    lua_getiuservalue(L, CJ_ENCODE_SHAPE, CJ_NAMES);
  else
    lua_pushnil(L);
  lua_rawgeti(L, CJ_UP_SETTINGS, CJ_SETTING_ARRAY_MT);
  lua_pushnil(L); /* no problems */
  e->L = L;
  e->b = cj_buffer_borrow(L);
  e->problems = e->depth = e->lenient = 0;
}

/* Pushes the value of the member that is the body: JSON, but strings and blobs
** as they are. */
static void push_body (struct cj_encoder *e, const struct cj_member *m) {
  lua_State *L = e->L;
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  int at;
  lua_rawgeti(L, CJ_ENCODE_NAMES, m->index);
  lua_rawget(L, CJ_ENCODE_PARAMS);
  at = lua_gettop(L);
  cj_buf_reset(e->b);
  if (lua_isnil(L, at) || cj_is_null(L, at)) {
    lua_pushliteral(L, "");
  } else if (m->node->type != CJ_STRING && m->node->type != CJ_BLOB) {
    cj_encode_node(e, m->node, at, lua_type(L, at),
                   &whole); /* it was checked before */
    lua_pushlstring(L, e->b->s, e->b->len);
  }
}

int cj_encode_params (lua_State *L, struct cj_encoder *e,
                      const struct cj_shape **shape) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  const int lenient = lua_toboolean(L, CJ_ENCODE_TOKEN + 1);
  lua_settop(L, CJ_ENCODE_FORM + 1);
  lua_remove(L, CJ_ENCODE_TOKEN + 1);
  *shape = cj_check_userdata(L, CJ_ENCODE_SHAPE, CJ_UP_SHAPE, CJ_SHAPE_T);
  if (lua_isnil(L, CJ_ENCODE_PARAMS)) {
    lua_newtable(L);
    lua_replace(L, CJ_ENCODE_PARAMS);
  }
  begin(L, e, 1);
  e->lenient = lenient;
  if (lua_type(L, CJ_ENCODE_PARAMS) == LUA_TTABLE)
    cj_encode_structure(e, *shape, 0, CJ_ENCODE_PARAMS, &whole);
  else
    cj_encode_expected(e, CJ_ENCODE_PARAMS, &whole, "table");
  if (e->problems > 0)
    return -1;
  if ((*shape)->body != NULL)
    push_body(e, (*shape)->body);
  else if ((*shape)->in_text > 0 || (*shape)->count == 0)
    lua_pushlstring(L, e->b->s, e->b->len);
  else
    lua_pushliteral(L, "");
  return 0;
}

int cj_encode_return (struct cj_encoder *e) {
  lua_State *L = e->L;
  if (e->problems > 0) {
    lua_pushnil(L);
    lua_pushvalue(L, CJ_ENCODE_PROBLEMS);
  }
  cj_buffer_return(L, CJ_ENCODE_BUFFER);
  return e->problems > 0 ? 2 : 1;
}

/* encode(shape, params, token, lenient) -> the text | nil, a list of every
** problem, { path, message } each. Members that are bound elsewhere (in=header
** …) are checked and left out; when all are, the text is empty. */
static int l_encode (lua_State *L) {
  const struct cj_shape *shape;
  struct cj_encoder e;
  if (lua_isnil(L, CJ_ENCODE_SHAPE)) {
    lua_pushliteral(L, "{}");
    return 1;
  }
  cj_encode_params(L, &e, &shape);
  return cj_encode_return(&e);
}

/* json_encode(value) -> its JSON | nil, message. */
static int l_json_encode (lua_State *L) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  struct cj_encoder e;
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  lua_pushnil(L);
  lua_insert(L, CJ_ENCODE_SHAPE);
  lua_pushnil(L); /* no token */
  lua_pushnil(L); /* nothing besides */
  begin(L, &e, 0);
  cj_encode_node(&e, &cj_document_node, CJ_ENCODE_PARAMS,
                 lua_type(L, CJ_ENCODE_PARAMS), &whole);
  if (e.problems == 0) {
    lua_pushlstring(L, e.b->s, e.b->len);
  } else {
    lua_pushnil(L);
    lua_rawgeti(L, CJ_ENCODE_PROBLEMS, 1);
    lua_getfield(L, -1, "path");
    lua_pushstring(L, lua_rawlen(L, -1) > 0 ? ": " : "");
    lua_getfield(L, -3, "message");
    lua_concat(L, 3);
    lua_remove(L, -2);
  }
  cj_buffer_return(L, CJ_ENCODE_BUFFER);
  return e.problems > 0 ? 2 : 1;
}

static const luaL_Reg functions[] = {
  { "encode", l_encode },
  { "json_encode", l_json_encode },
  { NULL, NULL },
};

void cj_encode_open (lua_State *L) {
  cj_workspace_functions(L, functions);
}
