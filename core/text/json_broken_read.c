/*
 * Rows from texts that are no JSON, in the way of Spark's reader: a fault within the value of a
 * field that is wanted is that field's alone, and the struct goes on with whatever token comes
 * next; any other fault is one of the struct as a whole, and so of the field that the struct is the
 * value of. A fault of the outermost struct makes all fields NULL.
 *
 * Arrays hand a fault up. Maps go on, as structs do, but have no value then. What is left open is
 * not closed: a token that belongs to the inside of a value may be taken for one of the struct
 * around it, and its name is what counts.
 *
 * Which fields are wanted decides, so here the type is read as it was declared: fields that nobody
 * uses are looked into, and dropped. With `reads_alone` each field of the outermost struct is read
 * as if it were the only one wanted.
 *
 * Outcomes are those of json_read_plan.h; MISFIT is any fault.
 */
#include <string.h>

#include "core/text/json_read_plan.h"
#include "core/text/json_scan.h"

static enum lt_json_outcome read_any(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                     union lt_value *out);

/* --------------------------------------------------------------------------------------- texts */

/* Texts of the tokens are gone with the next token: values have their own. */
static enum lt_json_outcome keep_text(struct lt_json_reader *reader, const void *data,
                                      size_t size_bytes, union lt_value *out)
{
    void *memory = lt_json_reader_alloc(reader, size_bytes);
    if (memory == NULL)
        return LT_JSON_OUTCOME_NO_MEMORY;
    if (size_bytes != 0)
        memcpy(memory, data, size_bytes);
    *out = lt_value_bytes(memory, (uint32_t)size_bytes);
    return LT_JSON_OUTCOME_VALUE;
}

static enum lt_json_outcome keep(struct lt_json_reader *reader, const struct lt_text_buffer *text,
                                 union lt_value *out)
{
    return keep_text(reader, lt_text_get(text), text->size_bytes, out);
}

/* An object or array as text: what it is made of, written anew. */
static enum lt_json_outcome keep_container(struct lt_json_reader *reader, union lt_value *out)
{
    struct lt_json_broken *broken = &reader->broken;
    uint32_t begin = broken->value_begin;
    if (!lt_json_broken_skip(broken))
        return LT_JSON_OUTCOME_MISFIT;
    lt_json_broken_raw(broken, begin);
    struct lt_json_scan scan;
    lt_json_scan_init(&scan, broken->text.data, broken->text.size_bytes, reader->scan_flags);
    (void)lt_json_scan_next(&scan);
    lt_text_clear(&reader->text);
    return lt_json_scan_copy(&scan, true, &reader->text) ? keep(reader, &reader->text, out)
                                                         : LT_JSON_OUTCOME_MISFIT;
}

static enum lt_json_outcome read_string(struct lt_json_reader *reader, union lt_value *out)
{
    struct lt_json_broken *broken = &reader->broken;
    static const char true_text[] = "true", false_text[] = "false";
    switch (broken->token) {
    case LT_JSON_TOKEN_STRING:
        return keep(reader, &broken->text, out);
    case LT_JSON_TOKEN_OBJECT_BEGIN:
    case LT_JSON_TOKEN_ARRAY_BEGIN:
        return keep_container(reader, out);
    case LT_JSON_TOKEN_TRUE:
        return keep_text(reader, true_text, sizeof true_text - 1, out);
    case LT_JSON_TOKEN_FALSE:
        return keep_text(reader, false_text, sizeof false_text - 1, out);
    case LT_JSON_TOKEN_INTEGER:
    case LT_JSON_TOKEN_FLOAT:
    case LT_JSON_TOKEN_NOT_FINITE:
        lt_text_clear(&reader->text);
        lt_json_scan_number(&reader->tokens.scan, &reader->text);
        return keep(reader, &reader->text, out);
    default:
        return LT_JSON_OUTCOME_MISFIT;
    }
}

/* ------------------------------------------------------------------------------------- scalars */

