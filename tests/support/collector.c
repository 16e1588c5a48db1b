/*
 * Collecting rows, for tests of connectors.
 */
#include "tests/support/collector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void collect(struct lt_out *out, struct lt_row *row)
{
    struct collector *collector = (struct collector *)(void *)out;
    assert_true(collector->count < COLLECTOR_ROWS);
    collector->rows[collector->count++] = row;
}

static void collect_failure(struct lt_out *out, struct lt_row *row, struct lt_fault *fault)
{
    (void)out;
    (void)row;
    fail_msg("a record failed: %s", fault->text);
}

void collector_init(struct collector *collector)
{
    collector->out = (struct lt_out){.emit = collect, .fail = collect_failure};
    collector->count = 0;
}

void collector_clear(struct collector *collector)
{
    while (collector->count > 0)
        lt_row_release(collector->rows[--collector->count]);
}

struct lt_connector_env collector_env(const struct lt_clock *clock, struct lt_waker *waker)
{
    return (struct lt_connector_env){
        .clock = clock,
        .counter_prefix = "",
        .query_id = "00000000-0000-0000-0000-000000000000",
        .lane_rows = 256,
        .lane_bytes = 1024 * 1024,
        .waker = waker,
        .deadline_ns = LT_NEVER_NS,
    };
}

struct lt_options *collector_options(const char *const *pairs)
{
    struct lt_options *options = lt_options_create();
    for (; pairs != NULL && *pairs != NULL; pairs++) {
        char key[64];
        const char *equals = strchr(*pairs, '=');
        assert_non_null(equals);
        assert_true((size_t)(equals - *pairs) < sizeof key);
        memcpy(key, *pairs, (size_t)(equals - *pairs));
        key[equals - *pairs] = '\0';
        assert_int_equal(lt_options_set(options, key, equals + 1, "test", NULL), 0);
    }
    return options;
}

struct lt_source *collector_source(const struct lt_source_type *type, const char *const *pairs,
                                   const struct lt_type *schema, struct lt_arena *arena,
                                   const struct lt_connector_env *env)
{
    struct lt_options *options = collector_options(pairs);
    struct lt_source *source = NULL;
    struct lt_error error;
    lt_error_clear(&error);
    if (type->bind(type, options, schema, arena, &source, &error) != 0)
        fail_msg("%s", error.text);
    lt_options_destroy(options);
    assert_int_equal(source->ops->connect(source, env, &error), 0);
    return source;
}

struct lt_sink *collector_sink(const struct lt_sink_type *type, const char *const *pairs,
                               const struct lt_type *schema, struct lt_arena *arena,
                               const struct lt_connector_env *env)
{
    struct lt_options *options = collector_options(pairs);
    struct lt_sink *sink = NULL;
    struct lt_error error;
    lt_error_clear(&error);
    if (type->bind(type, options, schema, arena, &sink, &error) != 0)
        fail_msg("%s", error.text);
    lt_options_destroy(options);
    assert_int_equal(sink->ops->connect(sink, env, &error), 0);
    return sink;
}
