/*
 * The fields of a struct of an indexed document.
 *
 * A field is a name, a colon and a value, and their marks say so before anything is looked at: most
 * fields are gone past by their name's first bytes and their value's mark. Texts and numbers as
 * they mostly are (no escapes, not too many digits) are read here; all else goes by tokens, which
 * know everything.
 *
 * A field that stands where the document before had it, with a value as most are, is read in place
 * (read_common); the first thing that is otherwise takes the way around by read_one.
 */
#include "core/base/date.h"
#include "core/text/json_number.h"
#include "core/text/json_read_plan.h"

enum { NOTED_MAX = 64 /* fields whose values are noted as bits of one word */ };

/* A text that stands in the document as it is. */
static inline bool read_plain_text(const struct lt_json_reader *reader, const uint8_t *begin,
                                   const uint8_t *end, union lt_value *out)
{
    if (*begin != '"' || (lt_unlikely(reader->tokens.places.may_have_escapes) &&
                          lt_json_places_has_escapes(&reader->tokens.places, begin, end)))
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
    int64_t integer;
    if (*begin > '9' || !lt_json_number_read(begin, end, reader->document_end, &number) ||
        !lt_json_number_i64(&number, &integer) || integer < lt_type_smallest(type) ||
        integer > lt_type_largest(type))
        return false; /* and a value that was there stays */
    out->i64 = integer;
    return true;
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

static uint32_t way_of(const struct lt_json_plan *plan, int32_t child)
{
    if (child < 0)
        return LT_JSON_WAY_PASS;
    switch (child < NOTED_MAX ? plan->type->fields[child].type->kind : LT_TYPE_VOID) {
    case LT_TYPE_STRING:
        return LT_JSON_WAY_TEXT;
    case LT_TYPE_BIGINT:
        return LT_JSON_WAY_BIGINT;
    case LT_TYPE_DOUBLE:
        return LT_JSON_WAY_DOUBLE;
    case LT_TYPE_DATE:
        return LT_JSON_WAY_DATE;
    default:
        return LT_JSON_WAY_OTHER;
    }
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
    expected->way = way_of(plan, child);
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
    if (places->may_have_escapes && lt_json_places_has_escapes(places, begin, end))
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
    at = lt_json_places_skip(places, at, fields->depth_max);
    return at != LT_JSON_NOWHERE ? at : broken(fields);
}

/* What the reading of common fields has at hand. */
struct common {
    const struct lt_json_reader *reader;
    const struct lt_json_plan *plan;
    const struct lt_json_places *all;
    const uint8_t *data, *end, *marks;
    const uint32_t *places;
    union lt_value *values;
    uint64_t readable_bytes; /* from the first of the document on */
    uint64_t seen, nulls;    /* fields that got a value, or NULL after one */
    uint32_t order, parsed;  /* fields gone past, and those of them that were looked into */
    uint32_t depth_max;      /* of what is in it */
    uint32_t escapes_at;     /* as in the places */
    bool is_at_name;         /* at one that is not common */
};

static inline bool take_text(const struct common *common, const uint8_t *begin, const uint8_t *end,
                             union lt_value *out)
{
    size_t behind = (size_t)(end - common->data) - 1;
    if ((*begin != '"') | (end[-1] != '"') | (behind >= common->escapes_at))
        return false;
    out->bytes = (struct lt_bytes){.data = begin + 1,
                                   .size_bytes = (uint32_t)(end - begin - 2),
                                   .padding_bytes = (uint32_t)(common->readable_bytes - behind)};
    return true;
}

/* yyyy-MM-dd between quotes. */
static inline bool take_date(const struct common *common, const uint8_t *begin, const uint8_t *end,
                             union lt_value *out)
{
    return (size_t)(end - begin) == LT_DATE_PLAIN_BYTES + 2 && *begin == '"' && end[-1] == '"' &&
           common->reader->times.dates_are_plain && lt_date_parse_plain(begin + 1, &out->i64);
}

static inline bool take_number(const struct common *common, bool is_double, const uint8_t *begin,
                               const uint8_t *end, union lt_value *out)
{
    struct lt_json_number number;
    if (!lt_json_number_read_short(begin, end, common->end, &number))
        return false;
    if (is_double) /* -0 is left to the tokens */
        return (number.is_float | (number.digits != 0)) &&
               lt_json_number_double(&number, &out->f64);
    return !number.is_float && lt_json_number_i64(&number, &out->i64);
}

/* Values that are not so frequent. */
static __attribute__((noinline)) bool
take_other(const struct common *common, const struct lt_json_expected *expected, uint32_t at)
{
    return read_plain(common->reader, at, common->plan->children[expected->child].type,
                      &common->values[expected->child]);
}

static inline bool take_value(const struct common *common, const struct lt_json_expected *expected,
                              uint32_t at)
{
    /* Behind the last place stands the document's size. */
    const uint8_t *begin = common->data + common->places[at];
    const uint8_t *end = common->data + common->places[at + 1];
    union lt_value *out = &common->values[expected->child];
    if (expected->way == LT_JSON_WAY_TEXT && take_text(common, begin, end, out))
        return true;
    if (expected->way == LT_JSON_WAY_DATE && take_date(common, begin, end, out))
        return true;
    if (expected->way >= LT_JSON_WAY_BIGINT &&
        take_number(common, expected->way == LT_JSON_WAY_DOUBLE, begin, end, out))
        return true;
    return take_other(common, expected, at);
}

static inline bool is_null(const struct common *common, uint32_t at)
{
    static const char null[] = "null";
    return common->marks[at] == 'n' && common->places[at + 1] - common->places[at] == 4 &&
           memcmp(common->data + common->places[at], null, 4) == 0;
}

/* The value of an expected field, at its place; what is behind it, or NOWHERE where it is not a
 * common one. */
static inline uint32_t take_field(struct common *common, const struct lt_json_expected *expected,
                                  uint32_t at)
{
    if (expected->way == LT_JSON_WAY_PASS)
        return ((common->marks[at] == '"') & (common->places[at + 1] <= common->escapes_at)) != 0
                   ? at + 1
                   : lt_json_places_skip(common->all, at, common->depth_max);
    uint64_t bit = UINT64_C(1) << expected->child;
    if (is_null(common, at)) {
        common->seen &= ~bit;
        common->nulls |= bit;
    } else if (lt_likely(take_value(common, expected, at))) {
        common->seen |= bit;
    } else {
        return LT_JSON_NOWHERE;
    }
    common->parsed++;
    return at + 1;
}

/* Goes on while fields are the expected ones with common values: to the mark behind the last of
 * them, or to the name of the first that is not. */
static __attribute__((noinline)) uint32_t read_common(struct common *common, uint32_t at)
{
    static const char name_and_colon[] = "\":";
    const struct lt_json_expected *expected = common->plan->expected;
    uint16_t wanted;
    memcpy(&wanted, name_and_colon, sizeof wanted);
    common->is_at_name = true;
    for (; common->order < LT_JSON_EXPECTED; at++) {
        const uint8_t *marks = common->marks + at;
        uint16_t found;
        memcpy(&found, marks, sizeof found);
        if (found != wanted || marks[2] == 0 ||
            !is_expected(&expected[common->order], common->data + common->places[at], common->end))
            break;
        uint32_t behind = take_field(common, &expected[common->order], at + 2);
        if (behind == LT_JSON_NOWHERE)
            break;
        at = behind;
        common->order++;
        if (common->marks[at] != ',') {
            common->is_at_name = false;
            break;
        }
    }
    return at;
}

/* From the place of a name to the mark behind a value, or NOWHERE. */
static uint32_t read_some(struct common *common, struct fields *fields, uint32_t at)
{
    uint32_t order = common->order;
    common->seen = common->nulls = common->parsed = 0;
    at = read_common(common, at);
    fields->nulls[0] = (fields->nulls[0] | common->nulls) & ~common->seen;
    fields->reader->counters.fields_seen += common->order - order;
    fields->reader->counters.fields_parsed += common->parsed;
    return common->is_at_name ? read_one(fields, at, common->order++) : at;
}

enum lt_json_outcome lt_json_read_fields(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value *values, uint64_t *nulls)
{
    struct lt_json_tokens *tokens = &reader->tokens;
    const struct lt_json_places *places = &tokens->places;
    uint64_t readable_bytes =
        (uint64_t)(places->end - places->data) + reader->document_padding_bytes;
    struct fields fields = {.reader = reader,
                            .plan = plan,
                            .values = values,
                            .nulls = nulls,
                            .depth_max = LT_JSON_SCAN_DEPTH - tokens->scan.depth};
    struct common common = {.reader = reader,
                            .plan = plan,
                            .all = places,
                            .data = places->data,
                            .end = places->end,
                            .marks = places->marks,
                            .places = places->places,
                            .values = values,
                            .readable_bytes =
                                readable_bytes < UINT32_MAX ? readable_bytes : UINT32_MAX,
                            .depth_max = fields.depth_max,
                            .escapes_at = places->escapes_at};
    uint32_t at = places->place;
    for (bool is_done = common.marks[at] == '}'; !is_done;) {
        at = read_some(&common, &fields, at);
        if (at == LT_JSON_NOWHERE)
            return fields.outcome;
        is_done = common.marks[at] == '}';
        if (!is_done && common.marks[at++] != ',') {
            (void)broken(&fields);
            return fields.outcome;
        }
    }
    (void)lt_json_tokens_end_object(tokens, at);
    return fields.is_partial ? LT_JSON_OUTCOME_PARTIAL : LT_JSON_OUTCOME_VALUE;
}
