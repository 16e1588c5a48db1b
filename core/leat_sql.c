/*
 * The SQL door: one statement from text to its effect. What a statement makes lives in the context;
 * what it runs is the program's.
 */
#include "core/leat_sql.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/parse.h"

static void destroy_settings(void *settings)
{
    lt_options_destroy(settings);
}

struct lt_door_sql *lt_door_sql_of(leat_context *context)
{
    if (context->sql == NULL) {
        struct lt_door_sql *sql = lt_arena_alloc(context->arena, sizeof *sql);
        sql->context = context;
        sql->settings = lt_options_create();
        sql->host = lt_door_sql_host(sql);
        lt_door_own(context, destroy_settings, sql->settings);
        context->sql = sql;
    }
    return context->sql;
}

/* ------------------------------------------------------------------------------- CREATE, DROP */

static struct lt_expr_place name_place(const struct lt_door_statement *statement)
{
    return (struct lt_expr_place){statement->text, statement->tree->name.begin,
                                  statement->tree->name.end};
}

/* Whether the name may be taken: *skip: it is, and that is as good. */
static int check_free(const struct lt_door_statement *statement, const char *name, bool *skip)
{
    const struct lt_sql_statement *tree = statement->tree;
    bool exists = lt_sql_catalog_find(&statement->sql->catalog, name) != NULL;
    *skip = exists && tree->if_not_exists;
    if (!exists || tree->or_replace || tree->if_not_exists)
        return LT_OK;
    const char *parts[] = {"spark_catalog", "default", name};
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
                         lt_name_quoted(parts, 3, arena));
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

static int create_table(const struct lt_door_statement *statement, struct lt_sql_table *table)
{
    const struct lt_sql_statement *tree = statement->tree;
    table->format = tree->format;
    table->options = tree->options;
    table->option_count = tree->option_count;
    table->schema = tree->schema;
    int code = check_columns(statement, tree->schema);
    return code == LT_OK ? lt_door_sql_check_table(statement, table) : code;
}

static const char *name_list(const char *const *names, uint32_t count, struct lt_arena *arena)
{
    const char *list = "";
    for (uint32_t i = 0; i < count; i++)
        list = lt_arena_format(arena, "%s%s%s", list, i == 0 ? "" : ", ",
                               lt_name_quoted_one(names[i], arena));
    return list;
}

static int refuse_view_columns(const struct lt_door_statement *statement, const char *name,
                               const struct lt_type *schema)
{
    const struct lt_sql_columns *columns = &statement->tree->columns;
    struct lt_arena *arena = statement->sql->context->arena;
    bool is_short = schema->field_count < columns->count;
    const char **names = lt_arena_alloc(arena, (schema->field_count + 1) * sizeof *names);
    for (uint32_t i = 0; i < schema->field_count; i++)
        names[i] = schema->fields[i].name;
    return lt_expr_error(statement->error, LT_E_ANALYSIS,
                         is_short ? "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
                                  : "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
                         "21S01", name_place(statement),
                         "Cannot create view %s, the reason is %s data columns:\nView columns: "
                         "%s.\nData columns: %s.",
                         lt_name_quoted_one(name, arena), is_short ? "not enough" : "too many",
                         name_list(columns->names, columns->count, arena),
                         name_list(names, schema->field_count, arena));
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

/* The query is analysed to see that it is right; the view keeps its text. */
static int create_view(const struct lt_door_statement *statement, struct lt_sql_table *view)
{
    const struct lt_sql_statement *tree = statement->tree;
    struct lt_sql_env env = lt_door_sql_env(statement, LT_OUTPUT_APPEND);
    struct lt_sql_plan plan;
    env.defining = view->name;
    int code = lt_sql_analyse(&env, tree->query, statement->text, &plan, statement->error);
    if (code != LT_OK)
        return code;
    uint32_t count = plan.node->schema->field_count;
    if (tree->columns.count > 0 && tree->columns.count != count)
        return refuse_view_columns(statement, view->name, plan.node->schema);
    view->columns = tree->columns;
    view->text = lt_arena_text_n(env.arena, statement->text + tree->query->begin,
                                 tree->query->end - tree->query->begin);
    return check_columns(statement, tree->columns.count > 0 ? schema_of_names(&env, &tree->columns)
                                                            : plan.node->schema);
}

static int create(const struct lt_door_statement *statement)
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
    table->is_temporary = true; /* all that a context has ends with it */
    code = tree->kind == LT_SQL_CREATE_VIEW ? create_view(statement, table)
                                            : create_table(statement, table);
    if (code == LT_OK)
        lt_sql_catalog_put(&statement->sql->catalog, table);
    return code;
}

static int drop(const struct lt_door_statement *statement)
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

/* ------------------------------------------------------------------------------- SET, RESET */

