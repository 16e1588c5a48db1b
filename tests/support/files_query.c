#include "tests/support/files_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/catalog.h"

enum { PATH_SIZE = 192 };
#define PATIENCE_NS (60 * (int64_t)LT_NS_PER_S)

struct files_query files_query;

static bool stop_at(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)context;
    return step == files_query.stop_step && epoch == files_query.stop_epoch;
}

/* -------------------------------------------------------------------------------- what is asked */

void files_query_set(struct lt_options *options, const char *key, const char *format,
                     const char *value)
{
    struct lt_error error;
    char text[128];
    snprintf(text, sizeof text, format, value);
    assert_int_equal(lt_options_set(options, key, text, "test", &error), 0);
}

void files_query_begin(const char *files_a_batch)
{
    lt_log_set_level(LT_LOG_ERROR);
    files_query = (struct files_query){
        .source_options = lt_options_create(),
        .query_options = lt_options_create(),
        .trigger = {LT_TRIGGER_AVAILABLE_NOW, 0},
        .catalog = lt_io_catalog(),
        .stop_step = LT_EPOCH_STEP_COUNT,
    };
    scratch_create(files_query.scratch);
    files_query_set(files_query.source_options, "path", "%s/in", files_query.scratch);
    files_query_set(files_query.source_options, "maxFilesPerTrigger", "%s", files_a_batch);
    files_query_set(files_query.query_options, "checkpointLocation", "%s/checkpoint",
                    files_query.scratch);
    files_query_set(files_query.query_options, "dmaLatency", "%s", "off");
    lt_epoch_set_fault_hook(stop_at, NULL);
}

static void destroy_query(void)
{
    lt_query_destroy(files_query.query);
    files_query.query = NULL;
    lt_arena_destroy(files_query.arena);
    files_query.arena = NULL;
}

void files_query_end(void)
{
    lt_epoch_set_fault_hook(NULL, NULL);
    destroy_query();
    lt_options_destroy(files_query.source_options);
    lt_options_destroy(files_query.sink_options);
    lt_options_destroy(files_query.query_options);
    scratch_remove(files_query.scratch);
}

void files_query_write_to(const char *format)
{
    lt_options_destroy(files_query.sink_options);
    files_query.sink_options = lt_options_create();
    files_query.sink_format = format;
}

void files_query_write_to_out(const char *format)
{
    files_query_write_to(format);
    files_query_set(files_query.sink_options, "path", "%s/out", files_query.scratch);
}

void files_query_add(int number, const char *content)
{
    char path[PATH_SIZE];
    const struct utimbuf times = {.actime = 1700000000 + number, .modtime = 1700000000 + number};
    snprintf(path, sizeof path, "%s/in/f%d", files_query.scratch, number);
    scratch_write(content, "%s", path);
    assert_int_equal(utime(path, &times), 0);
}

/* -------------------------------------------------------------------------------------- running */

static struct lt_plan *make_plan(void)
{
    struct lt_arena *arena = files_query.arena;
    struct lt_plan_node *read = lt_plan_node_create(arena, LT_PLAN_READ, 0);
    struct lt_plan_node *write = lt_plan_node_create(arena, LT_PLAN_WRITE, 1);
    struct lt_plan *plan = lt_arena_alloc(arena, sizeof *plan);
    read->format = "text";
    read->options = files_query.source_options;
    write->format = files_query.sink_format;
    write->options = files_query.sink_options;
    write->inputs[0] =
        files_query.make_operator == NULL ? read : files_query.make_operator(arena, read);
    plan->sinks = lt_arena_alloc(arena, sizeof(struct lt_plan_node *));
    plan->sinks[0] = write;
    plan->sink_count = 1;
    plan->trigger = files_query.trigger;
    return plan;
}

int files_query_try_start(struct lt_error *error)
{
    destroy_query();
    files_query.arena = lt_arena_create();
    struct lt_query_spec spec = {.plan = make_plan(),
                                 .arena = files_query.arena,
                                 .options = files_query.query_options,
                                 .catalog = files_query.catalog,
                                 .clock = files_query.clock,
                                 .is_invoked = !files_query.has_threads};
    return lt_query_start(&spec, &files_query.query, error);
}

void files_query_start(void)
{
    struct lt_error error;
    if (files_query_try_start(&error) != 0)
        fail_msg("%s", error.text);
}

int files_query_run_to_end(void)
{
    struct lt_query *query = files_query.query;
    struct lt_error error;
    for (int i = 0; lt_query_state(query) < LT_CONTROL_ENDED; i++) {
        assert_true(i < FILES_QUERY_ROUNDS);
        if (files_query.has_threads && lt_query_await(query, LT_NS_PER_S, &error) == 0)
            break;
        if (!files_query.has_threads)
            (void)lt_query_do_work(query);
    }
    return lt_query_await(query, 0, &error);
}

void files_query_process_all(void)
{
    struct lt_error error;
    if (lt_query_process_all_available(files_query.query, PATIENCE_NS, &error) != 0)
        fail_msg("%s", error.text);
}

void files_query_stop(void)
{
    struct lt_error error;
    if (lt_query_stop(files_query.query, PATIENCE_NS, &error) != 0)
        fail_msg("%s", error.text);
}

int files_query_work(int rounds)
{
    int code = 0;
    for (int i = 0; i < rounds && code >= 0; i++)
        code = lt_query_do_work(files_query.query);
    return code;
}

bool files_query_has(const char *path, ...)
{
    char name[64], all[PATH_SIZE];
    va_list arguments;
    va_start(arguments, path);
    vsnprintf(name, sizeof name, path, arguments);
    va_end(arguments);
    snprintf(all, sizeof all, "%s/checkpoint/%s", files_query.scratch, name);
    return access(all, F_OK) == 0;
}
