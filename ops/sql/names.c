/*
 * Resolution walks a tree once. Parameters of lambdas hide columns and relations of their name; a
 * struct column's field is what remains when no relation has the name (a table comes first, as in
 * Spark).
 */
#include "ops/sql/names.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/limits.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"

struct hidden {
    const struct lt_expression *lambda;
    const struct hidden *outer;
};

static bool same_name(const struct lt_sql_names *names, const char *a, const char *b)
{
    return lt_session_or_default(names->session)->is_case_sensitive ? strcmp(a, b) == 0
                                                                    : lt_ascii_compare(a, b) == 0;
}

/* Index among the columns first .. first+count-1; -1 none, -2 several. */
static int find_column(const struct lt_sql_names *names, uint32_t first, uint32_t count,
                       const char *name)
{
    int found = -1;
    for (uint32_t i = first; i < first + count; i++) {
        if (same_name(names, names->scope->schema->fields[i].name, name))
            found = found == -1 ? (int)i : -2;
    }
    return found;
}

/* The columns that there are, as Spark suggests them: qualified where the name that was written is,
 * or where not all have the same qualifier. */
static uint32_t list_columns(const struct lt_sql_names *names, bool is_qualified,
                             const char **known)
{
    const struct lt_sql_scope *scope = names->scope;
    uint32_t count = 0;
    for (uint32_t i = 0; i < scope->part_count; i++) {
        const struct lt_sql_part *part = &scope->parts[i];
        bool is_long = part->qualifier != NULL && (is_qualified || scope->part_count > 1);
        for (uint32_t j = part->first; j < part->first + part->count; j++) {
            const char *parts[] = {part->qualifier, scope->schema->fields[j].name};
            known[count++] = is_long ? lt_name_quoted(parts, 2, names->arena)
                                     : lt_name_quoted_one(parts[1], names->arena);
        }
    }
    return count;
}

int lt_sql_unresolved(const struct lt_sql_names *names, uint32_t begin, uint32_t end,
                      const char *qualifier, const char *name)
{
    struct lt_expr_place place = {names->text, begin, end};
    const char *parts[] = {qualifier, name};
    const char **known =
        lt_arena_alloc(names->arena, (names->scope->schema->field_count + 1) * sizeof *known);
    uint32_t count = names->suggests_none ? 0 : list_columns(names, qualifier != NULL, known);
    lt_sort_names(known, count);
    const char *quoted = qualifier != NULL ? lt_name_quoted(parts, 2, names->arena)
                                           : lt_name_quoted_one(name, names->arena);
    const char *written =
        qualifier != NULL ? lt_arena_format(names->arena, "%s.%s", qualifier, name) : name;
    return lt_refuse_column(names->error, place, quoted, written, known, count, names->arena);
}

int lt_sql_refuse_star(const struct lt_sql_names *names, const struct lt_expression *star,
                       const char *where)
{
    struct lt_expr_place place = {names->text, star->begin, star->end};
    return lt_expr_error(names->error, LT_E_ANALYSIS, "INVALID_USAGE_OF_STAR_OR_REGEX", "42000",
                         place, "Invalid usage of '*' in %s.", where);
}

int lt_sql_refuse_star_base(const struct lt_sql_names *names, const struct lt_expression *star)
{
    struct lt_expr_place place = {names->text, star->begin, star->end};
    return lt_refuse_star_base(names->error, place, star->name, names->scope->schema, names->arena);
}

static int refuse_ambiguous(const struct lt_sql_names *names, const struct lt_expression *node,
                            const char *qualifier)
{
    const struct lt_sql_scope *scope = names->scope;
    struct lt_expr_place place = {names->text, node->begin, node->end};
    const char *written[] = {qualifier, node->name};
    const char **bearers =
        lt_arena_alloc(names->arena, scope->schema->field_count * sizeof *bearers);
    uint32_t count = 0;
    for (uint32_t i = 0; i < scope->part_count; i++) {
        const struct lt_sql_part *part = &scope->parts[i];
        const char *parts[] = {part->qualifier, NULL};
        if (qualifier != NULL &&
            (part->qualifier == NULL || lt_ascii_compare(part->qualifier, qualifier) != 0))
            continue;
        for (uint32_t j = part->first; j < part->first + part->count; j++) {
            parts[1] = scope->schema->fields[j].name;
            if (same_name(names, parts[1], node->name))
                bearers[count++] = parts[0] != NULL ? lt_name_quoted(parts, 2, names->arena)
                                                    : lt_name_quoted_one(parts[1], names->arena);
        }
    }
    return lt_refuse_ambiguous(names->error, place,
                               qualifier != NULL ? lt_name_quoted(written, 2, names->arena)
                                                 : lt_name_quoted_one(node->name, names->arena),
                               bearers, count, names->arena);
}

static void become_column(const struct lt_sql_names *names, struct lt_expression *node, int index)
{
    const struct lt_field *field = &names->scope->schema->fields[index];
    *node = (struct lt_expression){.kind = LT_EXPR_COLUMN,
                                   .begin = node->begin,
                                   .end = node->end,
                                   .name = field->name,
                                   .type = field->type,
                                   .nullable = field->nullable,
                                   .index = index};
}

