/* Compiled shapes for Lua. */
#include "lshape.h"

#include "lworkspace.h"

const struct cj_node cj_document_node = { .type = CJ_DOCUMENT };

static int shape_gc (lua_State *L) {
  cj_shape_free(luaL_checkudata(L, 1, CJ_SHAPE_T));
  return 0;
}

static const luaL_Reg shape_mt[] = {
  { "__gc", shape_gc },
  { NULL, NULL },
};

/* Stack of l_shape; 'fresh' has the userdata compiled by this call, by name
** and, in the order in which they were met, by number. */
enum { SHAPES = 1, NAME, CACHE, FRESH };

/* Pops a name and pushes the shape of that name, or a new empty one, which
** l_shape compiles later. */
static struct cj_shape *get_shape (lua_State *L, int *count) {
  struct cj_shape *shape;
  int name = lua_gettop(L), table;
  for (table = CACHE; table <= FRESH; table++) {
    lua_pushvalue(L, name);
    lua_rawget(L, table);
    if ((shape = luaL_testudata(L, -1, CJ_SHAPE_T)) != NULL) {
      lua_replace(L, name);
      return shape;
    }
    lua_pop(L, 1);
  }
  shape = lua_newuserdatauv(L, sizeof(*shape), 1);
  memset(shape, 0, sizeof(*shape)); /* empty, so __gc is safe from here on */
  luaL_setmetatable(L, CJ_SHAPE_T);
  lua_pushvalue(L, CACHE);
  lua_setiuservalue(L, -2, CJ_NAMES);
  lua_pushvalue(L, name);
  lua_pushvalue(L, -2);
  lua_rawset(L, FRESH);
  lua_pushvalue(L, name);
  lua_rawseti(L, FRESH, ++*count);
  lua_replace(L, name);
  return shape;
}

static void parse (lua_State *L, struct cj_shape *shape, const char *name) {
  size_t n;
  const char *text;
  lua_getfield(L, SHAPES, name);
  text = lua_tolstring(L, -1, &n);
  if (text == NULL)
    luaL_error(L, "shape %s: not in the model", name);
  switch (cj_shape_parse(shape, text, n)) {
  case -1:
    luaL_error(L, "shape %s: %s", name, shape->problem);
    break;
  case -2:
    luaL_error(L, "not enough memory");
    break;
  default:
    lua_pop(L, 1);
  }
}

/* Stores the members' names as Lua strings, and the shapes of the structures
** among their types. */
static void link (lua_State *L, struct cj_shape *shape, const char *name,
                  int *count) {
  size_t i;
  for (i = 0; i < shape->count; i++) {
    struct cj_member *m = &shape->members[i];
    struct cj_node *node;
    lua_pushlstring(L, m->name.s, m->name.n);
    m->interned = lua_topointer(L, -1);
    m->index = (int)lua_rawlen(L, CACHE) + 1;
    lua_rawseti(L, CACHE, m->index);
    for (node = m->node; node != NULL; node = node->item)
      if (node->type == CJ_STRUCTURE) {
        lua_pushlstring(L, node->target.s, node->target.n);
        lua_pushvalue(L, -1);
        lua_gettable(L, SHAPES);
        if (lua_type(L, -1) != LUA_TSTRING) {
          lua_pushlstring(L, m->name.s, m->name.n);
          luaL_error(L, "shape %s: member %s: no type or shape is called %s",
                     name, lua_tostring(L, -1), lua_tostring(L, -3));
        }
        lua_pop(L, 1);
        node->shape = get_shape(L, count);
        lua_pop(L, 1);
      }
  }
}

/* Pushes the n-th shape that this call compiled. */
static void push_fresh (lua_State *L, int n) {
  lua_rawgeti(L, FRESH, n);
  lua_rawget(L, FRESH);
}

