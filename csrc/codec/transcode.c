/* JSON of the encoder -> another form in one pass. */
#include "transcode.h"

void cj_transcode_begin (struct cj_transcoder *t, struct cj_buf *to,
                         struct cj_slice json) {
  memset(t, 0, sizeof(*t));
  t->to = to;
  t->scratch.max = CJ_MAX_TEXT;
  cj_json_init(&t->json, json, &t->scratch);
}

int cj_transcode_end (struct cj_transcoder *t, int result,
                      const char **problem) {
  if (result == 0)
    result = cj_json_finish(&t->json);
  *problem = t->json.problem;
  cj_buf_free(&t->scratch);
  return result;
}

int cj_transcode_add (struct cj_transcoder *t, const char *s, size_t n) {
  if (cj_buf_add(t->to, s, n) == 0)
    return 0;
  return cj_json_fail(&t->json, t->json.p,
                      n > t->to->max - t->to->len
                          ? "the text would be longer than 64 MiB"
                          : cj_json_no_memory);
}

int cj_transcode_enter (struct cj_transcoder *t, enum cj_kind kind) {
  if (cj_json_peek(&t->json) != kind)
    return cj_json_fail(&t->json, t->json.p,
                        kind == CJ_KIND_LIST ? "expected a list"
                                             : "expected an object");
  return cj_json_enter(&t->json);
}

/* Whether a value may be one of this type. */
static int fits (enum cj_kind kind, enum cj_type type) {
  if (kind == CJ_KIND_LIST)
    return type == CJ_LIST || type == CJ_DOCUMENT;
  if (kind == CJ_KIND_OBJECT)
    return type >= CJ_DOCUMENT && type != CJ_LIST;
  return type <= CJ_DOCUMENT || kind == CJ_KIND_NULL;
}

/* Members of two types share a name of S3's older notifications. */
static const struct cj_member *choose (const struct cj_shape *shape,
                                       struct cj_slice name, enum cj_kind kind,
                                       size_t *guess) {
  const struct cj_member *m = cj_shape_find(shape, name, guess);
  return m == NULL || fits(kind, m->node->type)
             ? m
             : cj_shape_find(shape, name, guess);
}

int cj_transcode_member (struct cj_transcoder *t, const struct cj_shape *shape,
                         size_t *guess, const struct cj_member **member) {
  struct cj_slice key;
  int more;
  while ((more = cj_json_more(&t->json, '}')) > 0) {
    if (cj_json_key(&t->json, &key) != 0)
      return -1;
    if ((*member = choose(shape, key, cj_json_peek(&t->json), guess)) != NULL)
      return 1;
    if (cj_json_skip(&t->json) != 0)
      return -1;
  }
  return more;
}

int cj_transcode_scalar (struct cj_transcoder *t, struct cj_slice *text) {
  struct cj_json *json = &t->json;
  const char *from;
  struct cj_number number;
  int value;
  text->s = "";
  text->n = 0;
  switch (cj_json_peek(json)) {
  case CJ_KIND_STRING:
    return cj_json_string(json, text);
  case CJ_KIND_NUMBER:
    if (cj_json_number(json, &number) != 0)
      return -1;
    *text = number.text;
    return 0;
  case CJ_KIND_BOOLEAN:
    from = json->p;
    if (cj_json_boolean(json, &value) != 0)
      return -1;
    text->s = from;
    text->n = (size_t)(json->p - from);
    return 0;
  case CJ_KIND_NULL:
    return cj_json_null(json);
  default:
    return cj_json_fail(json, json->p, "expected a scalar");
  }
}
