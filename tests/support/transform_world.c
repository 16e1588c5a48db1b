#include "tests/support/transform_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INPUT "k STRING, op STRING, a BIGINT, b BIGINT"
enum { KEY, OP, A, B };
enum { SECOND_US = 1000000 };

static const uint32_t by_key[] = {KEY};

/* One instance of the processor. */
struct own {
    struct transform_script *script;
    struct lt_variable *v, *l, *m;
    struct lt_row_pool *rows;
};

const struct lt_type *transform_world_type(struct transform_script *script, const char *text)
{
    const struct lt_type *type;
    assert_int_equal(lt_type_parse_ddl(text, script->arena, &type, NULL), LT_OK);
    return type;
}

static int own_open(void *context, struct lt_keyed_state *state, void **out,
                    struct lt_error *error)
{
    struct transform_script *script = context;
    struct own *own = lt_alloc(sizeof *own);
    const struct lt_type *n = transform_world_type(script, "n BIGINT");
    const struct lt_variable_spec v = {.name = "v",
                                       .kind = LT_VARIABLE_VALUE,
                                       .value = transform_world_type(script, script->value_ddl),
                                       .ttl_us = script->ttl_us};
    const struct lt_variable_spec l = {
        .name = "l", .kind = LT_VARIABLE_LIST, .value = n, .ttl_us = script->ttl_us};
    const struct lt_variable_spec m = {
        .name = "m", .kind = LT_VARIABLE_MAP, .key = n, .value = n, .ttl_us = script->ttl_us};
    const struct lt_row_pool_options pool = {
        .column_count = 3, .capacity = 4, .scratch_size_bytes = 64};
    *out = own;
    own->script = script;
    assert_int_equal(lt_row_pool_create(&pool, &own->rows, NULL), LT_OK);
    int code = script->drop != NULL ? lt_keyed_drop(state, script->drop, error)
                                    : lt_keyed_declare(state, &v, &own->v, error);
    if (code == LT_OK && script->is_twice)
        code = lt_keyed_declare(state, &v, &own->v, error);
    if (code == LT_OK)
        code = lt_keyed_declare(state, &l, &own->l, error);
    if (code == LT_OK)
        code = lt_keyed_declare(state, &m, &own->m, error);
    return code;
}

static void own_close(void *context)
{
    struct own *own = context;
    lt_row_pool_destroy(own->rows);
    free(own);
}

static void give(struct own *own, const struct lt_transform_call *call, const char *what, int64_t n)
{
    for (uint32_t i = 0; i < own->script->copies; i++) {
        struct lt_row *row = lt_row_claim(own->rows);
        assert_non_null(row);
        lt_row_values(row)[0] = lt_row_values(call->key)[0];
        lt_row_values(row)[1].bytes = (struct lt_bytes){.data = (const uint8_t *)what,
                                                        .size_bytes = (uint32_t)strlen(what)};
        lt_row_values(row)[2].i64 = n;
        call->out->emit(call->out, row);
    }
}

static void set_number(struct lt_row *row, int64_t n)
{
    lt_row_values(row)[0].i64 = n;
    lt_row_clear_nulls(row);
}

static bool is_op(const struct lt_row *row, const char *name)
{
    const struct lt_bytes *op = &lt_row_values(row)[OP].bytes;
    return op->size_bytes == strlen(name) && memcmp(op->data, name, op->size_bytes) == 0;
}

static void do_value(struct own *own, const struct lt_transform_call *call,
                     const struct lt_row *row)
{
    const struct lt_row *got;
    if (is_op(row, "set")) {
        set_number(lt_variable_fresh(own->v), lt_row_values(row)[A].i64);
        (void)!lt_variable_set(own->v);
    } else if (is_op(row, "get")) {
        if (lt_variable_get(own->v, &got))
            give(own, call, got == NULL ? "none" : "value",
                 got == NULL ? 0 : lt_row_values(got)[0].i64);
    } else if (is_op(row, "clear")) {
        assert_true(lt_variable_clear(own->v));
    }
}

