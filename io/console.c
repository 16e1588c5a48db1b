/*
 * Writers collect cells on their lanes; at a marker they hand the table of the epoch to the sink,
 * under a lock, and the sink prints it when the epoch is committed.
 */
#include "io/console.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "io/console_table.h"

enum { ROWS_MAX = 100000 };

static const struct lt_option_spec option_table[] = {
    {.name = "numRows",
     .type = LT_OPTION_I64,
     .default_text = "20",
     .min = 0,
     .max = ROWS_MAX,
     .doc = "Rows of an epoch that are printed."},
    {.name = "truncate",
     .type = LT_OPTION_BOOL,
     .default_text = "true",
     .doc = "Cuts cells to 20 characters and sets them to the right."},
};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

/* What one lane has of one epoch. */
struct part {
    struct part *next;
    uint64_t epoch;
    uint32_t lane;
    uint64_t row_count; /* those not kept included */
    struct lt_console_table table;
};

struct console_sink {
    struct lt_sink base;
    uint32_t rows_max;
    bool truncate;
    pthread_mutex_t lock;
    struct part *parts; /* under the lock; in order of lanes */
};

struct console_writer {
    struct lt_writer base;
    struct console_sink *sink;
    const struct lt_clock *clock;
    uint32_t lane;
    struct part *part; /* of the epoch that runs */
};

static struct console_sink *console_of(struct lt_sink *sink)
{
    return (struct console_sink *)(void *)sink; /* the base is its first member */
}

static void lock(struct console_sink *sink)
{
    int result = pthread_mutex_lock(&sink->lock);
    lt_assert(result == 0);
}

static void unlock(struct console_sink *sink)
{
    int result = pthread_mutex_unlock(&sink->lock);
    lt_assert(result == 0);
}

static struct part *part_create(const struct console_writer *writer)
{
    struct part *part = lt_alloc(sizeof *part);
    part->lane = writer->lane;
    lt_console_table_init(&part->table, writer->sink->base.schema, writer->sink->truncate);
    return part;
}

static void part_destroy(struct part *part)
{
    lt_console_table_fini(&part->table);
    free(part);
}

/* -------------------------------------------------------------------------------------- writer */

static struct console_writer *writer_of(struct lt_writer *base)
{
    return (struct console_writer *)(void *)base;
}

static enum lt_write console_write(struct lt_writer *base, struct lt_row *row,
                                   struct lt_fault **fault)
{
    (void)fault;
    struct console_writer *writer = writer_of(base);
    struct part *part = writer->part;
    part->row_count++;
    if (part->table.row_count < writer->sink->rows_max)
        lt_console_table_add(&part->table, lt_row_values(row), lt_row_nulls(row));
    lt_writer_deliver(base, writer->clock, row);
    return LT_WRITE_DONE;
}

static void console_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct console_writer *writer = writer_of(base);
    struct console_sink *sink = writer->sink;
    struct part *part = writer->part;
    part->epoch = epoch;
    lock(sink);
    struct part **link = &sink->parts;
    while (*link != NULL && (*link)->lane <= part->lane)
        link = &(*link)->next;
    part->next = *link;
    *link = part;
    unlock(sink);
    writer->part = part_create(writer);
}

static int console_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)base;
    (void)epoch;
    (void)note;
    return 1;
}

static void console_writer_close(struct lt_writer *base)
{
    part_destroy(writer_of(base)->part);
    free(base);
}

static int console_open_writer(struct lt_sink *sink, const struct lt_connector_env *env,
                               struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = console_write,
        .prepare = console_prepare,
        .prepared = console_prepared,
        .close = console_writer_close,
    };
    (void)error;
    struct console_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = console_of(sink);
    writer->clock = env->clock;
    writer->lane = env->lane;
    writer->part = part_create(writer);
    *out = &writer->base;
    return 0;
}

/* ---------------------------------------------------------------------------------------- sink */

