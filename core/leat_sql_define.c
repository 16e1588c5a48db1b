/*
 * CREATE and DROP: what there is under a name. The catalog keeps names and definitions; that a
 * table's format and options are right is leat_sql_table.c's to say.
 */
#include <string.h>

#include "core/base/ascii.h"
#include "core/leat_sql.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/create.h"

static struct lt_expr_place name_place(const struct lt_door_statement *statement)
{
    return (struct lt_expr_place){statement->text, statement->tree->name.begin,
                                  statement->tree->name.end};
}

static const char *full_name(const struct lt_door_statement *statement, const char *name)
{
    const char *parts[] = {"spark_catalog", "default", name};
    return lt_name_quoted(parts, 3, statement->sql->context->arena);
}

/* Whether the name may be taken: *skip: it is, and that is as good. */
static int check_free(const struct lt_door_statement *statement, const char *name, bool *skip)
{
    const struct lt_sql_statement *tree = statement->tree;
    bool exists = lt_sql_catalog_find(&statement->sql->catalog, name) != NULL;
    *skip = exists && tree->if_not_exists;
    if (!exists || tree->or_replace || tree->if_not_exists)
        return LT_OK;
    struct lt_arena *arena = statement->sql->context->arena;
    if (tree->is_temporary)
        return lt_expr_error(
            statement->error, LT_E_EXISTS, "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07",
            name_place(statement),
            "Cannot create the temporary view %s because it already exists.\nChoose "
            "a different name, drop or replace the existing view.",
            lt_name_quoted_one(name, arena));
    return lt_expr_error(statement->error, LT_E_EXISTS, "TABLE_OR_VIEW_ALREADY_EXISTS", "42P07",
                         name_place(statement),
                         "Cannot create table or view %s because it already exists.\nChoose a "
                         "different name, drop or replace the existing object, or add the IF NOT "
                         "EXISTS clause to tolerate pre-existing objects.",
                         full_name(statement, name));
}

static int check_columns(const struct lt_door_statement *statement, const struct lt_type *schema)
{
    bool is_exact = lt_session_or_default(statement->sql->context->session)->is_case_sensitive;
    for (uint32_t i = 0; schema != NULL && i < schema->field_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            const char *a = schema->fields[i].name, *b = schema->fields[j].name;
            if (is_exact ? strcmp(a, b) != 0 : lt_ascii_compare(a, b) != 0)
                continue;
            return lt_expr_error(statement->error, LT_E_ANALYSIS, "COLUMN_ALREADY_EXISTS", "42711",
                                 name_place(statement),
                                 "The column %s already exists. Choose another name or rename the "
                                 "existing column.",
                                 lt_name_quoted_one(b, statement->sql->context->arena));
        }
    }
    return LT_OK;
}

/* LOCATION and PARTITIONED BY are the options path and partitionBy by other names. */
static void take_layout(struct lt_sql_table *table, const struct lt_sql_statement *tree,
                        struct lt_arena *arena)
{
    const struct lt_sql_layout *layout = &tree->layout;
    const char *const said[][2] = {
        {"path", layout->location},
        {"partitionBy", lt_sql_partition_columns(layout, arena)},
    };
    enum { SAID_COUNT = sizeof said / sizeof said[0] };
    struct lt_sql_option *options =
        lt_arena_alloc(arena, (tree->option_count + SAID_COUNT) * sizeof *options);
    for (uint32_t i = 0; i < tree->option_count; i++)
        options[i] = tree->options[i];
    for (size_t i = 0; i < SAID_COUNT; i++)
        if (said[i][1] != NULL)
            options[table->option_count++] = (struct lt_sql_option){
                .key = said[i][0], .value = said[i][1], .begin = layout->begin, .end = layout->end};
    table->options = options;
}