static void do_list(struct own *own, const struct lt_transform_call *call, const struct lt_row *row)
{
    const struct lt_row *got;
    uint64_t at = 0;
    bool exists;
    if (is_op(row, "append")) {
        set_number(lt_variable_fresh(own->l), lt_row_values(row)[A].i64);
        assert_true(lt_list_append(own->l));
    } else if (is_op(row, "list")) {
        assert_true(lt_variable_exists(own->l, &exists));
        if (!exists)
            give(own, call, "empty", 0);
        while (lt_list_next(own->l, &at, &got) && got != NULL)
            give(own, call, "element", lt_row_values(got)[0].i64);
    } else if (is_op(row, "unlist")) {
        assert_true(lt_variable_clear(own->l));
    }
}

static void do_map(struct own *own, const struct lt_transform_call *call, const struct lt_row *row)
{
    const struct lt_row *key, *got;
    int64_t a = lt_row_values(row)[A].i64;
    uint64_t at = 0;
    bool was, is_keyed = is_op(row, "put") || is_op(row, "mget") || is_op(row, "remove");
    if (is_keyed)
        set_number(lt_variable_fresh_key(own->m), a);
    if (is_op(row, "put")) {
        set_number(lt_variable_fresh(own->m), lt_row_values(row)[B].i64);
        assert_true(lt_map_put(own->m));
    } else if (is_op(row, "mget")) {
        assert_true(lt_map_get(own->m, &got));
        give(own, call, got == NULL ? "none" : "mapped",
             got == NULL ? 0 : lt_row_values(got)[0].i64);
    } else if (is_op(row, "remove")) {
        assert_true(lt_map_remove(own->m, &was));
        give(own, call, was ? "was" : "was not", a);
    } else if (is_op(row, "map")) {
        while (lt_map_next(own->m, &at, &key, &got) && got != NULL)
            give(own, call, "entry",
                 1000 * lt_row_values(key)[0].i64 + lt_row_values(got)[0].i64);
    } else if (is_op(row, "sweep")) { /* removes the even ones while it goes through */
        while (lt_map_next(own->m, &at, &key, &got) && got != NULL) {
            int64_t n = lt_row_values(key)[0].i64;
            if (n % 2 != 0)
                continue;
            set_number(lt_variable_fresh_key(own->m), n);
            assert_true(lt_map_remove(own->m, &was) && was);
        }
    } else if (is_op(row, "unmap")) {
        assert_true(lt_variable_clear(own->m));
    }
}

static void do_timers(struct own *own, const struct lt_transform_call *call,
                      const struct lt_row *row)
{
    struct lt_keyed_state *state = call->state;
    struct lt_variable *ignored;
    const struct lt_variable_spec spec = {.name = "late", .kind = LT_VARIABLE_LIST};
    int64_t a = lt_row_values(row)[A].i64, expiry_ms;
    uint32_t at = 0;
    bool has;
    if (is_op(row, "timer")) {
        if (lt_keyed_check_timers(state, "register_timer", &own->script->refusal) == LT_OK)
            assert_true(lt_timer_add(state, a));
    } else if (is_op(row, "untimer")) {
        assert_true(lt_timer_remove(state, a));
    } else if (is_op(row, "timers")) {
        while (lt_timer_next(state, &at, &has, &expiry_ms) && has)
            give(own, call, "timer", expiry_ms);
    } else if (is_op(row, "declare")) {
        assert_int_equal(lt_keyed_declare(state, &spec, &ignored, &own->script->refusal),
                         LT_E_STATE);
    }
}

static int own_call(void *context, const struct lt_transform_call *call, struct lt_error *error)
{
    struct own *own = context;
    const struct lt_row *row;
    int64_t count = 0;
    if (call->rows == NULL) {
        give(own, call, "fired", call->expiry_ms);
        if (own->script->sets_again && call->expiry_ms % 1000 == 0)
            assert_true(lt_timer_add(call->state, call->expiry_ms) &&
                        lt_timer_add(call->state, call->expiry_ms - 1));
        return LT_OK;
    }
    while ((row = lt_transform_next_row(call->rows)) != NULL) {
        do_value(own, call, row);
        do_list(own, call, row);
        do_map(own, call, row);
        do_timers(own, call, row);
        if (is_op(row, "fail"))
            return lt_error_set(error, LT_E_INVALID, "as it was told");
        count++;
    }
    give(own, call, "rows", count);
    return LT_OK;
}