/* shape(shapes, name, cache) -> the compiled shape 'name' of the texts
** 'shapes'. 'cache' is a table that these calls alone fill, so that shapes are
** shared. */
static int l_shape (lua_State *L) {
  int count = 0, compiled;
  luaL_checktype(L, SHAPES, LUA_TTABLE);
  luaL_checktype(L, NAME, LUA_TSTRING);
  lua_settop(L, CACHE);
  if (lua_type(L, CACHE) == LUA_TNIL) {
    lua_newtable(L);
    lua_replace(L, CACHE);
  }
  luaL_checktype(L, CACHE, LUA_TTABLE);
  lua_newtable(L); /* FRESH */
  lua_pushvalue(L, NAME);
  get_shape(L, &count);
  for (compiled = 1; compiled <= count; compiled++) {
    const char *name;
    struct cj_shape *shape;
    lua_rawgeti(L, FRESH, compiled);
    name = lua_tostring(L, -1);
    lua_pushvalue(L, -1);
    lua_rawget(L, FRESH);
    shape = lua_touserdata(L, -1);
    parse(L, shape, name);
    link(L, shape, name, &count);
    lua_pop(L, 2);
  }
  /* All were compiled: now they are added to the cache. They point to each
  ** other, so each has to stay in it under its address, even if its name is
  ** assigned anew, before any is found by its name. */
  for (compiled = 1; compiled <= count; compiled++) {
    push_fresh(L, compiled);
    lua_rawsetp(L, CACHE, lua_touserdata(L, -1));
  }
  for (compiled = 1; compiled <= count; compiled++) {
    lua_rawgeti(L, FRESH, compiled);
    push_fresh(L, compiled);
    lua_rawset(L, CACHE);
  }
  return 1;
}

static void set_text (lua_State *L, const char *field, struct cj_slice text) {
  if (text.s != NULL) {
    lua_pushlstring(L, text.s, text.n);
    lua_setfield(L, -2, field);
  }
}

static void set_flag (lua_State *L, const char *field, unsigned is_set) {
  if (is_set) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, field);
  }
}

/* Pushes a type in the notation, without flags: string[]{} */
static void push_type (lua_State *L, const struct cj_node *node) {
  static const char *const scalars[] = { "string",  "integer",  "long",
                                         "number",  "boolean",  "blob",
                                         "time",    "time.iso", "time.http",
                                         "document" };
  luaL_checkstack(L, 2, NULL);
  if (node->item != NULL) {
    push_type(L, node->item);
    lua_pushstring(L, node->type == CJ_LIST ? "[]" : "{}");
    lua_concat(L, 2);
  } else if (node->type == CJ_STRUCTURE) {
    lua_pushlstring(L, node->target.s, node->target.n);
  } else {
    lua_pushstring(L, scalars[node->type]);
  }
}

/* Sets the fields of a member's type in the table on top. */
static void describe (lua_State *L, const struct cj_node *node) {
  const struct cj_node *n;
  push_type(L, node);
  lua_setfield(L, -2, "type");
  set_flag(L, "required", node->flags & CJ_REQUIRED);
  set_flag(L, "idempotency", node->flags & CJ_IDEMPOTENCY);
  set_flag(L, "sparse", node->flags & CJ_SPARSE);
  set_flag(L, "open", node->flags & CJ_OPEN);
  if (node->flags & CJ_MIN) {
    cj_push_whole(L, node->min);
    lua_setfield(L, -2, "min");
  }
  for (n = node; n != NULL; n = n->item) {
    set_flag(L, "sensitive", n->flags & CJ_SENSITIVE);
    set_text(L, "enum", n->enumeration);
  }
}

/* members(shape) -> a list of { name, wire, location, type, required, … }.
** `sensitive` and `enum` may concern the items of a list or map; the list
*itself
** has `union` and `open`. */
static int l_members (lua_State *L) {
  static const char *const locations[] = { NULL,    "body", "header", "headers",
                                           "query", "uri",  "status" };
  struct cj_shape *shape = luaL_checkudata(L, 1, CJ_SHAPE_T);
  size_t i;
  lua_createtable(L, (int)shape->count, 0);
  set_flag(L, "union", (unsigned)shape->is_union);
  set_flag(L, "open", shape->flags & CJ_OPEN);
  for (i = 0; i < shape->count; i++) {
    const struct cj_member *m = &shape->members[i];
    lua_newtable(L);
    set_text(L, "name", m->name);
    set_text(L, "wire", m->wire);
    if (m->location != CJ_IN_TEXT) {
      lua_pushstring(L, locations[m->location]);
      lua_setfield(L, -2, "location");
    }
    describe(L, m->node);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static const luaL_Reg functions[] = {
  { "shape", l_shape },
  { "members", l_members },
  { NULL, NULL },
};

void cj_shape_open (lua_State *L) {
  cj_open_metatable(L, CJ_SHAPE_T, shape_mt);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