/* Takes the first part of the epoch, in the order of lanes; NULL when there is none. */
static struct part *take_part(struct console_sink *sink, uint64_t epoch)
{
    lock(sink);
    struct part **link = &sink->parts;
    while (*link != NULL && (*link)->epoch != epoch)
        link = &(*link)->next;
    struct part *part = *link;
    if (part != NULL)
        *link = part->next;
    unlock(sink);
    return part;
}

static void print_epoch(struct lt_text_buffer *out, uint64_t epoch,
                        const struct lt_console_table *table, uint64_t row_count)
{
    static const char rule[] = "-------------------------------------------\n"; /* 43 of them */
    lt_text_format(out, "%sBatch: %" PRIu64 "\n%s", rule, epoch, rule);
    lt_console_table_print(table, out);
    if (row_count > table->row_count)
        lt_text_format(out, "only showing top %u row%s\n", table->row_count,
                       table->row_count == 1 ? "" : "s");
    lt_text_append_char(out, '\n');
}

static int write_out(const struct lt_text_buffer *text, struct lt_error *error)
{
    if (fwrite(text->data, 1, text->size_bytes, stdout) == text->size_bytes && fflush(stdout) == 0)
        return 0;
    return lt_error_set_errno(error, errno, "sink console: cannot write to standard output");
}

static int console_commit(struct lt_sink *base, uint64_t epoch, const char *notes,
                          struct lt_error *error)
{
    (void)notes;
    struct console_sink *sink = console_of(base);
    struct part *part = take_part(sink, epoch);
    if (part == NULL)
        return 0; /* printed before, or by a process before this one */
    struct lt_console_table table;
    lt_console_table_init(&table, base->schema, sink->truncate);
    uint64_t row_count = 0;
    for (; part != NULL; part = take_part(sink, epoch)) {
        row_count += part->row_count;
        lt_console_table_take(&table, &part->table, sink->rows_max);
        part_destroy(part);
    }
    struct lt_text_buffer out;
    lt_text_init(&out);
    print_epoch(&out, epoch, &table, row_count);
    int code = write_out(&out, error);
    lt_text_fini(&out);
    lt_console_table_fini(&table);
    return code;
}

static int console_connect(struct lt_sink *sink, const struct lt_connector_env *env,
                           struct lt_error *error)
{
    (void)sink;
    (void)env;
    (void)error;
    return 0;
}

static void console_close(struct lt_sink *base)
{
    struct console_sink *sink = console_of(base);
    while (sink->parts != NULL) {
        struct part *part = sink->parts;
        sink->parts = part->next;
        part_destroy(part);
    }
    int result = pthread_mutex_destroy(&sink->lock);
    lt_assert(result == 0);
    free(sink);
}

static int console_bind(const struct lt_sink_type *type, const struct lt_options *options,
                        const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                        struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .connect = console_connect,
        .open_writer = console_open_writer,
        .commit = console_commit,
        .close = console_close,
    };
    (void)arena;
    *out = NULL;
    int code = lt_options_check(options, option_table, OPTION_COUNT, "sink console", error);
    if (code != 0)
        return code;
    struct console_sink *sink = lt_alloc(sizeof *sink);
    sink->base.ops = &ops;
    sink->base.type = type;
    sink->base.schema = schema;
    sink->base.guarantee = LT_AT_LEAST_ONCE;
    sink->base.shows_at_commit = true;
    sink->rows_max = (uint32_t)lt_options_i64(options, option_table, OPTION_COUNT, "numRows");
    sink->truncate = lt_options_bool(options, option_table, OPTION_COUNT, "truncate");
    int result = pthread_mutex_init(&sink->lock, NULL);
    lt_assert(result == 0);
    int size_bytes = snprintf(sink->base.description, sizeof sink->base.description,
                              "ConsoleTable[numRows=%u, truncate=%s]", sink->rows_max,
                              sink->truncate ? "true" : "false");
    lt_assert(size_bytes > 0);
    *out = &sink->base;
    return 0;
}

const struct lt_sink_type lt_console_sink_type = {
    .name = "console",
    .doc = "Prints the first rows of each epoch; times are UTC.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .bind = console_bind,
};
