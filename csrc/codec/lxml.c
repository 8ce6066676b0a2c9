/* XML -> Lua values, directed by a shape: from the bytes to the final tables
** with nothing in between. */
#include "lxml.h"

#include "ldecode.h"
#include "llist.h"
#include "lshape.h"
#include "lworkspace.h"

/* Maps are presized for this many entries: most have no more. */
#define ENTRIES 4

/* Stack of l_xml_decode. */
enum { SHAPE = 1, TEXT, RESULT, UNWRAPPED, NAMES, ARRAY_MT, BUFFER };

/* As cj_xml_scalar, for every type. */
static int decode_element (struct cj_xml_decoder *d, const struct cj_node *node,
                           const struct cj_path *path);

/* Lists and maps {=================================================== */

/* Each element within a list's is an item, with any name. */
static int decode_list (struct cj_xml_decoder *d, const struct cj_node *item,
                        const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int slot, n = 0;
  enum cj_xml_event event;
  luaL_checkstack(L, CJ_LIST_WAITING + 8, "too many nested lists");
  lua_pushnil(L);
  slot = lua_gettop(L);
  while ((event = cj_xml_next(&d->xml)) == CJ_XML_START) {
    path.index++;
    if (decode_element(d, item, &path) < 0)
      return -1;
    if (++n > CJ_LIST_WAITING)
      lua_rawseti(L, slot, n);
    else if (n == CJ_LIST_WAITING)
      cj_list_fill(L, ARRAY_MT, slot, n, 4 * n);
  }
  if (n < CJ_LIST_WAITING)
    cj_list_fill(L, ARRAY_MT, slot, n, n);
  return event == CJ_XML_END ? 1 : -1;
}

static struct cj_slice or_default (struct cj_slice name, const char *usual) {
  if (name.n == 0) {
    name.s = usual;
    name.n = strlen(usual);
  }
  return name;
}

static int lacks_part (struct cj_xml_decoder *d, const struct cj_path *path,
                       struct cj_slice key, struct cj_slice value) {
  lua_State *L = d->L;
  luaL_checkstack(L, 8, NULL);
  lua_pushlstring(L, key.s, key.n);
  lua_pushlstring(L, value.s, value.n);
  lua_pushfstring(L, "%s and %s in each entry", lua_tostring(L, -2),
                  lua_tostring(L, -1));
  return cj_xml_expected(d, path, lua_tostring(L, -1), d->xml.p);
}

/* Adds <entry><key>…</key><value>…</value></entry>, which has begun, to the
** table at 'table'. */
static int decode_entry (struct cj_xml_decoder *d, const struct cj_node *map,
                         int table, const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { "", 0 }, 0 };
  struct cj_slice key_name = or_default(map->key->name, "key");
  struct cj_slice value_name = or_default(map->item->name, "value");
  int top = lua_gettop(L), has_key = 0, has_value = 0;
  enum cj_xml_event event;
  luaL_checkstack(L, 8, "too many nested tables");
  lua_settop(L, top + 2);
  while ((event = cj_xml_next(&d->xml)) == CJ_XML_START) {
    if (cj_slice_equal(d->xml.name, key_name)) {
      if (cj_xml_scalar(d, CJ_STRING, up) < 0)
        return -1;
      path.name.s = lua_tolstring(L, -1, &path.name.n);
      lua_replace(L, top + 1);
      has_key = 1;
    } else if (cj_slice_equal(d->xml.name, value_name)) {
      if (decode_element(d, map->item, &path) < 0)
        return -1;
      lua_replace(L, top + 2);
      has_value = 1;
    } else if (cj_xml_skip(&d->xml) != 0) {
      return -1;
    }
  }
  if (event != CJ_XML_END)
    return -1;
  if (!has_key || !has_value)
    return lacks_part(d, up, key_name, value_name);
  lua_rawset(L, table);
  return 1;
}

static int decode_map (struct cj_xml_decoder *d, const struct cj_node *map,
                       const struct cj_path *path) {
  enum cj_xml_event event;
  int table;
  luaL_checkstack(d->L, 8, "too many nested tables");
  lua_createtable(d->L, 0, ENTRIES);
  table = lua_gettop(d->L);
  while ((event = cj_xml_next(&d->xml)) == CJ_XML_START)
    if (decode_entry(d, map, table, path) < 0)
      return -1;
  return event == CJ_XML_END ? 1 : -1;
}

/* }================================================================= */

/* Structures {======================================================= */

/* Pushes the list or map of a flattened member of the table at 'table', a new
** one when it is the first element. Gives how many items the list has. */
static int push_flattened (struct cj_xml_decoder *d, const struct cj_member *m,
                           int table) {
  lua_State *L = d->L;
  lua_rawgeti(L, NAMES, m->index);
  lua_pushvalue(L, -1);
  lua_rawget(L, table);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_createtable(L, 0, 0);
    if (m->node->type == CJ_LIST) {
      lua_pushvalue(L, ARRAY_MT);
      lua_setmetatable(L, -2);
    }
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, table);
  }
  lua_remove(L, -2);
  return (int)lua_rawlen(L, -1);
}

