/*
 * The fields of a struct of an indexed document.
 *
 * A field is a name, a colon and a value, and their marks say so before anything is looked at: most
 * fields are gone past by their name's first bytes and their value's mark. Texts and numbers as
 * they mostly are (no escapes, not too many digits) are read here; all else goes by tokens, which
 * know everything.
 */
#include "core/text/json_number.h"
#include "core/text/json_read_plan.h"

/* A text that stands in the document as it is. */
static inline bool read_plain_text(const struct lt_json_reader *reader, const uint8_t *begin,
                                   const uint8_t *end, union lt_value *out)
{
    if (*begin != '"' || (lt_unlikely(reader->tokens.places.may_have_escapes) &&
                          lt_json_places_has_escapes(begin, end)))
        return false;
    uint64_t after = (uint64_t)(reader->document_end - end) + 1 + reader->document_padding_bytes;
    out->bytes =
        (struct lt_bytes){.data = begin + 1,
                          .size_bytes = (uint32_t)(end - begin - 2),
                          .padding_bytes = after < UINT32_MAX ? (uint32_t)after : UINT32_MAX};
    return true;
}

static inline bool read_plain_integer(const struct lt_json_reader *reader,
                                      const struct lt_type *type, const uint8_t *begin,
                                      const uint8_t *end, union lt_value *out)
{
    struct lt_json_number number;
    return *begin <= '9' && lt_json_number_read(begin, end, reader->document_end, &number) &&
           lt_json_number_i64(&number, &out->i64) && out->i64 >= lt_type_smallest(type) &&
           out->i64 <= lt_type_largest(type);
}

/* -0 is left to the tokens. */
static inline bool read_plain_double(const struct lt_json_reader *reader, const uint8_t *begin,
                                     const uint8_t *end, union lt_value *out)
{
    struct lt_json_number number;
    return *begin <= '9' && lt_json_number_read(begin, end, reader->document_end, &number) &&
           (number.is_float || number.digits != 0) && lt_json_number_double(&number, &out->f64);
}

static inline bool read_plain_moment(const struct lt_json_reader *reader,
                                     const struct lt_type *type, const uint8_t *begin,
                                     const uint8_t *end, union lt_value *out)
{
    union lt_value text;
    return read_plain_text(reader, begin, end, &text) && text.bytes.size_bytes > 0 &&
           reader->times.parse(reader->times.context, type, (const char *)text.bytes.data,
                               text.bytes.size_bytes, out);
}

/* The value at the place, if it is one of the common ones. */
static inline bool read_plain(const struct lt_json_reader *reader, uint32_t at,
                              const struct lt_type *type, union lt_value *out)
{
    const struct lt_json_places *places = &reader->tokens.places;
    if (places->marks[at] == 0)
        return false;
    const uint8_t *begin = lt_json_place(places, at), *end = lt_json_places_end(places, at);
    switch (type->kind) {
    case LT_TYPE_STRING:
        return read_plain_text(reader, begin, end, out);
    case LT_TYPE_INT:
    case LT_TYPE_BIGINT:
        return read_plain_integer(reader, type, begin, end, out);
    case LT_TYPE_DOUBLE:
        return read_plain_double(reader, begin, end, out);
    case LT_TYPE_DATE:
    case LT_TYPE_TIMESTAMP:
        return read_plain_moment(reader, type, begin, end, out);
    default:
        return false;
    }
}

/* A struct that is being read. The place at hand is handed from function to function, NOWHERE when
 * the reading ends before its time. */
struct fields {
    struct lt_json_reader *reader;
    struct lt_json_plan *plan;
    union lt_value *values;
    uint64_t *nulls;
    uint32_t depth_max; /* of what is in it */
    bool is_partial;
    enum lt_json_outcome outcome; /* with NOWHERE */
};

static uint32_t broken(struct fields *fields)
{
    (void)lt_json_tokens_fail(&fields->reader->tokens);
    fields->outcome = lt_json_read_stopped(fields->reader);
    return LT_JSON_NOWHERE;
}

/* A value was read by tokens. */
static uint32_t read_by_tokens(struct fields *fields, enum lt_json_outcome outcome)
{
    fields->outcome = outcome;
    if (outcome == LT_JSON_OUTCOME_STOPPED || outcome == LT_JSON_OUTCOME_NO_MEMORY)
        return LT_JSON_NOWHERE;
    fields->is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL || outcome == LT_JSON_OUTCOME_MISFIT;
    return fields->reader->tokens.places.place;
}

/* The value of a field that the type has. */
static inline uint32_t read_wanted(struct fields *fields, uint32_t at, uint32_t index)
{
    struct lt_json_reader *reader = fields->reader;
    struct lt_json_plan *plan = fields->plan;
    if (lt_likely(read_plain(reader, at, plan->children[index].type, &fields->values[index]))) {
        reader->counters.fields_parsed++;
        lt_bit_clear(fields->nulls, index);
        return at + 1;
    }
    if (lt_json_tokens_value(&reader->tokens, at) == LT_JSON_TOKEN_INVALID)
        return broken(fields);
    return read_by_tokens(fields,
                          lt_json_read_child(reader, plan, index, fields->values, fields->nulls));
}

