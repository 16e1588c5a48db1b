/*
 * The index is made in parts, and only as far as the fields are wanted. Whether a name comes once
 * more is then asked of the bytes that follow: it would stand there behind a quote.
 */
#include "core/text/json_glance.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/text/json_number.h"
#include "core/text/json_places.h"
#include "core/text/json_walk.h"

enum { NAMES_MAX = 8, TOKENS_AHEAD = 4 /* a name, a colon, a scalar, and what is behind it */ };

struct lt_json_glance {
    struct lt_json_index *index;
    struct lt_json_places places;
    struct lt_json_node names[NAMES_MAX];
    size_t count;
    uint32_t at;    /* the next place */
    bool is_closed; /* nothing more is seen */
    size_t last;    /* the name last seen, and where its value ends */
    const uint8_t *last_end;
};

struct lt_json_glance *lt_json_glance_create(const char *const *names, size_t count)
{
    struct lt_json_glance *glance = lt_alloc(sizeof *glance);
    glance->index = lt_json_index_create(false);
    bool is_good = count <= NAMES_MAX && glance->index != NULL &&
                   lt_json_index_begin(glance->index, "", 0, &glance->places);
    for (size_t i = 0; i < count && is_good; i++) {
        struct lt_json_node *node = &glance->names[glance->count++];
        node->name_bytes = strlen(names[i]);
        char *copy = lt_alloc(node->name_bytes + 1);
        memcpy(copy, names[i], node->name_bytes);
        node->name = copy;
        lt_json_node_set_head(node);
        is_good = node->name_bytes > 0 && node->head_mask != 0;
        for (size_t k = 0; k < node->name_bytes; k++)
            is_good = is_good && (unsigned char)copy[k] < 0x80;
    }
    if (is_good)
        return glance;
    lt_json_glance_destroy(glance);
    return NULL;
}

void lt_json_glance_destroy(struct lt_json_glance *glance)
{
    if (glance == NULL)
        return;
    lt_json_index_destroy(glance->index);
    for (size_t i = 0; i < glance->count; i++)
        free((void *)(uintptr_t)glance->names[i].name);
    free(glance);
}

/* Are the places up to `at` listed, or all there are? */
static inline bool has_places(struct lt_json_glance *glance, uint32_t at)
{
    while (glance->places.count <= at) {
        if (glance->places.places[glance->places.count] ==
            (uint32_t)(glance->places.end - glance->places.data))
            return glance->places.count > 0;
        if (!lt_json_index_more(glance->index, &glance->places))
            return false;
    }
    return true;
}

/* Documents mostly lie one behind the other, and each is left before its end: which lines come next
 * is not to be foreseen by the memory alone. Any address may be asked for. */
static void prefetch_later(const void *data, size_t size_bytes)
{
    enum { LINES = 4, LINE_BYTES = 64 };
    uintptr_t later = (uintptr_t)data + 2 * (size_bytes < 4096 ? size_bytes : 4096);
    for (uintptr_t line = 0; line < LINES; line++)
        __builtin_prefetch((const void *)(later + line * LINE_BYTES));
}

void lt_json_glance_begin(struct lt_json_glance *glance, const void *data, size_t size_bytes)
{
    prefetch_later(data, size_bytes);
    glance->is_closed = size_bytes > UINT32_MAX / 2 ||
                        !lt_json_index_begin(glance->index, data, size_bytes, &glance->places) ||
                        !has_places(glance, TOKENS_AHEAD) || glance->places.marks[0] != '{';
    glance->at = 1;
}

/* From the bracket of a container to behind its end; false when that is not in sight. */
static bool pass_container(struct lt_json_glance *glance)
{
    uint32_t depth = 0;
    do {
        if (!has_places(glance, glance->at + 1))
            return false;
        uint8_t mark = glance->places.marks[glance->at];
        if (mark == 0)
            return false;
        glance->at++;
        depth += (mark | 0x20) == '{';
        depth -= (mark | 0x20) == '}';
    } while (depth > 0);
    return true;
}

/* The name at the place; `count`: none of them. */
static size_t find_name(const struct lt_json_glance *glance)
{
    const uint8_t *name = lt_json_place(&glance->places, glance->at) + 1;
    uint64_t head = 0;
    size_t left = (size_t)(glance->places.end - name), i = 0;
    if (lt_likely(left >= sizeof head))
        memcpy(&head, name, sizeof head);
    else
        memcpy(&head, name, left);
    while (i < glance->count && !lt_json_node_is(&glance->names[i], head, name, left))
        i++;
    return i;
}

/* The scalar at the place; false for any that is neither text nor number. */
static bool read_scalar(struct lt_json_glance *glance, struct lt_json_field *field)
{
    const uint8_t *begin = lt_json_place(&glance->places, glance->at);
    const uint8_t *end = lt_json_places_end(&glance->places, glance->at);
    struct lt_json_number number;
    glance->last_end = end;
    field->is_borrowed = true;
    if (*begin == '"') {
        size_t after = (size_t)(glance->places.end - end) + 1;
        field->kind = LT_JSON_STRING;
        field->bytes =
            (struct lt_bytes){.data = begin + 1,
                              .size_bytes = (uint32_t)(end - begin - 2),
                              .padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX};
        return true;
    }
    if (*begin > '9' || !lt_json_number_read(begin, end, glance->places.end, &number))
        return false;
    field->kind = number.is_float ? LT_JSON_FLOAT : LT_JSON_INTEGER;
    return number.is_float ? lt_json_number_double(&number, &field->f64)
                           : lt_json_number_i64(&number, &field->i64);
}

/* Past the value at the place; false when what is behind it belongs to no object. */
static bool go_on(struct lt_json_glance *glance)
{
    uint8_t mark = glance->places.marks[glance->at];
    bool is_container = mark == '{' || mark == '[';
    if (!is_container)
        glance->at++;
    if (mark == 0 || (is_container && !pass_container(glance)))
        return false;
    mark = glance->places.marks[glance->at++];
    glance->is_closed = mark != ',';
    return mark == ',' || mark == '}';
}

bool lt_json_glance_next(struct lt_json_glance *glance, size_t *name, struct lt_json_field *field)
{
    while (!glance->is_closed) {
        uint32_t at = glance->at;
        glance->is_closed = true; /* unless all goes well */
        if (!has_places(glance, at + TOKENS_AHEAD) || glance->places.marks[at] != '"' ||
            glance->places.marks[at + 1] != ':')
            return false;
        *name = find_name(glance);
        glance->at += 2;
        bool is_wanted = *name < glance->count;
        if ((is_wanted && !read_scalar(glance, field)) || !go_on(glance))
            return false;
        if (is_wanted) {
            glance->last = *name;
            return true;
        }
    }
    return false;
}

bool lt_json_glance_is_last(const struct lt_json_glance *glance)
{
    const struct lt_json_node *node = &glance->names[glance->last];
    const uint8_t *at = glance->last_end;
    const uint8_t begin[2] = {(uint8_t)node->head, (uint8_t)(node->head >> 8)};
    return !lt_json_index_may_name(at, (size_t)(glance->places.end - at), begin);
}