static int create_table(const struct lt_door_statement *statement, struct lt_sql_table *table)
{
    const struct lt_sql_statement *tree = statement->tree;
    table->format = tree->format;
    table->options = tree->options;
    table->option_count = tree->option_count;
    table->schema = tree->schema;
    table->defaults = tree->defaults;
    table->properties = tree->properties;
    table->property_count = tree->property_count;
    const struct lt_sql_env env = lt_door_sql_env(statement, LT_OUTPUT_APPEND);
    int code = check_columns(statement, tree->schema);
    if (code == LT_OK)
        code = lt_sql_check_defaults(&env, tree, statement->text, statement->error);
    if (code == LT_OK)
        code = lt_door_sql_check_table(statement, table);
    if (code == LT_OK)
        code = lt_sql_check_layout(tree, statement->text, lt_door_sql_has_directories(table),
                                   env.arena, statement->error);
    if (code == LT_OK)
        take_layout(table, tree, env.arena);
    return code;
}

static int refuse_view_columns(const struct lt_door_statement *statement, const char *name,
                               const struct lt_type *schema)
{
    const struct lt_sql_columns *columns = &statement->tree->columns;
    struct lt_arena *arena = statement->sql->context->arena;
    bool is_short = schema->field_count < columns->count;
    return lt_expr_error(statement->error, LT_E_ANALYSIS,
                         is_short ? "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
                                  : "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
                         "21S01", name_place(statement),
                         "Cannot create view %s, the reason is %s data columns:\nView columns: "
                         "%s.\nData columns: %s.",
                         statement->tree->is_temporary ? lt_name_quoted_one(name, arena)
                                                       : full_name(statement, name),
                         is_short ? "not enough" : "too many",
                         lt_name_list(columns->names, columns->count, arena),
                         lt_field_list(schema, arena));
}

/* Only the names matter. */
static const struct lt_type *schema_of_names(const struct lt_sql_env *env,
                                             const struct lt_sql_columns *columns)
{
    struct lt_field *fields = lt_arena_alloc(env->arena, columns->count * sizeof *fields);
    for (uint32_t i = 0; i < columns->count; i++)
        fields[i] =
            (struct lt_field){.name = columns->names[i], .type = lt_type_simple(LT_TYPE_STRING)};
    return lt_type_struct(env->arena, fields, columns->count);
}

/* A view that is not temporary reads nothing that is, and each of its columns has a name. */
static int check_permanent(const struct lt_door_statement *statement, const char *name,
                           const char *unnamed, const char *temporary)
{
    const char *full = full_name(statement, name);
    if (unnamed != NULL)
        return lt_expr_error(statement->error, LT_E_ANALYSIS, "CREATE_PERMANENT_VIEW_WITHOUT_ALIAS",
                             "0A000", name_place(statement),
                             "Not allowed to create the permanent view %s without explicitly "
                             "assigning an alias for the expression \"%s\".",
                             full, unnamed);
    if (temporary == NULL)
        return LT_OK;
    const char *object = lt_name_quoted_one(temporary, statement->sql->context->arena);
    return lt_expr_error(
        statement->error, LT_E_ANALYSIS, "INVALID_TEMP_OBJ_REFERENCE", "42K0F",
        name_place(statement),
        "Cannot create the persistent object %s of the type VIEW because it references to the "
        "temporary object %s of the type VIEW. Please make the temporary object %s persistent, or "
        "make the persistent object %s temporary.",
        full, object, object, full);
}

