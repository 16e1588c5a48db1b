/*
 * Select lists: what a star stands for, what the columns are called, and the schema they make.
 *
 * A star in a list becomes columns, or the fields of a struct (s.*); a star among the arguments of
 * a function becomes arguments. EXCEPT leaves out columns, and with a dotted name a field of a
 * column, which is then made anew of the fields that stay.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "ops/expr/analyser.h"
#include "ops/expr/expr.h"
#include "ops/expr/unresolved.h"
#include "ops/expr/generator.h"
#include "ops/expr/twins.h"

/* ----------------------------------------------------------------------------- what is left out */

/* One name of an EXCEPT list, from the left: "st", "a". */
struct excepted {
    const struct lt_expression *node;
    const char *parts[LT_LIMIT_TYPE_DEPTH];
    uint32_t count;
};

struct exceptions {
    struct excepted *items;
    uint32_t count;
    bool is_exact; /* the case of letters tells names apart */
};

static bool same_name(const struct exceptions *exceptions, const char *a, const char *b)
{
    return exceptions->is_exact ? strcmp(a, b) == 0 : lt_ascii_compare(a, b) == 0;
}

static int read_excepted(struct lt_analyser *analyser, const struct lt_expression *node,
                         struct excepted *out)
{
    *out = (struct excepted){.node = node};
    for (const struct lt_expression *at = node;; at = at->arguments[0]) {
        bool is_name = at->kind == LT_EXPR_COLUMN || at->kind == LT_EXPR_FIELD;
        if (!is_name || out->count == LT_LIMIT_TYPE_DEPTH)
            return lt_analyser_fail(analyser, LT_E_ANALYSIS, node,
                                    "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
                                    "EXCEPT names columns, and fields as column.field");
        memmove(out->parts + 1, out->parts, out->count * sizeof *out->parts);
        out->parts[0] = at->name;
        out->count++;
        if (at->kind == LT_EXPR_COLUMN)
            return LT_OK;
    }
}

static bool is_under(const struct exceptions *exceptions, const struct excepted *a,
                     const struct excepted *b)
{
    uint32_t count = a->count < b->count ? a->count : b->count;
    for (uint32_t i = 0; i < count; i++) {
        if (!same_name(exceptions, a->parts[i], b->parts[i]))
            return false;
    }
    return true;
}

/* Is there a column or field of this name in the struct? */
static bool exists(const struct exceptions *exceptions, const struct excepted *item,
                   const struct lt_type *type)
{
    for (uint32_t i = 0; i < item->count; i++) {
        const struct lt_type *next = NULL;
        for (uint32_t f = 0; type->kind == LT_TYPE_STRUCT && f < type->field_count; f++) {
            if (same_name(exceptions, item->parts[i], type->fields[f].name))
                next = type->fields[f].type;
        }
        if (next == NULL)
            return false;
        type = next;
    }
    return true;
}

static int refuse_excepted(struct lt_analyser *analyser, const struct lt_expression *star,
                           const struct excepted *item, const struct lt_type *type)
{
    struct lt_arena *arena = analyser->coerce.arena;
    const struct lt_expr_place place = {analyser->text, star->begin, star->end};
    const char **known = lt_arena_alloc(arena, (type->field_count + 1) * sizeof *known);
    for (uint32_t i = 0; i < type->field_count; i++)
        known[i] = lt_name_quoted_one(type->fields[i].name, arena);
    const char *name = lt_name_quoted(item->parts, (uint32_t)item->count, arena);
    return lt_refuse_column(analyser->error, place, name, lt_expr_text(item->node, arena), known,
                            type->field_count, arena);
}

/* A struct column that has no such field. */
static int refuse_field(struct lt_analyser *analyser, const struct excepted *item,
                        const struct lt_type *type)
{
    struct lt_arena *arena = analyser->coerce.arena;
    int index = lt_type_field_index(type, item->parts[0]);
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, item->node, "FIELD_NOT_FOUND", "42704",
                            "No such struct field %s in %s.",
                            lt_name_quoted_one(item->parts[item->count - 1], arena),
                            index < 0 ? "" : lt_field_list(type->fields[index].type, arena));
}

static int refuse_twice(struct lt_analyser *analyser, const struct lt_expression *star)
{
    const char *list = "";
    for (uint32_t i = star->name != NULL; i < star->argument_count; i++)
        list = lt_arena_format(analyser->coerce.arena, "%s%s%s", list, *list == '\0' ? "" : ", ",
                               lt_expr_text(star->arguments[i], analyser->coerce.arena));
    return lt_analyser_fail(analyser, LT_E_ANALYSIS, star, "EXCEPT_OVERLAPPING_COLUMNS", "42702",
                            "Columns in an EXCEPT list must be distinct and non-overlapping, but "
                            "got (%s).",
                            list);
}

