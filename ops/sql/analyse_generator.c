/*
 * Generators as relations: LATERAL VIEW explode(a) t AS x, FROM explode(array(1, 2)) AS t(x),
 * FROM s, LATERAL explode(a) AS t(x), and range(...), which is explode(sequence(...)).
 *
 * Each is a select list: the columns of what stands before, if anything does, and the generator.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/functions.h"
#include "ops/expr/generator.h"
#include "ops/expr/many_rows.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/analysis.h"
#include "ops/sql/explain.h"

/* ------------------------------------------------------------------------------- lateral views */

/* The scope with the generator's columns behind it, under its name. */
static struct lt_sql_scope widen(struct lt_sql_analysis *analysis, const char *alias,
                                 const struct lt_sql_scope *scope, const struct lt_type *schema)
{
    struct lt_sql_scope wider = {.schema = schema, .part_count = scope->part_count + 1};
    wider.parts = lt_arena_alloc(analysis->env->arena, wider.part_count * sizeof *wider.parts);
    if (scope->part_count > 0)
        memcpy(wider.parts, scope->parts, scope->part_count * sizeof *wider.parts);
    uint32_t first = scope->schema->field_count;
    wider.parts[scope->part_count] =
        (struct lt_sql_part){alias, first, schema->field_count - first};
    return wider;
}

static int check_generator(struct lt_sql_analysis *analysis, const struct lt_sql_relation *view,
                           const char *text)
{
    const struct lt_expression *call = view->generator;
    struct lt_expr_place place = {text, view->begin, view->end};
    if (lt_generator_is_name(call->name))
        return LT_OK;
    if (lt_function_find(call->name) < 0 && lt_many_rows_find(call->name) == NULL &&
        strchr(call->name, '.') == NULL)
        return lt_refuse_unknown_routine(analysis->error, place, call->name, analysis->env->arena);
    return lt_expr_error(
        analysis->error, LT_E_ANALYSIS, "UNSUPPORTED_GENERATOR.NOT_GENERATOR", "42K0E", place,
        "The generator is not supported: %s is expected to be a generator. "
        "However, its class is a function, which is not a generator; hint: explode, "
        "posexplode, inline, stack and json_tuple are",
        lt_name_quoted_one(call->name, analysis->env->arena));
}

/* The last item of the projection is the generator. */
static void show_generator(struct lt_sql_analysis *analysis, const char *alias,
                           struct lt_sql_output *out)
{
    struct lt_arena *arena = analysis->env->arena;
    const struct lt_plan_node *project =
        out->node->kind == LT_PLAN_UNION ? out->node->inputs[0] : out->node;
    if (out->tree == NULL)
        return;
    const struct lt_expression *call =
        lt_generator_call(project->expressions[project->expression_count - 1]);
    const struct lt_type *schema = project->schema;
    uint32_t count = call->type->field_count;
    const struct lt_type columns = {.kind = LT_TYPE_STRUCT,
                                    .fields = schema->fields + schema->field_count - count,
                                    .field_count = count};
    lt_sql_tree_over(analysis, "Generate",
                     lt_arena_format(arena, "%s, %s, %s%s%s", lt_expr_plan_text(call, false, arena),
                                     lt_generator_is_outer(call) ? "true" : "false",
                                     alias != NULL ? alias : "", alias != NULL ? ", " : "",
                                     lt_plan_columns(&columns, arena)),
                     out);
}

/* SELECT *, the generator: over what `out` is, whose scope is left as it was. */
static int add_generator(struct lt_sql_analysis *analysis, struct lt_expression *item,
                         const char *text, struct lt_sql_output *out)
{
    struct lt_plan_node *project = lt_sql_node_with(analysis, out, text, item);
    int code = lt_sql_complete(analysis, project);
    if (code == LT_OK)
        out->node = project;
    return code;
}

/* LATERAL VIEW [OUTER] explode(a) t AS x is SELECT *, explode(a) AS x. */
int lt_sql_analyse_lateral_view(struct lt_sql_analysis *analysis,
                                const struct lt_sql_relation *view, const char *text,
                                const struct lt_sql_ctes *ctes, struct lt_sql_output *out)
{
    int code = lt_sql_analyse_relation(analysis, view->left, text, ctes, out);
    struct lt_expression *call = view->generator;
    call->begin = view->begin; /* as in Spark, what is wrong with it stands at the view */
    call->end = view->end;
    if (code == LT_OK)
        code = check_generator(analysis, view, text);
    struct lt_sql_names names = lt_sql_names_in(analysis, &out->scope, text);
    if (code == LT_OK)
        code = lt_sql_resolve_names(&names, &call);
    const struct lt_sql_columns *columns = &view->columns;
    if (code == LT_OK)
        code = add_generator(
            analysis,
            lt_generator_item(call, columns->names, columns->count, view->is_outer, names.arena),
            text, out);
    if (code == LT_OK)
        show_generator(analysis, view->alias, out);
    if (code == LT_OK)
        out->scope = widen(analysis, view->alias, &out->scope, out->node->schema);
    return code;
}