/* Settings of queries by Spark's names, and the options they are. */
static const struct {
    const char *name, *option;
} streaming_settings[] = {
    {"spark.sql.streaming.checkpointLocation", "checkpointLocation"},
    {"spark.sql.streaming.minBatchesToRetain", "minBatchesToRetain"},
    {"spark.sql.streaming.checkpoint.fileChecksum.enabled", "fileChecksum"},
};
enum { STREAMING_COUNT = sizeof streaming_settings / sizeof streaming_settings[0] };

/* Settings of expressions are the session's. */
static bool is_of_expressions(const char *key)
{
    return lt_session_get(lt_session_default(), key) != NULL;
}

enum { SETTINGS_MAX = 64 };

/* All settings in one order, those of expressions first; NULL past the last. */
static const char *setting_name(size_t index)
{
    size_t count = 0;
    while (lt_session_name(count) != NULL)
        count++;
    lt_assert(count + STREAMING_COUNT < SETTINGS_MAX);
    if (index < count)
        return lt_session_name(index);
    return index - count < STREAMING_COUNT ? streaming_settings[index - count].name : NULL;
}

static int unknown_setting(const struct lt_door_statement *statement)
{
    const char *names[SETTINGS_MAX];
    size_t count = 0;
    for (; setting_name(count) != NULL; count++)
        names[count] = setting_name(count);
    const char *near = lt_nearest(statement->tree->key, names, count);
    (void)lt_error_set(statement->error, LT_E_NOT_FOUND, "no setting is called \"%s\"%s%s%s",
                       statement->tree->key, near != NULL ? "; hint: did you mean \"" : "",
                       near != NULL ? near : "; hint: SET -v lists them",
                       near != NULL ? "\"?" : "");
    return lt_error_condition(statement->error, "SQL_CONF_NOT_FOUND", "42K0I");
}

static int set_expression(struct lt_door_sql *sql, const char *key, const char *value,
                          struct lt_error *error)
{
    struct lt_session *session = lt_arena_alloc(sql->context->arena, sizeof *session);
    *session = *lt_session_or_default(sql->context->session);
    int code = lt_session_set(session, key, value, error);
    if (code == LT_OK)
        sql->context->session = session;
    return code;
}

static int set(const struct lt_door_statement *statement)
{
    struct lt_door_sql *sql = statement->sql;
    const char *key = statement->tree->key, *value = statement->tree->value;
    bool is_known = is_of_expressions(key);
    for (size_t i = 0; i < STREAMING_COUNT && !is_known; i++)
        is_known = lt_ascii_compare(streaming_settings[i].name, key) == 0;
    if (!is_known)
        return unknown_setting(statement);
    int code = is_of_expressions(key) ? set_expression(sql, key, value, statement->error) : LT_OK;
    return code == LT_OK ? lt_options_set(sql->settings, key, value, "SET", statement->error)
                         : code;
}

/* The value of a setting, or its default; NULL: it has none. */
static const char *value_of(const struct lt_door_sql *sql, const char *key)
{
    const char *value = lt_options_get(sql->settings, key);
    return value != NULL ? value : lt_session_get(lt_session_default(), key);
}

static int show_settings(const struct lt_door_statement *statement)
{
    static const char *const columns[] = {"key", "value"};
    const char *cells[2 * SETTINGS_MAX + 2];
    const char *key = statement->tree->key;
    const struct lt_door_sql *sql = statement->sql;
    uint32_t count = 0;
    if (key != NULL) {
        const char *value = value_of(sql, key);
        cells[count++] = key;
        cells[count++] = value != NULL ? value : "<undefined>";
    }
    for (size_t i = 0; key == NULL && setting_name(i) != NULL; i++) {
        const char *name = setting_name(i);
        const char *value = value_of(sql, name);
        if (lt_options_get(sql->settings, name) == NULL && !statement->tree->is_extended)
            continue;
        cells[count++] = name;
        cells[count++] = value != NULL ? value : "<undefined>";
    }
    statement->result->kind = LEAT_SQL_ROWS;
    statement->result->text = lt_door_sql_print(columns, 2, cells, count / 2);
    return LT_OK;
}

static int reset(const struct lt_door_statement *statement)
{
    struct lt_door_sql *sql = statement->sql;
    struct lt_options *kept = lt_options_create();
    const char *only = statement->tree->key;
    int code = LT_OK;
    if (only == NULL)
        sql->context->session = NULL;
    if (only != NULL && is_of_expressions(only))
        code =
            set_expression(sql, only, lt_session_get(lt_session_default(), only), statement->error);
    for (size_t i = 0; i < lt_options_count(sql->settings) && only != NULL && code == LT_OK; i++) {
        const char *key, *value, *origin;
        lt_options_at(sql->settings, i, &key, &value, &origin);
        if (lt_ascii_compare(key, only) != 0)
            code = lt_options_set(kept, key, value, origin, statement->error);
    }
    lt_door_own(sql->context, destroy_settings, kept); /* as the one before, to the end */
    sql->settings = kept;
    return code;
}