/* The query is analysed to see that it is right; the view keeps its text. */
static int create_view(const struct lt_door_statement *statement, struct lt_sql_table *view)
{
    const struct lt_sql_statement *tree = statement->tree;
    struct lt_sql_env env = lt_door_sql_env(statement, LT_OUTPUT_APPEND);
    struct lt_sql_plan plan;
    env.defining = view->name;
    env.is_open = true; /* whoever reads it has an output mode */
    const char *unnamed = tree->is_temporary ? NULL : lt_sql_unnamed_item(tree, env.arena);
    int code = lt_sql_analyse(&env, tree->query, statement->text, &plan, statement->error);
    /* Before what no mode of this version runs. */
    int other = code == LT_OK || code == LT_E_UNSUPPORTED
                    ? check_permanent(statement, view->name, unnamed,
                                      tree->is_temporary ? NULL : plan.temporary)
                    : LT_OK;
    if (other != LT_OK || code != LT_OK)
        return other != LT_OK ? other : code;
    uint32_t count = plan.node->schema->field_count;
    if (tree->columns.count > 0 && tree->columns.count != count)
        return refuse_view_columns(statement, view->name, plan.node->schema);
    view->columns = tree->columns;
    view->text = lt_arena_text_n(env.arena, statement->text + tree->query->begin,
                                 tree->query->end - tree->query->begin);
    return check_columns(statement, tree->columns.count > 0 ? schema_of_names(&env, &tree->columns)
                                                            : plan.node->schema);
}

/* CREATE TABLE ... AS SELECT is CREATE TABLE and INSERT: what cannot be inserted leaves no table.
 */
static int insert_first(const struct lt_door_statement *statement, const struct lt_sql_table *table)
{
    struct lt_sql_plan plan;
    leat_sql_result *result = statement->result;
    int code = lt_door_sql_insert(statement, &plan, &result->query, &result->ends);
    if (code == LT_OK)
        code = check_columns(statement, plan.node->schema);
    if (code == LT_OK)
        result->kind = LEAT_SQL_QUERY;
    else
        lt_sql_catalog_remove(&statement->sql->catalog, table);
    return code;
}

int lt_door_sql_create(const struct lt_door_statement *statement)
{
    const struct lt_sql_statement *tree = statement->tree;
    struct lt_sql_table *table = lt_arena_alloc(statement->sql->context->arena, sizeof *table);
    bool skip;
    table->name = lt_sql_table_name(&tree->name, statement->text, statement->error);
    if (table->name == NULL)
        return statement->error->code;
    int code = check_free(statement, table->name, &skip);
    if (code != LT_OK || skip)
        return code;
    table->comment = tree->comment;
    table->is_called_temporary = tree->is_temporary;
    code = tree->kind == LT_SQL_CREATE_VIEW ? create_view(statement, table)
                                            : create_table(statement, table);
    if (code == LT_OK)
        lt_sql_catalog_put(&statement->sql->catalog, table);
    return code == LT_OK && tree->kind == LT_SQL_CREATE_TABLE && tree->query != NULL
               ? insert_first(statement, table)
               : code;
}

int lt_door_sql_drop(const struct lt_door_statement *statement)
{
    struct lt_sql_catalog *catalog = &statement->sql->catalog;
    const struct lt_sql_statement *tree = statement->tree;
    const char *name = lt_sql_table_name(&tree->name, statement->text, statement->error);
    const struct lt_sql_table *found = name == NULL ? NULL : lt_sql_catalog_find(catalog, name);
    if (found == NULL && tree->if_exists)
        return LT_OK;
    if (name == NULL)
        return statement->error->code;
    const char *parts[] = {"spark_catalog", "default", name};
    const struct lt_sql_name full = {
        .parts = parts, .count = 3, .begin = tree->name.begin, .end = tree->name.end};
    if (found == NULL) /* which says so */
        found = lt_sql_catalog_get(catalog, &full, statement->text, statement->error);
    if (found == NULL)
        return statement->error->code;
    if (tree->is_view && found->format != NULL)
        return lt_expr_error(statement->error, LT_E_INVALID, "WRONG_COMMAND_FOR_OBJECT_TYPE",
                             "42809", name_place(statement),
                             "The operation DROP VIEW requires a VIEW. But "
                             "spark_catalog.default.%s is a EXTERNAL. Use DROP TABLE instead.",
                             found->name);
    lt_sql_catalog_remove(catalog, found);
    return LT_OK;
}