static bool is_hidden(const struct hidden *hidden, const char *name)
{
    for (; hidden != NULL; hidden = hidden->outer) {
        for (uint32_t i = 1; i < hidden->lambda->argument_count; i++) {
            if (lt_ascii_compare(hidden->lambda->arguments[i]->name, name) == 0)
                return true;
        }
    }
    return false;
}

/* Has an item further left the name? Analysis puts it in. */
static bool is_alias(const struct lt_sql_names *names, const char *name)
{
    for (uint32_t i = 0; i < names->item_count; i++) {
        const struct lt_expression *item = names->items[i];
        if (item->kind != LT_EXPR_ALIAS)
            continue;
        if (same_name(names, item->name, name))
            return true;
        for (uint32_t j = 1; j < item->argument_count; j++) { /* AS (name, ...) */
            const struct lt_bytes *other = &item->arguments[j]->value.bytes;
            if (same_name(
                    names,
                    lt_arena_text_n(names->arena, (const char *)other->data, other->size_bytes),
                    name))
                return true;
        }
    }
    return false;
}

/* A name that a query around this one knows: its value is some value of its type. */
static bool is_outer_name(const struct lt_sql_names *names, struct lt_expression *node,
                          const char *qualifier)
{
    const struct lt_sql_names *own = names;
    for (names = names->outer; names != NULL; names = names->outer) {
        const struct lt_sql_scope *scope = names->scope;
        for (uint32_t i = 0; i < scope->part_count; i++) {
            const struct lt_sql_part *part = &scope->parts[i];
            if (qualifier != NULL &&
                (part->qualifier == NULL || lt_ascii_compare(part->qualifier, qualifier) != 0))
                continue;
            int index = find_column(names, part->first, part->count, node->name);
            if (index < 0)
                continue;
            lt_sql_become_value(node, scope->schema->fields[index].type);
            if (own->is_correlated != NULL)
                *own->is_correlated = true;
            return true;
        }
    }
    return false;
}

/* q.name, where q is no parameter of a lambda. */
static int resolve_qualified(struct lt_sql_names *names, struct lt_expression *node)
{
    const char *qualifier = node->arguments[0]->name;
    bool is_relation = false;
    int index = -1;
    for (uint32_t i = 0; i < names->scope->part_count && index == -1; i++) {
        const struct lt_sql_part *part = &names->scope->parts[i];
        if (part->qualifier == NULL || lt_ascii_compare(part->qualifier, qualifier) != 0)
            continue;
        is_relation = true;
        index = find_column(names, part->first, part->count, node->name);
    }
    if (index >= 0) {
        become_column(names, node, index);
        return LT_OK;
    }
    if (index == -2)
        return refuse_ambiguous(names, node, qualifier);
    if (find_column(names, 0, names->scope->schema->field_count, qualifier) != -1)
        return LT_OK; /* a field of a struct */
    if (!is_relation && is_alias(names, qualifier))
        return LT_OK;
    if (!is_relation && is_outer_name(names, node, qualifier))
        return LT_OK;
    return lt_sql_unresolved(names, node->begin, node->end, qualifier, node->name);
}

static int check_known(const struct lt_sql_names *names, struct lt_expression *node)
{
    int index = find_column(names, 0, names->scope->schema->field_count, node->name);
    if (index == -1 && is_outer_name(names, node, NULL))
        return LT_OK;
    if (index == -1)
        return lt_sql_unresolved(names, node->begin, node->end, NULL, node->name);
    return index >= 0 ? LT_OK : refuse_ambiguous(names, node, NULL);
}

static int resolve(struct lt_sql_names *names, struct lt_expression *node,
                   const struct hidden *hidden, bool must_be_known)
{
    bool is_column = node->kind == LT_EXPR_COLUMN && node->type == NULL;
    if (is_column && !is_hidden(hidden, node->name))
        return must_be_known && !is_alias(names, node->name) ? check_known(names, node) : LT_OK;
    if (node->kind == LT_EXPR_FIELD && node->type == NULL &&
        node->arguments[0]->kind == LT_EXPR_COLUMN && node->arguments[0]->type == NULL &&
        !is_hidden(hidden, node->arguments[0]->name)) {
        int code = resolve_qualified(names, node);
        if (code != LT_OK || node->kind != LT_EXPR_FIELD)
            return code;
    }
    const struct hidden own = {.lambda = node, .outer = hidden};
    bool is_lambda = node->kind == LT_EXPR_LAMBDA;
    uint32_t count = is_lambda ? 1 : node->kind == LT_EXPR_STAR ? 0 : node->argument_count;
    for (uint32_t i = 0; i < count; i++) {
        int code = resolve(names, node->arguments[i], is_lambda ? &own : hidden, must_be_known);
        if (code != LT_OK)
            return code;
    }
    return lt_sql_is_subquery(node) ? names->subquery(names->user, names, node) : LT_OK;
}