/* Adds an element to its flattened member. The list or map stays behind the
** table for the next one: *last is its member, and *n how many items it has. */
static int decode_flattened (struct cj_xml_decoder *d,
                             const struct cj_member *m,
                             const struct cj_member **last, int *n, int table,
                             const struct cj_path *path) {
  lua_State *L = d->L;
  struct cj_path item = { path, { NULL, 0 }, 0 };
  if (*last != m) {
    lua_settop(L, table);
    *n = push_flattened(d, m, table);
    *last = m;
  }
  if (m->node->type == CJ_MAP)
    return decode_entry(d, m->node, table + 1, path);
  item.index = *n + 1;
  if (decode_element(d, m->node->item, &item) < 0)
    return -1;
  lua_rawseti(L, table + 1, ++*n);
  return 1;
}

static int is_flattened (const struct cj_member *m) {
  return (m->node->flags & CJ_FLATTENED) != 0 &&
         (m->node->type == CJ_LIST || m->node->type == CJ_MAP);
}

/* Whether responses have a member as an element: they have no URL. */
static int is_element (const struct cj_member *m) {
  return (m->location == CJ_IN_TEXT || m->location == CJ_IN_QUERY ||
          m->location == CJ_IN_URI) &&
         (m->node->flags & CJ_ATTRIBUTE) == 0;
}

/* The member of an element. The search begins at *guess, which is set
** behind it. A flattened list whose items have a name is found by its own, too:
** descriptions differ in which of both is meant. */
static const struct cj_member *find (const struct cj_shape *shape,
                                     struct cj_slice name, size_t *guess) {
  size_t left, i = *guess;
  for (left = shape->count; left > 0; left--, i++) {
    const struct cj_member *m;
    if (i >= shape->count)
      i = 0;
    m = &shape->members[i];
    if ((cj_slice_equal(m->element, name) ||
         (m->element.s != m->wire.s && cj_slice_equal(m->wire, name))) &&
        is_element(m)) {
      *guess = i + 1;
      return m;
    }
  }
  return NULL;
}

/* Adds the members that are attributes of the element that has begun. */
static int decode_attributes (struct cj_xml_decoder *d,
                              const struct cj_shape *shape, int table,
                              const struct cj_path *up) {
  struct cj_path path = { up, { NULL, 0 }, 0 };
  int found = 0;
  size_t i;
  for (i = 0; i < shape->count; i++) {
    const struct cj_member *m = &shape->members[i];
    if ((m->node->flags & CJ_ATTRIBUTE) == 0 ||
        !cj_xml_attribute(&d->xml, m->wire))
      continue;
    path.name = m->name;
    lua_rawgeti(d->L, NAMES, m->index);
    if (cj_xml_value(d, m->node->type, d->xml.text, d->xml.attributes, &path) <
        0)
      return -1;
    lua_rawset(d->L, table);
    found++;
  }
  return found;
}

/* Adds the scalar member that follows the last one in the shape when it is next
** in the text, too: 1; 0 when it is not. */
static int decode_next (struct cj_xml_decoder *d, const struct cj_shape *shape,
                        size_t *guess, int table, const struct cj_path *up) {
  struct cj_path path = { up, { NULL, 0 }, 0 };
  const struct cj_member *m = &shape->members[*guess];
  if (*guess >= shape->count || m->node->type > CJ_DOCUMENT || !is_element(m) ||
      !cj_xml_try_leaf(&d->xml, m->element))
    return 0;
  ++*guess;
  path.name = m->name;
  lua_rawgeti(d->L, NAMES, m->index);
  if (cj_xml_value(d, m->node->type, d->xml.text, d->xml.text.s, &path) < 0)
    return -1;
  lua_rawset(d->L, table);
  return 1;
}

static int decode_structure (struct cj_xml_decoder *d, struct cj_shape *shape,
                             const struct cj_path *up) {
  lua_State *L = d->L;
  struct cj_path path = { up, { NULL, 0 }, 0 };
  const struct cj_member *m = NULL, *last = NULL;
  size_t guess = 0;
  int table, found = 0, n = 0;
  enum cj_xml_event event;
  luaL_checkstack(L, 8, "too many nested tables");
  lua_createtable(L, 0, shape->typical);
  table = lua_gettop(L);
  if (shape->attributes > 0 &&
      (found = decode_attributes(d, shape, table, up)) < 0)
    return -1;
  for (;;) {
    int got = 0;
    while (!shape->is_union &&
           (got = decode_next(d, shape, &guess, table, up)) > 0)
      found++;
    if (got < 0)
      return -1;
    if ((event = cj_xml_next(&d->xml)) != CJ_XML_START)
      break;
    if (last == NULL || !cj_slice_equal(last->element, d->xml.name))
      m = find(shape, d->xml.name, &guess);
    else
      m = last;
    if (m == NULL || (shape->is_union && found > 0 && m != last)) {
      if (cj_xml_skip(&d->xml) != 0)
        return -1;
      continue;
    }
    path.name = m->name;
    if (is_flattened(m)) {
      found += m != last;
      if (decode_flattened(d, m, &last, &n, table, &path) < 0)
        return -1;
      continue;
    }
    lua_rawgeti(L, NAMES, m->index);
    if (decode_element(d, m->node, &path) < 0)
      return -1;
    lua_rawset(L, table);
    found++;
  }
  lua_settop(L, table);
  cj_shape_note(shape, found);
  return event == CJ_XML_END ? 1 : -1;
}

