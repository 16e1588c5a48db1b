/*
 * INSERTs that share what they read. Each INSERT is a query, as in Spark, and reads its tables by
 * itself - unless the table that it reads says `shared 'true'`: then the INSERTs of one job that
 * read it can be joined to one query, which reads it once and has a sink for each of them.
 *
 * All of them read by one node of the plan, which is kept here by its table; that is how it is
 * known which queries can be joined, and why the joined one reads once.
 *
 * A joined query has one name, one checkpoint and one trigger: those of its first INSERT. The table
 * of a later one says the same of them, or nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/leat_admin.h"
#include "core/leat_sql.h"

struct lt_door_shared {
    const struct lt_sql_table *table;
    struct lt_plan_node *node; /* its READ */
    struct lt_door_shared *next;
};

struct lt_plan_node *lt_door_sql_shared_read(const struct lt_door_sql *sql,
                                             const struct lt_sql_table *table)
{
    for (const struct lt_door_shared *shared = sql->shared; shared != NULL; shared = shared->next)
        if (shared->table == table)
            return shared->node;
    return NULL;
}

void lt_door_sql_share(struct lt_door_sql *sql, const struct lt_sql_table *table,
                       struct lt_plan_node *node)
{
    struct lt_door_shared *shared = lt_arena_alloc(sql->context->arena, sizeof *shared);
    *shared = (struct lt_door_shared){table, node, sql->shared};
    sql->shared = shared;
}

const struct lt_sql_table *lt_door_sql_shared_by(const struct lt_door_sql *sql,
                                                 const struct lt_plan_node *node)
{
    while (node->input_count == 1)
        node = node->inputs[0];
    for (const struct lt_door_shared *shared = sql->shared; shared != NULL; shared = shared->next)
        if (shared->node == node)
            return shared->table;
    return NULL;
}

/* ------------------------------------------------------------------------------------ joining */

/* Options of a written table that are of its query, and not of its sink alone. */
static bool is_of_query(const char *key)
{
    size_t count;
    const struct lt_option_spec *specs = lt_door_sql_job_specs(&count);
    for (size_t i = 0; i < count; i++)
        if (lt_ascii_compare(specs[i].name, key) == 0)
            return true;
    return leat_admin_knows_option(LEAT_ADMIN_QUERY, NULL, key);
}

static int check_agrees(const leat_query *first, const leat_query *second, struct lt_error *error)
{
    const struct lt_sql_table *a = first->written, *b = second->written;
    for (uint32_t i = 0; i < b->option_count; i++) {
        const struct lt_sql_option *option = &b->options[i];
        const char *said = lt_sql_table_option(a, option->key);
        if (!is_of_query(option->key) || (said != NULL && strcmp(said, option->value) == 0))
            continue;
        return lt_error_set(error, LT_E_INVALID,
                            "table \"%s\": option \"%s\" is \"%s\", and the query has %s%s%s of "
                            "table \"%s\", with which it shares what it reads of table \"%s\"; "
                            "hint: say it of \"%s\" alone, or let \"%s\" not be shared",
                            b->name, option->key, option->value, said == NULL ? "none" : "\"",
                            said == NULL ? "" : said, said == NULL ? "" : "\"", a->name,
                            first->shared->name, a->name, first->shared->name);
    }
    if (first->sink_count + second->sink_count >= LT_LIMIT_SINKS)
        return lt_error_set(error, LT_E_LIMIT,
                            "table \"%s\": more than %d sinks share what is read of table \"%s\"",
                            b->name, LT_LIMIT_SINKS - 1, first->shared->name);
    return LT_OK;
}

bool leat_admin_query_is_shared(const leat_query *query)
{
    return query != NULL && query->shared != NULL;
}

int leat_admin_query_join(leat_query *first, leat_query *second)
{
    struct lt_error error;
    if (first == NULL || second == NULL || first == second || first->running != NULL ||
        second->running != NULL)
        return LEAT_ERROR_INVALID;
    if (first->shared == NULL || first->shared != second->shared)
        return LEAT_ERROR_NOT_FOUND;
    int code = check_agrees(first, second, &error);
    if (code != LT_OK) {
        second->error = error;
        return code;
    }
    for (uint32_t i = 0; i < second->sink_count; i++) {
        struct lt_plan_node *node = lt_plan_node_create(first->arena, LT_PLAN_WRITE, 1);
        struct lt_plan_node **inputs = node->inputs;
        *node = *second->sinks[i];
        node->inputs = inputs;
        node->inputs[0] = second->sinks[i]->inputs[0];
        first->uses[first->sink_count] = second->uses[i];
        first->sinks[first->sink_count++] = node;
    }
    second->sink_count = 0; /* their options are the first's now */
    leat_query_destroy(second);
    return LEAT_OK;
}