static enum lt_json_outcome read_scalar(struct lt_json_reader *reader, const struct lt_type *type,
                                        union lt_value *out)
{
    struct lt_json_broken *broken = &reader->broken;
    struct lt_json_scan *scan = &reader->tokens.scan;
    if (type->kind == LT_TYPE_VOID)
        return LT_JSON_OUTCOME_NULL; /* whatever it is, and nothing of it is consumed */
    if (type->kind == LT_TYPE_BINARY && broken->is_unfinished)
        return lt_json_broken_base64(broken) ? keep(reader, &broken->text, out)
                                             : LT_JSON_OUTCOME_MISFIT;
    if (!lt_json_broken_finish(broken))
        return LT_JSON_OUTCOME_MISFIT;
    scan->token = broken->token;
    scan->has_escapes = false;
    scan->token_begin = (const uint8_t *)lt_text_get(&broken->text);
    scan->token_end = scan->token_begin + broken->text.size_bytes;
    if (type->kind == LT_TYPE_STRING || type->kind == LT_TYPE_CHAR || type->kind == LT_TYPE_VARCHAR)
        return read_string(reader, out);
    enum lt_json_outcome outcome = lt_json_read_scalar(reader, type, out);
    return outcome == LT_JSON_OUTCOME_STOPPED ? LT_JSON_OUTCOME_MISFIT : outcome;
}

/* ------------------------------------------------------------------------------------- structs */

/* The field with the name of the current token, -1 if that is not wanted. */
static int32_t find_field(struct lt_json_reader *reader, const struct lt_json_plan *plan)
{
    struct lt_bytes name;
    if (!lt_json_broken_name(&reader->broken, &name))
        return -1;
    const struct lt_json_slot *slot =
        lt_json_plan_slot(plan, name.data, name.size_bytes, name.data + name.size_bytes);
    int32_t index = (int32_t)slot->child - 1;
    bool is_other = plan == reader->whole && reader->only >= 0 && index != reader->only;
    return is_other ? -1 : index;
}

/* A value of the field; a fault of it is no fault of the struct, unless the text cannot be gone on
 * with. */
static enum lt_json_outcome read_field(struct lt_json_reader *reader, struct lt_json_plan *child,
                                       union lt_value *values, uint64_t *nulls)
{
    union lt_value value = {0};
    size_t base = reader->element_count;
    enum lt_json_outcome outcome = read_any(reader, child, &value);
    reader->element_count = base;
    if (outcome == LT_JSON_OUTCOME_MISFIT)
        return lt_json_broken_skip(&reader->broken) ? LT_JSON_OUTCOME_PARTIAL
                                                    : LT_JSON_OUTCOME_MISFIT;
    if (outcome == LT_JSON_OUTCOME_NO_MEMORY || child->kept < 0)
        return outcome;
    if (outcome == LT_JSON_OUTCOME_NULL) {
        lt_bit_set(nulls, (uint32_t)child->kept);
        return LT_JSON_OUTCOME_VALUE;
    }
    values[child->kept] = value;
    lt_bit_clear(nulls, (uint32_t)child->kept);
    return outcome;
}

static enum lt_json_outcome read_struct(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                        union lt_value *out)
{
    union lt_value *values;
    uint64_t *nulls;
    bool is_partial = false;
    if (!lt_json_read_alloc_struct(reader, plan == reader->whole, plan->kept_count, out, &values,
                                   &nulls))
        return LT_JSON_OUTCOME_NO_MEMORY;
    for (;;) {
        enum lt_json_token token = lt_json_broken_next(&reader->broken);
        if (token == LT_JSON_TOKEN_INVALID)
            return LT_JSON_OUTCOME_MISFIT;
        if (token == LT_JSON_TOKEN_END || token == LT_JSON_TOKEN_OBJECT_END)
            return is_partial ? LT_JSON_OUTCOME_PARTIAL : LT_JSON_OUTCOME_VALUE;
        int32_t index = find_field(reader, plan);
        if (index < 0 && lt_json_broken_skip(&reader->broken))
            continue;
        enum lt_json_outcome outcome =
            index < 0 ? LT_JSON_OUTCOME_MISFIT
                      : read_field(reader, &plan->children[index], values, nulls);
        if (outcome == LT_JSON_OUTCOME_MISFIT || outcome == LT_JSON_OUTCOME_NO_MEMORY)
            return outcome;
        is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL;
    }
}

