#include "tests/support/stateful_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include <cmocka.h>

#include "core/data/row_bytes.h"
#include "core/state/store.h"
#include "core/state/store.h"
#include "core/text/codec_times.h"
#include "core/text/json_read.h"
#include "core/text/json_write.h"
#include "tests/support/model_store.h"

/* --------------------------------------------------------------------------------------- output */

static void write_line(struct stateful_world *world, struct lt_row *row)
{
    const struct lt_json_write_options options = {.keep_null_fields = true};
    const struct lt_struct structure = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    const union lt_value value = {.structure = &structure};
    struct lt_text_buffer text;
    assert_true(world->line_count < STATEFUL_ROWS);
    lt_text_init(&text);
    lt_json_write_value(&text, world->op->output_schema, &value, &options);
    world->lines[world->line_count++] = lt_text_take(&text);
}

/* Rows go home, so that the operators have room again. */
static void take_rows(struct stateful_world *world)
{
    for (uint32_t i = 0; i < world->kept_count; i++) {
        write_line(world, world->kept[i]);
        lt_row_release(world->kept[i]);
    }
    world->kept_count = 0;
}

static void keep_row(struct lt_out *out, struct lt_row *row)
{
    struct stateful_world *world = ((struct stateful_out *)out)->world;
    assert_true(world->kept_count < STATEFUL_ROWS);
    world->kept[world->kept_count++] = row;
}

static void keep_fault(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    ((struct stateful_out *)out)->world->failed++;
    lt_fault_destroy(fault);
    lt_row_release(row);
}

static void process(struct stateful_world *world, struct lt_operator *op, uint32_t side,
                    struct lt_row *row, struct lt_out *out)
{
    enum lt_process result = LT_PROCESS_RETRY;
    for (unsigned tries = 0; result == LT_PROCESS_RETRY; tries++) {
        assert_true(tries < 10000);
        result = side == 0 ? op->ops->process(op, row, out) : op->ops->process_right(op, row, out);
        if (result == LT_PROCESS_RETRY)
            take_rows(world);
    }
    if (result == LT_PROCESS_PASS)
        out->emit(out, row);
}

/* To the instance that has the row's key. */
static void deal(struct stateful_world *world, uint32_t side, struct lt_row *row)
{
    const struct lt_ops_exchange *exchange = &world->exchanges[side];
    uint32_t instance = 0;
    if (world->instances > 1 && exchange->column_count > 0) {
        lt_text_clear(&world->key);
        lt_row_bytes_write_key(exchange->schema, row, exchange->columns, exchange->column_count,
                               &world->key);
        instance = (uint32_t)(XXH64(world->key.data, world->key.size_bytes, 0) % world->instances);
    }
    process(world, world->ops[instance], side, row, &world->final_out.out);
}

/* From a partial operator to the final one. */
static void pass_on(struct lt_out *out, struct lt_row *row)
{
    deal(((struct stateful_out *)out)->world, 0, row);
}

/* ---------------------------------------------------------------------------------------- state */

static struct lt_state_store *create_store(const struct stateful_world *world,
                                           const struct lt_operator_store *request)
{
    const struct lt_state_options options = {.provider = "memory",
                                             .name = request->name,
                                             .partition = world->state.partition,
                                             .partition_count = world->instances,
                                             .key_suffix_bytes = request->key_suffix_bytes,
                                             .min_deltas_for_snapshot = 10,
                                             .codec = "none"};
    struct lt_state_store *store;
    struct lt_error error;
    if (!world->has_memory_store)
        return world->is_told_ahead ? model_store_create_told_ahead() : model_store_create();
    if (lt_state_open(&options, &store, &error) != LT_OK)
        fail_msg("%s", error.text);
    return store;
}

/* A batch is over, and its changes count. */
static void commit_stores(struct stateful_world *world)
{
    for (uint32_t i = 0; i < world->store_count && world->has_memory_store; i++) {
        struct lt_state_store *store = world->stores[i].store;
        store->ops->prepare(store, world->batch.id + 1);
        assert_int_equal(store->ops->prepared(store, &world->error), 1);
        store->ops->commit(store);
    }
}

static void destroy_stores(struct stateful_world *world)
{
    for (uint32_t i = 0; i < world->store_count; i++) {
        struct lt_state_store *store = world->stores[i].store;
        if (world->has_memory_store)
            store->ops->close(store);
        else
            model_store_destroy(store);
    }
}

