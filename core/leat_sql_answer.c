/*
 * Answers: SHOW and DESCRIBE. They are tables of texts, under Spark's column names.
 */
#include <stdlib.h>
#include <string.h>

#include "core/leat_sql.h"
#include "io/console_table.h"
#include "ops/catalog.h"
#include "ops/expr/unresolved.h"

/* Rows as they are gathered. */
struct answer {
    const char **cells;
    uint32_t count, capacity;
};

static void add(struct answer *answer, const char *cell)
{
    if (answer->count == answer->capacity) {
        answer->capacity = answer->capacity == 0 ? 32 : 2 * answer->capacity;
        answer->cells = lt_realloc_array(answer->cells, answer->capacity, sizeof *answer->cells);
    }
    answer->cells[answer->count++] = cell;
}

static void add_row(struct answer *answer, const char *a, const char *b, const char *c)
{
    add(answer, a);
    add(answer, b);
    add(answer, c);
}

static void give(const struct lt_door_statement *statement, struct answer *answer,
                 const char *const *columns, uint32_t column_count)
{
    statement->result->kind = LEAT_SQL_ROWS;
    statement->result->text =
        lt_door_sql_print(columns, column_count, answer->cells, answer->count / column_count);
    free(answer->cells);
}

char *lt_door_sql_print(const char *const *columns, uint32_t column_count, const char *const *cells,
                        uint32_t row_count)
{
    struct lt_arena *arena = lt_arena_create();
    struct lt_field *fields = lt_arena_alloc(arena, column_count * sizeof *fields);
    union lt_value *values = lt_arena_alloc(arena, column_count * sizeof *values);
    for (uint32_t i = 0; i < column_count; i++)
        fields[i] = (struct lt_field){
            .name = columns[i], .type = lt_type_simple(LT_TYPE_STRING), .nullable = true};
    struct lt_console_table table;
    struct lt_text_buffer text;
    lt_console_table_init(&table, lt_type_struct(arena, fields, column_count), false);
    lt_text_init(&text);
    for (uint32_t row = 0; row < row_count; row++) {
        uint64_t nulls = 0;
        for (uint32_t i = 0; i < column_count; i++) {
            const char *cell = cells[row * column_count + i];
            if (cell == NULL)
                lt_bit_set(&nulls, i);
            else
                values[i] = lt_value_text(cell);
        }
        lt_console_table_add(&table, values, &nulls);
    }
    lt_console_table_print(&table, &text);
    lt_console_table_fini(&table);
    lt_arena_destroy(arena);
    return lt_text_take(&text);
}

/* ----------------------------------------------------------------------------------------- SHOW */

static int show_tables(const struct lt_door_statement *statement)
{
    static const char *const tables[] = {"namespace", "tableName", "isTemporary"};
    static const char *const views[] = {"namespace", "viewName", "isTemporary"};
    bool only_views = statement->tree->kind == LT_SQL_SHOW_VIEWS;
    struct answer answer = {0};
    for (const struct lt_sql_table *table = statement->sql->catalog.first; table != NULL;
         table = table->next) {
        if (lt_sql_matches(statement->tree->pattern, table->name) &&
            !(only_views && table->format != NULL))
            add_row(&answer, "", table->name, "true"); /* all that a context has ends with it */
    }
    give(statement, &answer, only_views ? views : tables, 3);
    return LT_OK;
}

static int show_functions(const struct lt_door_statement *statement)
{
    static const char *const columns[] = {"function"};
    struct answer answer = {0};
    for (size_t i = 0; i < lt_ops_function_count(); i++) {
        struct lt_ops_function function = lt_ops_function_at(i);
        if (lt_sql_matches(statement->tree->pattern, function.name))
            add(&answer, function.name);
    }
    give(statement, &answer, columns, 1);
    return LT_OK;
}

/* ------------------------------------------------------------------------------------- DESCRIBE */

/* The columns of a table, a view or a query; NULL: a table that only its writer gives columns. */
static int columns_of(const struct lt_door_statement *statement, struct lt_sql_table *table,
                      const struct lt_type **out)
{
    struct lt_sql_env env = lt_door_sql_env(statement, LT_OUTPUT_APPEND);
    struct lt_sql_plan plan;
    env.is_open = true; /* it is not run */
    if (table != NULL && table->schema == NULL && !lt_door_sql_can_read(table)) {
        *out = NULL;
        return LT_OK;
    }
    if (table != NULL)
        return lt_sql_table_columns(&env, table, out, statement->error);
    int code =
        lt_sql_analyse(&env, statement->tree->query, statement->text, &plan, statement->error);
    if (code == LT_OK)
        *out = plan.node->schema;
    return code;
}

static void add_columns(const struct lt_door_statement *statement, const struct lt_type *schema,
                        struct answer *answer)
{
    for (uint32_t i = 0; schema != NULL && i < schema->field_count; i++)
        add_row(answer, schema->fields[i].name,
                lt_type_simple_string(statement->sql->context->arena, schema->fields[i].type),
                schema->fields[i].comment);
}

