/*
 * What tools ask of a session of SQL beside leat_sql: whether a statement is right, what may be
 * typed in one, the end of one that takes long; and of the queries it makes, their options.
 */
#include "core/leat_admin.h"

#include <stdlib.h>
#include <string.h>

#include "core/leat_sql.h"
#include "ops/sql/parse.h"

/* --------------------------------------------------------------------------------- statements */

int leat_admin_sql_check(leat_context *context, const char *text, const char **rest, bool *has_more)
{
    leat_sql_result result = {.size = sizeof result};
    int code = lt_door_sql_run(context, text, rest, LT_DOOR_SQL_CHECK, &result);
    if (code == LEAT_OK && result.query != NULL && (code = leat_admin_check(result.query)) != 0)
        (void)lt_door_fail(context, &result.query->error);
    *has_more = code == LEAT_OK && result.kind != LEAT_SQL_NONE;
    leat_query_destroy(result.query);
    free(result.text);
    return code;
}

int leat_admin_sql_explain(leat_context *context, const char *text, const char **rest,
                           leat_sql_result *result)
{
    return lt_door_sql_run(context, text, rest, LT_DOOR_SQL_EXPLAIN, result);
}

void leat_admin_sql_interrupt(leat_context *context)
{
    if (context != NULL)
        lt_store_relaxed_u32(&context->is_interrupted, 1);
}

/* -------------------------------------------------------------------------------------- names */

/* None where it has none now, or none that can be had. */
static void add_columns(struct lt_door_sql *sql, struct lt_sql_table *table,
                        struct lt_text_buffer *names)
{
    struct lt_error ignored;
    struct lt_arena *arena = lt_arena_create();
    const struct lt_sql_env env = {.catalog = &sql->catalog,
                                   .session = sql->context->session,
                                   .host = &sql->host,
                                   .arena = arena,
                                   .mode = LT_OUTPUT_APPEND};
    const struct lt_type *schema;
    lt_error_clear(&ignored);
    if (lt_sql_table_columns(&env, table, &schema, &ignored) == LT_OK) {
        for (uint32_t i = 0; i < schema->field_count; i++)
            lt_text_format(names, "%s\n", schema->fields[i].name);
    }
    lt_arena_destroy(arena);
}

char *leat_admin_sql_names(leat_context *context, bool columns)
{
    struct lt_text_buffer names;
    if (context == NULL)
        return NULL;
    struct lt_door_sql *sql = lt_door_sql_of(context);
    lt_text_init(&names);
    for (struct lt_sql_table *table = sql->catalog.first; table != NULL; table = table->next)
        lt_text_format(&names, "%s\n", table->name);
    for (struct lt_sql_table *table = sql->catalog.first; columns && table != NULL;
         table = table->next)
        add_columns(sql, table, &names);
    return lt_text_take(&names);
}

/* ------------------------------------------------------------------------------------- queries */

const char *leat_admin_query_option(const leat_query *query, const char *key)
{
    return query == NULL || key == NULL ? NULL : lt_options_get(query->options, key);
}

int leat_admin_query_set(leat_query *query, const char *key, const char *value, const char *origin)
{
    struct lt_error error;
    if (query == NULL || key == NULL || value == NULL || query->running != NULL)
        return LEAT_ERROR_INVALID;
    int code = lt_options_set(query->options, key, value, origin, &error);
    if (code != LT_OK)
        query->error = error;
    return code;
}

bool leat_admin_query_may_pass(const leat_query *query)
{
    return query != NULL &&
           (query->error.class == LT_CLASS_RETRY || query->error.class == LT_CLASS_ABORT_EPOCH ||
            query->error.code == LT_E_TIMEOUT);
}

/* A WRITE node of another query: of its own but for what it is written, which is the context's. */
static struct lt_plan_node *copy_write(leat_query *query, const struct lt_plan_node *from)
{
    struct lt_plan_node *node =
        lt_plan_node_create(query->arena, LT_PLAN_WRITE, from->input_count);
    node->format = from->format;
    node->sink_type = from->sink_type;
    node->options = lt_options_clone(from->options);
    for (uint32_t i = 0; i < from->input_count; i++)
        node->inputs[i] = from->inputs[i];
    return node;
}

leat_query *leat_admin_query_again(const leat_query *query)
{
    leat_query *again = query == NULL ? NULL : leat_query_create(query->context, NULL);
    if (again == NULL)
        return NULL;
    lt_options_destroy(again->options);
    again->options = lt_options_clone(query->options);
    for (uint32_t i = 0; i < query->sink_count; i++) {
        again->sinks[i] = copy_write(again, query->sinks[i]);
        again->uses[i] = query->uses[i];
    }
    again->sink_count = query->sink_count;
    if (query->dead_letters != NULL)
        again->dead_letters = copy_write(again, query->dead_letters);
    again->trigger = query->trigger;
    again->has_trigger = query->has_trigger;
    again->output_mode = query->output_mode;
    again->written = query->written;
    again->shared = query->shared;
    return again;
}

static const struct lt_plan_node *source_of(const struct lt_plan_node *node)
{
    while (node->input_count > 0)
        node = node->inputs[0];
    return node;
}

/* Whether a sink before it reads by the same node. */
static bool is_known_source(const leat_query *query, uint32_t sink)
{
    for (uint32_t i = 0; i < sink; i++)
        if (source_of(query->sinks[i]) == source_of(query->sinks[sink]))
            return true;
    return false;
}

char *leat_admin_query_route(const leat_query *query)
{
    struct lt_text_buffer text;
    if (query == NULL || query->sink_count == 0)
        return NULL;
    lt_text_init(&text);
    for (uint32_t i = 0; i < query->sink_count; i++) {
        const struct lt_plan_node *source = source_of(query->sinks[i]);
        if (!is_known_source(query, i))
            lt_text_format(&text, "%s%s", i > 0 ? ", " : "",
                           source->format != NULL ? source->format : source->source_type->name);
    }
    lt_text_format(&text, " -> %s", query->sinks[0]->format);
    return lt_text_take(&text);
}