static int read_exceptions(struct lt_analyser *analyser, const struct lt_expression *star,
                           const struct lt_type *type, struct exceptions *out)
{
    uint32_t first = star->name != NULL;
    out->is_exact = analyser->coerce.session->is_case_sensitive;
    out->items =
        lt_arena_alloc(analyser->coerce.arena, (star->argument_count + 1) * sizeof *out->items);
    for (uint32_t i = first; i < star->argument_count; i++) {
        struct excepted *item = &out->items[out->count];
        int code = read_excepted(analyser, star->arguments[i], item);
        if (code != LT_OK)
            return code;
        const struct excepted column = {.parts = {item->parts[0]}, .count = 1};
        if (item->count > 1 && exists(out, &column, type) && !exists(out, item, type))
            return refuse_field(analyser, item, type);
        if (!exists(out, item, type))
            return refuse_excepted(analyser, star, item, type);
        for (uint32_t k = 0; k < out->count; k++) {
            if (is_under(out, item, &out->items[k]))
                return refuse_twice(analyser, star);
        }
        out->count++;
    }
    return LT_OK;
}

/* The exceptions below one column or field, a step on; `*is_whole`: it is left out itself. */
static struct exceptions step_into(const struct exceptions *exceptions, const char *name,
                                   struct lt_arena *arena, bool *is_whole)
{
    struct exceptions inner = {.is_exact = exceptions->is_exact};
    inner.items = lt_arena_alloc(arena, (exceptions->count + 1) * sizeof *inner.items);
    *is_whole = false;
    for (uint32_t i = 0; i < exceptions->count; i++) {
        const struct excepted *item = &exceptions->items[i];
        if (!same_name(exceptions, item->parts[0], name))
            continue;
        *is_whole = *is_whole || item->count == 1;
        struct excepted *rest = &inner.items[inner.count++];
        *rest = (struct excepted){.node = item->node, .count = item->count - 1};
        memcpy(rest->parts, item->parts + 1, rest->count * sizeof *rest->parts);
    }
    return inner;
}

/* ------------------------------------------------------------------------------------ expansion */

/* A growing list in the arena's memory, large enough from the start. */
struct items {
    struct lt_expression **items;
    uint32_t count;
};

static struct lt_expression *make_node(struct lt_analyser *analyser, enum lt_expression_kind kind,
                                       const struct lt_expression *at, uint32_t argument_count)
{
    struct lt_expression *node = lt_arena_alloc(analyser->coerce.arena, sizeof *node);
    *node = (struct lt_expression){.kind = kind,
                                   .begin = at->begin,
                                   .end = at->end,
                                   .argument_count = argument_count,
                                   .index = -1};
    node->arguments =
        lt_arena_alloc(analyser->coerce.arena, (argument_count + 1) * sizeof *node->arguments);
    return node;
}

/* Field `index` of `base`, analysed: names may be doubled, so the position says which. */
static struct lt_expression *make_field(struct lt_analyser *analyser, struct lt_expression *base,
                                        const struct lt_type *type, uint32_t index)
{
    struct lt_expression *field = make_node(analyser, LT_EXPR_FIELD, base, 1);
    field->name = type->fields[index].name;
    field->arguments[0] = base;
    field->index = (int32_t)index;
    field->type = type->fields[index].type;
    field->nullable = base->nullable || type->fields[index].nullable;
    return field;
}

static struct lt_expression *make_column(struct lt_analyser *analyser,
                                         const struct lt_expression *at, uint32_t index)
{
    const struct lt_field *column = &analyser->schema->fields[index];
    struct lt_expression *node = make_node(analyser, LT_EXPR_COLUMN, at, 0);
    node->name = column->name;
    node->index = (int32_t)index;
    node->type = column->type;
    node->nullable = column->nullable;
    return node;
}

/* The struct in `base` without some of its fields: named_struct('b', base.b, ...). Recursion is
 * bounded by the depth of types. */
static struct lt_expression *without(struct lt_analyser *analyser, struct lt_expression *base,
                                     const struct exceptions *exceptions)
{
    const struct lt_type *type = base->type;
    struct lt_expression *call = make_node(analyser, LT_EXPR_CALL, base, 2 * type->field_count);
    call->name = "named_struct";
    call->argument_count = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        bool is_whole;
        struct exceptions inner =
            step_into(exceptions, type->fields[i].name, analyser->coerce.arena, &is_whole);
        if (is_whole)
            continue;
        struct lt_expression *name = make_node(analyser, LT_EXPR_LITERAL, base, 0);
        name->type = lt_type_simple(LT_TYPE_STRING);
        name->value = lt_value_text(type->fields[i].name);
        struct lt_expression *field = make_field(analyser, base, type, i);
        call->arguments[call->argument_count++] = name;
        call->arguments[call->argument_count++] =
            inner.count == 0 ? field : without(analyser, field, &inner);
    }
    return call;
}

