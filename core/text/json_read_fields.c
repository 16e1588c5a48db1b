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

static inline bool read_plain_integer(const struct lt_type *type, const uint8_t *begin,
                                      const uint8_t *end, union lt_value *out)
{
    struct lt_json_number number;
    return lt_json_number_read(begin, end, &number) && lt_json_number_i64(&number, &out->i64) &&
           out->i64 >= lt_type_smallest(type) && out->i64 <= lt_type_largest(type);
}

static inline bool read_plain_double(const uint8_t *begin, const uint8_t *end, union lt_value *out)
{
    struct lt_json_number number;
    return lt_json_number_read(begin, end, &number) && (number.is_float || number.digits != 0) &&
           lt_json_number_double(&number, &out->f64);
}

/* The value at the next place, if it is one of the common ones; goes past it then. */
static bool read_plain(struct lt_json_reader *reader, const struct lt_type *type,
                       union lt_value *out)
{
    struct lt_json_places *places = &reader->tokens.places;
    const uint8_t *begin = lt_json_places_take(places);
    if (begin == NULL)
        return false;
    const uint8_t *end = lt_json_places_end(places, begin);
    bool is_read = false;
    switch (type->kind) {
    case LT_TYPE_STRING:
        is_read = read_plain_text(reader, begin, end, out);
        break;
    case LT_TYPE_INT:
    case LT_TYPE_BIGINT:
        is_read = read_plain_integer(type, begin, end, out);
        break;
    case LT_TYPE_DOUBLE:
        is_read = read_plain_double(begin, end, out);
        break;
    default:
        break;
    }
    places->place -= !is_read;
    return is_read;
}

static enum lt_json_outcome read_wanted(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        uint32_t index, union lt_value *values, uint64_t *nulls)
{
    union lt_value value = {0};
    if (read_plain(reader, plan->children[index].type, &value)) {
        reader->counters.fields_parsed++;
        values[index] = value;
        lt_bit_clear(nulls, index);
        return LT_JSON_OUTCOME_VALUE;
    }
    if (lt_json_tokens_value(&reader->tokens) == LT_JSON_TOKEN_INVALID)
        return lt_json_read_stopped(reader);
    return lt_json_read_child(reader, plan, index, values, nulls);
}

static enum lt_json_outcome broken(struct lt_json_reader *reader)
{
    (void)lt_json_tokens_fail(&reader->tokens);
    return lt_json_read_stopped(reader);
}

/* One field, from the place of its name. */
static inline enum lt_json_outcome read_one(struct lt_json_reader *reader,
                                            struct lt_json_plan *plan, union lt_value *values,
                                            uint64_t *nulls)
{
    struct lt_json_tokens *tokens = &reader->tokens;
    struct lt_json_places *places = &tokens->places;
    const uint8_t *marks = places->marks + places->place;
    if (marks[0] != '"' || marks[1] != ':')
        return broken(reader);
    const uint8_t *begin = places->data + places->places[places->place++];
    const uint8_t *end = lt_json_places_end(places, begin);
    if (lt_unlikely(places->may_have_escapes) && lt_json_places_has_escapes(begin, end)) {
        places->place--;
        return lt_json_tokens_name(tokens) == LT_JSON_TOKEN_INVALID
                   ? lt_json_read_stopped(reader)
                   : lt_json_read_field(reader, plan, values, nulls);
    }
    places->place++;
    reader->counters.fields_seen++;
    uint32_t child =
        lt_json_plan_slot(plan, begin + 1, (size_t)(end - begin - 2), places->end)->child;
    if (child != 0)
        return read_wanted(reader, plan, child - 1, values, nulls);
    bool is_plain_text = marks[2] == '"' && !places->may_have_escapes;
    if (is_plain_text)
        places->place++;
    return is_plain_text || lt_json_places_skip(places, LT_JSON_SCAN_DEPTH - tokens->scan.depth)
               ? LT_JSON_OUTCOME_VALUE
               : broken(reader);
}

enum lt_json_outcome lt_json_read_fields(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value *values, uint64_t *nulls)
{
    struct lt_json_tokens *tokens = &reader->tokens;
    bool is_partial = false, is_empty = lt_json_places_take_mark(&tokens->places, '}');
    while (!is_empty) {
        enum lt_json_outcome outcome = read_one(reader, plan, values, nulls);
        if (outcome == LT_JSON_OUTCOME_STOPPED || outcome == LT_JSON_OUTCOME_NO_MEMORY)
            return outcome;
        is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL || outcome == LT_JSON_OUTCOME_MISFIT;
        if (lt_json_places_take_mark(&tokens->places, ','))
            continue;
        if (!lt_json_places_take_mark(&tokens->places, '}'))
            return broken(reader);
        break;
    }
    (void)lt_json_tokens_end_object(tokens);
    return is_partial ? LT_JSON_OUTCOME_PARTIAL : LT_JSON_OUTCOME_VALUE;
}