static int open_store(void *context, const struct lt_operator_store *request,
                      struct lt_state_store **out, struct lt_error *error)
{
    struct stateful_world *world = context;
    (void)error;
    assert_int_equal(request->key->kind, LT_TYPE_STRUCT);
    assert_int_equal(request->value->kind, LT_TYPE_STRUCT);
    const char *name = request->name == NULL ? "" : request->name;
    uint32_t instance = world->state.partition;
    for (uint32_t i = 0; i < world->store_count; i++) {
        if (world->stores[i].instance == instance && strcmp(world->stores[i].name, name) == 0) {
            *out = world->stores[i].store;
            return LT_OK;
        }
    }
    assert_true(world->store_count < STATEFUL_STORES);
    *out = create_store(world, request);
    world->stores[world->store_count].name = name;
    world->stores[world->store_count].instance = instance;
    world->stores[world->store_count++].store = *out;
    return LT_OK;
}

/* ----------------------------------------------------------------------------------------- life */

static void add_input(struct stateful_world *world, uint32_t side, const char *ddl)
{
    struct lt_plan_node *read = lt_plan_node_create(world->arena, LT_PLAN_READ, 0);
    if (lt_type_parse_ddl(ddl, world->arena, &world->schemas[side], &world->error) != LT_OK)
        fail_msg("%s", world->error.text);
    const struct lt_row_pool_options options = {.column_count = world->schemas[side]->field_count,
                                                .capacity = STATEFUL_ROWS,
                                                .scratch_size_bytes = 256};
    assert_int_equal(lt_row_pool_create(&options, &world->inputs[side], NULL), LT_OK);
    read->schema = world->schemas[side];
    world->node->inputs[side] = read;
}

void stateful_world_init(struct stateful_world *world, enum lt_plan_kind kind, const char *left,
                         const char *right)
{
    *world = (struct stateful_world){.lanes = 1, .instances = 1, .rows_in_flight = 3};
    world->arena = lt_arena_create();
    world->node = lt_plan_node_create(world->arena, kind, right == NULL ? 1 : 2);
    add_input(world, 0, left);
    if (right != NULL)
        add_input(world, 1, right);
    world->state = (struct lt_operator_state){
        .context = world, .open = open_store};
    world->final_out = (struct stateful_out){{.emit = keep_row, .fail = keep_fault}, world};
    world->partial_out = (struct stateful_out){{.emit = pass_on, .fail = keep_fault}, world};
    world->batch = (struct lt_batch){
        .id = (uint64_t)-1, .watermarks = &world->watermarks, .operator_count = 1};
    lt_clock_manual_init(&world->clock, 1000, 1000);
}

static void open_operator(struct stateful_world *world, struct lt_operator *op, const char *prefix)
{
    const struct lt_operator_env env = {.clock = &world->clock.clock,
                                        .counters = world->counters,
                                        .counter_prefix = prefix,
                                        .rows_in_flight = world->rows_in_flight,
                                        .state = &world->state};
    if (op->ops->open(op, &env, &world->error) != LT_OK)
        fail_msg("%s", world->error.text);
}

void stateful_world_open(struct stateful_world *world, const struct lt_plan_stateful *plan)
{
    struct lt_plan_node *node = world->node;
    node->stateful = plan;
    assert_int_equal(lt_counters_create(NULL, "q", &world->counters, NULL), LT_OK);
    if (lt_ops_analyse(node, LT_OPS_MICRO_BATCH, world->arena, &world->error) != LT_OK)
        fail_msg("%s", world->error.text);
    world->state.partition_count = world->instances;
    for (uint32_t i = 0; i < world->instances; i++) {
        char prefix[32];
        (void)snprintf(prefix, sizeof prefix, "lane%u.op0.", i);
        if (lt_ops_create(node, &world->ops[i], &world->error) != LT_OK)
            fail_msg("%s", world->error.text);
        world->state.partition = i;
        open_operator(world, world->ops[i], prefix);
    }
    world->op = world->ops[0];
    for (uint32_t side = 0; side < node->input_count; side++)
        assert_int_equal(lt_ops_exchange(node, side, world->arena, &world->exchanges[side],
                                         &world->error),
                         LT_OK);
    for (uint32_t i = 0; i < world->lanes; i++) {
        char prefix[32];
        (void)snprintf(prefix, sizeof prefix, "lane%u.partial0.", i);
        assert_int_equal(lt_ops_create_partial(node, &world->partials[i], &world->error), LT_OK);
        if (world->partials[i] != NULL)
            open_operator(world, world->partials[i], prefix);
    }
}

