/* Lua tables -> the forms of protocols other than JSON, by way of the encoder's
** JSON. */
#include "ltranscode.h"

#include "cbor_write.h"
#include "form.h"
#include "json.h"
#include "lencode.h"
#include "lworkspace.h"
#include "xml_writer.h"

/* Returns the text that was written in place of the JSON. */
static int end (struct cj_encoder *e, int result, const char *problem) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  if (problem == cj_json_no_memory)
    return luaL_error(e->L, "%s", problem);
  if (result != 0)
    cj_encode_problem(e, &whole, problem);
  else
    lua_pushlstring(e->L, e->b->s, e->b->len);
  return cj_encode_return(e);
}

static int encode_form (lua_State *L, int is_ec2) {
  const struct cj_shape *shape;
  struct cj_encoder e;
  struct cj_slice json, head;
  const char *problem = NULL;
  int result;
  luaL_checktype(L, CJ_ENCODE_FORM + 1, LUA_TSTRING);
  if (cj_encode_params(L, &e, &shape) != 0)
    return cj_encode_return(&e);
  json.s = lua_tolstring(L, -1, &json.n);
  head.s = lua_tolstring(L, CJ_ENCODE_FORM, &head.n);
  cj_buf_reset(e.b);
  if (cj_encode_put(&e, head.s, head.n) != 0)
    return cj_encode_return(&e);
  result = cj_form_write(e.b, shape, json, is_ec2, &problem);
  return end(&e, result, problem);
}

/* encode_query(shape, params, token, lenient, head), encode_ec2(…) -> the form
** behind 'head' | nil, problems; as encode(). */
static int l_encode_query (lua_State *L) {
  return encode_form(L, 0);
}

static int l_encode_ec2 (lua_State *L) {
  return encode_form(L, 1);
}

/* The field of the table at CJ_ENCODE_FORM, which keeps its text. */
static struct cj_slice field (lua_State *L, const char *name) {
  struct cj_slice text = { NULL, 0 };
  lua_getfield(L, CJ_ENCODE_FORM, name);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.s = lua_tolstring(L, -1, &text.n);
  lua_pop(L, 1);
  return text;
}

/* encode_xml(shape, params, token, lenient, root) -> the element | nil,
** problems; as encode(). 'root' has the element's name, and its namespace and
** prefix where it has those. Empty when there is no member to write; a body
** that is text is given as it is. */
static int l_encode_xml (lua_State *L) {
  struct cj_node root = { .type = CJ_STRUCTURE };
  const struct cj_node *node = &root;
  const struct cj_shape *shape;
  struct cj_encoder e;
  struct cj_slice json, name;
  const char *problem = NULL;
  int result;
  luaL_checktype(L, CJ_ENCODE_FORM + 1, LUA_TTABLE);
  if (cj_encode_params(L, &e, &shape) != 0)
    return cj_encode_return(&e);
  json.s = lua_tolstring(L, -1, &json.n);
  root.shape = cj_check_userdata(L, CJ_ENCODE_SHAPE, CJ_UP_SHAPE, CJ_SHAPE_T);
  root.name_space = field(L, "namespace");
  root.prefix = field(L, "prefix");
  name = field(L, "name");
  if (shape->body != NULL) {
    node = shape->body->node;
    name = shape->body->wire;
  }
  if (node->type == CJ_STRING || node->type == CJ_BLOB)
    return cj_encode_return(&e);
  cj_buf_reset(e.b);
  if (json.n == 0 || (node == &root && json.n == 2))
    return end(&e, 0, problem);
  result = cj_xml_write(e.b, name, node, json, &problem);
  return end(&e, result, problem);
}

/* encode_cbor(shape, params, token, lenient) -> the map | nil, problems; as
** encode(). */
static int l_encode_cbor (lua_State *L) {
  const struct cj_shape *shape;
  struct cj_encoder e;
  struct cj_slice json;
  const char *problem = NULL;
  if (cj_encode_params(L, &e, &shape) != 0)
    return cj_encode_return(&e);
  json.s = lua_tolstring(L, -1, &json.n);
  cj_buf_reset(e.b);
  return end(&e, cj_cbor_write(e.b, shape, json, &problem), problem);
}

static const luaL_Reg functions[] = {
  { "encode_query", l_encode_query },
  { "encode_ec2", l_encode_ec2 },
  { "encode_xml", l_encode_xml },
  { "encode_cbor", l_encode_cbor },
  { NULL, NULL },
};

void cj_transcode_open (lua_State *L) {
  cj_workspace_functions(L, functions);
}