/* A field whose name has escapes. */
static uint32_t read_escaped(struct fields *fields, uint32_t at)
{
    struct lt_json_reader *reader = fields->reader;
    if (lt_json_tokens_name(&reader->tokens, at) == LT_JSON_TOKEN_INVALID)
        return broken(fields);
    return read_by_tokens(fields,
                          lt_json_read_field(reader, fields->plan, fields->values, fields->nulls));
}

/* -------------------------------------------------------------------------------------- names */

/* The name behind the quote at `begin` is the expected one. */
static inline bool is_expected(const struct lt_json_expected *expected, const uint8_t *begin,
                               const uint8_t *readable)
{
    uint64_t head;
    size_t left = (size_t)(readable - begin);
    if (lt_unlikely(left <= sizeof head))
        return false;
    memcpy(&head, begin + 1, sizeof head);
    if ((head & expected->mask) != expected->head)
        return false;
    return lt_likely(expected->size_bytes < sizeof head) ||
           (left > expected->size_bytes + 1 && begin[1 + expected->size_bytes] == '"' &&
            memcmp(expected->name, begin + 1, expected->size_bytes) == 0);
}

/* Notes the name for the next document; of those that the type has not, only short ones. */
static void expect(struct lt_json_plan *plan, struct lt_json_expected *expected, int32_t child,
                   const uint8_t *name, size_t size_bytes)
{
    enum { HEAD = sizeof expected->head };
    uint8_t head[HEAD] = {0}, mask[HEAD] = {0};
    size_t count = size_bytes + 1 < HEAD ? size_bytes + 1 : HEAD;
    if (size_bytes >= HEAD && child < 0)
        return;
    memcpy(head, name, count); /* its closing quote too */
    memset(mask, 0xFF, count);
    memcpy(&expected->head, head, HEAD);
    memcpy(&expected->mask, mask, HEAD);
    expected->size_bytes = (uint32_t)size_bytes;
    expected->child = child;
    expected->name = child < 0 ? NULL : (const uint8_t *)plan->type->fields[child].name;
}

/* The child with the name at the place, number `order` of its struct; -1 if none, -2 when the name
 * has escapes. */
static int32_t look_up(struct fields *fields, uint32_t at, uint32_t order)
{
    const struct lt_json_places *places = &fields->reader->tokens.places;
    const uint8_t *begin = lt_json_place(places, at), *end = lt_json_places_end(places, at);
    size_t name_bytes = (size_t)(end - begin - 2);
    if (places->may_have_escapes && lt_json_places_has_escapes(begin, end))
        return -2;
    const struct lt_json_slot *slot =
        lt_json_plan_slot(fields->plan, begin + 1, name_bytes, places->end);
    int32_t child = (int32_t)slot->child - 1;
    if (order < LT_JSON_EXPECTED)
        expect(fields->plan, &fields->plan->expected[order], child, begin + 1, name_bytes);
    return child;
}

/* One field, from the place of its name. */
static inline uint32_t read_one(struct fields *fields, uint32_t at, uint32_t order)
{
    struct lt_json_reader *reader = fields->reader;
    const struct lt_json_places *places = &reader->tokens.places;
    const uint8_t *marks = places->marks + at;
    if (marks[0] != '"' || marks[1] != ':')
        return broken(fields);
    const struct lt_json_expected *expected =
        &fields->plan->expected[order < LT_JSON_EXPECTED ? order : 0];
    int32_t child = lt_likely(is_expected(expected, lt_json_place(places, at), places->end))
                        ? expected->child
                        : look_up(fields, at, order);
    if (lt_unlikely(child < -1))
        return read_escaped(fields, at);
    reader->counters.fields_seen++;
    at += 2;
    if (child >= 0)
        return read_wanted(fields, at, (uint32_t)child);
    if (marks[2] == '"' && !places->may_have_escapes)
        return at + 1;
    at = lt_json_places_skip(places, at, fields->depth_max);
    return at != LT_JSON_NOWHERE ? at : broken(fields);
}

enum lt_json_outcome lt_json_read_fields(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value *values, uint64_t *nulls)
{
    struct lt_json_tokens *tokens = &reader->tokens;
    const uint8_t *marks = tokens->places.marks;
    struct fields fields = {.reader = reader,
                            .plan = plan,
                            .values = values,
                            .nulls = nulls,
                            .depth_max = LT_JSON_SCAN_DEPTH - tokens->scan.depth};
    uint32_t at = tokens->places.place;
    for (uint32_t order = 0; marks[at] != '}' || order > 0; order++) {
        at = read_one(&fields, at, order);
        if (at == LT_JSON_NOWHERE)
            return fields.outcome;
        if (marks[at] == '}')
            break;
        if (marks[at] != ',') {
            (void)broken(&fields);
            return fields.outcome;
        }
        at++;
    }
    (void)lt_json_tokens_end_object(tokens, at);
    return fields.is_partial ? LT_JSON_OUTCOME_PARTIAL : LT_JSON_OUTCOME_VALUE;
}
