/* JSON -> the forms of AWS's query and EC2 protocols, whose names spell the
** path to each value: &Filters.member.1.Name=x. No Lua. */
#ifndef CJ_FORM_H
#define CJ_FORM_H

#include "shape.h"

/* Appends the members of a JSON object, each behind a '&'. 0, or -1 and
** *problem. */
int cj_form_write (struct cj_buf *to, const struct cj_shape *shape,
                   struct cj_slice json, int is_ec2, const char **problem);

#endif