void stateful_world_close(struct stateful_world *world)
{
    take_rows(world);
    for (uint32_t i = 0; i < world->lanes; i++) {
        if (world->partials[i] != NULL)
            world->partials[i]->ops->close(world->partials[i]);
        world->partials[i] = NULL;
    }
    for (uint32_t i = 0; i < world->instances; i++) {
        if (world->ops[i] != NULL)
            world->ops[i]->ops->close(world->ops[i]);
        world->ops[i] = NULL;
    }
    world->op = NULL;
    lt_counters_close(world->counters);
    world->counters = NULL;
}

static void forget_lines(struct stateful_world *world)
{
    for (uint32_t i = 0; i < world->line_count; i++)
        free(world->lines[i]);
    world->line_count = 0;
}

void stateful_world_fini(struct stateful_world *world)
{
    stateful_world_close(world);
    forget_lines(world);
    destroy_stores(world);
    for (uint32_t i = 0; i < 2; i++)
        lt_row_pool_destroy(world->inputs[i]);
    lt_text_fini(&world->key);
    lt_arena_destroy(world->arena);
}

/* -------------------------------------------------------------------------------------- batches */

void stateful_world_begin(struct stateful_world *world, int64_t late_ms, int64_t eviction_ms)
{
    forget_lines(world);
    world->batch.id++;
    world->watermarks =
        (struct lt_batch_watermarks){.late_ms = late_ms, .eviction_ms = eviction_ms};
    for (uint32_t i = 0; i < world->instances; i++)
        world->ops[i]->ops->begin(world->ops[i], &world->batch);
    for (uint32_t i = 0; i < world->lanes && world->partials[i] != NULL; i++)
        world->partials[i]->ops->begin(world->partials[i], &world->batch);
}

static void *alloc(void *context, size_t size_bytes)
{
    return lt_row_scratch(context, size_bytes);
}

static struct lt_row *read_row(struct stateful_world *world, uint32_t side, const char *json,
                               size_t size_bytes)
{
    const struct lt_times_setup times_setup = {.use = LT_DATETIME_READING};
    struct lt_row *row = lt_row_claim(world->inputs[side]);
    const struct lt_codec_memory memory = {alloc, row};
    struct lt_json_options options;
    struct lt_times *times;
    struct lt_json_reader *reader;
    union lt_value value;
    assert_non_null(row);
    char *copy = lt_row_scratch(row, size_bytes);
    memcpy(copy, json, size_bytes);
    lt_json_options_init(&options);
    assert_int_equal(lt_times_create(&times_setup, &times, NULL), LT_OK);
    const struct lt_json_read_setup setup = {
        .type = world->schemas[side], .options = &options, .times = lt_times_codec(times)};
    assert_int_equal(lt_json_reader_create(&setup, &reader, NULL), LT_OK);
    const struct lt_bytes document = {.data = (const uint8_t *)copy,
                                      .size_bytes = (uint32_t)size_bytes};
    if (lt_json_read(reader, document, &memory, &value) != LT_CODEC_VALUE)
        fail_msg("no row: %.*s", (int)size_bytes, json);
    for (uint32_t i = 0; i < row->column_count; i++) {
        if (lt_bit(value.structure->nulls, i))
            lt_row_set_null(row, i);
        else
            lt_row_values(row)[i] = value.structure->values[i];
    }
    lt_json_reader_destroy(reader);
    lt_times_destroy(times);
    row->source_partition = 0;
    row->source_offset = 0;
    row->ingest_ns = 0;
    return row;
}

static void give(struct stateful_world *world, uint32_t side, struct lt_row *row)
{
    struct lt_operator *partial = world->partials[world->next_lane];
    world->next_lane = (world->next_lane + 1) % world->lanes;
    if (partial != NULL)
        process(world, partial, 0, row, &world->partial_out.out);
    else
        deal(world, side, row);
}

