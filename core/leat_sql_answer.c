/*
 * Answers: SHOW, DESCRIBE and EXPLAIN. All but plans are tables of texts, under Spark's column
 * names.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/leat_sql.h"
#include "core/run/explain.h"
#include "core/run/pipeline.h"
#include "io/catalog.h"
#include "io/console_table.h"
#include "ops/catalog.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/explain.h"

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
            add_row(&answer, "", table->name, table->is_temporary ? "true" : "false");
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
static int columns_of(const struct lt_door_statement *statement, const struct lt_sql_table *table,
                      const struct lt_type **out)
{
    struct lt_sql_env env = lt_door_sql_env(statement, LT_OUTPUT_APPEND);
    bool is_read = table == NULL || table->format == NULL ||
                   (lt_catalog_source(lt_io_catalog(), table->format, NULL) != NULL &&
                    strcmp(table->format, "memory") != 0);
    *out = table != NULL ? table->schema : NULL;
    if (!is_read || *out != NULL)
        return LT_OK;
    struct lt_sql_query *query = statement->tree->query;
    const char *text = statement->text;
    if (table != NULL) {
        /* SELECT * FROM it, as if it had been written */
        struct lt_sql_relation *from = lt_arena_alloc(env.arena, sizeof *from);
        query = lt_arena_alloc(env.arena, sizeof *query);
        query->select = lt_arena_alloc(env.arena, sizeof *query->select);
        query->select->from = from;
        from->kind = LT_SQL_TABLE;
        from->table = statement->tree->name;
        from->begin = from->table.begin;
        from->end = from->table.end;
        struct lt_expression *star = lt_arena_alloc(env.arena, sizeof *star);
        star->kind = LT_EXPR_STAR;
        query->select->items =
            (struct lt_parser_items){.items = lt_arena_alloc(env.arena, sizeof star), .count = 1};
        query->select->items.items[0] = star;
    }
    struct lt_sql_plan plan;
    int code = lt_sql_analyse(&env, query, text, &plan, statement->error);
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
    const struct lt_sql_table *table = NULL;
    const struct lt_type *schema;
    if (tree->kind != LT_SQL_DESCRIBE_QUERY) {
        table = lt_sql_catalog_get(&statement->sql->catalog, &tree->name, statement->text,
                                   statement->error);
        if (table == NULL)
            return statement->error->code;
    }
    int code = columns_of(statement, table, &schema);
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

/* Among the aliases of a function, "a, b"? */
static bool is_called(const struct lt_ops_function *function, const char *name)
{
    if (lt_ascii_compare(function->name, name) == 0)
        return true;
    for (const char *alias = function->aliases; *alias != '\0';) {
        size_t size = strcspn(alias, ",");
        if (size == strlen(name) && lt_ascii_starts_with(alias, name))
            return true;
        alias += size;
        alias += strspn(alias, ", ");
    }
    return false;
}

