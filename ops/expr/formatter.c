/*
 * Reading a format string, and which conversion takes which value.
 */
#include "ops/expr/formatter.h"

#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/interval.h"
#include "core/text/number.h"
#include "core/text/utf8.h"
#include "ops/expr/formatter_spec.h"
#include "ops/expr/hash.h"

/* -------------------------------------------------------------------------------------- reading */

/* Digits up to a limit that no field needs; false beyond it. */
static bool take_number(const uint8_t **at, const uint8_t *end, int32_t *out)
{
    *out = 0;
    while (*at < end && lt_ascii_is_digit((char)**at)) {
        *out = *out * 10 + (*(*at)++ - '0');
        if (*out > LT_FORMAT_WIDTH_MAX)
            return false;
    }
    return true;
}

/* "12$", if it stands there. */
static bool take_index(const uint8_t **at, const uint8_t *end, uint32_t *index)
{
    const uint8_t *c = *at;
    int32_t number;
    if (!take_number(&c, end, &number) || c == *at || c == end || *c != '$')
        return false;
    *index = (uint32_t)number;
    *at = c + 1;
    return true;
}

static const char *take_flags(struct lt_format_spec *spec, const uint8_t **at, const uint8_t *end)
{
    static const char letters[] = "-#+ 0,(<";
    for (; *at < end && **at != '\0'; (*at)++) {
        const char *flag = strchr(letters, **at);
        if (flag == NULL)
            break;
        unsigned bit = 1U << (flag - letters);
        if (spec->flags & bit)
            return "a flag stands twice";
        spec->flags |= bit;
    }
    return NULL;
}

/* What does not go together, in any conversion or in this one. */
static const char *check_flags(const struct lt_format_spec *spec)
{
    static const struct {
        const char *conversions;
        unsigned refused;
        bool has_precision;
    } rules[] = {
        {"bhs",
         LT_FORMAT_PLUS | LT_FORMAT_BLANK | LT_FORMAT_ZERO | LT_FORMAT_GROUP |
             LT_FORMAT_PARENTHESES | LT_FORMAT_ALTERNATE,
         true},
        {"c%",
         LT_FORMAT_PLUS | LT_FORMAT_BLANK | LT_FORMAT_ZERO | LT_FORMAT_GROUP |
             LT_FORMAT_PARENTHESES | LT_FORMAT_ALTERNATE,
         false},
        {"d", LT_FORMAT_ALTERNATE, false},
        {"ox", LT_FORMAT_GROUP | LT_FORMAT_PLUS | LT_FORMAT_BLANK | LT_FORMAT_PARENTHESES, false},
        {"e", LT_FORMAT_GROUP, true},
        {"g", LT_FORMAT_ALTERNATE, true},
        {"a", LT_FORMAT_GROUP | LT_FORMAT_PARENTHESES, true},
        {"f", 0, true},
        {"n", UINT32_MAX, false},
    };
    size_t row = 0;
    while (strchr(rules[row].conversions, spec->conversion) == NULL)
        row++;
    if (spec->flags & rules[row].refused)
        return "a flag does not go with the conversion";
    if (spec->precision >= 0 && !rules[row].has_precision)
        return "the conversion takes no precision";
    if (spec->conversion == 'n' && spec->width >= 0)
        return "a line end takes no width";
    if (spec->flags & (LT_FORMAT_LEFT | LT_FORMAT_ZERO) && spec->width < 0)
        return "the flags - and 0 need a width";
    if ((spec->flags & LT_FORMAT_LEFT && spec->flags & LT_FORMAT_ZERO) ||
        (spec->flags & LT_FORMAT_PLUS && spec->flags & LT_FORMAT_BLANK))
        return "two flags do not go together";
    return NULL;
}

const char *lt_format_spec_read(struct lt_format_spec *spec, const uint8_t **at, const uint8_t *end)
{
    *spec = (struct lt_format_spec){.width = -1, .precision = -1};
    bool has_index = take_index(at, end, &spec->index);
    if (has_index && spec->index == 0)
        return "values are counted from 1";
    const char *fault = take_flags(spec, at, end);
    if (fault != NULL)
        return fault;
    const uint8_t *digits = *at;
    if (!take_number(at, end, &spec->width))
        return "the width is too large";
    if (*at == digits)
        spec->width = -1;
    if (*at < end && **at == '.') {
        digits = ++*at;
        if (!take_number(at, end, &spec->precision) || *at == digits)
            return "the precision is no number, or too large";
    }
    if (*at == end)
        return "it ends within a conversion";
    char letter = (char)*(*at)++;
    spec->conversion = lt_ascii_lower(letter);
    spec->is_upper_case = letter != spec->conversion;
    if (spec->conversion == 't')
        return "dates by %t are not supported by this version; hint: date_format";
    bool is_known = letter != '\0' &&
                    strchr(spec->is_upper_case ? "BHSCXEGA" : "bhscdoxefgan%", letter) != NULL;
    return is_known ? check_flags(spec) : "there is no such conversion";
}

