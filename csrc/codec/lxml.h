/* XML -> Lua values: lxml.c builds the tables, lxml_scalar.c the scalars. */
#ifndef CJ_LXML_H
#define CJ_LXML_H

#include "../base/compat.h"
#include "lpath.h"
#include "shape.h"
#include "xml.h"

struct cj_xml_decoder {
  lua_State *L;
  struct cj_xml xml;
};

/* The functions below read an element that has begun, to its end, and push a
** value: 1; -1 when a message was pushed instead, or the reader has a problem.
*/

/* Pushes "expected …" of a value at 'at'. Gives -1. */
int cj_xml_expected (struct cj_xml_decoder *d, const struct cj_path *path,
                     const char *what, const char *at);

/* Any type but structures, lists and maps. */
int cj_xml_scalar (struct cj_xml_decoder *d, enum cj_type type,
                   const struct cj_path *path);

/* The value of a scalar's text, at 'at'. */
int cj_xml_value (struct cj_xml_decoder *d, enum cj_type type,
                  struct cj_slice text, const char *at,
                  const struct cj_path *path);

/* Adds xml_decode() to the table on top of the stack. */
void cj_xml_open (lua_State *L);

#endif
