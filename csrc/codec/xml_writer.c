/* JSON -> the XML of AWS's REST protocol. */
#include "xml_writer.h"

#include "transcode.h"

static int write_element (struct cj_transcoder *t, struct cj_slice name,
                          const struct cj_node *node);

/* Text {============================================================= */

/* The reference that a character needs, or NULL. */
static const char *escape_of (char c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  default:
    return NULL;
  }
}

/* A control character as a number: readers turn CR into LF, and blanks of an
** attribute into spaces. */
static int add_number (struct cj_transcoder *t, char c) {
  static const char digits[] = "0123456789ABCDEF";
  char text[] = "&#x1?;";
  char *end = text + 3;
  if ((unsigned char)c >= 16)
    end++;
  end[0] = digits[(unsigned char)c & 15];
  end[1] = ';';
  return cj_transcode_add(t, text, (size_t)(end + 2 - text));
}

static int is_plain (char c, int in_attribute) {
  return (unsigned char)c < 0x20
             ? !in_attribute && (c == '\n' || c == '\t')
             : c != '&' && c != '<' && c != '>' && (!in_attribute || c != '"');
}

static int add_text (struct cj_transcoder *t, struct cj_slice text,
                     int in_attribute) {
  const char *p = text.s, *end = text.s + text.n;
  while (p < end) {
    const char *from = p, *escape;
    while (p < end && is_plain(*p, in_attribute))
      p++;
    if (cj_transcode_add(t, from, (size_t)(p - from)) != 0)
      return -1;
    if (p == end)
      break;
    escape = escape_of(*p);
    if ((escape != NULL ? cj_transcode_add(t, escape, strlen(escape))
                        : add_number(t, *p)) != 0)
      return -1;
    p++;
  }
  return 0;
}

/* }================================================================= */

/* Tags {============================================================= */

static int add_attribute (struct cj_transcoder *t, struct cj_slice name,
                          struct cj_slice value) {
  return cj_transcode_add(t, " ", 1) != 0 ||
                 cj_transcode_add(t, name.s, name.n) != 0 ||
                 cj_transcode_add(t, "=\"", 2) != 0 ||
                 add_text(t, value, 1) != 0
             ? -1
             : cj_transcode_add(t, "\"", 1);
}

static int add_namespace (struct cj_transcoder *t, const struct cj_node *node) {
  static const struct cj_slice name = CJ_SLICE("xmlns");
  if (node->name_space.n == 0)
    return 0;
  if (node->prefix.n == 0)
    return add_attribute(t, name, node->name_space);
  return cj_transcode_add(t, " xmlns:", 7) != 0 ||
                 cj_transcode_add(t, node->prefix.s, node->prefix.n) != 0 ||
                 cj_transcode_add(t, "=\"", 2) != 0 ||
                 add_text(t, node->name_space, 1) != 0
             ? -1
             : cj_transcode_add(t, "\"", 1);
}

/* Writes a start tag but for its end. */
static int begin_tag (struct cj_transcoder *t, struct cj_slice name,
                      const struct cj_node *node) {
  return cj_transcode_add(t, "<", 1) != 0 ||
                 cj_transcode_add(t, name.s, name.n) != 0
             ? -1
             : add_namespace(t, node);
}

static int open_element (struct cj_transcoder *t, struct cj_slice name,
                         const struct cj_node *node) {
  return begin_tag(t, name, node) != 0 ? -1 : cj_transcode_add(t, ">", 1);
}

static int close_element (struct cj_transcoder *t, struct cj_slice name) {
  return cj_transcode_add(t, "</", 2) != 0 ||
                 cj_transcode_add(t, name.s, name.n) != 0
             ? -1
             : cj_transcode_add(t, ">", 1);
}

/* }================================================================= */

/* Writes the members that are attributes, wherever they stand in the object,
** and goes back to its beginning. */
static int write_attributes (struct cj_transcoder *t,
                             const struct cj_shape *shape) {
  const struct cj_json beginning = t->json;
  const struct cj_member *m;
  struct cj_slice value;
  size_t guess = 0;
  int more;
  if (shape->attributes == 0)
    return 0;
  while ((more = cj_transcode_member(t, shape, &guess, &m)) > 0)
    if ((m->node->flags & CJ_ATTRIBUTE) == 0
            ? cj_json_skip(&t->json) != 0
            : cj_transcode_scalar(t, &value) != 0 ||
                  add_attribute(t, m->wire, value) != 0)
      return -1;
  if (more == 0)
    t->json = beginning;
  return more;
}

