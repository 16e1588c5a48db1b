/*
 * Of duplicate names a path takes the first field, from_json() the last: for the latter, a field
 * decides only when no other of its name can follow.
 */
#include "ops/expr/json_filter.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/text/json_glance.h"
#include "ops/expr/compiler.h"
#include "ops/expr/eval_inline.h"
#include "ops/expr/same.h"

enum {
    CONDITIONS_MAX = 8,
    ROUND = 1024,      /* rows after which the looks are counted up */
    WORTH_IT = 400,    /* of them must be left out */
    REST = 32 * ROUND, /* rows without a look, where fewer were */
};

/* A field compared with a constant. */
struct condition {
    size_t name;            /* of the field */
    enum lt_type_kind kind; /* BIGINT, DOUBLE or STRING: how they are compared */
    enum lt_op op;          /* EQUAL_I64 ... GREATER_EQUAL_I64, whatever the kind */
    union lt_value constant;
    int64_t smallest, largest; /* BIGINT: what the field's type holds */
    uint64_t head, mask;       /* a STRING of at most eight bytes, as a number; mask 0: longer */
};

struct lt_json_filter {
    struct lt_json_glance *glance;
    struct condition conditions[CONDITIONS_MAX];
    const char *names[CONDITIONS_MAX];
    size_t count, name_count;
    uint32_t column;
    bool last_counts;                   /* of duplicates */
    const struct lt_expression *source; /* the from_json call, or what a path is taken of */
    const struct lt_type *columns;      /* not NULL: fields are columns of it, the first */
    uint32_t column_count;
    uint32_t looks, rejected, rest;
};

/* ------------------------------------------------------------------------------------ compiling */

/* The comparison seen from the field's side. */
static enum lt_op turned(enum lt_op op)
{
    switch (op) {
    case LT_OP_LESS_I64:
        return LT_OP_GREATER_I64;
    case LT_OP_LESS_EQUAL_I64:
        return LT_OP_GREATER_EQUAL_I64;
    case LT_OP_GREATER_I64:
        return LT_OP_LESS_I64;
    case LT_OP_GREATER_EQUAL_I64:
        return LT_OP_LESS_EQUAL_I64;
    default:
        return op;
    }
}

static bool is_comparison(const struct lt_expression *node)
{
    if (node->kind != LT_EXPR_CALL || node->argument_count != 2 || node->signature->kernel != NULL)
        return false;
    enum lt_op op = node->signature->op;
    return op == LT_OP_EQUAL_I64 || op == LT_OP_LESS_I64 || op == LT_OP_LESS_EQUAL_I64 ||
           op == LT_OP_GREATER_I64 || op == LT_OP_GREATER_EQUAL_I64;
}

/* A path of one plain name, over JSON text; NULL: another. */
static const char *path_name(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_JSON_PATH && strpbrk(node->name, ".[]'\" \t\n") == NULL &&
                   node->name[0] != '\0'
               ? node->name
               : NULL;
}

/* A field of what from_json() gives without options; NULL: another. */
static const char *reader_name(const struct lt_expression *node)
{
    const struct lt_expression *call = node->kind == LT_EXPR_FIELD ? node->arguments[0] : NULL;
    if (call == NULL || call->kind != LT_EXPR_CALL || call->argument_count != 2 ||
        strcmp(call->name, "from_json") != 0 || call->type->kind != LT_TYPE_STRUCT)
        return NULL;
    const char *name = call->type->fields[node->index].name;
    for (uint32_t i = 0; i < call->type->field_count; i++) {
        if ((int32_t)i != node->index && strcmp(call->type->fields[i].name, name) == 0)
            return NULL;
    }
    return name;
}

/* How values of the type are compared here; VOID: they are not. */
static enum lt_type_kind kind_of(const struct lt_type *type)
{
    switch (type->kind) {
    case LT_TYPE_INT:
    case LT_TYPE_BIGINT:
        return LT_TYPE_BIGINT;
    case LT_TYPE_DOUBLE:
    case LT_TYPE_STRING:
        return type->kind;
    default:
        return LT_TYPE_VOID;
    }
}

static size_t name_number(struct lt_json_filter *filter, const char *name)
{
    size_t i = 0;
    while (i < filter->name_count && strcmp(filter->names[i], name) != 0)
        i++;
    if (i == filter->name_count)
        filter->names[filter->name_count++] = name;
    return i;
}

/* Short texts are compared for equality as numbers. */
static void set_head(struct condition *condition)
{
    const struct lt_bytes *bytes = &condition->constant.bytes;
    if (condition->kind != LT_TYPE_STRING || condition->op != LT_OP_EQUAL_I64 ||
        bytes->size_bytes == 0 || bytes->size_bytes > sizeof condition->head)
        return;
    memcpy(&condition->head, bytes->data, bytes->size_bytes);
    memset(&condition->mask, 0xFF, bytes->size_bytes);
}

