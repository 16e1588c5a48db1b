/*
 * Only the objects and arrays that lie on some path are walked, and only the values at their ends
 * are read; what lies beside is passed over by its brackets. The walk of a container ends when
 * everything below it has been found.
 *
 * Recursion is as deep as the longest path, which core/text/json.c limits.
 */
#include "core/text/json_walk.h"

#include <string.h>

#include "core/base/error.h"
#include "core/text/json_number.h"
#include "core/text/json_scan.h"

/* Functions that go on take the place where they begin, and return that where they end, or
 * NOWHERE. */
static uint32_t visit(struct lt_json_walk *walk, int32_t node, uint32_t at);

static void mark_found(struct lt_json_walk *walk, int32_t node)
{
    for (; node >= 0; node = walk->nodes[node].parent)
        walk->missing[node]--;
}

static void set_bytes(const struct lt_json_walk *walk, struct lt_json_field *field,
                      const uint8_t *begin, const uint8_t *end)
{
    size_t after = (size_t)(walk->places.end - end) + walk->padding_bytes;
    field->is_borrowed = true;
    field->bytes =
        (struct lt_bytes){.data = begin,
                          .size_bytes = (uint32_t)(end - begin),
                          .padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX};
}

/* -------------------------------------------------------------------------------------- scalars */

/* The text behind the escapes of [begin, end), its quotes included; false when they are bad, or
 * stand for no text. It may still move: lt_json_walk_run() sets the pointer. */
static bool unescape(struct lt_json_walk *walk, const uint8_t *begin, const uint8_t *end,
                     struct lt_json_field *field)
{
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, begin, (size_t)(end - begin), 0);
    if (lt_json_scan_next(&scan) != LT_JSON_TOKEN_STRING || lt_json_scan_has_lone_surrogate(&scan))
        return false;
    size_t before = walk->unescaped.size_bytes;
    lt_json_scan_text(&scan, &walk->unescaped);
    field->i64 = (int64_t)before;
    field->bytes.size_bytes = (uint32_t)(walk->unescaped.size_bytes - before);
    return true;
}

static bool read_string(struct lt_json_walk *walk, const uint8_t *begin, const uint8_t *end,
                        struct lt_json_field *field)
{
    field->kind = LT_JSON_STRING;
    if (walk->places.may_have_escapes && lt_json_places_has_escapes(&walk->places, begin, end))
        return unescape(walk, begin, end, field);
    set_bytes(walk, field, begin + 1, end - 1);
    return true;
}

static bool read_number(const struct lt_json_walk *walk, const uint8_t *begin, const uint8_t *end,
                        struct lt_json_field *field)
{
    struct lt_json_number number;
    size_t size_bytes = (size_t)(end - begin);
    if (!lt_json_number_read(begin, end, walk->places.end, &number))
        return false;
    if (lt_json_number_i64(&number, &field->i64) ||
        (!number.is_float && lt_number_parse_i64(begin, size_bytes, INT64_MIN, INT64_MAX,
                                                 &field->i64) == LT_NUMBER_OK)) {
        field->kind = LT_JSON_INTEGER;
        return true;
    }
    field->kind = number.is_float ? LT_JSON_FLOAT : LT_JSON_BIG;
    return lt_json_number_double(&number, &field->f64) ||
           lt_number_parse_double(begin, size_bytes, &field->f64) == LT_NUMBER_OK;
}

static bool is_word(const uint8_t *begin, const uint8_t *end, const char *word, size_t size_bytes)
{
    return (size_t)(end - begin) == size_bytes && memcmp(begin, word, size_bytes) == 0;
}

/* False when the scalar is malformed. */
static bool read_scalar(struct lt_json_walk *walk, uint32_t at, struct lt_json_field *field)
{
    const uint8_t *begin = lt_json_place(&walk->places, at);
    const uint8_t *end = lt_json_places_end(&walk->places, at);
    if (*begin == '"')
        return read_string(walk, begin, end, field);
    set_bytes(walk, field, begin, end);
    if (*begin <= '9')
        return read_number(walk, begin, end, field);
    field->i64 = *begin == 't';
    if (is_word(begin, end, "true", 4) || is_word(begin, end, "false", 5))
        field->kind = LT_JSON_BOOLEAN;
    else if (is_word(begin, end, "null", 4))
        field->kind = LT_JSON_NULL;
    else
        return false;
    return true;
}

static uint32_t visit_scalar(struct lt_json_walk *walk, int32_t node, uint32_t at)
{
    int32_t slot = walk->nodes[node].slot;
    if (slot < 0 || walk->found[slot].kind != LT_JSON_MISSING)
        return lt_json_places_pass(&walk->places, at);
    walk->fields_parsed++;
    struct lt_json_field *field = &walk->found[slot];
    if (!read_scalar(walk, at, field)) {
        *field = (struct lt_json_field){.kind = LT_JSON_INVALID};
        return LT_JSON_NOWHERE;
    }
    mark_found(walk, node);
    return at + 1;
}

