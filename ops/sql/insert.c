/*
 * What INSERT writes. Values are cast as Spark's ANSI store assignment allows: numbers to numbers,
 * anything plain to text, times to times, and nothing that would read a text.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/text_buffer.h"
#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/analysis.h"
#include "ops/sql/create.h"
#include "ops/sql/explain.h"
#include "ops/sql/parse.h"

struct target {
    struct lt_sql_analysis *analysis;
    const struct lt_sql_statement *statement;
    const char *text;
    const struct lt_sql_table *table;
    const struct lt_type *from; /* the query's columns */
};

static struct lt_expr_place place_of(const struct target *target)
{
    return (struct lt_expr_place){target->text, target->statement->name.begin,
                                  target->statement->name.end};
}

/* "`spark_catalog`.`default`.`t`": what Spark calls a table that is written. */
static const char *table_name(const struct target *target)
{
    const char *parts[] = {"spark_catalog", "default", target->table->name};
    return lt_name_quoted(parts, 3, target->analysis->env->arena);
}

static int refuse_count(const struct target *target, const struct lt_type *wanted)
{
    bool is_short = target->from->field_count < wanted->field_count;
    return lt_expr_error(target->analysis->error, LT_E_ANALYSIS,
                         is_short ? "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
                                  : "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
                         "21S01", place_of(target),
                         "Cannot write to %s, the reason is %s data columns:\nTable columns: "
                         "%s.\nData columns: %s.",
                         table_name(target), is_short ? "not enough" : "too many",
                         lt_field_list(wanted, target->analysis->env->arena),
                         lt_field_list(target->from, target->analysis->env->arena));
}

/* The columns that are written, in the order of the data: the statement's list as a schema. */
static int listed_columns(const struct target *target, const struct lt_type **out)
{
    const struct lt_sql_columns *columns = &target->statement->columns;
    const struct lt_type *schema = target->table->schema;
    struct lt_arena *arena = target->analysis->env->arena;
    struct lt_field *fields = lt_arena_alloc(arena, columns->count * sizeof *fields);
    struct lt_expr_place place = {target->text, columns->begin, columns->end};
    for (uint32_t i = 0; i < columns->count; i++) {
        int index = schema == NULL ? 0 : lt_type_field_index(schema, columns->names[i]);
        if (index < 0) {
            const struct lt_sql_scope scope = lt_sql_scope_of(target->analysis, schema, NULL);
            struct lt_sql_names names = lt_sql_names_in(target->analysis, &scope, target->text);
            return lt_sql_unresolved(&names, target->statement->begin, target->statement->end, NULL,
                                     columns->names[i]);
        }
        for (uint32_t j = 0; j < i; j++) {
            if (lt_ascii_compare(columns->names[i], columns->names[j]) == 0)
                return lt_expr_error(target->analysis->error, LT_E_ANALYSIS,
                                     "COLUMN_ALREADY_EXISTS", "42711", place,
                                     "The column %s already exists. Choose another name or rename "
                                     "the existing column.",
                                     lt_name_quoted_one(columns->names[j], arena));
        }
        if (schema != NULL)
            fields[i] = schema->fields[index];
        else if (i < target->from->field_count)
            fields[i] = target->from->fields[i];
        fields[i].name = columns->names[i];
    }
    *out = lt_type_struct(arena, fields, columns->count);
    return LT_OK;
}

/* Where the data for a column of the table stand: an index, or -1 for NULL. */
static int source_of(const struct target *target, const struct lt_type *listed, uint32_t column)
{
    if (target->statement->is_by_name)
        return lt_type_field_index(target->from, target->table->schema->fields[column].name);
    return target->table->schema == listed
               ? (int)column
               : lt_type_field_index(listed, target->table->schema->fields[column].name);
}

