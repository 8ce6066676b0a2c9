/* JSON -> the forms of AWS's query and EC2 protocols. */
#include "form.h"

#include "../base/scalar.h"
#include "transcode.h"

struct form {
  struct cj_transcoder t;
  struct cj_buf path; /* the name of the next value */
  int is_ec2;
};

static int write_node (struct form *f, const struct cj_node *node);

/* Names {============================================================ */

static int extend (struct form *f, struct cj_slice name) {
  if ((f->path.len > 0 && cj_buf_byte(&f->path, '.') != 0) ||
      cj_buf_add(&f->path, name.s, name.n) != 0)
    return cj_json_fail(&f->t.json, f->t.json.p, cj_json_no_memory);
  return 0;
}

static int extend_by_index (struct form *f, int64_t i) {
  char digits[CJ_INTEGER_MAX];
  struct cj_slice text;
  text.s = digits;
  text.n = cj_integer_write(digits, i);
  return extend(f, text);
}

static struct cj_slice or_default (struct cj_slice name, const char *usual) {
  if (name.n == 0) {
    name.s = usual;
    name.n = strlen(usual);
  }
  return name;
}

/* EC2's names begin with a capital. */
static int extend_by_member (struct form *f, const struct cj_member *m) {
  size_t dot = f->path.len > 0, at = f->path.len + dot;
  if (f->is_ec2 && m->query.n > 0)
    return extend(f, m->query);
  if (extend(f, f->is_ec2 ? m->wire : m->element) != 0)
    return -1;
  if (f->is_ec2 && f->path.s[at] >= 'a' && f->path.s[at] <= 'z')
    f->path.s[at] = (char)(f->path.s[at] - 'a' + 'A');
  return 0;
}

/* }================================================================= */

/* Values {=========================================================== */

/* As in all forms a space is a plus: servers that sign a form again after
** reading it write a plus. */
static int add_escaped (struct form *f, const char *s, size_t n) {
  static const char digits[] = "0123456789ABCDEF";
  const char *end = s + n;
  while (s < end) {
    const char *from = s;
    char code[3];
    while (s < end && cj_is_unreserved(*s))
      s++;
    if (cj_transcode_add(&f->t, from, (size_t)(s - from)) != 0)
      return -1;
    if (s == end)
      break;
    code[0] = '%';
    code[1] = digits[(unsigned char)*s >> 4];
    code[2] = digits[(unsigned char)*s & 15];
    if (cj_transcode_add(&f->t, *s == ' ' ? "+" : code,
                         *s == ' ' ? 1 : sizeof(code)) != 0)
      return -1;
    s++;
  }
  return 0;
}

static int add_value (struct form *f, struct cj_slice value) {
  return cj_transcode_add(&f->t, "&", 1) != 0 ||
                 add_escaped(f, f->path.s, f->path.len) != 0 ||
                 cj_transcode_add(&f->t, "=", 1) != 0
             ? -1
             : add_escaped(f, value.s, value.n);
}

/* }================================================================= */

static int write_structure (struct form *f, const struct cj_shape *shape) {
  const struct cj_member *m;
  size_t guess = 0, path = f->path.len;
  int more;
  if (cj_transcode_enter(&f->t, CJ_KIND_OBJECT) != 0)
    return -1;
  while ((more = cj_transcode_member(&f->t, shape, &guess, &m)) > 0) {
    if (extend_by_member(f, m) != 0 || write_node(f, m->node) != 0)
      return -1;
    f->path.len = path;
  }
  return more;
}

/* The query protocol puts a name in front of the number of an item, unless the
** list is flattened, and has a value for an empty list. */
static int write_list (struct form *f, const struct cj_node *node) {
  static const struct cj_slice empty = { "", 0 };
  int64_t i = 0;
  int more;
  size_t path;
  if (cj_transcode_enter(&f->t, CJ_KIND_LIST) != 0)
    return -1;
  if ((more = cj_json_more(&f->t.json, ']')) <= 0)
    return more == 0 && !f->is_ec2 ? add_value(f, empty) : more;
  if (!f->is_ec2 && (node->flags & CJ_FLATTENED) == 0 &&
      extend(f, or_default(node->item->name, "member")) != 0)
    return -1;
  path = f->path.len;
  do {
    if (extend_by_index(f, ++i) != 0 || write_node(f, node->item) != 0)
      return -1;
    f->path.len = path;
  } while ((more = cj_json_more(&f->t.json, ']')) > 0);
  return more;
}

static int write_entry (struct form *f, const struct cj_node *node) {
  size_t path = f->path.len;
  struct cj_slice key;
  if (cj_json_key(&f->t.json, &key) != 0 ||
      extend(f, or_default(node->key->name, "key")) != 0 ||
      add_value(f, key) != 0)
    return -1;
  f->path.len = path;
  return extend(f, or_default(node->item->name, "value")) != 0
             ? -1
             : write_node(f, node->item);
}

static int write_map (struct form *f, const struct cj_node *node) {
  static const struct cj_slice entry = CJ_SLICE("entry");
  int64_t i = 0;
  int more;
  size_t path;
  if (cj_transcode_enter(&f->t, CJ_KIND_OBJECT) != 0 ||
      ((node->flags & CJ_FLATTENED) == 0 && extend(f, entry) != 0))
    return -1;
  path = f->path.len;
  while ((more = cj_json_more(&f->t.json, '}')) > 0) {
    if (extend_by_index(f, ++i) != 0 || write_entry(f, node) != 0)
      return -1;
    f->path.len = path;
  }
  return more;
}

static int write_node (struct form *f, const struct cj_node *node) {
  struct cj_slice text;
  switch (cj_transcode_type(&f->t, node)) {
  case CJ_STRUCTURE:
    return write_structure(f, node->shape);
  case CJ_LIST:
    return write_list(f, node);
  case CJ_MAP:
    return write_map(f, node);
  default:
    if (cj_transcode_scalar(&f->t, &text) != 0)
      return -1;
    return add_value(f, text);
  }
}

int cj_form_write (struct cj_buf *to, const struct cj_shape *shape,
                   struct cj_slice json, int is_ec2, const char **problem) {
  struct form f = { .path = { .max = CJ_MAX_TEXT }, .is_ec2 = is_ec2 };
  int result;
  cj_transcode_begin(&f.t, to, json);
  result = cj_transcode_end(&f.t, write_structure(&f, shape), problem);
  cj_buf_free(&f.path);
  return result;
}
