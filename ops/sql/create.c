#include "ops/sql/create.h"

#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/analyser.h"
#include "ops/expr/coerce.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/generator.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse.h"

enum { BUCKETS_MAX = 100000, COLUMNS_MAX = 64 };

struct layout {
    const struct lt_sql_statement *statement;
    const struct lt_sql_layout *of;
    struct lt_expr_place place;
    struct lt_arena *arena;
    struct lt_error *error;
    const char *partitions[COLUMNS_MAX]; /* columns */
    uint32_t partition_count;
};

/* -------------------------------------------------------------------------------------- layout */

static const char *table_name(const struct layout *layout)
{
    const struct lt_sql_name *name = &layout->statement->name;
    const char *parts[] = {"spark_catalog", "default", name->parts[name->count - 1]};
    return lt_name_quoted(parts, 3, layout->arena);
}

static int refuse_unknown(const struct layout *layout, const char *kind, const char *name)
{
    const char *columns = lt_field_list(layout->statement->schema, layout->arena);
    return lt_expr_error(
        layout->error, LT_E_ANALYSIS, "COLUMN_NOT_DEFINED_IN_TABLE", "42703", layout->place,
        "%s column %s is not defined in table %s, defined table columns are: %s.", kind,
        lt_name_quoted_one(name, layout->arena), table_name(layout), columns);
}

static int refuse_again(const struct layout *layout, const char *name)
{
    return lt_expr_error(layout->error, LT_E_ANALYSIS, "COLUMN_ALREADY_EXISTS", "42711",
                         layout->place,
                         "The column %s already exists. Choose another name or rename the existing "
                         "column.",
                         lt_name_quoted_one(name, layout->arena));
}

/* Columns of the table, each once. */
static int check_names(const struct layout *layout, const char *kind, const char *const *names,
                       uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (lt_type_field_index(layout->statement->schema, names[i]) < 0)
            return refuse_unknown(layout, kind, names[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (lt_ascii_compare(names[i], names[j]) == 0)
                return refuse_again(layout, names[j]);
        }
    }
    return LT_OK;
}

static int check_bucket_count(const struct layout *layout, int64_t count)
{
    if (count > 0 && count <= BUCKETS_MAX)
        return LT_OK;
    return lt_expr_error(layout->error, LT_E_ANALYSIS, "INVALID_BUCKET_COUNT", "22003",
                         layout->place,
                         "Number of buckets should be greater than 0 but less than or equal to "
                         "bucketing.maxBuckets (`%d`). Got `%lld`.",
                         (int)BUCKETS_MAX, (long long)count);
}

/* bucket(4, a) is fine as far as it goes; other transforms no table of Spark's own has. */
static int take_transform(struct layout *layout, const struct lt_expression *item)
{
    bool is_bucket = item->kind == LT_EXPR_CALL && lt_ascii_compare(item->name, "bucket") == 0 &&
                     item->argument_count > 1 && item->arguments[0]->kind == LT_EXPR_LITERAL;
    if (is_bucket)
        return check_bucket_count(layout, item->arguments[0]->value.i64);
    if (item->kind == LT_EXPR_COLUMN && layout->partition_count < COLUMNS_MAX) {
        layout->partitions[layout->partition_count++] = item->name;
        return LT_OK;
    }
    const char *shown = lt_expr_text(item, layout->arena);
    if (item->kind == LT_EXPR_FIELD) /* identity(b`.`c): as Spark quotes it */
        shown = lt_arena_format(layout->arena, "identity(%s`.`%s)",
                                lt_expr_text(item->arguments[0], layout->arena), item->name);
    return lt_expr_error(layout->error, LT_E_ANALYSIS, "UNSUPPORTED_PARTITION_TRANSFORM", "0A000",
                         layout->place,
                         "Unsupported partition transform: `%s`. The supported transforms are "
                         "`identity`, `bucket`, and `clusterBy`. Ensure your transform expression "
                         "uses one of these.",
                         shown);
}