/* What BY NAME writes: no column twice, not more than there are, and none that there is not. */
static int check_names(const struct target *target)
{
    const struct lt_type *from = target->from, *wanted = target->table->schema;
    struct lt_arena *arena = target->analysis->env->arena;
    const char *extra = NULL;
    for (uint32_t i = 0; i < from->field_count; i++) {
        const char *name = from->fields[i].name, *quoted = lt_name_quoted_one(name, arena);
        if (lt_type_field_index(from, name) < 0)
            return lt_expr_error(target->analysis->error, LT_E_ANALYSIS,
                                 "INCOMPATIBLE_DATA_FOR_TABLE.AMBIGUOUS_COLUMN_NAME", "KD000",
                                 place_of(target),
                                 "Cannot write incompatible data for the table %s: Ambiguous "
                                 "column name in the input data %s.",
                                 table_name(target), quoted);
        if (lt_type_field_index(wanted, name) < 0)
            extra = extra == NULL ? quoted : lt_arena_format(arena, "%s, %s", extra, quoted);
    }
    if (from->field_count > wanted->field_count)
        return refuse_count(target, wanted);
    if (extra == NULL)
        return LT_OK;
    return lt_expr_error(target->analysis->error, LT_E_ANALYSIS,
                         "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", "KD000", place_of(target),
                         "Cannot write incompatible data for the table %s: Cannot write extra "
                         "columns %s.",
                         table_name(target), extra);
}

/* As Spark's texts of what cannot be stored name types: STRUCT<A:INT>. */
static const char *type_text(const struct target *target, const struct lt_type *type)
{
    struct lt_arena *arena = target->analysis->env->arena;
    return lt_type_is_nested(type) ? lt_sql_upper(lt_type_simple_string(arena, type), arena)
                                   : lt_type_sql(arena, type);
}

/* The part that cannot be stored: `a`.`element` of an array, `a`.`key`, `a`.`field`. */
static int refuse_type(const struct target *target, const char *path, const struct lt_type *from,
                       const struct lt_type *to)
{
    static const char *const parts[] = {"key", "value"};
    struct lt_arena *arena = target->analysis->env->arena;
    bool is_alike = from->kind == to->kind && from->field_count == to->field_count;
    for (uint32_t i = 0; i < to->field_count && is_alike; i++) { /* types are nested to a limit */
        const struct lt_type *inner = from->fields[i].type, *wanted = to->fields[i].type;
        const char *name = to->kind == LT_TYPE_ARRAY ? "element"
                           : to->kind == LT_TYPE_MAP ? parts[i]
                                                     : to->fields[i].name;
        if (!lt_sql_can_store(inner, wanted))
            return refuse_type(
                target, lt_arena_format(arena, "%s.%s", path, lt_name_quoted_one(name, arena)),
                inner, wanted);
    }
    return lt_expr_error(
        target->analysis->error, LT_E_ANALYSIS, "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST",
        "KD000", place_of(target),
        "Cannot write incompatible data for the table %s: Cannot safely cast %s \"%s\" to "
        "\"%s\".",
        table_name(target), path, type_text(target, from), type_text(target, to));
}

static int store_column(const struct target *target, uint32_t index, const struct lt_field *to,
                        struct lt_expression **out)
{
    const struct lt_type *from = target->from->fields[index].type;
    if (!lt_sql_can_store(from, to->type))
        return refuse_type(target, lt_name_quoted_one(to->name, target->analysis->env->arena), from,
                           to->type);
    *out = lt_sql_pick(target->analysis, target->from, index, to->name, to->type);
    struct lt_expression *value = (*out)->arguments[0];
    bool is_sized = to->type->kind == LT_TYPE_CHAR || to->type->kind == LT_TYPE_VARCHAR;
    if (is_sized && value->kind == LT_EXPR_CAST && !lt_type_is_text(from)) /* by way of a text */
        value->arguments[0] = lt_coerce_cast(value->arguments[0], lt_type_simple(LT_TYPE_STRING),
                                             target->analysis->env->arena);
    if (value->kind == LT_EXPR_CAST)
        value->name = to->name;
    return LT_OK;
}

/* A column that nothing is given for: its default. */
static int default_column(const struct target *target, uint32_t column, struct lt_expression **out)
{
    const struct lt_field *to = &target->table->schema->fields[column];
    const char *written = target->table->defaults == NULL ? NULL : target->table->defaults[column];
    struct lt_expression *value;
    int code = lt_sql_default_value(target->analysis->env, to->type, written, &value,
                                    target->analysis->error);
    if (code == LT_OK)
        *out = lt_expr_alias(value, to->name, target->analysis->env->arena);
    return code;
}

