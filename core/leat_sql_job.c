/*
 * Jobs: the query that an INSERT makes of a plan and a table's options, and what becomes of a
 * SELECT.
 *
 * A query is called as its option queryName says, else as its table: the second query that INSERTs
 * into the table "t" is "t-2", and the same statement again is the same query. Where its table
 * names no checkpointLocation, SET spark.sql.streaming.checkpointLocation is the root of one under
 * the query's name.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/base/units.h"
#include "core/leat_admin.h"
#include "core/leat_sql.h"
#include "core/run/pipeline.h"
#include "io/catalog.h"
#include "io/console_table.h"
#include "ops/expr/diagnose.h"

/* --------------------------------------------------------------------------------- output mode */

enum { MODE_COUNT = 3 };

static int bad_output_mode(const char *text, const char *const *names, struct lt_error *error)
{
    const char *near = lt_nearest(text, names, MODE_COUNT);
    (void)lt_error_set(error, LT_E_INVALID,
                       "Invalid streaming output mode: %s. Accepted output modes are 'Append', "
                       "'Complete', 'Update'.%s%s%s",
                       text, near != NULL ? "; hint: did you mean \"" : "",
                       near != NULL ? near : "", near != NULL ? "\"?" : "");
    return lt_error_condition(error, "STREAMING_OUTPUT_MODE.INVALID", "42KDE");
}

int lt_door_read_output_mode(const char *text, enum lt_output_mode *out, struct lt_error *error)
{
    static const char *const names[MODE_COUNT] = {"append", "update", "complete"};
    for (size_t i = 0; i < MODE_COUNT; i++) {
        if (lt_ascii_compare(names[i], text) != 0)
            continue;
        *out = (enum lt_output_mode)i;
        return LT_OK;
    }
    return bad_output_mode(text, names, error);
}

int lt_door_sql_output_mode(const struct lt_sql_table *table, enum lt_output_mode *out,
                            struct lt_error *error)
{
    const char *text = lt_sql_table_option(table, "outputMode");
    *out = LT_OUTPUT_APPEND;
    return text == NULL ? LT_OK : lt_door_read_output_mode(text, out, error);
}

/* ------------------------------------------------------------------------------------- trigger */

static int bad_trigger(const struct lt_sql_table *table, const char *text, struct lt_error *error)
{
    static const char *const names[] = {"continuous", "processingTime", "availableNow", "once"};
    char word[32] = "";
    (void)strncat(word, text, strcspn(text, " ") < sizeof word ? strcspn(text, " ") : 0);
    const char *near = lt_nearest(word, names, sizeof names / sizeof names[0]);
    return lt_error_set(
        error, LT_E_INVALID, "table \"%s\": \"%s\" is no trigger; hint: %s%s%s", table->name, text,
        near != NULL ? "did you mean \""
                     : "'processingTime 5 seconds', 'availableNow', 'once' or "
                       "'continuous 1 second'",
        near != NULL ? near : "", near != NULL ? "\"?" : "");
}

/* The interval behind the trigger's word. */
static int interval_of(const struct lt_sql_table *table, const char *text, int64_t *out_ns,
                       struct lt_error *error)
{
    const char *interval = text + strcspn(text, " ");
    interval += strspn(interval, " ");
    if (*interval == '\0')
        return LT_OK; /* the default */
    int code = lt_units_parse_duration_ns(interval, 0, out_ns, error);
    return code == LT_OK ? LT_OK : lt_error_append(error, "table \"%s\": trigger", table->name);
}

static bool begins_with_word(const char *text, const char *word)
{
    size_t size = strlen(word);
    return lt_ascii_starts_with(text, word) && (text[size] == '\0' || text[size] == ' ');
}

static int set_trigger(const struct lt_sql_table *table, leat_query *query, struct lt_error *error)
{
    static const struct {
        const char *word;
        enum lt_trigger_kind kind;
        bool has_interval;
        int64_t interval_ns; /* by default */
    } triggers[] = {{"continuous", LT_TRIGGER_CONTINUOUS, true, LT_NS_PER_S},
                    {"processingTime", LT_TRIGGER_PROCESSING_TIME, true, 0},
                    {"availableNow", LT_TRIGGER_AVAILABLE_NOW, false, LT_NS_PER_S},
                    {"once", LT_TRIGGER_ONCE, false, 0}};
    const char *text = lt_sql_table_option(table, "trigger");
    size_t at = 0, count = sizeof triggers / sizeof triggers[0];
    if (text == NULL)
        return LT_OK;
    while (at < count && !(triggers[at].has_interval
                               ? begins_with_word(text, triggers[at].word)
                               : lt_ascii_compare(text, triggers[at].word) == 0))
        at++;
    if (at == count)
        return bad_trigger(table, text, error);
    int64_t interval_ns = triggers[at].interval_ns;
    int code = triggers[at].has_interval ? interval_of(table, text, &interval_ns, error) : LT_OK;
    if (code != LT_OK)
        return code;
    if (interval_ns <= 0 && triggers[at].kind == LT_TRIGGER_CONTINUOUS)
        return lt_error_set(error, LT_E_INVALID, "table \"%s\": trigger '%s': the interval is 0",
                            table->name, text);
    query->trigger = (struct lt_trigger){triggers[at].kind, interval_ns};
    query->has_trigger = true;
    return LT_OK;
}

