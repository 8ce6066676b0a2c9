/* JSON -> the XML of AWS's REST protocol. No Lua. */
#ifndef CJ_XML_WRITER_H
#define CJ_XML_WRITER_H

#include "shape.h"

/* Appends an element of this name that holds the JSON value: 0, or -1 and
** *problem. */
int cj_xml_write (struct cj_buf *to, struct cj_slice name,
                  const struct cj_node *node, struct cj_slice json,
                  const char **problem);

#endif