/* --------------------------------------------------------------------------------------- values */

static void append_elements(const struct lt_type *element, const struct lt_array *array,
                            struct lt_text_buffer *out)
{
    lt_text_append_char(out, '[');
    for (uint32_t i = 0; i < array->count; i++) {
        if (i > 0)
            lt_text_append_char(out, ',');
        lt_formatter_append(element, lt_bit(array->nulls, i) ? NULL : &array->values[i], out);
    }
    lt_text_append_char(out, ']');
}

static void append_nested(const struct lt_type *type, const union lt_value *value,
                          struct lt_text_buffer *out)
{
    if (type->kind == LT_TYPE_ARRAY) {
        lt_array_materialize(value->array);
        append_elements(type->fields[0].type, value->array, out);
    } else if (type->kind == LT_TYPE_MAP) {
        lt_text_append(out, "keys: ");
        append_elements(type->fields[0].type, &value->map->keys, out);
        lt_text_append(out, ", values: ");
        append_elements(type->fields[1].type, &value->map->values, out);
    } else {
        lt_text_append_char(out, '[');
        for (uint32_t i = 0; i < type->field_count; i++) {
            bool is_null = lt_bit(value->structure->nulls, i);
            if (i > 0)
                lt_text_append_char(out, ',');
            lt_formatter_append(type->fields[i].type, is_null ? NULL : &value->structure->values[i],
                                out);
        }
        lt_text_append_char(out, ']');
    }
}

/* Recursion is bounded by the depth of types. */
void lt_formatter_append(const struct lt_type *type, const union lt_value *value,
                         struct lt_text_buffer *out)
{
    char text[LT_NUMBER_DECIMAL_TEXT_SIZE];
    if (value == NULL || type->kind == LT_TYPE_VOID)
        lt_text_append(out, "null");
    else if (lt_type_is_nested(type))
        append_nested(type, value, out);
    else if (lt_type_is_bytes(type))
        lt_text_append_n(out, value->bytes.data, value->bytes.size_bytes);
    else if (type->kind == LT_TYPE_INTERVAL_CALENDAR)
        lt_interval_write(out, type, value);
    else if (type->kind == LT_TYPE_BOOLEAN)
        lt_text_append(out, value->i64 != 0 ? "true" : "false");
    else
        lt_text_append_n(out, text, lt_number_format(type, value, text));
}

/* The bytes of the integer that Spark holds the value in; 0: it is none. */
static unsigned integer_bytes(const struct lt_type *type)
{
    switch (type->kind) {
    case LT_TYPE_TINYINT:
        return 1;
    case LT_TYPE_SMALLINT:
        return 2;
    case LT_TYPE_INT:
    case LT_TYPE_DATE:
    case LT_TYPE_INTERVAL_YEAR_MONTH:
        return 4;
    case LT_TYPE_BIGINT:
    case LT_TYPE_TIMESTAMP:
    case LT_TYPE_TIMESTAMP_NTZ:
    case LT_TYPE_TIME:
    case LT_TYPE_INTERVAL_DAY_TIME:
        return 8;
    default:
        return 0;
    }
}

/* Java's hashCode(), of the types that have a stable one. */
static bool hash_of(const struct lt_format_value *value, uint32_t *out)
{
    const struct lt_type *type = value->type;
    uint64_t bits = (uint64_t)value->value->i64;
    if (type->kind == LT_TYPE_BOOLEAN)
        *out = bits != 0 ? 1231 : 1237;
    else if (lt_type_is_bytes(type))
        *out = lt_hash_murmur(value->value->bytes.data, value->value->bytes.size_bytes, 42);
    else if (type->kind == LT_TYPE_FLOAT) {
        float number = (float)value->value->f64;
        memcpy(out, &number, sizeof *out);
    } else if (type->kind == LT_TYPE_DOUBLE || integer_bytes(type) == 8)
        *out = (uint32_t)(bits ^ bits >> 32);
    else if (integer_bytes(type) > 0)
        *out = (uint32_t)bits;
    else
        return false;
    return true;
}

static const char WRONG_TYPE[] = "the conversion does not take a value of this type";

static const char *print_character(const struct lt_format_spec *spec,
                                   const struct lt_format_value *value, struct lt_text_buffer *out)
{
    uint8_t text[4];
    unsigned bytes = integer_bytes(value->type);
    if (bytes == 0 || bytes == 8)
        return WRONG_TYPE;
    int64_t code = value->value->i64;
    if (code < 0 || code > 0x10FFFF)
        return "the number is no code point";
    lt_format_text(spec, (const char *)text, lt_utf8_put((uint32_t)code, text), out);
    return NULL;
}