static void add_details(const struct lt_door_statement *statement, const struct lt_sql_table *table,
                        struct answer *answer)
{
    struct lt_arena *arena = statement->sql->context->arena;
    add_row(answer, "", "", "");
    add_row(answer, "# Detailed Table Information", "", "");
    add_row(answer, "Table", table->name, "");
    if (table->comment != NULL)
        add_row(answer, "Comment", table->comment, "");
    add_row(answer, "Type", table->format != NULL ? "TEMPORARY" : "VIEW", "");
    if (table->format == NULL) {
        add_row(answer, "View Text", table->text, "");
        return;
    }
    add_row(answer, "Provider", table->format, "");
    for (uint32_t i = 0; i < table->property_count; i++)
        add_row(
            answer, "Table Properties",
            lt_arena_format(arena, "[%s=%s]", table->properties[i].key, table->properties[i].value),
            "");
    for (uint32_t i = 0; i < table->option_count; i++) {
        const struct lt_sql_option *option = &table->options[i];
        bool is_secret = lt_options_is_secret(NULL, 0, option->key);
        add_row(
            answer, "Storage Properties",
            lt_arena_format(arena, "[%s=%s]", option->key, is_secret ? "[hidden]" : option->value),
            "");
    }
}

static int describe(const struct lt_door_statement *statement)
{
    static const char *const columns[] = {"col_name", "data_type", "comment"};
    static const char *const names[] = {"col_name"};
    const struct lt_sql_statement *tree = statement->tree;
    struct lt_sql_table *table = NULL;
    const struct lt_type *schema;
    if (tree->kind != LT_SQL_DESCRIBE_QUERY) {
        table = lt_sql_catalog_get(&statement->sql->catalog, &tree->name, statement->text,
                                   statement->error);
        if (table == NULL)
            return statement->error->code;
    }
    int code = columns_of(statement, table, &schema);
    if (code == LT_OK && (tree->column.count > 0 || tree->has_partition))
        return lt_door_sql_describe_part(statement, table, schema);
    if (code != LT_OK)
        return code;
    struct answer answer = {0};
    if (tree->kind == LT_SQL_SHOW_COLUMNS) {
        for (uint32_t i = 0; schema != NULL && i < schema->field_count; i++)
            add(&answer, schema->fields[i].name);
        give(statement, &answer, names, 1);
        return LT_OK;
    }
    add_columns(statement, schema, &answer);
    if (tree->is_extended)
        add_details(statement, table, &answer);
    give(statement, &answer, columns, 3);
    return LT_OK;
}

static int show_properties(const struct lt_door_statement *statement)
{
    static const char *const columns[] = {"key", "value"};
    const struct lt_sql_statement *tree = statement->tree;
    const struct lt_sql_table *table = lt_sql_catalog_get(&statement->sql->catalog, &tree->name,
                                                          statement->text, statement->error);
    struct answer answer = {0};
    if (table == NULL)
        return statement->error->code;
    for (uint32_t i = 0; i < table->property_count; i++) {
        if (tree->key != NULL && strcmp(tree->key, table->properties[i].key) != 0)
            continue;
        add(&answer, table->properties[i].key);
        add(&answer, table->properties[i].value);
    }
    if (tree->key != NULL && answer.count == 0) {
        add(&answer, tree->key);
        add(&answer, lt_arena_format(statement->sql->context->arena,
                                     "Table spark_catalog.default.%s does not have property: %s",
                                     table->name, tree->key));
    }
    give(statement, &answer, columns, 2);
    return LT_OK;
}

static int describe_function(const struct lt_door_statement *statement)
{
    static const char *const columns[] = {"function_desc"};
    const struct lt_sql_statement *tree = statement->tree;
    struct lt_arena *arena = statement->sql->context->arena;
    struct lt_ops_function function;
    if (!lt_ops_function_find(tree->key, &function)) {
        struct lt_expr_place place = {statement->text, tree->name.begin, tree->name.end};
        return lt_refuse_routine(statement->error, place, tree->key,
                                 lt_ops_function_nearest(tree->key), arena);
    }
    struct answer answer = {0};
    add(&answer, lt_arena_format(arena, "Function: %s", function.name));
    add(&answer, lt_arena_format(arena, "Usage: %s - %s", function.usage, function.help));
    if (tree->is_extended)
        add(&answer, lt_arena_format(arena, "Extended Usage: > SELECT %s; %s", function.example,
                                     function.result != NULL ? function.result : ""));
    give(statement, &answer, columns, 1);
    return LT_OK;
}

int lt_door_sql_answer(const struct lt_door_statement *statement)
{
    switch (statement->tree->kind) {
    case LT_SQL_SHOW_TABLES:
    case LT_SQL_SHOW_VIEWS:
        return show_tables(statement);
    case LT_SQL_SHOW_FUNCTIONS:
        return show_functions(statement);
    case LT_SQL_SHOW_PROPERTIES:
        return show_properties(statement);
    case LT_SQL_DESCRIBE_FUNCTION:
        return describe_function(statement);
    default:
        return describe(statement);
    }
}