/* ------------------------------------------------------------------------------- the door */

static int insert(const struct lt_door_statement *statement)
{
    struct lt_sql_plan plan;
    leat_sql_result *result = statement->result;
    int code = lt_door_sql_insert(statement, &plan, &result->query, &result->ends);
    if (code == LT_OK)
        result->kind = LEAT_SQL_QUERY;
    return code;
}

static int run(const struct lt_door_statement *statement)
{
    switch (statement->tree->kind) {
    case LT_SQL_CREATE_TABLE:
    case LT_SQL_CREATE_VIEW:
        return create(statement);
    case LT_SQL_DROP:
        return drop(statement);
    case LT_SQL_SET:
        return statement->tree->value == NULL ? show_settings(statement) : set(statement);
    case LT_SQL_RESET:
        return reset(statement);
    case LT_SQL_INSERT:
        return insert(statement);
    case LT_SQL_SELECT:
        return lt_door_sql_select(statement);
    case LT_SQL_EXPLAIN:
    case LT_SQL_DESCRIBE:
    case LT_SQL_DESCRIBE_QUERY:
    case LT_SQL_DESCRIBE_FUNCTION:
    case LT_SQL_SHOW_TABLES:
    case LT_SQL_SHOW_VIEWS:
    case LT_SQL_SHOW_FUNCTIONS:
    case LT_SQL_SHOW_COLUMNS:
        break;
    }
    return lt_door_sql_answer(statement);
}

/* Finds where the first statement ends, then parses it again in memory that lasts. */
static int take_statement(leat_context *context, const char *text, const char **rest,
                          struct lt_door_statement *statement)
{
    struct lt_arena *scratch = lt_arena_create();
    struct lt_sql_statement *tree;
    text += strspn(text, " \t\r\n"); /* so that places are counted from the statement's begin */
    int code = lt_sql_parse(text, scratch, &tree, rest, statement->error);
    if (code == LT_OK && tree != NULL) {
        statement->text = lt_arena_text_n(context->arena, text, tree->end);
        code = lt_sql_parse(statement->text, context->arena, &tree, &(const char *){NULL},
                            statement->error);
        statement->tree = tree;
    }
    lt_arena_destroy(scratch);
    return code;
}

int leat_sql(leat_context *context, const char *text, const char **rest, leat_sql_result *result)
{
    return lt_door_sql_run(context, text, rest, LT_DOOR_SQL_RUN, result);
}

/* The statement in place of a query's or an INSERT's, which is told and not run. */
static void explain_instead(struct lt_door_statement *statement, struct lt_sql_statement *instead)
{
    enum lt_sql_kind kind = statement->tree->kind;
    if (kind != LT_SQL_SELECT && kind != LT_SQL_INSERT)
        return;
    *instead = *statement->tree;
    instead->kind = LT_SQL_EXPLAIN;
    instead->explain = LT_SQL_EXPLAIN_EXTENDED;
    instead->is_insert = kind == LT_SQL_INSERT;
    statement->tree = instead;
}

int lt_door_sql_run(leat_context *context, const char *text, const char **rest,
                    enum lt_door_sql_purpose purpose, leat_sql_result *result)
{
    const char *ignored;
    struct lt_error error;
    leat_sql_result own = {.kind = LEAT_SQL_NONE};
    if (context == NULL || text == NULL || (result != NULL && result->size < sizeof own.size))
        return LEAT_ERROR_INVALID;
    lt_error_clear(&context->error);
    lt_error_clear(&error);
    lt_store_relaxed_u32(&context->is_interrupted, 0); /* meant for a statement before */
    struct lt_sql_statement instead;
    struct lt_door_statement statement = {.sql = lt_door_sql_of(context),
                                          .error = &error,
                                          .result = &own,
                                          .only_check = purpose == LT_DOOR_SQL_CHECK};
    int code = take_statement(context, text, rest != NULL ? rest : &ignored, &statement);
    if (code == LT_OK && statement.tree != NULL) {
        own.kind = LEAT_SQL_DONE;
        if (purpose == LT_DOOR_SQL_EXPLAIN)
            explain_instead(&statement, &instead);
        code = run(&statement);
    }
    if (code != LT_OK)
        (void)lt_door_fail(context, &error);
    if (result == NULL || code != LT_OK) {
        free(own.text);
        leat_query_destroy(own.query);
        own = (leat_sql_result){.kind = LEAT_SQL_NONE};
    }
    if (result != NULL) {
        own.size = result->size;
        memcpy(result, &own, own.size < sizeof own ? own.size : sizeof own);
    }
    return code;
}
