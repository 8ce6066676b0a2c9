/* Fuzzes the shape notation: an invalid text is refused with a reason, and a
** compiled shape finds each member by each of its names. */
#include "../codec/shape.h"
#include "check.h"

static void check_inside (const struct cj_shape *shape, struct cj_slice name,
                          size_t size) {
  check(name.n > 0 && name.s >= shape->text);
  check((size_t)(name.s - shape->text) + name.n <= size);
}

static void check_node (const struct cj_node *node) {
  for (; node->item != NULL; node = node->item)
    check((node->type == CJ_MAP) == (node->key != NULL));
  check(node->type != CJ_LIST && node->type != CJ_MAP);
  check((node->type == CJ_STRUCTURE) == (node->target.n > 0));
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size) {
  struct cj_shape shape;
  size_t i;
  memset(&shape, 0, sizeof(shape));
  if (cj_shape_parse(&shape, (const char *)data, size) == 0) {
    for (i = 0; i < shape.count; i++) {
      const struct cj_member *m = &shape.members[i];
      size_t guess = i;
      check_inside(&shape, m->name, size);
      check_inside(&shape, m->wire, size);
      check(m->quoted.n == m->wire.n + 4);
      check(memcmp(m->quoted.s + 2, m->wire.s, m->wire.n) == 0);
      check_node(m->node);
      check(cj_shape_member(&shape, m->name) == m);
      check(cj_shape_nearest(&shape, m->name) != NULL || m->name.n > 64);
      if (m->location == CJ_IN_TEXT) {
        check(cj_shape_find(&shape, m->wire, &guess) == m);
        check(guess == i + 1);
      }
    }
  } else {
    check(shape.problem[0] != '\0');
  }
  cj_shape_free(&shape);
  return 0;
}
