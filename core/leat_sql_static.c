/*
 * Rows of what ends, read here and now by a query of their own, for the plan of another: what a
 * stream is joined with.
 */
#include <stdlib.h>
#include <string.h>

#include "core/data/value_copy.h"
#include "core/leat_sql.h"
#include "core/run/pipeline.h"
#include "io/catalog.h"

/* Where rows are gathered. */
struct gathered {
    leat_context *context;
    struct lt_arena *arena;
    const struct lt_type *schema;
    union lt_value *rows; /* structs */
    uint32_t count, limit;
    bool is_full;
};

static void *take(void *arena, size_t size_bytes)
{
    return lt_arena_alloc(arena, size_bytes);
}

static enum leat_write gather(void *state, const leat_row *public_row, uint32_t flags)
{
    struct gathered *gathered = state;
    const struct lt_row *row = (const struct lt_row *)(const void *)public_row;
    (void)flags;
    gathered->is_full = gathered->count == gathered->limit;
    if (gathered->is_full || lt_load_relaxed_u32(&gathered->context->is_interrupted) != 0)
        return LEAT_WRITE_BROKEN;
    const struct lt_struct structure = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    union lt_value value = {.structure = &structure};
    const struct lt_value_memory memory = {take, gathered->arena};
    gathered->rows = lt_realloc_array(gathered->rows, gathered->count + 1, sizeof *gathered->rows);
    bool is_copied = lt_value_copy(gathered->schema, &memory, &value);
    lt_assert(is_copied); /* an arena has memory, or the process ends */
    gathered->rows[gathered->count++] = value;
    return LEAT_WRITE_DONE;
}

static bool reads_catalog(const struct lt_plan_node *node)
{
    bool reads = false;
    if (node->kind == LT_PLAN_READ && node->options != NULL) {
        const struct lt_source_type *type =
            lt_catalog_source(lt_io_catalog(), node->format, NULL);
        reads = type != NULL && (node->source_type == type || node->source_type == type->table);
    }
    for (uint32_t i = 0; i < node->input_count && !reads; i++)
        reads = reads_catalog(node->inputs[i]);
    return reads;
}

int lt_door_sql_end_at_start(leat_query *query, const struct lt_plan_node *node)
{
    return reads_catalog(node) ? leat_query_trigger_available_now(query) : LEAT_OK;
}

static int gather_one(struct gathered *gathered, struct lt_plan_node *node, struct lt_error *error)
{
    const leat_sink sink = {
        .size = sizeof sink, .name = "static", .user = gathered, .write = gather};
    leat_options *options = leat_options_of("dmaLatency", "off", "pin", "false", NULL);
    leat_query *query = leat_query_create(gathered->context, options);
    query->managed.is_inner = true;
    int code = lt_door_sql_end_at_start(query, node);
    if (code == LEAT_OK)
        code = leat_query_write_sink(query, lt_door_stream(gathered->context, node), &sink);
    if (code == LEAT_OK)
        code = leat_start_invoked(query);
    if (code == LEAT_OK)
        code = leat_await(query, LEAT_FOREVER);
    if (code != LEAT_OK)
        *error = query->error;
    leat_query_destroy(query);
    return code;
}

int lt_door_sql_collect(void *user, struct lt_plan_node *node, uint32_t limit,
                        struct lt_arena *arena, struct lt_array *out, struct lt_error *error)
{
    struct lt_door_sql *sql = user;
    struct gathered gathered = {
        .context = sql->context, .arena = arena, .schema = node->schema, .limit = limit};
    bool is_union = node->kind == LT_PLAN_UNION;
    int code = LT_OK;
    for (uint32_t i = 0; i < (is_union ? node->input_count : 1) && code == LT_OK; i++)
        code = gather_one(&gathered, is_union ? node->inputs[i] : node, error);
    if (gathered.is_full)
        code = lt_error_set(error, LT_E_LIMIT,
                            "it has more than %u rows; hint: a join of two streams keeps more",
                            limit);
    union lt_value *rows = lt_arena_alloc(arena, gathered.count * sizeof *rows);
    if (gathered.count > 0)
        memcpy(rows, gathered.rows, gathered.count * sizeof *rows);
    free(gathered.rows);
    *out = (struct lt_array){.count = gathered.count, .values = rows};
    return code;
}