/* Where it does not say that it is continuous. */
static bool may_batch(const struct lt_sql_table *table)
{
    const char *text = lt_sql_table_option(table, "trigger");
    return text == NULL || !begins_with_word(text, "continuous");
}

/* ------------------------------------------------------------------------------------- options */

static bool has_name(const struct lt_door_sql *sql, const char *name)
{
    const struct lt_door_job *job = sql->jobs;
    while (job != NULL && lt_ascii_compare(job->name, name) != 0)
        job = job->next;
    return job != NULL;
}

/* The name of the query that the statement makes of the table. EXPLAIN gives none away. */
static const char *name_of(const struct lt_door_statement *statement,
                           const struct lt_sql_table *table)
{
    struct lt_door_sql *sql = statement->sql;
    struct lt_arena *arena = sql->context->arena;
    const struct lt_sql_query *tree = statement->tree->query;
    const char *query =
        lt_arena_text_n(arena, statement->text + tree->begin, (size_t)(tree->end - tree->begin));
    for (const struct lt_door_job *job = sql->jobs; job != NULL; job = job->next) {
        if (strcmp(job->table, table->name) == 0 && strcmp(job->query, query) == 0)
            return job->name;
    }
    const char *name = table->name;
    for (unsigned number = 2; has_name(sql, name); number++)
        name = lt_arena_format(arena, "%s-%u", table->name, number);
    if (statement->tree->kind != LT_SQL_INSERT)
        return name;
    struct lt_door_job *job = lt_arena_alloc(arena, sizeof *job);
    *job = (struct lt_door_job){table->name, query, name, sql->jobs};
    sql->jobs = job;
    return name;
}

/* The folder of a query's name under what SET says, and no other. */
static int put_under_root(const struct lt_door_sql *sql, const char *root, struct lt_options *set,
                          struct lt_error *error)
{
    const char *name = lt_options_get(set, "queryName");
    bool is_folder = strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
    if (*root == '\0')
        return lt_error_set(error, LT_E_INVALID,
                            "\"spark.sql.streaming.checkpointLocation\" is empty; hint: SET it to "
                            "a directory, or RESET it");
    if (*name == '\0' || !is_folder)
        return lt_error_set(error, LT_E_INVALID,
                            "query \"%s\": its name cannot be that of its checkpoint's folder in "
                            "\"%s\"; hint: another queryName, or a checkpointLocation of its own",
                            name, root);
    const char *path = lt_arena_format(sql->context->arena, "%s/%s", root, name);
    return lt_options_set(set, "checkpointLocation", path, "SET", error);
}

/* The options of the query: the table's, then what SET says, then what follows from its name. */
static int query_options(const struct lt_door_statement *statement,
                         const struct lt_sql_table *table, struct lt_options *set)
{
    const struct lt_door_sql *sql = statement->sql;
    struct lt_error *error = statement->error;
    const char *origin = lt_arena_format(sql->context->arena, "table %s", table->name);
    int code = LT_OK;
    for (uint32_t i = 0; i < table->option_count && code == LT_OK; i++) {
        const struct lt_sql_option *option = &table->options[i];
        if (leat_admin_knows_option(LEAT_ADMIN_QUERY, NULL, option->key))
            code = lt_options_set(set, option->key, option->value, origin, error);
    }
    if (code == LT_OK)
        code = lt_door_sql_put_settings(sql, set, error);
    if (code == LT_OK && !lt_options_has(set, "queryName"))
        code = lt_options_set(set, "queryName", name_of(statement, table), origin, error);
    const char *root = lt_door_sql_checkpoint_root(sql);
    if (code == LT_OK && root != NULL && !lt_options_has(set, "checkpointLocation"))
        code = put_under_root(sql, root, set, error);
    return code;
}

/* --------------------------------------------------------------------------------------- INSERT */

static const struct lt_sink_type *sink_of(const struct lt_sql_table *table, struct lt_error *error)
{
    const struct lt_sink_type *type = lt_catalog_sink(lt_io_catalog(), table->format, NULL);
    if (type == NULL)
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "table \"%s\": Data source %s does not support streamed writing",
                           table->name, table->format);
    return type;
}