static void add_item(struct lt_analyser *analyser, struct items *out, struct lt_expression *node,
                     const struct exceptions *exceptions)
{
    bool is_whole;
    struct exceptions inner = step_into(exceptions, node->name, analyser->coerce.arena, &is_whole);
    if (is_whole)
        return;
    out->items[out->count++] = inner.count == 0 ? node
                                                : lt_expr_alias(without(analyser, node, &inner),
                                                                node->name, analyser->coerce.arena);
}

static int refuse_base(struct lt_analyser *analyser, const struct lt_expression *star)
{
    const char *text = star->text == NULL ? analyser->text : star->text;
    const struct lt_expr_place place = {text, star->begin, star->end};
    return lt_refuse_star_base(analyser->error, place, star->name, analyser->schema,
                               analyser->coerce.arena);
}

int lt_analyser_star_base(struct lt_analyser *analyser, const struct lt_expression *star)
{
    if (star->name == NULL)
        return LT_OK;
    struct lt_expression *base = star->arguments[0];
    struct lt_error quiet, *error = analyser->error;
    analyser->error = &quiet;
    int code = lt_analyse(analyser, base);
    analyser->error = error;
    if (code != LT_OK)
        return refuse_base(analyser, star);
    if (base->type->kind != LT_TYPE_STRUCT)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, star, "_LEGACY_ERROR_TEMP_1050", NULL,
                                "Can only star expand struct data types. Attribute: `List(%s)`.",
                                star->name);
    return LT_OK;
}

static uint32_t most_items(const struct lt_analyser *analyser, const struct lt_expression *star)
{
    if (star->name != NULL)
        return star->arguments[0]->type->field_count;
    return analyser->schema == NULL ? 0 : analyser->schema->field_count;
}

/* Appends what the star stands for; the base of name.* is analysed. Fields keep their names, in a
 * call by an alias. */
static int expand_star(struct lt_analyser *analyser, const struct lt_expression *star,
                       bool is_argument, struct items *out)
{
    struct exceptions exceptions = {0};
    struct lt_expression *base = star->name == NULL ? NULL : star->arguments[0];
    const struct lt_type *type = base == NULL ? analyser->schema : base->type;
    if (type == NULL)
        type = lt_type_struct(analyser->coerce.arena, NULL, 0);
    int code = read_exceptions(analyser, star, type, &exceptions);
    for (uint32_t i = 0; i < type->field_count && code == LT_OK; i++) {
        if (lt_type_is_hidden(type, i))
            continue;
        struct lt_expression *item =
            base == NULL ? make_column(analyser, star, i) : make_field(analyser, base, type, i);
        if (base != NULL && is_argument && exceptions.count == 0)
            out->items[out->count++] = lt_expr_alias(item, item->name, analyser->coerce.arena);
        else
            add_item(analyser, out, item, &exceptions);
    }
    return code;
}