/* ---------------------------------------------------------------------------------------- names */

void lt_json_node_set_head(struct lt_json_node *node)
{
    char text[LT_JSON_NAME_HEAD] = {0};
    size_t count = node->name_bytes < LT_JSON_NAME_HEAD ? node->name_bytes : LT_JSON_NAME_HEAD;
    for (size_t i = 0; i < node->name_bytes; i++)
        if ((unsigned char)node->name[i] < 0x20 || node->name[i] == '"' || node->name[i] == '\\')
            return;
    if (count > 0)
        memcpy(text, node->name, count);
    if (count < LT_JSON_NAME_HEAD)
        text[count++] = '"';
    memcpy(&node->head, text, sizeof node->head);
    memset(&node->head_mask, 0, sizeof node->head_mask);
    memset(&node->head_mask, 0xFF, count);
}

/* The last bytes of a document, fewer than eight. */
static uint64_t short_head(const uint8_t *name, const uint8_t *end)
{
    uint64_t head = 0;
    memcpy(&head, name, (size_t)(end - name));
    return head;
}

/* The first bytes of the name at `name`, whatever is behind it; 0 where there are none. */
static inline uint64_t head_of(const struct lt_json_walk *walk, const uint8_t *name)
{
    uint64_t head;
    if (lt_unlikely((size_t)(walk->places.end - name) < sizeof head))
        return short_head(name, walk->places.end);
    memcpy(&head, name, sizeof head);
    return head;
}

static int32_t find_plain(const struct lt_json_walk *walk, int32_t node, const uint8_t *name)
{
    uint64_t head = head_of(walk, name);
    size_t left = (size_t)(walk->places.end - name);
    int32_t child = walk->nodes[node].first_child;
    while (child != 0 && (walk->nodes[child].name == NULL ||
                          !lt_json_node_is(&walk->nodes[child], head, name, left)))
        child = walk->nodes[child].next_sibling;
    return child;
}

/* A name with escapes, its quotes included: -1 when it is malformed. */
static int32_t find_escaped(const struct lt_json_walk *walk, int32_t node, const uint8_t *begin,
                            const uint8_t *end)
{
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, begin, (size_t)(end - begin), 0);
    if (lt_json_scan_next(&scan) != LT_JSON_TOKEN_STRING || lt_json_scan_has_lone_surrogate(&scan))
        return -1;
    int32_t child = walk->nodes[node].first_child;
    while (child != 0 &&
           (walk->nodes[child].name == NULL ||
            !lt_json_scan_is(&scan, walk->nodes[child].name, walk->nodes[child].name_bytes)))
        child = walk->nodes[child].next_sibling;
    return child;
}

/* The child that the name leads to, 0 if none, -1 if it is malformed. */
static inline int32_t find_child(struct lt_json_walk *walk, int32_t node, uint32_t at)
{
    const uint8_t *begin = lt_json_place(&walk->places, at);
    walk->fields_seen++;
    if (lt_unlikely(walk->places.may_have_escapes)) {
        const uint8_t *end = lt_json_places_end(&walk->places, at);
        if (lt_json_places_has_escapes(&walk->places, begin, end))
            return find_escaped(walk, node, begin, end);
    }
    return find_plain(walk, node, begin + 1);
}

/* ----------------------------------------------------------------------------------- containers */

/* Nothing more is wanted of the container: past its end, if anything is wanted behind it. */
static uint32_t leave(const struct lt_json_walk *walk, uint32_t at)
{
    return walk->missing[0] == 0 ? at : lt_json_places_leave(&walk->places, at);
}

/* From behind its brace to behind its end. */
static uint32_t visit_object(struct lt_json_walk *walk, int32_t node, uint32_t at)
{
    const struct lt_json_places *places = &walk->places;
    const uint8_t *marks = places->marks;
    if (marks[at] == '}')
        return at + 1;
    for (;; at++) {
        if (marks[at] != '"' || marks[at + 1] != ':')
            return LT_JSON_NOWHERE;
        int32_t child = find_child(walk, node, at);
        if (child < 0)
            return LT_JSON_NOWHERE;
        bool is_wanted = child != 0 && walk->missing[child] != 0;
        at = is_wanted ? visit(walk, child, at + 2) : lt_json_places_pass(places, at + 2);
        if (at == LT_JSON_NOWHERE)
            return LT_JSON_NOWHERE;
        if (is_wanted && walk->missing[node] == 0)
            return leave(walk, at);
        if (marks[at] != ',')
            return marks[at] == '}' ? at + 1 : LT_JSON_NOWHERE;
    }
}

/* The child for this element that still misses something, 0: none. `*has_more` tells of later ones.
 */