static int no_function(const struct lt_door_statement *statement)
{
    size_t count = lt_ops_function_count();
    const char **names = lt_alloc_array(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = lt_ops_function_at(i).name;
    const char *near = lt_nearest(statement->tree->key, names, count);
    free(names);
    struct lt_expr_place place = {statement->text, statement->tree->name.begin,
                                  statement->tree->name.end};
    (void)lt_refuse_routine(statement->error, place, statement->tree->key, near,
                            statement->sql->context->arena);
    return LT_E_ANALYSIS;
}

static int describe_function(const struct lt_door_statement *statement)
{
    static const char *const columns[] = {"function_desc"};
    struct lt_arena *arena = statement->sql->context->arena;
    for (size_t i = 0; i < lt_ops_function_count(); i++) {
        struct lt_ops_function function = lt_ops_function_at(i);
        if (!is_called(&function, statement->tree->key))
            continue;
        struct answer answer = {0};
        add(&answer, lt_arena_format(arena, "Function: %s", function.name));
        add(&answer, lt_arena_format(arena, "Usage: %s - %s", function.usage, function.help));
        if (statement->tree->is_extended)
            add(&answer, lt_arena_format(arena, "Extended Usage: > SELECT %s; %s", function.example,
                                         function.result != NULL ? function.result : ""));
        give(statement, &answer, columns, 1);
        return LT_OK;
    }
    return no_function(statement);
}

/* -------------------------------------------------------------------------------------- EXPLAIN */

/* A query whose rows go to the console, as `leat sql` shows them. */
static int build_select(const struct lt_door_statement *statement, struct lt_sql_plan *plan,
                        leat_query **out)
{
    leat_context *context = statement->sql->context;
    struct lt_sql_env env = lt_door_sql_env(statement, LT_OUTPUT_APPEND);
    int code =
        lt_sql_analyse(&env, statement->tree->query, statement->text, plan, statement->error);
    if (code != LT_OK)
        return code;
    *out = leat_query_create(context, NULL);
    code = leat_query_write(*out, lt_door_stream(context, plan->node), "console", NULL);
    if (code != LT_OK)
        *statement->error = (*out)->error;
    return code;
}

/* The optimised and the physical plan of a query that is built. */
static int explain_built(const struct lt_door_statement *statement, leat_query *query,
                         struct lt_text_buffer *out)
{
    static const enum lt_explain_form forms[] = {
        [LT_SQL_EXPLAIN_SIMPLE] = LT_EXPLAIN_SIMPLE,
        [LT_SQL_EXPLAIN_EXTENDED] = LT_EXPLAIN_EXTENDED,
        [LT_SQL_EXPLAIN_FORMATTED] = LT_EXPLAIN_FORMATTED,
        [LT_SQL_EXPLAIN_COST] = LT_EXPLAIN_COST,
    };
    const struct lt_explain_options options = {.form = forms[statement->tree->explain],
                                               .hides_sinks = !statement->tree->is_insert};
    struct lt_query_spec spec;
    lt_door_spec(query, &spec);
    return lt_explain_spec(&spec, &options, out, statement->error);
}

static void append_analysed(const struct lt_sql_plan *plan, struct lt_arena *arena,
                            struct lt_text_buffer *out)
{
    const struct lt_type *schema = plan->node->schema;
    lt_text_append(out, "\n== Analyzed Logical Plan ==\n");
    for (uint32_t i = 0; i < schema->field_count; i++)
        lt_text_format(out, "%s%s: %s", i == 0 ? "" : ", ", schema->fields[i].name,
                       lt_type_simple_string(arena, schema->fields[i].type));
    lt_text_append_char(out, '\n');
    lt_plan_tree_draw(plan->tree, LT_PLAN_TREE_MARKED, arena, out);
    lt_text_append_char(out, '\n');
}

/* What no mode of this version runs, and why, as Spark says it. */
static int explain_refused(const struct lt_door_statement *statement,
                           const struct lt_sql_refusal *refusal, struct lt_text_buffer *out)
{
    const char *why = statement->error->text;
    if (refusal->operator== NULL)
        return statement->error->code;
    lt_text_format(out, "%s== Physical Plan ==\nnone: %s is not run\n\n",
                   statement->tree->explain == LT_SQL_EXPLAIN_EXTENDED ? "\n" : "",
                   refusal->operator);
    lt_text_append(out, refusal->is_for_all_streams
                            ? "mode: none"
                            : "mode: micro-batch, which this version has not");
    if (refusal->is_for_all_streams || refusal->is_for_output_mode)
        lt_text_format(out, "   # %.*s", (int)strcspn(why, "\n"), why);
    lt_text_append_char(out, '\n');
    lt_text_format(out,
                   "not continuous: %s   # Continuous processing does not support %s operations.\n",
                   refusal->operator, refusal->operator);
    return LT_OK;
}

static int explain(const struct lt_door_statement *statement)
{
    struct lt_arena *arena = statement->sql->context->arena;
    bool is_extended = statement->tree->explain == LT_SQL_EXPLAIN_EXTENDED;
    struct lt_sql_plan plan = {0};
    struct lt_text_buffer text;
    leat_query *query = NULL;
    bool ends;
    lt_text_init(&text);
    if (is_extended) { /* now: analysis makes other expressions of it */
        lt_text_append(&text, "== Parsed Logical Plan ==\n");
        lt_plan_tree_draw(lt_sql_parsed_tree(statement->tree, arena), LT_PLAN_TREE_PLAIN, arena,
                          &text);
    }
    int code = statement->tree->is_insert ? lt_door_sql_insert(statement, &plan, &query, &ends)
                                          : build_select(statement, &plan, &query);
    if (code == LT_OK && is_extended)
        append_analysed(&plan, arena, &text);
    code = code == LT_OK ? explain_built(statement, query, &text)
                         : explain_refused(statement, &plan.refusal, &text);
    leat_query_destroy(query);
    statement->result->kind = LEAT_SQL_ROWS;
    if (code == LT_OK)
        statement->result->text = lt_text_take(&text);
    lt_text_fini(&text);
    return code;
}

int lt_door_sql_answer(const struct lt_door_statement *statement)
{
    switch (statement->tree->kind) {
    case LT_SQL_SHOW_TABLES:
    case LT_SQL_SHOW_VIEWS:
        return show_tables(statement);
    case LT_SQL_SHOW_FUNCTIONS:
        return show_functions(statement);
    case LT_SQL_DESCRIBE_FUNCTION:
        return describe_function(statement);
    case LT_SQL_EXPLAIN:
        return explain(statement);
    default:
        return describe(statement);
    }
}