/* Replaces the stars of a list; the new list has room for one item more than it needs. */
static int expand_items(struct lt_analyser *analyser, struct lt_expression *const *list,
                        uint32_t count, bool is_argument, struct items *out)
{
    uint32_t most = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct lt_expression *item = list[i];
        int code = item->kind == LT_EXPR_STAR ? lt_analyser_star_base(analyser, item) : LT_OK;
        if (code != LT_OK)
            return code;
        most += item->kind == LT_EXPR_STAR ? most_items(analyser, item) : 0;
    }
    out->items =
        lt_arena_alloc(analyser->coerce.arena, (most + 1) * sizeof(struct lt_expression *));
    for (uint32_t i = 0; i < count; i++) {
        if (list[i]->kind != LT_EXPR_STAR) {
            out->items[out->count++] = list[i];
            continue;
        }
        int code = expand_star(analyser, list[i], is_argument, out);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

/* Operators have no list of arguments that a star could stand in; IN has. */
static bool takes_stars(const struct lt_expression *call)
{
    int32_t index = lt_function_find(call->name);
    const struct lt_function *function = index < 0 ? NULL : lt_function_at((size_t)index, NULL);
    return function == NULL || !function->is_operator || function->flow == LT_FLOW_IN;
}

int lt_analyser_expand_arguments(struct lt_analyser *analyser, struct lt_expression *call)
{
    bool has_star = false;
    for (uint32_t i = 0; i < call->argument_count; i++)
        has_star = has_star || call->arguments[i]->kind == LT_EXPR_STAR;
    if (!has_star || !takes_stars(call))
        return LT_OK;
    struct items expanded = {0};
    int code = expand_items(analyser, call->arguments, call->argument_count, true, &expanded);
    if (code != LT_OK)
        return code;
    call->arguments = expanded.items;
    call->argument_count = expanded.count;
    return LT_OK;
}

/* ----------------------------------------------------------------------------- names and schema */

/* A column, or a field reached from one by dots. */
static bool is_dotted(const struct lt_expression *node)
{
    while (node->kind == LT_EXPR_FIELD)
        node = node->arguments[0];
    return node->kind == LT_EXPR_COLUMN;
}

/* Its alias; its column's name, or the last of a dotted one; a cast's column's. */
static bool has_own_name(const struct lt_expression *node)
{
    bool is_cast_column = node->kind == LT_EXPR_CAST && node->arguments[0]->kind == LT_EXPR_COLUMN;
    return is_cast_column || node->kind == LT_EXPR_ALIAS || is_dotted(node);
}

const char *lt_expr_output_name(const struct lt_expression *expression, struct lt_arena *arena)
{
    if (!has_own_name(expression))
        return lt_expr_text(expression, arena);
    return expression->kind == LT_EXPR_CAST ? expression->arguments[0]->name : expression->name;
}

/* Stars in calls are shown as what they stand for. Recursion is bounded: the parser refused deeper
 * trees. */
static void expand_within(struct lt_analyser *analyser, struct lt_expression *node)
{
    if (node->kind == LT_EXPR_STAR || node->type != NULL)
        return;
    if (node->kind == LT_EXPR_CALL && lt_analyser_expand_arguments(analyser, node) != LT_OK)
        return;
    for (uint32_t i = 0; i < node->argument_count; i++)
        expand_within(analyser, node->arguments[i]);
}

/* The name of an item that says none, with what the types of its parts tell. What cannot be
 * analysed is refused later. */
static const char *column_name(struct lt_analyser *analyser, struct lt_expression *item)
{
    struct lt_error quiet;
    struct lt_analyser other = *analyser;
    struct lt_expression *twin;
    other.error = &quiet;
    other.is_naming = true;
    if (has_own_name(item))
        return lt_expr_output_name(item, analyser->coerce.arena);
    expand_within(&other, item);
    const struct lt_twins *twins = lt_twins_create(item, analyser->coerce.arena, &twin);
    bool is_analysed = lt_analyse(&other, twin) == LT_OK;
    return lt_expr_text_typed(item, is_analysed ? twins : NULL, analyser->coerce.arena);
}

struct lt_expression *lt_analyser_named(struct lt_analyser *analyser, struct lt_expression *item)
{
    bool has_name = item->kind == LT_EXPR_ALIAS || item->kind == LT_EXPR_COLUMN;
    if (has_name || lt_generator_call(item) != NULL)
        return item;
    return lt_expr_alias(item, column_name(analyser, item), analyser->coerce.arena);
}

int lt_expr_expand_stars(struct lt_expr_list *list, const char *text, const struct lt_type *schema,
                         const struct lt_session *session, struct lt_arena *arena,
                         struct lt_error *error)
{
    struct lt_analyser analyser = {.text = text,
                                   .schema = schema,
                                   .coerce = {lt_session_or_default(session), arena},
                                   .error = error};
    struct items expanded = {0};
    int code = expand_items(&analyser, list->expressions, (uint32_t)list->count, false, &expanded);
    *list = (struct lt_expr_list){.expressions = expanded.items, .count = expanded.count};
    return code;
}

const struct lt_type *lt_expr_output_schema(struct lt_expression *const *expressions, size_t count,
                                            struct lt_arena *arena)
{
    size_t total = 0, used = 0;
    for (size_t i = 0; i < count; i++)
        total += lt_generator_call(expressions[i]) == NULL ? 1 : expressions[i]->type->field_count;
    struct lt_field *fields = lt_arena_alloc(arena, total * sizeof *fields);
    bool *hidden = lt_arena_alloc(arena, total * sizeof *hidden), is_hiding = false;
    for (size_t i = 0; i < count; i++) {
        const struct lt_type *type = expressions[i]->type;
        is_hiding |= hidden[used] = expressions[i]->is_hidden; /* no generator is */
        bool is_generator = lt_generator_call(expressions[i]) != NULL;
        for (uint32_t j = 0; is_generator && j < type->field_count; j++)
            fields[used++] = type->fields[j];
        if (!is_generator)
            fields[used++] = (struct lt_field){.name = lt_expr_output_name(expressions[i], arena),
                                               .type = type,
                                               .nullable = expressions[i]->nullable};
    }
    const struct lt_type *schema = lt_type_struct(arena, fields, total);
    return is_hiding ? lt_type_hide_these(arena, schema, hidden) : schema;
}

void lt_expr_columns_used(const struct lt_expression *expression, uint64_t *used)
{
    if (expression->kind == LT_EXPR_COLUMN)
        lt_bit_set(used, (uint32_t)expression->index);
    for (uint32_t i = 0; i < expression->argument_count; i++)
        lt_expr_columns_used(expression->arguments[i], used);
}
