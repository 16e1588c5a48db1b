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
    default:
        return false;
    }
}

/* A struct that is being read. */
struct fields {
    struct lt_json_reader *reader;
    struct lt_json_plan *plan;
    union lt_value *values;
    uint64_t *nulls;
    uint32_t at;        /* the next place */
    uint32_t depth_max; /* of what is in it */
};

static enum lt_json_outcome broken(struct lt_json_reader *reader)
{
    (void)lt_json_tokens_fail(&reader->tokens);
    return lt_json_read_stopped(reader);
}

/* The value of a field that the type has, at the next place. */
static inline enum lt_json_outcome read_wanted(struct fields *fields, uint32_t index)
{
    struct lt_json_reader *reader = fields->reader;
    union lt_value value;
    if (lt_likely(read_plain(reader, fields->at, fields->plan->children[index].type, &value))) {
        reader->counters.fields_parsed++;
        fields->values[index] = value;
        lt_bit_clear(fields->nulls, index);
        fields->at++;
        return LT_JSON_OUTCOME_VALUE;
    }
    if (lt_json_tokens_value(&reader->tokens, fields->at) == LT_JSON_TOKEN_INVALID)
        return lt_json_read_stopped(reader);
    enum lt_json_outcome outcome =
        lt_json_read_child(reader, fields->plan, index, fields->values, fields->nulls);
    fields->at = reader->tokens.places.place;
    return outcome;
}

/* A field whose name has escapes. */
static enum lt_json_outcome read_escaped(struct fields *fields)
{
    struct lt_json_reader *reader = fields->reader;
    if (lt_json_tokens_name(&reader->tokens, fields->at) == LT_JSON_TOKEN_INVALID)
        return lt_json_read_stopped(reader);
    enum lt_json_outcome outcome =
        lt_json_read_field(reader, fields->plan, fields->values, fields->nulls);
    fields->at = reader->tokens.places.place;
    return outcome;
}

/* One field, from the place of its name. */
static inline enum lt_json_outcome read_one(struct fields *fields)
{
    struct lt_json_reader *reader = fields->reader;
    const struct lt_json_places *places = &reader->tokens.places;
    const uint8_t *marks = places->marks + fields->at;
    if (marks[0] != '"' || marks[1] != ':')
        return broken(reader);
    const uint8_t *begin = lt_json_place(places, fields->at);
    const uint8_t *end = lt_json_places_end(places, fields->at);
    if (lt_unlikely(places->may_have_escapes) && lt_json_places_has_escapes(begin, end))
        return read_escaped(fields);
    fields->at += 2;
    reader->counters.fields_seen++;
    size_t name_bytes = (size_t)(end - begin - 2);
    uint32_t child = lt_json_plan_slot(fields->plan, begin + 1, name_bytes, places->end)->child;
    if (child != 0)
        return read_wanted(fields, child - 1);
    if (marks[2] == '"' && !places->may_have_escapes) {
        fields->at++;
        return LT_JSON_OUTCOME_VALUE;
    }
    fields->at = lt_json_places_skip(places, fields->at, fields->depth_max);
    return fields->at != LT_JSON_NOWHERE ? LT_JSON_OUTCOME_VALUE : broken(reader);
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
                            .at = tokens->places.place,
                            .depth_max = LT_JSON_SCAN_DEPTH - tokens->scan.depth};
    bool is_partial = false, is_empty = marks[fields.at] == '}';
    while (!is_empty) {
        enum lt_json_outcome outcome = read_one(&fields);
        if (lt_unlikely(outcome != LT_JSON_OUTCOME_VALUE)) {
            if (outcome == LT_JSON_OUTCOME_STOPPED || outcome == LT_JSON_OUTCOME_NO_MEMORY)
                return outcome;
            is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL || outcome == LT_JSON_OUTCOME_MISFIT;
        }
        if (marks[fields.at] == '}')
            break;
        if (marks[fields.at] != ',')
            return broken(reader);
        fields.at++;
    }
    (void)lt_json_tokens_end_object(tokens, fields.at);
    return is_partial ? LT_JSON_OUTCOME_PARTIAL : LT_JSON_OUTCOME_VALUE;
}