/* }================================================================= */

static int decode_element (struct cj_xml_decoder *d, const struct cj_node *node,
                           const struct cj_path *path) {
  switch (node->type) {
  case CJ_STRUCTURE:
    return decode_structure(d, node->shape, path);
  case CJ_LIST:
    return decode_list(d, node->item, path);
  case CJ_MAP:
    return decode_map(d, node, path);
  default:
    return cj_xml_scalar(d, node->type, path);
  }
}

/* Pushes the table of a shape with this one member, the root element. */
static int decode_member (struct cj_xml_decoder *d, const struct cj_member *m,
                          const struct cj_path *whole) {
  struct cj_path path = { whole, { NULL, 0 }, 0 };
  lua_newtable(d->L);
  if (m == NULL)
    return cj_xml_skip(&d->xml) == 0 ? 1 : -1;
  path.name = m->name;
  lua_rawgeti(d->L, NAMES, m->index);
  if (decode_element(d, m->node, &path) < 0)
    return -1;
  lua_rawset(d->L, -3);
  return 1;
}

/* Goes to the beginning of the first element called 'name', which may be the
** root element. */
static int enter_result (struct cj_xml_decoder *d, struct cj_slice name) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  while (!cj_slice_equal(d->xml.name, name))
    while (cj_xml_next(&d->xml) != CJ_XML_START) {
      if (d->xml.problem != NULL)
        return -1;
      if (d->xml.depth == 0)
        return cj_xml_expected(d, &whole, name.s, d->xml.p);
    }
  return 0;
}

/* Decodes the root element, or its content. */
static int decode_root (struct cj_xml_decoder *d, struct cj_shape *shape) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  lua_State *L = d->L;
  struct cj_slice result;
  size_t guess = 0;
  if (cj_xml_next(&d->xml) != CJ_XML_START)
    return -1;
  if (shape == NULL)
    return decode_member(d, NULL, &whole);
  if (lua_toboolean(L, UNWRAPPED))
    return decode_member(d, find(shape, d->xml.name, &guess), &whole);
  if (shape->body != NULL)
    return decode_member(d, shape->body, &whole);
  if (lua_type(L, RESULT) == LUA_TSTRING) {
    result.s = lua_tolstring(L, RESULT, &result.n);
    if (enter_result(d, result) != 0)
      return -1;
  }
  return decode_structure(d, shape, &whole);
}

/* Returns the value on top when the rest of the text is sound, too, else nil
** and the message. */
static int end (struct cj_xml_decoder *d, int got) {
  const struct cj_path whole = { NULL, { NULL, 0 }, 0 };
  lua_State *L = d->L;
  enum cj_xml_event event = CJ_XML_START;
  while (got > 0 && event != CJ_XML_DONE && event != CJ_XML_PROBLEM)
    event = cj_xml_next(&d->xml);
  if (d->xml.problem == cj_xml_no_memory)
    return luaL_error(L, "%s", cj_xml_no_memory);
  if (d->xml.problem != NULL) {
    luaL_checkstack(L, 8, NULL);
    cj_decode_push_problem(L, &whole, d->xml.problem,
                           (size_t)(d->xml.p - d->xml.start));
    got = -1;
  }
  cj_buffer_return(L, BUFFER);
  if (got > 0)
    return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* xml_decode(shape, text, result, is_unwrapped) -> a table with the members of
** the shape | nil, message. The root element is the structure or, where the
** shape has one, its body; with 'result' it is the first element of that name;
** 'is_unwrapped' makes the root element a member itself. Without a shape the
** text is only checked. */
static int l_xml_decode (lua_State *L) {
  struct cj_xml_decoder d;
  struct cj_shape *shape = NULL;
  struct cj_slice text;
  text.s = luaL_checklstring(L, TEXT, &text.n);
  lua_settop(L, UNWRAPPED);
  if (lua_isnil(L, SHAPE)) {
    lua_pushnil(L);
  } else {
    shape = cj_check_userdata(L, SHAPE, CJ_UP_SHAPE, CJ_SHAPE_T);
    lua_getiuservalue(L, SHAPE, CJ_NAMES);
  }
  lua_rawgeti(L, CJ_UP_SETTINGS, CJ_SETTING_ARRAY_MT);
  d.L = L;
  cj_xml_init(&d.xml, text, cj_buffer_borrow(L));
  return end(&d, decode_root(&d, shape));
}

static const luaL_Reg functions[] = {
  { "xml_decode", l_xml_decode },
  { NULL, NULL },
};

void cj_xml_open (lua_State *L) {
  cj_workspace_functions(L, functions);
}
