/* XML text -> Lua tables; the protocols give them types. */
#include "lxml.h"

#include "../base/scalar.h"
#include "lworkspace.h"
#include "xml.h"

/* A response has thousands of elements, and each costs a table. */
#define MAX_ELEMENTS (1 << 20)

/* Appends a new element, { name = … }, to the one on top and pushes it. */
static void push_element (lua_State *L, const struct cj_xml *r, int *counts) {
  lua_createtable(L, 0, 2);
  lua_pushlstring(L, r->name.s, r->name.n);
  lua_setfield(L, -2, "name");
  if (r->depth > 1) {
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, ++counts[r->depth - 1]);
  }
  counts[r->depth] = 0;
}

/* xml_decode(text) -> { name, text, child, child, … } of the root element |
** nil, message. Only elements without children have 'text'; names have no
** prefix. */
static int l_xml_decode (lua_State *L) {
  struct cj_xml r;
  struct cj_slice text;
  char digits[CJ_INTEGER_MAX];
  int counts[CJ_XML_MAX_DEPTH + 1], elements = 0;
  enum cj_xml_event event;
  text.s = luaL_checklstring(L, 1, &text.n);
  lua_settop(L, 1);
  luaL_checkstack(L, CJ_XML_MAX_DEPTH + 8, NULL);
  cj_xml_init(&r, text, cj_buffer_borrow(L)); /* at 2 */
  while ((event = cj_xml_next(&r)) == CJ_XML_START || event == CJ_XML_END) {
    if (event == CJ_XML_START) {
      if (++elements > MAX_ELEMENTS) {
        r.problem = "too many elements";
        break;
      }
      push_element(L, &r, counts);
      continue;
    }
    if (counts[r.depth + 1] == 0) {
      lua_pushlstring(L, r.text->s, r.text->len);
      lua_setfield(L, -2, "text");
    }
    if (r.depth > 0)
      lua_pop(L, 1);
  }
  cj_buffer_return(L, 2);
  if (r.problem == NULL)
    return 1;
  lua_pushnil(L);
  lua_pushstring(L, r.problem);
  lua_pushliteral(L, " at byte ");
  lua_pushlstring(L, digits,
                  cj_integer_write(digits, (int64_t)(r.p - r.start) + 1));
  lua_concat(L, 3);
  return 2;
}

static const luaL_Reg functions[] = {
  { "xml_decode", l_xml_decode },
  { NULL, NULL },
};

void cj_xml_open (lua_State *L) {
  cj_workspace_functions(L, functions);
}