static int check_partition_types(const struct layout *layout)
{
    const struct lt_type *schema = layout->statement->schema;
    if (layout->partition_count == schema->field_count)
        return lt_expr_error(layout->error, LT_E_ANALYSIS, "ALL_PARTITION_COLUMNS_NOT_ALLOWED",
                             "KD005", layout->place,
                             "Cannot use all columns for partition columns.");
    for (uint32_t i = 0; i < layout->partition_count; i++) {
        const struct lt_type *type =
            schema->fields[lt_type_field_index(schema, layout->partitions[i])].type;
        if (lt_type_is_nested(type))
            return lt_expr_error(layout->error, LT_E_ANALYSIS, "INVALID_PARTITION_COLUMN_DATA_TYPE",
                                 "0A000", layout->place, "Cannot use \"%s\" for partition column.",
                                 lt_type_sql(layout->arena, type));
    }
    return LT_OK;
}

/* PARTITIONED BY (a INT): columns that the table would get. */
static int check_added(const struct layout *layout)
{
    const struct lt_type *added = layout->of->partition_fields, *schema = layout->statement->schema;
    if (schema == NULL)
        return lt_expr_error(layout->error, LT_E_ANALYSIS, "ALL_PARTITION_COLUMNS_NOT_ALLOWED",
                             "KD005", layout->place,
                             "Cannot use all columns for partition columns.");
    for (uint32_t i = 0; i < added->field_count; i++) {
        int index = lt_type_field_index(schema, added->fields[i].name);
        if (index >= 0)
            return refuse_again(layout, schema->fields[index].name);
    }
    return LT_OK;
}

static int check_partitions(struct layout *layout)
{
    int code = LT_OK;
    if (layout->of->partition_fields != NULL)
        return check_added(layout);
    if (layout->statement->schema == NULL)
        return lt_expr_error(
            layout->error, LT_E_ANALYSIS, "SPECIFY_PARTITION_IS_NOT_ALLOWED", "42601",
            layout->place,
            "A CREATE TABLE without explicit column list cannot specify PARTITIONED BY.\nPlease "
            "use the form with explicit column list and specify PARTITIONED BY.\nAlternatively, "
            "allow partitioning to be inferred by omitting the PARTITION BY clause.");
    for (uint32_t i = 0; i < layout->of->partitions.count && code == LT_OK; i++)
        code = take_transform(layout, layout->of->partitions.items[i]);
    if (code == LT_OK)
        code = check_names(layout, "partition", layout->partitions, layout->partition_count);
    return code == LT_OK ? check_partition_types(layout) : code;
}

static int check_buckets(const struct layout *layout)
{
    const struct lt_sql_columns *buckets = &layout->of->buckets, *sorted = &layout->of->sorted;
    int code = check_bucket_count(layout, layout->of->bucket_count);
    if (code == LT_OK)
        code = check_names(layout, "bucket", buckets->names, buckets->count);
    if (code == LT_OK)
        code = check_names(layout, "sort", sorted->names, sorted->count);
    for (uint32_t i = 0; i < buckets->count && code == LT_OK; i++) {
        for (uint32_t j = 0; j < layout->partition_count; j++) {
            if (lt_ascii_compare(buckets->names[i], layout->partitions[j]) == 0)
                return lt_expr_error(layout->error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1166", "",
                                     layout->place,
                                     "Bucketing column '%s' should not be part of partition "
                                     "columns '%s'.",
                                     buckets->names[i], layout->partitions[j]);
        }
    }
    return code;
}