/* --------------------------------------------------------------------------------------- range */

enum { RANGE_ARGUMENTS = 4, RANGE_ROWS_MAX = 1000000 };

/* The argument's value, a BIGINT or, the last, an INT. */
static int range_value(struct lt_sql_analysis *analysis, const char *text,
                       const struct lt_expression *call, uint32_t place_of_it,
                       struct lt_expression *node, int64_t *out)
{
    static const char *const names[] = {"start", "end", "step", "numSlices"};
    static const char *const ordinals[] = {"first", "second", "third", "4th"};
    const struct lt_type *wanted =
        lt_type_simple(place_of_it == RANGE_ARGUMENTS - 1 ? LT_TYPE_INT : LT_TYPE_BIGINT);
    struct lt_arena *arena = analysis->env->arena;
    struct lt_expr_place place = {text, call->begin, call->end};
    const char *shown = lt_expr_text(node, arena), *type = lt_type_sql(arena, wanted);
    const struct lt_type *nothing = lt_type_struct(arena, NULL, 0);
    bool is_value = lt_sql_is_subquery(node);
    int code = is_value ? LT_OK
                        : lt_expr_analyse(&node, text, nothing, analysis->env->session, arena,
                                          analysis->error);
    if (code != LT_OK)
        return code;
    bool is_castable = is_value || lt_type_is_numeric(node->type) || lt_type_is_text(node->type);
    if (!is_castable)
        return lt_expr_error(
            analysis->error, LT_E_ANALYSIS, "UNEXPECTED_INPUT_TYPE", "42K09", place,
            "Parameter %s of function `range` requires the \"%s\" type, however \"%s\" has the "
            "type \"%s\".",
            ordinals[place_of_it], type, shown, lt_type_sql(arena, node->type));
    if (!is_value) {
        node = lt_coerce_cast(node, wanted, arena);
        node->begin = call->begin;
        node->end = call->end;
        code =
            lt_expr_analyse(&node, text, nothing, analysis->env->session, arena, analysis->error);
    }
    if (code == LT_OK && (node->kind != LT_EXPR_LITERAL || node->is_null))
        return lt_expr_error(analysis->error, LT_E_ANALYSIS, "NON_FOLDABLE_ARGUMENT", "42K08",
                             place,
                             "The function `range` requires the parameter `%s` to be a foldable "
                             "expression of the type \"%s\", but the actual argument is a "
                             "non-foldable.",
                             names[place_of_it], type);
    *out = code == LT_OK ? node->value.i64 : 0;
    return code;
}

/* range([start,] end [, step [, partitions]]): its first number, its step and how many there are.
 */
static int range_numbers(struct lt_sql_analysis *analysis, const char *text,
                         const struct lt_expression *call, int64_t *first, int64_t *step,
                         uint64_t *count)
{
    int64_t values[RANGE_ARGUMENTS] = {0, 0, 1, 1};
    struct lt_expr_place place = {text, call->begin, call->end};
    uint32_t given = call->argument_count;
    if (given < 1 || given > RANGE_ARGUMENTS)
        return lt_expr_error(
            analysis->error, LT_E_ANALYSIS, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605", place,
            "The `range` requires [1, 2, 3, 4] parameters but the actual number is %u. Please, "
            "refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix.",
            given);
    for (uint32_t i = 0; i < given; i++) {
        uint32_t at = given == 1 ? 1 : i;
        int code = range_value(analysis, text, call, at, call->arguments[i], &values[at]);
        if (code != LT_OK)
            return code;
    }
    if (values[2] == 0)
        return lt_expr_error(analysis->error, LT_E_ANALYSIS, "FAILED_FUNCTION_CALL", "38000", place,
                             "Failed preparing of the function `range` for call. Please, double "
                             "check function's arguments.");
    if (values[3] <= 0)
        return lt_expr_error(analysis->error, LT_E_ANALYSIS, "", "", place,
                             "Positive number of partitions required");
    __int128 span = (__int128)values[1] - values[0], by = values[2];
    *first = values[0];
    *step = values[2];
    *count =
        span == 0 || (span > 0) != (by > 0) ? 0 : (uint64_t)((span + by - (by > 0 ? 1 : -1)) / by);
    return LT_OK;
}