/* A column that is a field of the document; NULL: another. */
static const char *column_name(const struct lt_json_filter *filter,
                               const struct lt_expression *node)
{
    bool is_field = node->kind == LT_EXPR_COLUMN && node->index >= 0 &&
                    (uint32_t)node->index < filter->column_count &&
                    node->type->kind == filter->columns->fields[node->index].type->kind;
    return is_field ? filter->columns->fields[node->index].name : NULL;
}

static void put_condition(struct lt_json_filter *filter, const char *name,
                          const struct lt_expression *field, const struct lt_expression *constant,
                          enum lt_op op)
{
    enum lt_type_kind kind = kind_of(field->type);
    bool is_integral = kind == LT_TYPE_BIGINT;
    filter->conditions[filter->count++] =
        (struct condition){.name = name_number(filter, name),
                           .kind = kind,
                           .op = op,
                           .constant = constant->value,
                           .smallest = is_integral ? lt_type_smallest(field->type) : 0,
                           .largest = is_integral ? lt_type_largest(field->type) : 0};
    set_head(&filter->conditions[filter->count - 1]);
}

static bool add_condition(struct lt_json_filter *filter, const struct lt_expression *field,
                          const struct lt_expression *constant, enum lt_op op)
{
    const char *path = path_name(field), *name = path != NULL ? path : reader_name(field);
    if (filter->columns != NULL)
        name = column_name(filter, field);
    enum lt_type_kind kind = kind_of(field->type);
    if (name == NULL || constant->kind != LT_EXPR_LITERAL || constant->is_null ||
        kind == LT_TYPE_VOID || kind != kind_of(constant->type) || filter->count == CONDITIONS_MAX)
        return false;
    if (filter->columns != NULL) {
        put_condition(filter, name, field, constant, op);
        return true;
    }
    const struct lt_expression *source = field->arguments[0];
    bool is_first = filter->count == 0;
    if (!is_first &&
        (filter->last_counts != (path == NULL) || !lt_expr_same(filter->source, source)))
        return false;
    int32_t column = lt_compiler_json_column(path == NULL ? source->arguments[0] : source);
    if (column < 0)
        return false;
    filter->source = source;
    filter->last_counts = path == NULL;
    filter->column = (uint32_t)column;
    put_condition(filter, name, field, constant, op);
    return true;
}

/* Takes the comparisons from the front of the chain; false at the first thing that is none. */
static bool collect(struct lt_json_filter *filter, const struct lt_expression *node)
{
    if (node->kind == LT_EXPR_ALIAS)
        return collect(filter, node->arguments[0]);
    bool is_and = node->kind == LT_EXPR_CALL &&
                  lt_function_at((size_t)node->index, NULL)->flow == LT_FLOW_AND;
    for (uint32_t i = 0; is_and && i < node->argument_count; i++) {
        if (!collect(filter, node->arguments[i]))
            return false;
    }
    if (is_and)
        return true;
    if (!is_comparison(node))
        return false;
    enum lt_op op = node->signature->op;
    return add_condition(filter, node->arguments[0], node->arguments[1], op) ||
           add_condition(filter, node->arguments[1], node->arguments[0], turned(op));
}

/* What is behind a comparison that is NULL, and not false as it looked, is evaluated after all:
 * then it must not fail. */
static bool cannot_fail(const struct lt_expression *node)
{
    bool is_safe = node->kind == LT_EXPR_LITERAL || node->kind == LT_EXPR_COLUMN ||
                   node->kind == LT_EXPR_JSON_PATH || node->kind == LT_EXPR_FIELD ||
                   node->kind == LT_EXPR_ALIAS || is_comparison(node);
    if (node->kind == LT_EXPR_CALL) {
        enum lt_flow flow = lt_function_at((size_t)node->index, NULL)->flow;
        bool is_reader = strcmp(node->name, "from_json") == 0 && node->argument_count == 2;
        is_safe = is_safe || is_reader || flow == LT_FLOW_AND || flow == LT_FLOW_OR ||
                  flow == LT_FLOW_IN || flow == LT_FLOW_COALESCE;
    }
    for (uint32_t i = 0; i < node->argument_count && is_safe; i++)
        is_safe = cannot_fail(node->arguments[i]);
    return is_safe;
}

static struct lt_json_filter *create(struct lt_json_filter *filter,
                                     const struct lt_expression *node)
{
    if (cannot_fail(node))
        (void)collect(filter, node);
    if (filter->count > 0)
        filter->glance = lt_json_glance_create(filter->names, filter->name_count, false);
    if (filter->glance != NULL)
        return filter;
    free(filter);
    return NULL;
}

struct lt_json_filter *lt_json_filter_create(const struct lt_expression *node)
{
    return create(lt_alloc(sizeof(struct lt_json_filter)), node);
}

struct lt_json_filter *lt_json_filter_create_of_columns(const struct lt_expression *node,
                                                        const struct lt_type *schema,
                                                        uint32_t column_count)
{
    struct lt_json_filter *filter = lt_alloc(sizeof *filter);
    filter->columns = schema;
    filter->column_count = column_count;
    filter->last_counts = true;
    return create(filter, node);
}