/* As Java prints a string, whose bytes may be no UTF-8. */
static void append_decoded(const struct lt_format_spec *spec, const struct lt_format_value *value,
                           struct lt_text_buffer *out)
{
    struct lt_text_buffer *bytes = &spec->room->number;
    lt_text_clear(bytes);
    lt_formatter_append(value->type, value->value, bytes);
    lt_utf8_append_decoded(out, bytes->data, bytes->size_bytes);
}

static const char *print_text(const struct lt_format_spec *spec,
                              const struct lt_format_value *value, struct lt_text_buffer *out)
{
    struct lt_text_buffer *text = &spec->room->text;
    const char *fault = NULL;
    uint32_t hash = 0;
    char hexadecimal[16];
    lt_text_clear(text);
    if (spec->conversion == 'b') {
        bool is_false = value->value == NULL ||
                        (value->type->kind == LT_TYPE_BOOLEAN && value->value->i64 == 0);
        lt_text_append(text, is_false ? "false" : "true");
    } else if (spec->conversion == 'h' && value->value != NULL) {
        fault = hash_of(value, &hash) ? NULL : WRONG_TYPE;
        (void)snprintf(hexadecimal, sizeof hexadecimal, "%x", hash);
        lt_text_append(text, hexadecimal);
    } else {
        append_decoded(spec, value, text);
    }
    if (fault == NULL)
        lt_format_text(spec, lt_text_get(text), text->size_bytes, out);
    return fault;
}

static const char *print_value(const struct lt_format_spec *spec,
                               const struct lt_format_value *value, struct lt_text_buffer *out)
{
    if (strchr("bhs", spec->conversion) != NULL)
        return print_text(spec, value, out);
    if (value->value == NULL || value->type->kind == LT_TYPE_VOID) {
        lt_format_text(spec, "null", 4, out);
        return NULL;
    }
    if (spec->conversion == 'c')
        return print_character(spec, value, out);
    unsigned bytes = integer_bytes(value->type);
    if (strchr("dox", spec->conversion) != NULL) {
        if (bytes > 0)
            lt_format_integer(spec, value->value->i64, bytes, out);
        return bytes > 0 ? NULL : WRONG_TYPE;
    }
    if (!lt_type_is_fraction(value->type))
        return WRONG_TYPE;
    lt_format_double(spec, value->value->f64, out);
    return NULL;
}

/* ---------------------------------------------------------------------------------------- whole */

void lt_format_room_init(struct lt_format_room *room)
{
    lt_text_init(&room->text);
    lt_text_init(&room->number);
    lt_text_init(&room->digits);
    lt_text_init(&room->upper);
}

void lt_format_room_fini(struct lt_format_room *room)
{
    lt_text_fini(&room->text);
    lt_text_fini(&room->number);
    lt_text_fini(&room->digits);
    lt_text_fini(&room->upper);
}

struct walk {
    const struct lt_format_value *values;
    uint32_t count;
    uint32_t next;     /* the value of a conversion without an index */
    uint32_t previous; /* from 1; 0: none yet */
};

static const char *print_one(struct walk *walk, const struct lt_format_spec *spec,
                             struct lt_text_buffer *out)
{
    if (spec->conversion == 'n') {
        lt_text_append_char(out, '\n');
        return NULL;
    }
    if (spec->conversion == '%') {
        lt_format_text(spec, "%", 1, out);
        return NULL;
    }
    if (spec->index > 0)
        walk->previous = spec->index;
    else if (!(spec->flags & LT_FORMAT_PREVIOUS))
        walk->previous = ++walk->next;
    if (walk->previous == 0 || walk->previous > walk->count)
        return "a conversion has no value";
    return print_value(spec, &walk->values[walk->previous - 1], out);
}

bool lt_formatter_print(struct lt_bytes format, const struct lt_format_value *values,
                        uint32_t count, struct lt_format_room *room, struct lt_text_buffer *out,
                        const char **fault)
{
    const uint8_t *at = format.data, *end = at + format.size_bytes;
    struct walk walk = {.values = values, .count = count};
    *fault = NULL;
    while (at < end && *fault == NULL) {
        const uint8_t *percent = memchr(at, '%', (size_t)(end - at));
        const uint8_t *stop = percent == NULL ? end : percent;
        lt_text_append_n(out, at, (size_t)(stop - at));
        at = stop;
        if (percent == NULL)
            break;
        struct lt_format_spec spec;
        at++;
        *fault = lt_format_spec_read(&spec, &at, end);
        spec.room = room;
        if (*fault == NULL)
            *fault = print_one(&walk, &spec, out);
    }
    return *fault == NULL;
}