/* ------------------------------------------------------------------------------ arrays and maps */

/* Pushes the value that the current token begins; MISFIT: nothing was pushed. */
static enum lt_json_outcome read_element(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                         union lt_value key)
{
    struct lt_json_element element = {.key = key};
    enum lt_json_outcome outcome = read_any(reader, &plan->children[0], &element.value);
    if (outcome == LT_JSON_OUTCOME_MISFIT || outcome == LT_JSON_OUTCOME_NO_MEMORY)
        return outcome;
    element.is_null = outcome == LT_JSON_OUTCOME_NULL;
    lt_json_read_push(reader, element);
    return outcome;
}

static enum lt_json_outcome read_array(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                       union lt_value *out)
{
    size_t base = reader->element_count;
    bool is_partial = false;
    for (;;) {
        enum lt_json_token token = lt_json_broken_next(&reader->broken);
        if (token == LT_JSON_TOKEN_INVALID)
            return LT_JSON_OUTCOME_MISFIT;
        if (token == LT_JSON_TOKEN_END || token == LT_JSON_TOKEN_ARRAY_END)
            return lt_json_read_make_array(reader, is_partial, base, out);
        enum lt_json_outcome outcome = read_element(reader, plan, (union lt_value){0});
        if (outcome == LT_JSON_OUTCOME_MISFIT || outcome == LT_JSON_OUTCOME_NO_MEMORY)
            return outcome;
        is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL;
    }
}

/* One entry, from the token that has its name; PARTIAL without a value when it is at fault. */
static enum lt_json_outcome read_entry(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                       bool *is_bad)
{
    struct lt_bytes name = {0};
    union lt_value key;
    (void)lt_json_broken_name(&reader->broken, &name);
    if (keep_text(reader, name.data, name.size_bytes, &key) == LT_JSON_OUTCOME_NO_MEMORY)
        return LT_JSON_OUTCOME_NO_MEMORY;
    size_t base = reader->element_count;
    enum lt_json_outcome outcome = read_element(reader, plan, key);
    if (outcome != LT_JSON_OUTCOME_MISFIT)
        return outcome;
    *is_bad = true;
    reader->element_count = base;
    return lt_json_broken_skip(&reader->broken) ? LT_JSON_OUTCOME_PARTIAL : outcome;
}

static enum lt_json_outcome read_map(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                     union lt_value *out)
{
    size_t base = reader->element_count;
    bool is_partial = false, is_bad = false;
    for (;;) {
        enum lt_json_token token = lt_json_broken_next(&reader->broken);
        if (token == LT_JSON_TOKEN_INVALID)
            return LT_JSON_OUTCOME_MISFIT;
        if (token == LT_JSON_TOKEN_END || token == LT_JSON_TOKEN_OBJECT_END)
            return is_bad ? LT_JSON_OUTCOME_MISFIT
                          : lt_json_read_make_map(reader, is_partial, base, out);
        enum lt_json_outcome outcome = read_entry(reader, plan, &is_bad);
        if (outcome == LT_JSON_OUTCOME_MISFIT || outcome == LT_JSON_OUTCOME_NO_MEMORY)
            return outcome;
        is_partial |= outcome == LT_JSON_OUTCOME_PARTIAL;
    }
}

/* -------------------------------------------------------------------------------------- values */

/* A text is finished even where none is wanted: it may be at fault, and what is behind it counts.
 */
static enum lt_json_outcome misfit(struct lt_json_reader *reader)
{
    (void)lt_json_broken_finish(&reader->broken);
    lt_json_reader_blame(reader, LT_JSON_MALFORMED, "a value does not fit its field");
    return LT_JSON_OUTCOME_MISFIT;
}

/* The value of the current token, or behind its name. Recursion is bounded by the depth of types.
 */