void lt_json_filter_destroy(struct lt_json_filter *filter)
{
    if (filter == NULL)
        return;
    lt_json_glance_destroy(filter->glance);
    free(filter);
}

/* --------------------------------------------------------------------------------- the needle */

/* A text that only a JSON string gives, and whose bytes stand in the document if no escape does:
 * values of other kinds, which are printed anew, do not begin with a letter, but for the numbers
 * that are none. */
static bool is_plain_word(const struct lt_bytes *text)
{
    static const char *const numbers[] = {"NaN", "INF", "Infinity"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (text->size_bytes == strlen(numbers[i]) &&
            memcmp(text->data, numbers[i], text->size_bytes) == 0)
            return false;
    }
    for (uint32_t i = 0; i < text->size_bytes; i++) {
        uint8_t c = text->data[i];
        if (c < ' ' || c >= 0x7F || c == '"' || c == '\\')
            return false;
    }
    return text->size_bytes > 1 && lt_ascii_is_letter((char)text->data[0]);
}

bool lt_json_filter_needle(const struct lt_json_filter *filter, struct lt_bytes *needle)
{
    *needle = (struct lt_bytes){0};
    for (size_t i = 0; i < filter->count; i++) {
        const struct condition *condition = &filter->conditions[i];
        const struct lt_bytes *text = &condition->constant.bytes;
        if (condition->kind == LT_TYPE_STRING && condition->op == LT_OP_EQUAL_I64 &&
            is_plain_word(text) && text->size_bytes > needle->size_bytes)
            *needle = *text;
    }
    return needle->size_bytes > 0;
}

uint32_t lt_json_filter_column(const struct lt_json_filter *filter)
{
    return filter->column;
}

/* -------------------------------------------------------------------------------------- looking */

static bool holds(enum lt_op op, int order)
{
    switch (op) {
    case LT_OP_EQUAL_I64:
        return order == 0;
    case LT_OP_LESS_I64:
        return order < 0;
    case LT_OP_LESS_EQUAL_I64:
        return order <= 0;
    case LT_OP_GREATER_I64:
        return order > 0;
    default:
        return order >= 0;
    }
}

/* True when the field is such a value, and the comparison with it is false. */
static bool is_false(const struct condition *condition, const struct lt_json_field *field)
{
    const union lt_value *constant = &condition->constant;
    if (condition->mask != 0 && field->kind == LT_JSON_STRING)
        return (field->bytes.size_bytes != constant->bytes.size_bytes) |
               ((head_of_bytes(&field->bytes) & condition->mask) != condition->head);
    if (condition->kind == LT_TYPE_STRING)
        return field->kind == LT_JSON_STRING &&
               !holds(condition->op, compare_bytes(&field->bytes, &constant->bytes));
    if (condition->kind == LT_TYPE_BIGINT)
        return field->kind == LT_JSON_INTEGER && field->i64 >= condition->smallest &&
               field->i64 <= condition->largest &&
               !holds(condition->op, (field->i64 > constant->i64) - (field->i64 < constant->i64));
    if (field->kind != LT_JSON_INTEGER && field->kind != LT_JSON_FLOAT)
        return false;
    double number = field->kind == LT_JSON_INTEGER ? (double)field->i64 : field->f64;
    return !holds(condition->op, compare_doubles(number, constant->f64));
}

static bool look(struct lt_json_filter *filter, const struct lt_bytes *text)
{
    size_t name;
    struct lt_json_field field;
    uint32_t seen = 0; /* names, as bits: of a path's duplicates the first counts */
    lt_json_glance_begin(filter->glance, text->data, text->size_bytes);
    while (lt_json_glance_next(filter->glance, &name, &field)) {
        bool is_duplicate = seen >> name & 1;
        seen |= 1U << name;
        for (size_t i = 0; i < filter->count && !(is_duplicate && !filter->last_counts); i++) {
            if (filter->conditions[i].name == name && is_false(&filter->conditions[i], &field))
                return !filter->last_counts || lt_json_glance_is_last(filter->glance);
        }
        if (seen == (1U << filter->name_count) - 1)
            return false;
    }
    return false;
}

bool lt_json_filter_rejects_text(struct lt_json_filter *filter, const struct lt_bytes *text)
{
    if (filter->rest > 0) {
        filter->rest--;
        return false;
    }
    bool is_rejected = look(filter, text);
    filter->rejected += is_rejected;
    if (++filter->looks == ROUND) {
        filter->rest = filter->rejected < WORTH_IT ? REST : 0;
        filter->looks = filter->rejected = 0;
    }
    return is_rejected;
}

bool lt_json_filter_rejects(struct lt_json_filter *filter, const struct lt_row *row)
{
    return !lt_row_is_null(row, filter->column) &&
           lt_json_filter_rejects_text(filter, &lt_row_values(row)[filter->column].bytes);
}