/* The projection that makes the table's columns of the data's. */
static int store(const struct target *target, const struct lt_type *listed,
                 struct lt_plan_node **node)
{
    const struct lt_type *to = target->table->schema;
    struct lt_plan_node *project =
        lt_sql_node_over(target->analysis, LT_PLAN_PROJECT, *node, "", to->field_count);
    for (uint32_t i = 0; i < to->field_count; i++) {
        int index = source_of(target, listed, i);
        int code = index < 0 ? default_column(target, i, &project->expressions[i])
                             : store_column(target, (uint32_t)index, &to->fields[i],
                                            &project->expressions[i]);
        if (code != LT_OK)
            return code;
    }
    int code = lt_sql_complete(target->analysis, project);
    if (code == LT_OK)
        *node = project;
    return code;
}

/* DEFAULT in a row of VALUES is the default of its column. */
static int put_default(const struct lt_sql_env *env, const struct lt_sql_statement *statement,
                       const struct lt_sql_table *table, uint32_t place,
                       struct lt_expression **cell, struct lt_error *error)
{
    const struct lt_sql_columns *columns = &statement->columns;
    const struct lt_type *schema = table->schema;
    bool is_default =
        (*cell)->kind == LT_EXPR_COLUMN && lt_ascii_compare((*cell)->name, "default") == 0;
    int index = schema == NULL || place >= schema->field_count ? -1 : (int)place;
    if (schema != NULL && columns->count > 0)
        index = place < columns->count ? lt_type_field_index(schema, columns->names[place]) : -1;
    if (!is_default || index < 0) /* what is wrong with the columns is told later */
        return LT_OK;
    return lt_sql_default_value(env, schema->fields[index].type,
                                table->defaults == NULL ? NULL : table->defaults[index], cell,
                                error);
}

static int put_defaults(const struct lt_sql_env *env, const struct lt_sql_statement *statement,
                        const struct lt_sql_table *table, struct lt_error *error)
{
    const struct lt_sql_query *query = statement->query;
    int code = LT_OK;
    if (!query->is_values)
        return LT_OK;
    const struct lt_expression *rows = query->select->items.items[0]->arguments[0];
    for (uint32_t i = 0; i < rows->argument_count; i++) {
        struct lt_expression *row = rows->arguments[i];
        for (uint32_t j = 0; j < row->argument_count && code == LT_OK; j++)
            code = put_default(env, statement, table, j, &row->arguments[j], error);
    }
    return code;
}

int lt_sql_analyse_insert(const struct lt_sql_env *env, const struct lt_sql_statement *statement,
                          const char *text, const struct lt_sql_table *table,
                          struct lt_sql_plan *out, struct lt_error *error)
{
    int code = put_defaults(env, statement, table, error);
    if (code == LT_OK)
        code = lt_sql_analyse(env, statement->query, text, out, error);
    if (code != LT_OK)
        return code;
    struct lt_sql_analysis analysis = {.env = env, .error = error};
    const struct target target = {&analysis, statement, text, table, out->node->schema};
    const struct lt_type *listed = table->schema;
    if (statement->columns.count > 0)
        code = listed_columns(&target, &listed);
    if (code == LT_OK && statement->is_by_name && table->schema != NULL)
        code = check_names(&target);
    else if (code == LT_OK && listed != NULL && target.from->field_count != listed->field_count)
        code = refuse_count(&target, listed);
    if (code != LT_OK)
        return code;
    struct lt_sql_output output = {.node = out->node, .tree = out->tree};
    if (table->schema == NULL && listed != NULL)
        output.node = lt_sql_rename(env, out->node, &statement->columns);
    else if (table->schema != NULL && !lt_type_equal(target.from, table->schema))
        code = store(&target, listed, &output.node);
    if (code != LT_OK)
        return code;
    lt_sql_tree_steps(&analysis, out->node, &output);
    bool is_batch = env->may_batch && lt_plan_find_batch(out->node) != NULL;
    lt_sql_tree_over(&analysis,
                     is_batch ? "WriteToMicroBatchDataSource" : "WriteToContinuousDataSource",
                     lt_arena_format(env->arena, "%s, %s", table->format, table->name), &output);
    out->node = output.node;
    out->tree = output.tree;
    return LT_OK;
}
