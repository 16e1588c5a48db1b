/*
 * VALUES (a, b), (c, d): what each cell may be, and the type that a column of them has. The rows
 * themselves are the select that the parser makes of them; here is only what Spark refuses. Each
 * cell is analysed by itself, in a tree of its own: a type does not depend on the other rows then.
 */
#include <string.h>

#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/aggregate.h"
#include "ops/sql/analysis.h"
#include "ops/sql/find.h"
#include "ops/sql/parse.h"

/* Functions that give another value at each call. */
static bool is_random(const char *name)
{
    static const char *const names[] = {"rand",    "randn",   "random", "uuid",
                                        "shuffle", "randstr", "uniform"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* Something that is no value of one row alone. */
static bool is_unevaluable(const struct lt_expression *node)
{
    return node->kind == LT_EXPR_CALL &&
           (lt_sql_is_generator(node) || lt_sql_is_aggregate(node->name) || lt_sql_is_over(node) ||
            is_random(node->name));
}

static int check_cell(struct lt_sql_analysis *analysis, struct lt_sql_names *names,
                      struct lt_expression *cell, const struct lt_type **type)
{
    struct lt_arena *arena = analysis->env->arena;
    struct lt_expr_place place = {names->text, cell->begin, cell->end};
    if (lt_sql_find(cell, is_unevaluable) != NULL)
        return lt_expr_error(
            analysis->error, LT_E_ANALYSIS,
            "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE", "42000", place,
            "Invalid inline table. Cannot evaluate the expression \"%s\" in inline "
            "table definition.",
            lt_expr_text(cell, arena));
    int code = lt_sql_check_names(names, &cell);
    if (code == LT_OK)
        code = lt_expr_analyse(&cell, names->text, names->scope->schema, analysis->env->session,
                               arena, analysis->error);
    *type = cell->type;
    return code;
}

static int refuse_types(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                        const char *text, uint32_t column)
{
    struct lt_arena *arena = analysis->env->arena;
    const struct lt_sql_columns *names = query->value_names;
    struct lt_expr_place place = {text, query->select->begin, query->select->end};
    const char *name = names != NULL && names->count > column
                           ? names->names[column]
                           : lt_arena_format(arena, "col%u", column + 1);
    return lt_expr_error(analysis->error, LT_E_ANALYSIS,
                         "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE", "42000", place,
                         "Invalid inline table. Found incompatible types in the column %s for "
                         "inline table.",
                         lt_name_quoted_one(name, arena));
}

/* The cells of one column, from the first row on. */
static int check_column(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                        struct lt_sql_names *names, const struct lt_expression *rows,
                        uint32_t column)
{
    const struct lt_coerce coerce = {lt_session_or_default(analysis->env->session),
                                     analysis->env->arena};
    const struct lt_type *common = NULL, *type = NULL;
    const struct lt_expression *real = query->select->items.items[0]->arguments[0];
    for (uint32_t row = 0; row < rows->argument_count; row++) {
        struct lt_expression *cell = rows->arguments[row]->arguments[column];
        type = real->arguments[row]->arguments[column]->type;
        /* INSERT has put a default there. */
        bool is_default = cell->kind == LT_EXPR_COLUMN && type != NULL;
        int code = is_default ? LT_OK : check_cell(analysis, names, cell, &type);
        if (code != LT_OK)
            return code;
        common = common == NULL ? type : lt_coerce_common_strict(&coerce, common, type);
        if (common == NULL)
            return refuse_types(analysis, query, names->text, column);
    }
    return LT_OK;
}

int lt_sql_check_values(struct lt_sql_analysis *analysis, const struct lt_sql_query *query,
                        const char *text)
{
    struct lt_sql_query *copy;
    int code = lt_sql_parse_query_part(text, query->select->begin, query->select->end,
                                       analysis->env->arena, &copy, analysis->error);
    if (code != LT_OK)
        return code;
    const struct lt_expression *rows = copy->select->items.items[0]->arguments[0];
    if (analysis->outer != NULL || lt_sql_find(rows, lt_sql_is_subquery) != NULL)
        return LT_OK; /* the select says what is wrong */
    const struct lt_sql_scope scope =
        lt_sql_scope_of(analysis, lt_type_struct(analysis->env->arena, NULL, 0), NULL);
    struct lt_sql_names names = lt_sql_names_in(analysis, &scope, text);
    for (uint32_t i = 0; i < rows->arguments[0]->argument_count && code == LT_OK; i++)
        code = check_column(analysis, query, &names, rows, i);
    return code;
}