static enum lt_json_outcome read_any(struct lt_json_reader *reader, struct lt_json_plan *plan,
                                     union lt_value *out)
{
    struct lt_json_broken *broken = &reader->broken;
    while (broken->token == LT_JSON_TOKEN_NAME) {
        if (lt_json_broken_next(broken) == LT_JSON_TOKEN_INVALID)
            return LT_JSON_OUTCOME_MISFIT;
    }
    enum lt_json_token token = broken->token;
    if (token == LT_JSON_TOKEN_NULL || token == LT_JSON_TOKEN_END)
        return LT_JSON_OUTCOME_NULL;
    switch (plan->type->kind) {
    case LT_TYPE_STRUCT:
        return token == LT_JSON_TOKEN_OBJECT_BEGIN ? read_struct(reader, plan, out)
                                                   : misfit(reader);
    case LT_TYPE_ARRAY:
        return token == LT_JSON_TOKEN_ARRAY_BEGIN ? read_array(reader, plan, out) : misfit(reader);
    case LT_TYPE_MAP:
        return token == LT_JSON_TOKEN_OBJECT_BEGIN ? read_map(reader, plan, out) : misfit(reader);
    default:
        return read_scalar(reader, plan->type, out);
    }
}

/* The outermost value. */
static enum lt_json_outcome read_once(struct lt_json_reader *reader, struct lt_bytes document,
                                      union lt_value *out)
{
    struct lt_json_plan *plan = reader->whole;
    reader->element_count = 0;
    lt_json_broken_begin(&reader->broken, document.data, document.size_bytes, reader->scan_flags);
    enum lt_json_token token = lt_json_broken_next(&reader->broken);
    if (token == LT_JSON_TOKEN_INVALID || token == LT_JSON_TOKEN_NULL)
        return LT_JSON_OUTCOME_MISFIT;
    if (token == LT_JSON_TOKEN_OBJECT_BEGIN && plan->type->kind == LT_TYPE_ARRAY &&
        plan->children[0].type->kind == LT_TYPE_STRUCT) {
        union lt_value value = {0};
        enum lt_json_outcome outcome = read_struct(reader, &plan->children[0], &value);
        bool is_value = outcome == LT_JSON_OUTCOME_VALUE || outcome == LT_JSON_OUTCOME_PARTIAL;
        return is_value ? lt_json_read_wrap(reader, value, outcome, out) : outcome;
    }
    return read_any(reader, plan, out);
}

/* Each field of the outermost struct as if there were no other. */
static enum lt_json_outcome read_apart(struct lt_json_reader *reader, struct lt_bytes document,
                                       union lt_value *out)
{
    const struct lt_json_plan *plan = reader->whole;
    union lt_value *values, *apart = reader->values;
    uint64_t *nulls;
    if (!lt_json_read_alloc_struct(reader, true, plan->kept_count, out, &values, &nulls))
        return LT_JSON_OUTCOME_NO_MEMORY;
    enum lt_json_outcome outcome = LT_JSON_OUTCOME_PARTIAL;
    reader->values = NULL;
    for (uint32_t i = 0; i < plan->child_count && outcome != LT_JSON_OUTCOME_NO_MEMORY; i++) {
        int32_t kept = plan->children[i].kept;
        union lt_value row = {0};
        if (kept < 0)
            continue;
        reader->only = (int32_t)i;
        outcome = read_once(reader, document, &row);
        if ((outcome != LT_JSON_OUTCOME_VALUE && outcome != LT_JSON_OUTCOME_PARTIAL) ||
            lt_bit(row.structure->nulls, (uint32_t)kept))
            continue;
        values[kept] = row.structure->values[kept];
        lt_bit_clear(nulls, (uint32_t)kept);
    }
    reader->only = -1;
    reader->values = apart;
    return outcome == LT_JSON_OUTCOME_NO_MEMORY ? outcome : LT_JSON_OUTCOME_PARTIAL;
}

enum lt_json_outcome lt_json_read_broken(struct lt_json_reader *reader, struct lt_bytes document,
                                         union lt_value *out)
{
    reader->tokens.is_indexed = false;
    return reader->reads_alone && reader->whole->type->kind == LT_TYPE_STRUCT
               ? read_apart(reader, document, out)
               : read_once(reader, document, out);
}