int lt_sql_check_layout(const struct lt_sql_statement *statement, const char *text,
                        bool has_directories, struct lt_arena *arena, struct lt_error *error)
{
    const struct lt_sql_layout *of = &statement->layout;
    if (of->clause == NULL)
        return LT_OK;
    struct layout layout = {.statement = statement,
                            .of = of,
                            .place = {text, of->begin, of->end},
                            .arena = arena,
                            .error = error};
    bool has_columns = statement->query == NULL;
    int code = of->is_partitioned && has_columns ? check_partitions(&layout) : LT_OK;
    if (code == LT_OK && of->is_bucketed && statement->schema != NULL)
        code = check_buckets(&layout);
    if (code == LT_OK && of->is_clustered && statement->schema != NULL)
        code = check_names(&layout, "cluster", of->clustered.names, of->clustered.count);
    bool is_of_files = !of->is_bucketed && !of->is_clustered && of->partition_fields == NULL;
    if (code != LT_OK || (has_directories && is_of_files))
        return code;
    if (has_directories)
        return lt_expr_error(error, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE", "0A000", layout.place,
                             "%s is not supported by this version; hint: a table USING %s takes "
                             "LOCATION, and PARTITIONED BY columns that it has",
                             of->clause, statement->format);
    return lt_expr_error(error, LT_E_UNSUPPORTED, "UNSUPPORTED_FEATURE", "0A000", layout.place,
                         "%s is not supported by this version: the rows of a table USING %s lie in "
                         "no directory; hint: leave it out",
                         of->clause, statement->format);
}

const char *lt_sql_partition_columns(const struct lt_sql_layout *layout, struct lt_arena *arena)
{
    const char *list = NULL;
    for (uint32_t i = 0; i < layout->partitions.count; i++) {
        const char *name = layout->partitions.items[i]->name;
        list = list == NULL ? name : lt_arena_format(arena, "%s,%s", list, name);
    }
    return list;
}

/* ------------------------------------------------------------------------------------ defaults */

bool lt_sql_can_store(const struct lt_type *from, const struct lt_type *to)
{
    bool is_text = lt_type_is_text(to);
    if (from->kind == LT_TYPE_VOID || lt_type_equal(from, to) ||
        (lt_type_is_datetime(from) && lt_type_is_datetime(to)) ||
        (lt_type_is_numeric(from) && lt_type_is_numeric(to)) ||
        (is_text && !lt_type_is_nested(from)))
        return true;
    if (from->kind != to->kind || !lt_type_is_nested(from) || from->field_count != to->field_count)
        return false;
    for (uint32_t i = 0; i < from->field_count; i++) { /* types are nested to a limit */
        if (!lt_sql_can_store(from->fields[i].type, to->fields[i].type))
            return false;
    }
    return true;
}

static bool has_subquery(const struct lt_expression *node)
{
    if (node->kind == LT_EXPR_CALL && node->index >= 0 && node->type == NULL)
        return true; /* only queries have an index before analysis */
    for (uint32_t i = 0; i < node->argument_count; i++) {
        if (has_subquery(node->arguments[i]))
            return true;
    }
    return false;
}

/* A text that was parsed as an expression of a statement, alone. */
static int parse_default(const struct lt_sql_env *env, const char *written,
                         struct lt_expression **out, struct lt_error *error)
{
    struct lt_sql_query *query;
    const char *text = lt_arena_format(env->arena, "SELECT %s", written);
    int code = lt_sql_parse_query_text(text, env->arena, &query, error);
    if (code != LT_OK)
        return code;
    *out = query->select->items.items[0];
    (*out)->text = text;
    return LT_OK;
}

int lt_sql_default_value(const struct lt_sql_env *env, const struct lt_type *type,
                         const char *written, struct lt_expression **out, struct lt_error *error)
{
    struct lt_expression *value = lt_arena_alloc(env->arena, sizeof *value);
    *value = (struct lt_expression){.kind = LT_EXPR_LITERAL,
                                    .type = lt_type_simple(LT_TYPE_VOID),
                                    .nullable = true,
                                    .is_null = true,
                                    .index = -1};
    int code = written == NULL ? LT_OK : parse_default(env, written, &value, error);
    if (code == LT_OK && written != NULL)
        code = lt_expr_analyse(&value, value->text, lt_type_struct(env->arena, NULL, 0),
                               env->session, env->arena, error);
    if (code != LT_OK)
        return code;
    *out = lt_coerce_cast(value, type, env->arena);
    return LT_OK;
}