/* The table for the records that cannot be processed, and its sink, with options that are right. */
static int find_dead_letters(const struct lt_door_statement *statement, const char *name,
                             const struct lt_sql_table **to, const struct lt_sink_type **type)
{
    const struct lt_sql_name names = {.parts = &name, .count = 1};
    struct lt_error *error = statement->error;
    *to = lt_sql_catalog_get(&statement->sql->catalog, &names, NULL, error);
    if (*to == NULL)
        return error->code;
    if ((*to)->format == NULL)
        return lt_error_set(error, LT_E_INVALID, "\"%s\" is a view", name);
    if (strcmp((*to)->format, "memory") == 0)
        return lt_error_set(
            error, LT_E_UNSUPPORTED,
            "table \"%s\" is of the format memory, which keeps no dead letters; hint: "
            "a table of the format kafka or console",
            name);
    *type = sink_of(*to, error);
    if (*type == NULL)
        return error->code;
    struct lt_options *options = lt_door_sql_sink_options(*to);
    int code =
        lt_options_check(options, (*type)->options, (*type)->option_count, (*type)->name, error);
    lt_options_destroy(options);
    return code == LT_OK ? LT_OK : lt_error_append(error, "table \"%s\"", name);
}

static int add_dead_letters(const struct lt_door_statement *statement,
                            const struct lt_sql_table *table, leat_query *query)
{
    const char *name = lt_sql_table_option(table, "deadLetters");
    const struct lt_sql_table *to = NULL;
    const struct lt_sink_type *type = NULL;
    if (name == NULL)
        return LT_OK;
    int code = find_dead_letters(statement, name, &to, &type);
    if (code != LT_OK)
        return lt_error_append(statement->error, "table \"%s\": option \"deadLetters\"",
                               table->name);
    code = lt_door_write_dead_letters(query, to->format, type, lt_door_sql_sink_options(to));
    if (code != LT_OK)
        *statement->error = query->error;
    return code;
}

static int write_table(const struct lt_door_statement *statement, struct lt_sql_table *table,
                       const struct lt_sql_plan *plan, leat_query *query)
{
    struct lt_door_sql *sql = statement->sql;
    leat_stream *stream = lt_door_stream(sql->context, plan->node);
    stream->uses = plan->uses;
    if (strcmp(table->format, "memory") == 0)
        return lt_door_sql_memory_write(sql, table, query, stream, plan->node->schema,
                                        statement->error);
    const struct lt_sink_type *type = sink_of(table, statement->error);
    if (type == NULL)
        return statement->error->code;
    int code = lt_door_write(query, stream, table->format, type, lt_door_sql_sink_options(table));
    if (code != LT_OK)
        *statement->error = query->error;
    return code;
}

static struct lt_sql_table *written_table(const struct lt_door_statement *statement)
{
    const struct lt_sql_name *name = &statement->tree->name;
    struct lt_sql_table *table =
        lt_sql_catalog_get(&statement->sql->catalog, name, statement->text, statement->error);
    if (table == NULL || table->format != NULL)
        return table;
    struct lt_expr_place place = {statement->text, name->begin, name->end};
    (void)lt_expr_error(statement->error, LT_E_INVALID, "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
                        "42809", place, "'INSERT' expects a table but `%s` is a view.",
                        table->name);
    return NULL;
}

static int build_query(const struct lt_door_statement *statement, struct lt_sql_table *table,
                       const struct lt_sql_plan *plan, leat_query **out)
{
    leat_options *options = leat_options_create();
    int code = query_options(statement, table, options->set);
    *out = leat_query_create(statement->sql->context, options);
    lt_assert(*out != NULL); /* the options are a set without an error */
    (*out)->written = table;
    (*out)->shared = lt_door_sql_shared_by(statement->sql, plan->node);
    if (code == LT_OK)
        code = set_trigger(table, *out, statement->error);
    if (code == LT_OK && plan->is_bounded && !(*out)->has_trigger)
        code = lt_door_sql_end_at_start(*out, plan->node);
    if (code == LT_OK)
        code = write_table(statement, table, plan, *out);
    if (code == LT_OK)
        code = add_dead_letters(statement, table, *out);
    if (code == LT_OK)
        return LT_OK;
    leat_query_destroy(*out);
    *out = NULL;
    return code;
}