static int32_t find_element(const struct lt_json_walk *walk, int32_t node, uint64_t index,
                            bool *has_more)
{
    int32_t found = 0;
    *has_more = false;
    for (int32_t child = walk->nodes[node].first_child; child != 0;
         child = walk->nodes[child].next_sibling) {
        const struct lt_json_node *candidate = &walk->nodes[child];
        if (candidate->name != NULL)
            continue;
        *has_more |= candidate->index > index;
        if (candidate->index == index && walk->missing[child] != 0)
            found = child;
    }
    return found;
}

/* The same of an array, from behind its bracket. */
static uint32_t visit_array(struct lt_json_walk *walk, int32_t node, uint32_t at)
{
    const struct lt_json_places *places = &walk->places;
    const uint8_t *marks = places->marks;
    if (marks[at] == ']')
        return at + 1;
    for (uint64_t index = 0;; index++, at++) {
        bool has_more;
        int32_t child = find_element(walk, node, index, &has_more);
        at = child != 0 ? visit(walk, child, at) : lt_json_places_pass(places, at);
        if (at == LT_JSON_NOWHERE)
            return LT_JSON_NOWHERE;
        if (marks[at] != ',')
            return marks[at] == ']' ? at + 1 : LT_JSON_NOWHERE;
        if (!has_more || walk->missing[node] == 0)
            return leave(walk, at);
    }
}

/* A path ends at the container: keeps its text. */
static uint32_t keep_text(struct lt_json_walk *walk, int32_t node, uint32_t at)
{
    const struct lt_json_places *places = &walk->places;
    uint32_t behind = lt_json_places_pass(places, at);
    if (behind == LT_JSON_NOWHERE)
        return LT_JSON_NOWHERE;
    struct lt_json_field *field = &walk->found[walk->nodes[node].slot];
    field->kind = LT_JSON_RAW;
    set_bytes(walk, field, lt_json_place(places, at), lt_json_place(places, behind - 1) + 1);
    mark_found(walk, node);
    return behind;
}

static uint32_t visit_container(struct lt_json_walk *walk, int32_t node, uint32_t at)
{
    const struct lt_json_places *places = &walk->places;
    const struct lt_json_node *here = &walk->nodes[node];
    bool is_object = places->marks[at] == '{';
    bool leads_on = is_object ? here->has_names : here->has_indexes;
    bool is_kept = here->slot >= 0 && walk->found[here->slot].kind == LT_JSON_MISSING;
    uint32_t behind = is_kept ? keep_text(walk, node, at) : LT_JSON_NOWHERE;
    walk->fields_parsed++;
    if (is_kept && (behind == LT_JSON_NOWHERE || !leads_on))
        return behind;
    if (!leads_on)
        return lt_json_places_pass(places, at);
    return is_object ? visit_object(walk, node, at + 1) : visit_array(walk, node, at + 1);
}

/* The value at the place. */
static uint32_t visit(struct lt_json_walk *walk, int32_t node, uint32_t at)
{
    uint8_t mark = walk->places.marks[at];
    if (mark == 0)
        return LT_JSON_NOWHERE;
    return mark == '{' || mark == '[' ? visit_container(walk, node, at)
                                      : visit_scalar(walk, node, at);
}

/* ------------------------------------------------------------------------------------ documents */

/* The outermost value must end where the document does. */
static enum lt_json_run walk_root(struct lt_json_walk *walk)
{
    const struct lt_json_places *places = &walk->places;
    uint8_t first = places->marks[0];
    uint8_t last = places->marks[places->count - 1];
    if (first != '{' && first != '[') /* a scalar, which no path leads into */
        return first == '"' || first <= '9' || first == 't' || first == 'f' || first == 'n'
                   ? LT_JSON_RUN_WHOLE
                   : LT_JSON_RUN_NO_JSON;
    if (last != (first == '{' ? '}' : ']'))
        return LT_JSON_RUN_NO_JSON;
    uint32_t behind = first == '{' ? visit_object(walk, 0, 1) : visit_array(walk, 0, 1);
    return behind != LT_JSON_NOWHERE ? LT_JSON_RUN_WHOLE : LT_JSON_RUN_BROKEN;
}

enum lt_json_run lt_json_walk_run(struct lt_json_walk *walk, const uint8_t *data, size_t size_bytes,
                                  size_t padding_bytes)
{
    walk->padding_bytes = padding_bytes;
    lt_text_clear(&walk->unescaped);
    if (!lt_json_index_run(walk->index, data, size_bytes, &walk->places))
        return LT_JSON_RUN_NO_JSON;
    enum lt_json_run run = walk_root(walk);
    for (int32_t i = 0; walk->unescaped.size_bytes > 0 && i < walk->slot_count; i++) {
        struct lt_json_field *field = &walk->found[i];
        if (field->kind == LT_JSON_STRING && !field->is_borrowed)
            field->bytes.data = (const uint8_t *)walk->unescaped.data + field->i64;
    }
    return run;
}
