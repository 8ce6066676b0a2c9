/* The members of one structure, compiled from its text. Each line is `Name type
** flags…`, as in `Tags string(min=1)[]{min=1} required as=tags`; a first line
** `union` or `open` is a flag of the structure itself. */
#include "shape.h"

#include "../base/scalar.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Of lists of maps of lists …: two are rare, and each nests the walks deeper.
 */
#define MAX_SUFFIXES 32

/* The text being compiled; names in the shape point into its copy. */
struct parser {
  struct cj_shape *shape;
  struct cj_member *member; /* of the current line, or NULL */
  const char *p, *end;
  char *quoted; /* where the next quoted name goes */
};

static int is_blank (char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static int equals (struct cj_slice text, const char *word) {
  return text.n == strlen(word) && memcmp(text.s, word, text.n) == 0;
}

/* The length for "%.*s" in a message. */
static int shown (struct cj_slice text) {
  return text.n < 40 ? (int)text.n : 40;
}

static int fail (struct parser *c, const char *format, ...) {
  char *to = c->shape->problem;
  size_t room = sizeof(c->shape->problem);
  va_list arguments;
  if (c->member != NULL) {
    int n = snprintf(to, room, "member %.*s: ", shown(c->member->name),
                     c->member->name.s);
    to += n;
    room -= (size_t)n;
  }
  va_start(arguments, format);
  vsnprintf(to, room, format, arguments);
  va_end(arguments);
  return -1;
}

static void skip_blanks (struct parser *c) {
  while (c->p < c->end && is_blank(*c->p))
    c->p++;
}

static int at_line_end (const struct parser *c) {
  return c->p == c->end || *c->p == '\n';
}

/* Reads up to a blank, the line's end or one of 'stops'. */
static struct cj_slice word (struct parser *c, const char *stops) {
  struct cj_slice text;
  text.s = c->p;
  while (!at_line_end(c) && !is_blank(*c->p) && *c->p != '\0' &&
         strchr(stops, *c->p) == NULL)
    c->p++;
  text.n = (size_t)(c->p - text.s);
  return text;
}

static struct cj_node *add_node (struct parser *c, enum cj_type type) {
  struct cj_node *node = &c->shape->nodes[c->shape->node_count++];
  node->type = type;
  return node;
}

/* Gives the part of 'flag' behind "name=": 1, or 0 for another flag. */
static int value_of (struct cj_slice flag, const char *name,
                     struct cj_slice *value) {
  size_t n = strlen(name);
  if (flag.n <= n + 1 || memcmp(flag.s, name, n) != 0 || flag.s[n] != '=')
    return 0;
  value->s = flag.s + n + 1;
  value->n = flag.n - n - 1;
  return 1;
}

static int parse_location (struct parser *c, struct cj_slice value) {
  static const struct {
    const char *name;
    enum cj_location location;
  } locations[] = { { "body", CJ_IN_BODY },       { "header", CJ_IN_HEADER },
                    { "headers", CJ_IN_HEADERS }, { "query", CJ_IN_QUERY },
                    { "uri", CJ_IN_URI },         { "status", CJ_IN_STATUS } };
  size_t i;
  for (i = 0; i < sizeof(locations) / sizeof(*locations); i++)
    if (equals(value, locations[i].name)) {
      c->member->location = locations[i].location;
      return 0;
    }
  return fail(c, "unknown location in=%.*s", shown(value), value.s);
}

/* Parses a flag with a value that is a name of the wire: 1, or 0. */
static int parse_name (struct parser *c, struct cj_node *node,
                       struct cj_slice flag, int of_member) {
  return value_of(flag, "enum", &node->enumeration) ||
         value_of(flag, "as", of_member ? &c->member->wire : &node->name) ||
         value_of(flag, "namespace", &node->name_space) ||
         value_of(flag, "prefix", &node->prefix) ||
         (of_member && value_of(flag, "query", &c->member->query));
}

/* Parses a flag of the value itself or, with 'of_member', of its member. */
static int parse_flag (struct parser *c, struct cj_node *node,
                       struct cj_slice flag, int of_member) {
  static const struct {
    const char *name;
    unsigned flag;
    int of_member;
  } flags[] = {
    { "required", CJ_REQUIRED, 1 },   { "idempotency", CJ_IDEMPOTENCY, 1 },
    { "attribute", CJ_ATTRIBUTE, 1 }, { "flattened", CJ_FLATTENED, 0 },
    { "sensitive", CJ_SENSITIVE, 0 }, { "sparse", CJ_SPARSE, 0 },
    { "single", CJ_SINGLE, 0 },       { "open", CJ_OPEN, 0 }
  };
  struct cj_slice value;
  size_t i;
  for (i = 0; i < sizeof(flags) / sizeof(*flags); i++)
    if (of_member >= flags[i].of_member && equals(flag, flags[i].name)) {
      node->flags |= flags[i].flag;
      return 0;
    }
  if (value_of(flag, "min", &value)) {
    node->flags |= CJ_MIN;
    return cj_double_read(&node->min, value.s, value.n) == 0
               ? 0
               : fail(c, "min= expects a number");
  }
  if (parse_name(c, node, flag, of_member))
    return 0;
  if (of_member && equals(flag, "as=")) {
    c->member->wire.n = 0; /* the prefix of all headers */
    return 0;
  }
  if (of_member && value_of(flag, "in", &value))
    return parse_location(c, value);
  return fail(c, "unknown flag %.*s", shown(flag), flag.s);
}

/* Parses flags up to 'close', a bracket or 0 for the line's end. */
static int parse_flags (struct parser *c, struct cj_node *node, char close) {
  const char stops[2] = { close, '\0' };
  for (;;) {
    skip_blanks(c);
    if (at_line_end(c))
      return close == '\0' ? 0 : fail(c, "expected '%c'", close);
    if (close != '\0' && *c->p == close) {
      c->p++;
      return 0;
    }
    if (parse_flag(c, node, word(c, stops), close == '\0') != 0)
      return -1;
  }
}

static int parse_suffix_flags (struct parser *c, struct cj_node *node) {
  if (c->p == c->end || *c->p != '(')
    return 0;
  c->p++;
  return parse_flags(c, node, ')');
}

static int parse_base (struct parser *c, struct cj_node **node) {
  static const struct {
    const char *name;
    enum cj_type type;
  } scalars[] = { { "string", CJ_STRING },       { "integer", CJ_INTEGER },
                  { "long", CJ_LONG },           { "number", CJ_NUMBER },
                  { "boolean", CJ_BOOLEAN },     { "blob", CJ_BLOB },
                  { "time", CJ_TIME },           { "time.iso", CJ_TIME_ISO },
                  { "time.http", CJ_TIME_HTTP }, { "document", CJ_DOCUMENT } };
  struct cj_slice name = word(c, "([{");
  size_t i;
  if (name.n == 0)
    return fail(c, "expected a type");
  for (i = 0; i < sizeof(scalars) / sizeof(*scalars); i++)
    if (equals(name, scalars[i].name)) {
      *node = add_node(c, scalars[i].type);
      return parse_suffix_flags(c, *node);
    }
  *node = add_node(c, CJ_STRUCTURE);
  (*node)->target = name;
  return parse_suffix_flags(c, *node);
}

/* base suffix*, each with its own flags in parentheses. */
static int parse_type (struct parser *c, struct cj_node **node) {
  int depth = 0;
  if (parse_base(c, node) != 0)
    return -1;
  while (!at_line_end(c) && !is_blank(*c->p)) {
    struct cj_node *item = *node;
    int is_list = *c->p == '[';
    if (!is_list && *c->p != '{')
      return fail(c, "expected [] or {} after the type");
    if (++depth > MAX_SUFFIXES)
      return fail(c, "more than %d lists and maps in a type", MAX_SUFFIXES);
    c->p++;
    *node = add_node(c, is_list ? CJ_LIST : CJ_MAP);
    (*node)->item = item;
    if (is_list) {
      if (c->p == c->end || *c->p++ != ']')
        return fail(c, "expected ']'");
    } else {
      (*node)->key = add_node(c, CJ_STRING);
      if (parse_flags(c, (*node)->key, '}') != 0)
        return -1;
    }
    if (parse_suffix_flags(c, *node) != 0)
      return -1;
  }
  return 0;
}

/* Names go into JSON and messages as they are. */
static int is_plain (struct cj_slice name) {
  size_t i;
  for (i = 0; i < name.n; i++)
    if (name.s[i] <= ' ' || name.s[i] == 0x7F || name.s[i] == '"' ||
        name.s[i] == '\\')
      return 0;
  return name.n > 0;
}

static void quote_wire (struct parser *c) {
  struct cj_member *m = c->member;
  m->quoted.s = c->quoted;
  m->quoted.n = m->wire.n + 4;
  memcpy(c->quoted, ",\"", 2);
  memcpy(c->quoted + 2, m->wire.s, m->wire.n);
  memcpy(c->quoted + 2 + m->wire.n, "\":", 2);
  c->quoted += m->quoted.n;
}

static int parse_member (struct parser *c, struct cj_slice name) {
  struct cj_shape *shape = c->shape;
  /* There are as many members as lines. NOLINTNEXTLINE(*ArrayBound) */
  struct cj_member *m = c->member = &shape->members[shape->count];
  m->name = m->wire = name;
  if (!is_plain(name))
    return fail(c, "bad name");
  if (cj_shape_member(shape, name) != NULL)
    return fail(c, "declared twice");
  skip_blanks(c);
  if (parse_type(c, &m->node) != 0 || parse_flags(c, m->node, '\0') != 0)
    return -1;
  if (!is_plain(m->wire) && (m->wire.n > 0 || m->location != CJ_IN_HEADERS))
    return fail(c, "bad name after as=");
  m->element = m->wire;
  if (m->wire.s == name.s && m->node->type == CJ_LIST &&
      (m->node->flags & CJ_FLATTENED) != 0 && m->node->item->name.n > 0)
    m->element = m->node->item->name; /* where the list has no other */
  shape->attributes += (m->node->flags & CJ_ATTRIBUTE) != 0;
  if (m->location == CJ_IN_BODY) {
    if (shape->body != NULL)
      return fail(c, "another member is the body already");
    shape->body = m;
  }
  shape->in_text += m->location == CJ_IN_TEXT;
  quote_wire(c);
  shape->count++;
  c->member = NULL;
  return 0;
}

static int parse_lines (struct parser *c) {
  for (;;) {
    struct cj_slice name;
    while (c->p < c->end && (is_blank(*c->p) || *c->p == '\n'))
      c->p++;
    if (c->p == c->end)
      return 0;
    name = word(c, "");
    skip_blanks(c);
    if (at_line_end(c) && c->shape->count == 0 && equals(name, "union"))
      c->shape->is_union = 1;
    else if (at_line_end(c) && c->shape->count == 0 && equals(name, "open"))
      c->shape->flags |= CJ_OPEN;
    else if (parse_member(c, name) != 0)
      return -1;
  }
}

int cj_shape_parse (struct cj_shape *shape, const char *text, size_t n) {
  struct parser c;
  size_t lines = 1, types = 1, i;
  if (n > SIZE_MAX / 8)
    return -2;
  for (i = 0; i < n; i++) {
    lines += text[i] == '\n';
    types += text[i] == '\n' || text[i] == '[' || text[i] == '{';
    types += text[i] == '{'; /* the key's */
  }
  /* The copy, then the quoted names: each from its line, with ,"": around. */
  shape->text = malloc(2 * n + 4 * lines);
  shape->members = calloc(lines, sizeof(*shape->members));
  shape->nodes = calloc(types, sizeof(*shape->nodes));
  if (shape->text == NULL || shape->members == NULL || shape->nodes == NULL)
    return -2;
  memcpy(shape->text, text, n);
  c.shape = shape;
  c.member = NULL;
  c.p = shape->text;
  c.end = shape->text + n;
  c.quoted = shape->text + n;
  return parse_lines(&c);
}

void cj_shape_free (struct cj_shape *shape) {
  free(shape->text);
  free(shape->members);
  free(shape->nodes);
  memset(shape, 0, sizeof(*shape));
}

const struct cj_member *cj_shape_find (const struct cj_shape *shape,
                                       struct cj_slice wire, size_t *guess) {
  size_t left, i = *guess;
  for (left = shape->count; left > 0; left--, i++) {
    const struct cj_member *m;
    if (i >= shape->count)
      i = 0;
    m = &shape->members[i];
    if (cj_slice_equal(m->wire, wire) && m->location == CJ_IN_TEXT) {
      *guess = i + 1;
      return m;
    }
  }
  return NULL;
}

const struct cj_member *cj_shape_member (const struct cj_shape *shape,
                                         struct cj_slice name) {
  size_t i;
  for (i = 0; i < shape->count; i++)
    if (cj_slice_equal(shape->members[i].name, name))
      return &shape->members[i];
  return NULL;
}

const struct cj_member *cj_shape_interned (const struct cj_shape *shape,
                                           const void *name, size_t *guess) {
  size_t left, i = *guess;
  for (left = name != NULL ? shape->count : 0; left > 0; left--, i++) {
    if (i >= shape->count)
      i = 0;
    if (shape->members[i].interned == name) {
      *guess = i + 1;
      return &shape->members[i];
    }
  }
  return NULL;
}

/* The number falls slowly, so that rows of two kinds do not make every second
** one grow. */
void cj_shape_note (struct cj_shape *shape, int found) {
  if ((size_t)found > shape->count)
    found = (int)shape->count; /* duplicates, unknown ones */
  shape->typical = found > shape->typical
                       ? found
                       : shape->typical - (shape->typical - found) / 4;
}

/* Levenshtein's distance of two names, case ignored and underscores free, so
** that export_arn means ExportArn. */
#define LONGEST_NAME 64 /* longer names are no misspellings */
static size_t distance (struct cj_slice a, struct cj_slice b) {
  size_t row[LONGEST_NAME + 1], i, j;
  if (a.n > LONGEST_NAME || b.n > LONGEST_NAME)
    return SIZE_MAX;
  for (j = 0; j <= b.n; j++)
    row[j] = j;
  for (i = 0; i < a.n; i++) {
    size_t corner = row[0], free_of = a.s[i] == '_' ? 0 : 1;
    row[0] += free_of;
    for (j = 0; j < b.n; j++) {
      size_t change = corner + (cj_lower(a.s[i]) != cj_lower(b.s[j]));
      size_t least = row[j] + 1 < change ? row[j] + 1 : change;
      corner = row[j + 1];
      row[j + 1] = corner + free_of < least ? corner + free_of : least;
    }
  }
  return row[b.n];
}

const struct cj_member *cj_shape_nearest (const struct cj_shape *shape,
                                          struct cj_slice name) {
  const struct cj_member *nearest = NULL;
  size_t best = (name.n < 6 ? 2 : name.n / 3) + 1, i; /* or another name */
  for (i = 0; i < shape->count; i++) {
    size_t d = distance(name, shape->members[i].name);
    if (d < best) {
      best = d;
      nearest = &shape->members[i];
    }
  }
  return nearest;
}