/* Where all rows go to one instance, and it wants to be, it is told of them. */
static void tell(const struct stateful_world *world, uint32_t side, struct lt_row *const *rows,
                 uint32_t count)
{
    struct lt_operator *op = world->op;
    if (count > 0 && world->instances == 1 && op->ops->expect != NULL)
        op->ops->expect(op, rows, count, side == 1);
}

void stateful_world_give(struct stateful_world *world, uint32_t side, const char *json)
{
    for (const char *line = json; line != NULL && *line != '\0';) {
        struct lt_row *rows[LT_LIMIT_EXPECTED_ROWS];
        uint32_t count = 0;
        while (line != NULL && *line != '\0' && count < LT_LIMIT_EXPECTED_ROWS) {
            const char *end = strchr(line, '\n');
            size_t size_bytes = end == NULL ? strlen(line) : (size_t)(end - line);
            rows[count++] = read_row(world, side, line, size_bytes);
            line = end == NULL ? NULL : end + 1;
        }
        tell(world, side, rows, count);
        for (uint32_t i = 0; i < count; i++)
            give(world, side, rows[i]);
    }
}

/* False: it has failed. */
static bool drain(struct stateful_world *world, struct lt_operator *op, struct lt_out *out)
{
    for (unsigned tries = 0; op->failure == NULL; tries++) {
        assert_true(tries < 10000);
        bool is_done = op->ops->drain(op, world->batch.id, out);
        take_rows(world);
        if (is_done)
            return true;
    }
    assert_false(op->ops->drain(op, world->batch.id, out));
    return false;
}

bool stateful_world_try_end(struct stateful_world *world)
{
    bool is_good = true;
    for (uint32_t i = 0; i < world->lanes && world->partials[i] != NULL && is_good; i++)
        is_good = drain(world, world->partials[i], &world->partial_out.out);
    for (uint32_t i = 0; i < world->instances && is_good; i++)
        is_good = drain(world, world->ops[i], &world->final_out.out);
    if (is_good)
        commit_stores(world);
    return is_good;
}

void stateful_world_end(struct stateful_world *world)
{
    if (stateful_world_try_end(world))
        return;
    for (uint32_t i = 0; i < world->lanes; i++)
        if (world->partials[i] != NULL && world->partials[i]->failure != NULL)
            fail_msg("%s", world->partials[i]->failure->text);
    fail_msg("%s", world->op->failure->text);
}

void stateful_world_batch(struct stateful_world *world, int64_t late_ms, int64_t eviction_ms,
                          const char *left, const char *right)
{
    stateful_world_begin(world, late_ms, eviction_ms);
    stateful_world_give(world, 0, left);
    stateful_world_give(world, 1, right);
    stateful_world_end(world);
}

/* -------------------------------------------------------------------------------- what is asked */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void stateful_world_expect_in_order(struct stateful_world *world, const char *lines)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (uint32_t i = 0; i < world->line_count; i++)
        lt_text_format(&text, "%s%s", i == 0 ? "" : "\n", world->lines[i]);
    assert_string_equal(lt_text_get(&text), lines);
    lt_text_fini(&text);
}

void stateful_world_expect(struct stateful_world *world, const char *lines)
{
    qsort(world->lines, world->line_count, sizeof(char *), compare_lines);
    stateful_world_expect_in_order(world, lines);
}

struct lt_state_metrics stateful_world_metrics(const struct stateful_world *world)
{
    struct lt_state_metrics sum = {0};
    for (uint32_t i = 0; i < world->instances; i++) {
        struct lt_state_metrics metrics = {0};
        world->ops[i]->ops->state_metrics(world->ops[i], &metrics);
        sum.rows_total += metrics.rows_total;
        sum.rows_updated += metrics.rows_updated;
        sum.rows_removed += metrics.rows_removed;
        sum.rows_dropped_by_watermark += metrics.rows_dropped_by_watermark;
        sum.dropped_duplicates += metrics.dropped_duplicates;
        sum.memory_bytes += metrics.memory_bytes;
    }
    return sum;
}

void stateful_world_expect_counts(struct stateful_world *world, uint64_t total, uint64_t updated,
                                  uint64_t removed, uint64_t dropped)
{
    struct lt_state_metrics metrics = stateful_world_metrics(world);
    assert_int_equal(metrics.rows_total, total);
    assert_int_equal(metrics.rows_updated, updated);
    assert_int_equal(metrics.rows_removed, removed);
    assert_int_equal(metrics.rows_dropped_by_watermark, dropped);
}