/* ---------------------------------------------------------------------------------------- world */

void transform_world_init(struct transform_world *own, enum lt_time_mode time_mode)
{
    *own = (struct transform_world){
        .script = {.value_ddl = "n BIGINT", .copies = 1},
        .plan = {.left = {.keys = by_key, .key_count = 1, .event_time = {.column = -1}},
                 .session_gap = -1,
                 .time_mode = time_mode}};
    stateful_world_init(&own->world, LT_PLAN_TRANSFORM, INPUT, NULL);
    own->script.arena = own->world.arena;
    own->processor = (struct lt_processor){.name = "script",
                                           .context = &own->script,
                                           .output = transform_world_type(&own->script,
                                                         "k STRING, what STRING, n BIGINT"),
                                           .open = own_open,
                                           .call = own_call,
                                           .close = own_close};
    own->world.node->processor = &own->processor;
    own->world.node->name = "script";
}

void transform_world_open(struct transform_world *own)
{
    own->world.node->schema = NULL;
    stateful_world_open(&own->world, &own->plan);
}

/* A row of text: "k op a b". */
void transform_world_add_row(struct lt_text_buffer *json, const char *key, const char *op,
                             int64_t a, int64_t b)
{
    lt_text_format(json, "%s{\"k\":\"%s\",\"op\":\"%s\",\"a\":%lld,\"b\":%lld}",
                   json->size_bytes == 0 ? "" : "\n", key, op, (long long)a, (long long)b);
}

/* Several: "k op a b; k op a b". */
void transform_world_rows(const char *text, struct lt_text_buffer *json)
{
    lt_text_clear(json);
    for (const char *at = text; *at != '\0'; at += *at == ';') {
        char key[16] = "", op[16] = "";
        long long a = 0, b = 0;
        assert_true(sscanf(at, " %15s %15[^ ;] %lld %lld", key, op, &a, &b) >= 2);
        transform_world_add_row(json, key, op, a, b);
        at += strcspn(at, ";");
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What comes out, in any order: "k what n; k what n". */
void transform_world_expect(struct transform_world *own, const char *text)
{
    char *lines[STATEFUL_ROWS];
    size_t count = 0;
    struct lt_text_buffer all;
    for (const char *at = text; *at != '\0'; at += *at == ';') {
        char key[16] = "", what[32] = "";
        long long n = 0;
        assert_int_equal(sscanf(at, " %15s %31[a-z ] %lld", key, what, &n), 3);
        size_t size = strlen(what);
        while (size > 0 && what[size - 1] == ' ')
            what[--size] = '\0';
        assert_true(count < STATEFUL_ROWS);
        assert_true(asprintf(&lines[count++], "{\"k\":\"%s\",\"what\":\"%s\",\"n\":%lld}", key,
                             what, n) > 0);
        at += strcspn(at, ";");
    }
    qsort(lines, count, sizeof *lines, by_text);
    lt_text_init(&all);
    for (size_t i = 0; i < count; i++) {
        lt_text_format(&all, "%s%s", i == 0 ? "" : "\n", lines[i]);
        free(lines[i]);
    }
    stateful_world_expect(&own->world, lt_text_get(&all));
    lt_text_fini(&all);
}

/* A batch at so many seconds, with that watermark. */
void transform_world_batch(struct transform_world *own, int64_t seconds, const char *rows)
{
    struct lt_text_buffer json;
    lt_text_init(&json);
    transform_world_rows(rows, &json);
    own->world.batch.timestamp_us = seconds * SECOND_US;
    stateful_world_batch(&own->world, 0, seconds * 1000,
                         json.size_bytes == 0 ? NULL : lt_text_get(&json), NULL);
    lt_text_fini(&json);
}

void transform_world_reopen(struct transform_world *own)
{
    stateful_world_close(&own->world);
    transform_world_open(own);
}

uint64_t transform_world_total(const struct transform_world *own)
{
    return stateful_world_metrics(&own->world).rows_total;
}