static struct lt_expression *number_node(struct lt_arena *arena, int64_t number)
{
    struct lt_expression *node = lt_arena_alloc(arena, sizeof *node);
    *node = (struct lt_expression){
        .kind = LT_EXPR_LITERAL, .type = lt_type_simple(LT_TYPE_BIGINT), .index = -1};
    node->value.i64 = number;
    return node;
}

static struct lt_expression *call_node(struct lt_arena *arena, const struct lt_expression *from,
                                       const char *name, uint32_t count)
{
    struct lt_expression *node = lt_arena_alloc(arena, sizeof *node);
    *node = (struct lt_expression){.kind = LT_EXPR_CALL,
                                   .name = name,
                                   .begin = from->begin,
                                   .end = from->end,
                                   .argument_count = count,
                                   .index = -1};
    node->arguments = lt_arena_alloc(arena, (count + 1) * sizeof *node->arguments);
    return node;
}

/* explode(sequence(first, last, step)), or of no numbers at all. */
static int range_call(struct lt_sql_analysis *analysis, const char *text,
                      const struct lt_expression *call, struct lt_expression **out)
{
    struct lt_arena *arena = analysis->env->arena;
    int64_t first = 0, step = 1;
    uint64_t count = 0;
    int code = range_numbers(analysis, text, call, &first, &step, &count);
    if (code != LT_OK)
        return code;
    if (count > RANGE_ROWS_MAX)
        return lt_expr_error(analysis->error, LT_E_LIMIT, "", "",
                             (struct lt_expr_place){text, call->begin, call->end},
                             "range gives more than %d rows; hint: a table USING rate gives "
                             "numbers without end",
                             (int)RANGE_ROWS_MAX);
    *out = call_node(arena, call, "explode", 1);
    if (count > 0) {
        struct lt_expression *numbers = call_node(arena, call, "sequence", 3);
        numbers->arguments[0] = number_node(arena, first);
        numbers->arguments[1] = number_node(arena, (int64_t)(first + (__int128)(count - 1) * step));
        numbers->arguments[2] = number_node(arena, step);
        (*out)->arguments[0] = numbers;
        return LT_OK;
    }
    struct lt_expression *none = lt_arena_alloc(arena, sizeof *none);
    *none =
        (struct lt_expression){.kind = LT_EXPR_CAST,
                               .type = lt_type_array(arena, lt_type_simple(LT_TYPE_BIGINT), false),
                               .begin = call->begin,
                               .end = call->end,
                               .argument_count = 1,
                               .index = -1};
    none->arguments = lt_arena_alloc(arena, sizeof *none->arguments);
    none->arguments[0] = call_node(arena, call, "array", 0);
    (*out)->arguments[0] = none;
    return LT_OK;
}

/* -------------------------------------------------------------------- functions that are tables */

static int refuse_function(struct lt_sql_analysis *analysis, const struct lt_expr_place place,
                           const char *name)
{
    static const char *const later[] = {"collations", "sql_keywords", "variant_explode",
                                        "variant_explode_outer", "python_worker_logs"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        if (lt_ascii_compare(later[i], name) == 0)
            return lt_expr_error(analysis->error, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE", "0A000",
                                 place,
                                 "\"%s\" is a table-valued function of Spark that is not in this "
                                 "version",
                                 later[i]);
    }
    const char *quoted = lt_name_quoted_one(name, analysis->env->arena);
    return lt_expr_error(
        analysis->error, LT_E_ANALYSIS, "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883", place,
        "Could not resolve %s to a table-valued function.\nPlease make sure that %s is defined as "
        "a "
        "table-valued function and that all required parameters are provided correctly.\nIf %s is "
        "not defined, please create the table-valued function before using it.\nFor more "
        "information about defining table-valued functions, please refer to the Apache Spark "
        "documentation.",
        quoted, quoted, quoted);
}

/* The generator, its names resolved among those of `scope`; Spark suggests none of them. */
static int resolve_function(struct lt_sql_analysis *analysis,
                            const struct lt_sql_relation *relation, const char *text,
                            const struct lt_sql_scope *scope, struct lt_expression **out)
{
    struct lt_expression *call = relation->generator;
    const char *name = relation->table.parts[0];
    struct lt_expr_place place = {text, call->begin, call->end};
    struct lt_sql_names names = lt_sql_names_in(analysis, scope, text);
    names.suggests_none = true;
    bool is_range = lt_ascii_compare(name, "range") == 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (call->arguments[i]->kind == LT_EXPR_STAR)
            return lt_sql_refuse_star(&names, call->arguments[i], "UnresolvedTableValuedFunction");
    }
    if (!is_range && !lt_generator_is_name(name))
        return refuse_function(analysis, place, name);
    analysis->wants_constants = true;
    int code = lt_sql_check_names(&names, &call);
    analysis->wants_constants = false;
    if (code == LT_OK && is_range)
        return range_call(analysis, text, call, out);
    *out = call;
    return code;
}

