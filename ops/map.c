/*
 * One call of the embedder's function per row.
 */
#include "ops/map.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "ops/derived_rows.h"

struct map {
    struct lt_operator base;
    struct lt_map_options options;
    struct lt_row_pool *pool; /* NULL before open */
    struct lt_shared_u64 *in;
};

static int map_open(struct lt_operator *op, const struct lt_operator_env *env,
                    struct lt_error *error)
{
    struct map *map = (struct map *)op;
    const struct lt_row_pool_options options = {
        .column_count = map->base.output_schema->field_count,
        .capacity = env->rows_in_flight,
        .scratch_size_bytes = map->options.scratch_size_bytes,
        .is_shared = env->is_shared};
    int code = lt_row_pool_create(&options, &map->pool, error);
    if (code != LT_OK)
        return lt_error_append(error, "cannot open the map");
    char name[128];
    (void)snprintf(name, sizeof name, "%sin", env->counter_prefix);
    map->in = lt_counters_add(env->counters, LT_COUNTER_SUM, name, "records", "records mapped");
    return LT_OK;
}

static enum lt_process map_process(struct lt_operator *op, struct lt_row *row, struct lt_out *out)
{
    struct map *map = (struct map *)op;
    struct lt_row *derived = lt_row_claim(map->pool);
    if (lt_unlikely(derived == NULL))
        return LT_PROCESS_RETRY;
    lt_counter_add(map->in, 1);
    char cause[LT_MAP_CAUSE_MAX] = "";
    if (lt_unlikely(!map->options.function(map->options.context, row, derived, cause))) {
        lt_derived_row_abandon(derived);
        out->fail(
            out, row,
            lt_fault_create("map", "USER_RAISED_EXCEPTION", "P0001", "%s",
                            cause[0] != '\0' ? cause : "the map function refused the record"));
        return LT_PROCESS_DONE;
    }
    lt_derived_row_adopt(derived, row);
    out->emit(out, derived);
    return LT_PROCESS_DONE;
}

static void map_close(struct lt_operator *op)
{
    struct map *map = (struct map *)op;
    lt_row_pool_destroy(map->pool);
    free(map);
}

static void map_add_cost(const struct lt_operator *op, struct lt_operator_cost *cost)
{
    (void)op;
    cost->rows++;
}

static const struct lt_operator_ops map_ops = {.name = "map",
                                               .open = map_open,
                                               .process = map_process,
                                               .add_cost = map_add_cost,
                                               .close = map_close};

int lt_map_create(const struct lt_map_options *options, struct lt_operator **out,
                  struct lt_error *error)
{
    if (options->function == NULL)
        return lt_error_set(error, LT_E_INVALID, "cannot make the map: it has no function");
    struct map *map = lt_alloc(sizeof *map);
    map->base = (struct lt_operator){.ops = &map_ops,
                                     .input_schema = options->input_schema,
                                     .output_schema = options->output_schema};
    map->options = *options;
    *out = &map->base;
    return LT_OK;
}