static int write_structure (struct cj_transcoder *t, struct cj_slice name,
                            const struct cj_node *node) {
  const struct cj_member *m;
  size_t guess = 0;
  int more;
  if (cj_transcode_enter(t, CJ_KIND_OBJECT) != 0 ||
      begin_tag(t, name, node) != 0 || write_attributes(t, node->shape) != 0 ||
      cj_transcode_add(t, ">", 1) != 0)
    return -1;
  while ((more = cj_transcode_member(t, node->shape, &guess, &m)) > 0)
    if (((m->node->flags & CJ_ATTRIBUTE) != 0
             ? cj_json_skip(&t->json)
             : write_element(t, m->wire, m->node)) != 0)
      return -1;
  return more == 0 ? close_element(t, name) : -1;
}

/* A flattened list has no element around its items, which have its name. */
static int write_list (struct cj_transcoder *t, struct cj_slice name,
                       const struct cj_node *node) {
  static const struct cj_slice usual = CJ_SLICE("member");
  int is_flat = (node->flags & CJ_FLATTENED) != 0, more;
  struct cj_slice item = is_flat                  ? name
                         : node->item->name.n > 0 ? node->item->name
                                                  : usual;
  if (cj_transcode_enter(t, CJ_KIND_LIST) != 0 ||
      (!is_flat && open_element(t, name, node) != 0))
    return -1;
  while ((more = cj_json_more(&t->json, ']')) > 0)
    if (write_element(t, item, node->item) != 0)
      return -1;
  return more == 0 && !is_flat ? close_element(t, name) : more;
}

/* <name><key>…</key><value>…</value></name> */
static int write_entry (struct cj_transcoder *t, struct cj_slice name,
                        const struct cj_node *node, int is_flat) {
  static const struct cj_node plain = { .type = CJ_STRING };
  static const struct cj_slice key_name = CJ_SLICE("key"),
                               value_name = CJ_SLICE("value");
  struct cj_slice key_tag = node->key->name.n > 0 ? node->key->name : key_name;
  struct cj_slice key;
  return open_element(t, name, is_flat ? node : &plain) != 0 ||
                 open_element(t, key_tag, node->key) != 0 ||
                 cj_json_key(&t->json, &key) != 0 || add_text(t, key, 0) != 0 ||
                 close_element(t, key_tag) != 0 ||
                 write_element(
                     t, node->item->name.n > 0 ? node->item->name : value_name,
                     node->item) != 0
             ? -1
             : close_element(t, name);
}

static int write_map (struct cj_transcoder *t, struct cj_slice name,
                      const struct cj_node *node) {
  static const struct cj_slice entry = CJ_SLICE("entry");
  int is_flat = (node->flags & CJ_FLATTENED) != 0, more;
  if (cj_transcode_enter(t, CJ_KIND_OBJECT) != 0 ||
      (!is_flat && open_element(t, name, node) != 0))
    return -1;
  while ((more = cj_json_more(&t->json, '}')) > 0)
    if (write_entry(t, is_flat ? name : entry, node, is_flat) != 0)
      return -1;
  return more == 0 && !is_flat ? close_element(t, name) : more;
}

static int write_element (struct cj_transcoder *t, struct cj_slice name,
                          const struct cj_node *node) {
  struct cj_slice text;
  switch (cj_transcode_type(t, node)) {
  case CJ_STRUCTURE:
    return write_structure(t, name, node);
  case CJ_LIST:
    return write_list(t, name, node);
  case CJ_MAP:
    return write_map(t, name, node);
  default:
    return open_element(t, name, node) != 0 ||
                   cj_transcode_scalar(t, &text) != 0 ||
                   add_text(t, text, 0) != 0
               ? -1
               : close_element(t, name);
  }
}

int cj_xml_write (struct cj_buf *to, struct cj_slice name,
                  const struct cj_node *node, struct cj_slice json,
                  const char **problem) {
  struct cj_transcoder t;
  cj_transcode_begin(&t, to, json);
  return cj_transcode_end(&t, write_element(&t, name, node), problem);
}