int lt_door_sql_insert(const struct lt_door_statement *statement, struct lt_sql_plan *plan,
                       leat_query **out, bool *ends)
{
    enum lt_output_mode mode;
    struct lt_sql_table *table = written_table(statement);
    if (table == NULL)
        return statement->error->code;
    table->is_written = true;
    int code = lt_door_sql_output_mode(table, &mode, statement->error);
    if (code != LT_OK)
        return code;
    struct lt_sql_env env = lt_door_sql_env(statement, mode);
    env.may_batch = may_batch(table);
    code = lt_sql_analyse_insert(&env, statement->tree, statement->text, table, plan,
                                 statement->error);
    if (code == LT_OK)
        code = build_query(statement, table, plan, out);
    if (code != LT_OK)
        return code;
    (*out)->output_mode = mode;
    *ends = plan->is_bounded || (*out)->trigger.kind == LT_TRIGGER_AVAILABLE_NOW ||
            (*out)->trigger.kind == LT_TRIGGER_ONCE;
    return LT_OK;
}

/* --------------------------------------------------------------------------------------- SELECT */

/* Where the rows of a SELECT that ends are gathered. */
struct collected {
    struct lt_console_table table;
    leat_context *context;
};

static bool is_interrupted(const leat_context *context)
{
    return lt_load_relaxed_u32(&context->is_interrupted) != 0;
}

/* A record may make rows without end, so each of them looks. */
static enum leat_write add_row(void *state, const leat_row *public_row, uint32_t flags)
{
    struct collected *collected = state;
    const struct lt_row *row = (const struct lt_row *)(const void *)public_row;
    (void)flags;
    if (is_interrupted(collected->context))
        return LEAT_WRITE_BROKEN;
    lt_console_table_add(&collected->table, lt_row_values(row), lt_row_nulls(row));
    return LEAT_WRITE_DONE;
}

static const int64_t slice_ns = 20 * 1000 * 1000;

/* Until it ends, or somebody does not want it any more. */
static int await_end(leat_context *context, leat_query *query)
{
    int code = LEAT_ERROR_TIMEOUT;
    while (code == LEAT_ERROR_TIMEOUT && !is_interrupted(context))
        code = leat_await(query, slice_ns);
    return is_interrupted(context)
               ? lt_error_set(&query->error, LT_E_CANCELLED, "the statement was interrupted")
               : code;
}

/* Runs what ends, here and now, into the table. */
static int collect_rows(const struct lt_door_statement *statement, struct lt_plan_node *node,
                        struct collected *collected)
{
    const leat_sink sink = {
        .size = sizeof sink, .name = "answer", .user = collected, .write = add_row};
    leat_context *context = statement->sql->context;
    leat_query *query =
        leat_query_create(context, leat_options_of("dmaLatency", "off", "pin", "false", NULL));
    query->managed.is_inner = true;
    int code = lt_door_sql_end_at_start(query, node);
    if (code == LEAT_OK)
        code = leat_query_write_sink(query, lt_door_stream(context, node), &sink);
    if (code == LEAT_OK)
        code = leat_start_invoked(query);
    if (code == LEAT_OK)
        code = await_end(context, query);
    if (code != LEAT_OK)
        *statement->error = query->error;
    leat_query_destroy(query);
    return code;
}

/* The sides of a union come one after the other. */
static int collect(const struct lt_door_statement *statement, const struct lt_sql_plan *plan)
{
    struct collected collected = {.context = statement->sql->context};
    struct lt_text_buffer text;
    struct lt_plan_node *node = plan->node;
    bool is_union = node->kind == LT_PLAN_UNION;
    int code = LEAT_OK;
    lt_console_table_init(&collected.table, node->schema, false);
    lt_text_init(&text);
    for (uint32_t i = 0; i < (is_union ? node->input_count : 1) && code == LEAT_OK; i++)
        code = collect_rows(statement, is_union ? node->inputs[i] : node, &collected);
    if (code == LEAT_OK) {
        lt_console_table_print(&collected.table, &text);
        statement->result->kind = LEAT_SQL_ROWS;
        statement->result->text = lt_text_take(&text);
    }
    lt_console_table_fini(&collected.table);
    lt_text_fini(&text);
    return code;
}

int lt_door_sql_select(const struct lt_door_statement *statement)
{
    struct lt_sql_env env = lt_door_sql_env(statement, LT_OUTPUT_APPEND);
    struct lt_sql_plan plan;
    int code =
        lt_sql_analyse(&env, statement->tree->query, statement->text, &plan, statement->error);
    if (code != LT_OK)
        return code;
    if (statement->only_check)
        return LT_OK;
    if (plan.is_bounded)
        return collect(statement, &plan);
    statement->result->kind = LEAT_SQL_STREAM;
    statement->result->stream = lt_door_stream(statement->sql->context, plan.node);
    statement->result->stream->uses = plan.uses;
    return LT_OK;
}