static int refuse_aliases(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                          const char *text, uint32_t count)
{
    struct lt_expr_place place = {text, relation->begin, relation->end};
    return lt_expr_error(
        analysis->error, LT_E_ANALYSIS, "NUM_TABLE_VALUE_ALIASES_MISMATCH", "42826", place,
        "Number of given aliases does not match number of output columns.\nFunction name: %s; "
        "number of aliases: %u; number of output columns: %u.",
        lt_name_quoted_one(relation->table.parts[0], analysis->env->arena), relation->columns.count,
        count);
}

/* Adds the columns of the function to what `out` is. A first analysis finds how many they are,
 * for they may have been given other names. */
static int add_function(struct lt_sql_analysis *analysis, const struct lt_sql_relation *relation,
                        const char *text, bool is_outer, struct lt_sql_output *out)
{
    static const char *const id[] = {"id"};
    const struct lt_sql_columns *columns = &relation->columns;
    bool is_range = lt_ascii_compare(relation->table.parts[0], "range") == 0;
    uint32_t before = out->scope.schema->field_count;
    struct lt_expression *call = NULL;
    const struct lt_plan_node *input = out->node;
    int code = resolve_function(analysis, relation, text, &out->scope, &call);
    if (code == LT_OK)
        code = add_generator(
            analysis, lt_generator_item(call, id, is_range ? 1 : 0, is_outer, analysis->env->arena),
            text, out);
    if (code != LT_OK)
        return code;
    const struct lt_type *schema = out->node->schema;
    uint32_t count = schema->field_count - before;
    if (columns->count > 0 && columns->count != count)
        return refuse_aliases(analysis, relation, text, count);
    show_generator(analysis, relation->alias, out);
    if (columns->count == 0)
        return LT_OK;
    struct lt_sql_columns all = {.count = schema->field_count};
    all.names = lt_arena_alloc(analysis->env->arena, all.count * sizeof *all.names);
    for (uint32_t i = 0; i < all.count; i++)
        all.names[i] = i < before ? schema->fields[i].name : columns->names[i - before];
    input = out->node;
    out->node = lt_sql_rename(analysis->env, out->node, &all);
    lt_sql_tree_steps(analysis, input, out);
    return LT_OK;
}

int lt_sql_analyse_function(struct lt_sql_analysis *analysis,
                            const struct lt_sql_relation *relation, const char *text,
                            struct lt_sql_output *out)
{
    int code = lt_sql_read_table(analysis, NULL, out);
    if (code != LT_OK)
        return code;
    out->scope = lt_sql_scope_of(analysis, lt_type_struct(analysis->env->arena, NULL, 0), NULL);
    code = add_function(analysis, relation, text, false, out);
    if (code == LT_OK)
        out->scope = lt_sql_scope_of(analysis, out->node->schema, relation->alias);
    return code;
}

bool lt_sql_is_lateral_function(const struct lt_sql_relation *join)
{
    const struct lt_expression *on = join->condition;
    bool is_left = strcmp(join->join, "LeftOuter") == 0;
    bool is_always = on == NULL || (on->kind == LT_EXPR_LITERAL && !on->is_null &&
                                    on->type->kind == LT_TYPE_BOOLEAN && on->value.i64 != 0);
    return join->is_lateral && join->right->kind == LT_SQL_FUNCTION &&
           join->right->watermark == NULL &&
           (is_left ? is_always
                    : strcmp(join->join, "Inner") == 0 || strcmp(join->join, "Cross") == 0);
}

int lt_sql_analyse_lateral_function(struct lt_sql_analysis *analysis,
                                    const struct lt_sql_relation *join, const char *text,
                                    const struct lt_sql_ctes *ctes, struct lt_sql_output *out)
{
    int code = lt_sql_analyse_relation(analysis, join->left, text, ctes, out);
    /* As in Spark, what has no rows gives one of NULLs only where ON stands. */
    bool is_outer = strcmp(join->join, "LeftOuter") == 0 && join->condition != NULL;
    if (code == LT_OK)
        code = add_function(analysis, join->right, text, is_outer, out);
    if (code != LT_OK)
        return code;
    out->scope = widen(analysis, join->right->alias, &out->scope, out->node->schema);
    return join->condition == NULL || is_outer
               ? LT_OK
               : lt_sql_analyse_where(analysis, join->condition, text, out);
}