int lt_sql_resolve_names(struct lt_sql_names *names, struct lt_expression **node)
{
    /* The analysis of expressions knows neither that nothing is read nor relations' names. */
    bool is_plain = names->scope->schema->field_count > 0 && names->scope->part_count == 1 &&
                    names->outer == NULL;
    return resolve(names, *node, NULL, !is_plain);
}

int lt_sql_check_names(struct lt_sql_names *names, struct lt_expression **node)
{
    return resolve(names, *node, NULL, true);
}

/* --------------------------------------------------------------------------------------- stars */

/* The part's columns less the excepted ones. */
static void push_columns(const struct lt_sql_names *names, const struct lt_expression *star,
                         const struct lt_sql_part *part, const bool *is_excepted,
                         struct lt_expr_list *out)
{
    for (uint32_t i = part->first; i < part->first + part->count; i++) {
        if (is_excepted[i] || lt_type_is_hidden(names->scope->schema, i))
            continue;
        struct lt_expression *column = lt_arena_alloc(names->arena, sizeof *column);
        column->begin = star->begin;
        column->end = star->end;
        become_column(names, column, (int)i);
        out->expressions[out->count++] = column;
    }
}

static int mark_excepted(const struct lt_sql_names *names, const struct lt_expression *star,
                         const struct lt_sql_part *part, bool *is_excepted)
{
    for (uint32_t i = 0; i < star->argument_count; i++) {
        const struct lt_expression *column = star->arguments[i];
        int index = column->kind == LT_EXPR_COLUMN
                        ? find_column(names, part->first, part->count, column->name)
                        : -1;
        if (index == -1)
            return lt_sql_unresolved(names, star->begin, star->end, NULL,
                                     column->name != NULL ? column->name : "an expression");
        for (uint32_t j = part->first; j < part->first + part->count; j++)
            is_excepted[j] |= same_name(names, names->scope->schema->fields[j].name, column->name);
    }
    return LT_OK;
}

/* The relation a star is of: NULL for a struct's, and for a star of everything. */
static const struct lt_sql_part *part_of(const struct lt_sql_names *names,
                                         const struct lt_expression *star)
{
    for (uint32_t i = 0; i < names->scope->part_count && star->name != NULL; i++) {
        const struct lt_sql_part *part = &names->scope->parts[i];
        if (part->qualifier != NULL && lt_ascii_compare(part->qualifier, star->name) == 0)
            return part;
    }
    return NULL;
}

/* A star of a relation becomes that of everything, or its columns; others are left to the analysis
 * of select lists, their EXCEPT columns resolved. */
static int push_star(struct lt_sql_names *names, struct lt_expression *star,
                     struct lt_expr_list *out)
{
    const struct lt_sql_part *part = part_of(names, star);
    bool is_struct = star->name != NULL && part == NULL;
    struct lt_expr_place place = {names->text, star->begin, star->end};
    if (names->scope->schema->field_count == 0)
        return lt_expr_error(names->error, LT_E_ANALYSIS, "CANNOT_RESOLVE_STAR_EXPAND", "42704",
                             place, "there is nothing that '*' could stand for; hint: add FROM");
    if (part != NULL) { /* arguments[0] is its name */
        star->arguments++;
        star->argument_count--;
        star->name = NULL;
    }
    bool is_long = is_struct && star->arguments[0]->kind == LT_EXPR_FIELD; /* relation.column.* */
    for (uint32_t i = is_struct && !is_long ? 1 : 0; i < star->argument_count; i++) {
        int code = lt_sql_resolve_names(names, &star->arguments[i]);
        if (code != LT_OK)
            return code;
    }
    if (part == NULL || part->count == names->scope->schema->field_count) {
        out->expressions[out->count++] = star;
        return LT_OK;
    }
    bool *is_excepted = lt_arena_alloc(names->arena, names->scope->schema->field_count);
    int code = mark_excepted(names, star, part, is_excepted);
    if (code == LT_OK)
        push_columns(names, star, part, is_excepted, out);
    return code;
}

int lt_sql_resolve_items(struct lt_sql_names *names, struct lt_expression *const *items,
                         uint32_t count, struct lt_expr_list *out)
{
    size_t most = count;
    for (uint32_t i = 0; i < count; i++)
        most += items[i]->kind == LT_EXPR_STAR ? names->scope->schema->field_count : 0;
    *out = (struct lt_expr_list){.expressions =
                                     lt_arena_alloc(names->arena, most * sizeof *out->expressions)};
    for (uint32_t i = 0; i < count; i++) {
        struct lt_expression *item = items[i];
        names->items = out->expressions;
        names->item_count = (uint32_t)out->count;
        int code = item->kind == LT_EXPR_STAR ? push_star(names, item, out)
                                              : lt_sql_resolve_names(names, &item);
        if (code != LT_OK)
            return code;
        if (item->kind != LT_EXPR_STAR)
            out->expressions[out->count++] = item;
    }
    names->item_count = 0;
    return LT_OK;
}