static int refuse_default(const struct lt_sql_statement *statement, const char *text,
                          uint32_t index, const char *kind, const char *what,
                          struct lt_arena *arena, struct lt_error *error)
{
    struct lt_expr_place place = {text, statement->name.begin, statement->name.end};
    return lt_expr_error(
        error, LT_E_ANALYSIS, lt_arena_format(arena, "INVALID_DEFAULT_VALUE.%s", kind), "42623",
        place,
        "Failed to execute CREATE TABLE command because the destination column or variable %s has "
        "a DEFAULT value %s, which %s.",
        lt_name_quoted_one(statement->schema->fields[index].name, arena),
        statement->defaults[index], what);
}

static int check_default(const struct lt_sql_env *env, const struct lt_sql_statement *statement,
                         const char *text, uint32_t index, struct lt_error *error)
{
    struct lt_arena *arena = env->arena;
    const struct lt_type *type = statement->schema->fields[index].type;
    struct lt_expression *value;
    struct lt_error ignored;
    lt_error_clear(&ignored);
    int code = parse_default(env, statement->defaults[index], &value, error);
    if (code != LT_OK)
        return code;
    if (has_subquery(value))
        return refuse_default(statement, text, index, "SUBQUERY_EXPRESSION",
                              "contains subquery expressions", arena, error);
    if (lt_expr_analyse(&value, value->text, lt_type_struct(arena, NULL, 0), env->session, arena,
                        &ignored) != LT_OK)
        return refuse_default(statement, text, index, "UNRESOLVED_EXPRESSION",
                              "fails to resolve as a valid expression", arena, error);
    const struct lt_type *from = value->type;
    bool is_other_number = lt_type_is_numeric(from) && lt_type_is_numeric(type) &&
                           from->kind != type->kind; /* it must be that number there too */
    if (is_other_number && value->kind == LT_EXPR_LITERAL) {
        value = lt_coerce_cast(value, type, arena);
        lt_fold(&value, value->text, env->session, arena);
    }
    if (lt_sql_can_store(from, type) && !(is_other_number && value->kind != LT_EXPR_LITERAL))
        return LT_OK;
    return refuse_default(statement, text, index, "DATA_TYPE",
                          lt_arena_format(arena,
                                          "requires \"%s\" type, but the statement provided a "
                                          "value of incompatible \"%s\" type",
                                          lt_type_sql(arena, type), lt_type_sql(arena, from)),
                          arena, error);
}

int lt_sql_check_defaults(const struct lt_sql_env *env, const struct lt_sql_statement *statement,
                          const char *text, struct lt_error *error)
{
    uint32_t count = statement->schema == NULL ? 0 : statement->schema->field_count;
    for (uint32_t i = 0; i < count; i++) {
        int code =
            statement->defaults[i] == NULL ? LT_OK : check_default(env, statement, text, i, error);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

/* --------------------------------------------------------------------------------------- views */

const char *lt_sql_unnamed_item(const struct lt_sql_statement *statement, struct lt_arena *arena)
{
    const struct lt_sql_query *query = statement->query;
    if (statement->columns.count > 0 || query->select == NULL || query->is_values)
        return NULL;
    for (uint32_t i = 0; i < query->select->items.count; i++) {
        const struct lt_expression *item = query->select->items.items[i];
        bool is_made =
            item->kind == LT_EXPR_CALL || item->kind == LT_EXPR_CASE || item->kind == LT_EXPR_CAST;
        if (is_made && !(item->kind == LT_EXPR_CALL && lt_generator_is_name(item->name)))
            return lt_expr_text(item, arena);
    }
    return NULL;
}
