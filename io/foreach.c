#include "io/foreach.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/units.h"
#include "core/text/json_tree.h"
#include "io/foreach_child.h"
#include "io/format_write.h"
#include "io/outbox.h"

enum {
    LOOK_NS = 5 * LT_NS_PER_MS,           /* how soon to look again for how a process ended */
    PATIENCE_NS = 2 * (int64_t)LT_NS_PER_S, /* for one that has closed its output and runs on */
};
static const int64_t grace_ns = 5 * (int64_t)LT_NS_PER_S;
static const int64_t warning_ns = 10 * (int64_t)LT_NS_PER_S;

#define TIMEOUT_OPTION                                                                             \
    {                                                                                              \
        .name = "timeout", .type = LT_OPTION_DURATION, .default_text = "5m",                       \
        .max = 365 * 86400 * (int64_t)LT_NS_PER_S,                                                 \
        .doc = "How long an answer is waited for before the query stops, and how long rows wait "  \
               "for the process to read; 0s: for ever. From ten seconds on the log says so."       \
    }

static const struct lt_option_spec option_table[] = {
    {.name = "command",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "What /bin/sh runs, once for each lane; it reads rows as JSON lines and answers each "
            "line {\"epoch\":N} with the same line when what came before is safe."},
    TIMEOUT_OPTION,
    LT_FORMAT_WRITE_ROWS};
enum { OPTION_COUNT = sizeof option_table / sizeof option_table[0] };

static const struct lt_option_spec batch_option_table[] = {
    {.name = "command",
     .type = LT_OPTION_TEXT,
     .flags = LT_OPTION_REQUIRED,
     .doc = "What /bin/sh runs, once for the query; it reads the rows of each batch as JSON lines, "
            "between the lines {\"batchId\":N,\"event\":\"begin\"} and "
            "{\"batchId\":N,\"event\":\"end\"}, and answers {\"batchId\":N} when what it has done "
            "with them is safe."},
    TIMEOUT_OPTION,
    LT_FORMAT_WRITE_ROWS};
_Static_assert(sizeof batch_option_table == sizeof option_table, "the same options");

struct foreach_sink {
    struct lt_sink base;
    struct lt_options *options;
    char *command;
    int64_t timeout_ns;  /* 0: none */
    bool is_batch;       /* foreachBatch */
    uint64_t next_epoch; /* that its writer is given first; foreachBatch */
};

struct foreach_writer {
    struct lt_writer base;
    struct foreach_sink *sink;
    const struct lt_clock *clock;
    struct lt_format_writer *format;
    struct lt_outbox box;
    struct lt_child child;
    uint64_t given_epoch, answered_epoch; /* the last + 1; 0: none */
    /* Since when an answer is due, or nothing has been read; LT_NEVER_NS: neither. */
    int64_t waiting_ns;
    bool is_stalled; /* it is that nothing has been read, and rows wait for it */
    bool has_warned; /* of that */
    bool has_begun;     /* foreachBatch: the line in front of the batch at hand is written */
    bool is_broken;
    int64_t dying_ns; /* since when its end is looked for; LT_NEVER_NS: it lives */
};

static struct foreach_sink *foreach_of(struct lt_sink *sink)
{
    return (struct foreach_sink *)(void *)sink; /* the base is its first member */
}

static struct foreach_writer *writer_of(struct lt_writer *base)
{
    return (struct foreach_writer *)(void *)base;
}

/* As errors and the log call it. */
static const char *owner_of(const struct foreach_writer *writer)
{
    return writer->sink->is_batch ? "sink foreachBatch" : "sink foreach";
}

/* What epochs are called. */
static const char *word_of(const struct foreach_writer *writer)
{
    return writer->sink->is_batch ? "batchId" : "epoch";
}

static struct lt_format_write_setup setup_of(const char *owner, const struct lt_options *options,
                                             const struct lt_type *schema)
{
    return (struct lt_format_write_setup){
        .name = "json",
        .options = options,
        .schema = schema,
        .owner = owner,
        .default_frame = LT_FRAME_LINE,
        .is_utf8 = true,
    };
}

/* ------------------------------------------------------------------------------------- answers */

static void break_off(struct foreach_writer *writer, int code)
{
    (void)code; /* is in the error, which was set */
    lt_error_append(&writer->base.error, "%s: '%.300s'", owner_of(writer), writer->sink->command);
    writer->is_broken = true;
}

/* The process says that it has failed, or its end does. */
static void break_off_by_user(struct foreach_writer *writer, const char *reason)
{
    struct lt_error *error = &writer->base.error;
    if (!writer->sink->is_batch) {
        break_off(writer, lt_error_set(error, LT_E_IO, "%s", reason));
        return;
    }
    int code = lt_error_set(error, LT_E_IO,
                            "An error occurred in the user provided function in foreach batch "
                            "sink. Reason: %s",
                            reason);
    (void)lt_error_condition(error, "FOREACH_BATCH_USER_FUNCTION_ERROR", "39000");
    break_off(writer, code);
}

/* It has answered, or read: what is due now is due from now on. */
static void wait_anew(struct foreach_writer *writer)
{
    writer->is_stalled = writer->has_warned = false;
    writer->waiting_ns = writer->answered_epoch < writer->given_epoch
                             ? lt_clock_now_ns(writer->clock)
                             : LT_NEVER_NS;
}

static void take_answer(struct foreach_writer *writer, uint64_t epoch)
{
    if (epoch + 1 > writer->given_epoch) {
        break_off(writer, lt_error_set(&writer->base.error, LT_E_INVALID,
                                       "the process has answered %s %" PRIu64
                                       ", which it was not given",
                                       word_of(writer), epoch));
        return;
    }
    if (epoch + 1 <= writer->answered_epoch)
        return;
    writer->answered_epoch = epoch + 1;
    if (writer->has_warned && !writer->is_stalled)
        lt_log_info("%s: process %d has answered %s %" PRIu64, owner_of(writer),
                    (int)writer->child.pid, word_of(writer), epoch);
    wait_anew(writer);
}

/* {"batchId":N,"error":"why"}: the reason, in the arena; NULL: it says nothing of the kind. */
static const char *find_refusal(const char *line, struct lt_arena *arena)
{
    const struct lt_json *answer, *reason;
    struct lt_error error;
    if (lt_json_parse(line, strlen(line), arena, &answer, &error) != 0)
        return NULL;
    reason = lt_json_get(answer, "batchId") == NULL ? NULL : lt_json_get(answer, "error");
    return reason == NULL ? NULL : reason->text;
}

static bool take_refusal(struct foreach_writer *writer, const char *line)
{
    struct lt_arena *arena = lt_arena_create();
    const char *reason = writer->sink->is_batch ? find_refusal(line, arena) : NULL;
    if (reason != NULL)
        break_off_by_user(writer, reason);
    lt_arena_destroy(arena);
    return reason != NULL;
}

/* A line of the process: an answer, or something that is only told. */
static void take_line(void *context, char *line)
{
    struct foreach_writer *writer = context;
    uint64_t epoch;
    int used = 0;
    const char *format = writer->sink->is_batch ? " { \"batchId\" : %" SCNu64 " } %n"
                                                : " { \"epoch\" : %" SCNu64 " } %n";
    if (writer->is_broken)
        return;
    if (sscanf(line, format, &epoch, &used) == 1 && used != 0 && line[used] == '\0')
        take_answer(writer, epoch);
    else if (!take_refusal(writer, line))
        lt_log_info("%s: process %d says: %s", owner_of(writer), (int)writer->child.pid, line);
}

static void give_up(struct foreach_writer *writer)
{
    char text[LT_UNITS_TEXT_SIZE];
    struct lt_error *error = &writer->base.error;
    lt_units_format_duration(writer->sink->timeout_ns, text);
    int code = writer->is_stalled
                   ? lt_error_set(error, LT_E_TIMEOUT,
                                  "the process has not read for %s (option timeout); hint: it "
                                  "reads its standard input to the end",
                                  text)
                   : lt_error_set(error, LT_E_TIMEOUT,
                                  "the process has not answered for %s (option timeout); hint: it "
                                  "prints the line {\"%s\":%" PRIu64
                                  "} when all that came before is safe, and flushes it",
                                  text, word_of(writer), writer->answered_epoch);
    break_off(writer, code);
}

static void warn(struct foreach_writer *writer)
{
    writer->has_warned = true;
    if (writer->is_stalled)
        lt_log_warn("%s: process %d has not read for 10s: rows wait", owner_of(writer),
                    (int)writer->child.pid);
    else
        lt_log_warn("%s: process %d has been given %s %" PRIu64
                    " and has not answered for 10s: nothing is committed meanwhile",
                    owner_of(writer), (int)writer->child.pid, word_of(writer),
                    writer->given_epoch - 1);
}

/* Something is due: says that it is missing, and gives up. */
static void look_for_answer(struct foreach_writer *writer)
{
    int64_t waited_ns = lt_clock_now_ns(writer->clock) - writer->waiting_ns;
    int64_t timeout_ns = writer->sink->timeout_ns;
    if (timeout_ns > 0 && waited_ns >= timeout_ns)
        give_up(writer);
    else if (waited_ns >= warning_ns && !writer->has_warned)
        warn(writer);
}

static void fail_ended(struct foreach_writer *writer)
{
    char how[128], text[LT_FAULT_TEXT_MAX];
    lt_child_describe(&writer->child, how, sizeof how);
    bool has_line = writer->child.last_error[0] != '\0';
    snprintf(text, sizeof text, "the process %s before the query did%s%s", how,
             has_line ? "; it said: " : "", has_line ? writer->child.last_error : "");
    break_off_by_user(writer, text);
}

/* A pipe has ended: how the process did is known a moment later. */
static void look_for_end(struct foreach_writer *writer)
{
    int64_t now_ns = lt_clock_now_ns(writer->clock);
    if (writer->dying_ns == LT_NEVER_NS)
        writer->dying_ns = now_ns;
    if (lt_child_has_ended(&writer->child))
        fail_ended(writer);
    else if (now_ns - writer->dying_ns >= PATIENCE_NS)
        break_off(writer, lt_error_set(&writer->base.error, LT_E_IO,
                                       "the process has closed its standard %s and runs on",
                                       writer->box.failure != 0 ? "input" : "output"));
}

/* ---------------------------------------------------------------------------------------- rows */

/* A row waits for the process to read. An answer that is due is waited for already. */
static enum lt_write stall(struct foreach_writer *writer)
{
    if (writer->waiting_ns == LT_NEVER_NS) {
        writer->waiting_ns = lt_clock_now_ns(writer->clock);
        writer->is_stalled = true;
    }
    return LT_WRITE_FULL;
}

/* foreachBatch: the line in front of a batch. */
static void begin_batch(struct foreach_writer *writer)
{
    lt_text_format(lt_outbox_bytes(&writer->box),
                   "{\"batchId\":%" PRIu64 ",\"event\":\"begin\"}\n", writer->given_epoch);
    writer->has_begun = true;
}

static enum lt_write foreach_write(struct lt_writer *base, struct lt_row *row,
                                   struct lt_fault **fault)
{
    struct foreach_writer *writer = writer_of(base);
    if (lt_unlikely(!lt_outbox_has_room(&writer->box)))
        return stall(writer);
    if (lt_unlikely(writer->sink->is_batch && !writer->has_begun))
        begin_batch(writer);
    if (lt_unlikely(!lt_format_write(writer->format, row, lt_outbox_bytes(&writer->box),
                                     owner_of(writer), fault)))
        return LT_WRITE_FAILED;
    lt_outbox_end_row(&writer->box, row->ingest_ns);
    lt_row_release(row);
    return LT_WRITE_DONE;
}

/* The process has read of what rows wait behind. */
static void read_on(struct foreach_writer *writer)
{
    if (writer->has_warned)
        lt_log_info("%s: process %d reads again", owner_of(writer), (int)writer->child.pid);
    wait_anew(writer);
}

static void foreach_flush(struct lt_writer *base)
{
    lt_outbox_flush(&writer_of(base)->box);
}

static int foreach_poll(struct lt_writer *base, struct lt_out *out)
{
    (void)out;
    struct foreach_writer *writer = writer_of(base);
    int work = lt_outbox_poll(&writer->box);
    bool has_news = lt_child_poll(&writer->child);
    if (lt_unlikely(work > 0 && writer->is_stalled))
        read_on(writer);
    if (lt_unlikely(work < 0 || writer->child.output.has_ended) && !writer->is_broken)
        look_for_end(writer);
    if (writer->waiting_ns != LT_NEVER_NS && !writer->is_broken)
        look_for_answer(writer);
    if (writer->is_broken)
        return -1;
    return (work > 0 ? 1 : 0) + (has_news ? 1 : 0);
}

/* When a missing answer is to be told, or given up. */
static int64_t answer_deadline_ns(const struct foreach_writer *writer)
{
    int64_t timeout_ns = writer->sink->timeout_ns, deadline_ns = LT_NEVER_NS;
    if (writer->waiting_ns == LT_NEVER_NS)
        return LT_NEVER_NS;
    if (timeout_ns > 0)
        deadline_ns = writer->waiting_ns + timeout_ns;
    if (!writer->has_warned && writer->waiting_ns + warning_ns < deadline_ns)
        deadline_ns = writer->waiting_ns + warning_ns;
    return deadline_ns;
}

static int64_t foreach_deadline_ns(struct lt_writer *base)
{
    struct foreach_writer *writer = writer_of(base);
    if (writer->is_broken)
        return LT_NEVER_NS;
    if (lt_likely(writer->dying_ns == LT_NEVER_NS))
        return answer_deadline_ns(writer);
    return lt_clock_now_ns(writer->clock) + LOOK_NS;
}

/* -------------------------------------------------------------------------------------- epochs */

static void foreach_prepare(struct lt_writer *base, uint64_t epoch)
{
    struct foreach_writer *writer = writer_of(base);
    if (writer->sink->is_batch && !writer->has_begun)
        begin_batch(writer);
    lt_text_format(lt_outbox_bytes(&writer->box),
                   writer->sink->is_batch ? "{\"batchId\":%" PRIu64 ",\"event\":\"end\"}\n"
                                          : "{\"epoch\":%" PRIu64 "}\n",
                   epoch);
    writer->has_begun = false;
    if (writer->waiting_ns == LT_NEVER_NS)
        writer->waiting_ns = lt_clock_now_ns(writer->clock);
    writer->given_epoch = epoch + 1;
    lt_outbox_flush(&writer->box);
}

static int foreach_prepared(struct lt_writer *base, uint64_t epoch, struct lt_text_buffer *note)
{
    (void)note;
    struct foreach_writer *writer = writer_of(base);
    if (writer->is_broken)
        return -1;
    return writer->answered_epoch > epoch;
}

/* ---------------------------------------------------------------------------------------- life */

static void foreach_close_writer(struct lt_writer *base)
{
    struct foreach_writer *writer = writer_of(base);
    lt_outbox_fini(&writer->box);
    lt_child_stop(&writer->child, grace_ns);
    lt_format_writer_destroy(writer->format);
    free(writer);
}

static int start(struct foreach_writer *writer, const struct lt_connector_env *env,
                 struct lt_error *error)
{
    char lane[32], query[96];
    snprintf(lane, sizeof lane, "LEAT_LANE=%u", env->lane);
    snprintf(query, sizeof query, "LEAT_QUERY_ID=%s", env->query_id != NULL ? env->query_id : "");
    const char *const more[] = {lane, query, NULL};
    writer->child.reactor = env->reactor;
    writer->child.on_line = take_line;
    writer->child.context = writer;
    return lt_child_start(&writer->child, writer->sink->command, more, error);
}

static int foreach_open_writer(struct lt_sink *base, const struct lt_connector_env *env,
                               struct lt_writer **out, struct lt_error *error)
{
    static const struct lt_writer_ops ops = {
        .write = foreach_write,
        .flush = foreach_flush,
        .poll = foreach_poll,
        .deadline_ns = foreach_deadline_ns,
        .prepare = foreach_prepare,
        .prepared = foreach_prepared,
        .close = foreach_close_writer,
    };
    struct foreach_sink *sink = foreach_of(base);
    *out = NULL;
    struct foreach_writer *writer = lt_alloc(sizeof *writer);
    writer->base.ops = &ops;
    writer->sink = sink;
    writer->given_epoch = writer->answered_epoch = sink->next_epoch;
    struct lt_format_write_setup setup = setup_of(owner_of(writer), sink->options, base->schema);
    writer->clock = env->clock;
    writer->dying_ns = writer->waiting_ns = LT_NEVER_NS;
    int code = lt_format_writer_create(&setup, &writer->format, error);
    if (code == 0)
        code = start(writer, env, error);
    if (code != 0) {
        lt_format_writer_destroy(writer->format);
        free(writer);
        return code;
    }
    lt_outbox_init(&writer->box,
                   &(struct lt_outbox_options){.reactor = env->reactor,
                                               .clock = env->clock,
                                               .writer = &writer->base,
                                               .fd = writer->child.input_fd});
    *out = &writer->base;
    return 0;
}

static void foreach_close(struct lt_sink *base)
{
    struct foreach_sink *sink = foreach_of(base);
    lt_options_destroy(sink->options);
    free(sink->command);
    free(sink);
}

/* A process knows its batches by their numbers: the first one is where the query goes on. */
static int foreach_resume(struct lt_sink *base, const struct lt_connector_env *env,
                          const struct lt_sink_resume *at, struct lt_error *error)
{
    struct foreach_sink *sink = foreach_of(base);
    (void)env;
    (void)error;
    sink->next_epoch = at->next_epoch;
    return 0;
}

/* Can a row be written as {"epoch":5}? What stands beside it may be left out when it is NULL. */
static bool can_be_epoch(const struct lt_type *schema, bool leaves_nulls_out)
{
    bool has_epoch = false;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct lt_field *field = &schema->fields[i];
        if (strcmp(field->name, "epoch") == 0 && lt_type_is_numeric(field->type))
            has_epoch = true;
        else if (!leaves_nulls_out || !field->nullable)
            return false;
    }
    return has_epoch;
}

/* A row that looks like the end of an epoch would be answered as one. */
static int check_schema(const struct lt_type *schema, const struct lt_options *options,
                        struct lt_error *error)
{
    if (!can_be_epoch(schema,
                      lt_options_bool(options, option_table, OPTION_COUNT, "ignoreNullFields")))
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "sink foreach: a row that has \"epoch\" and nothing else looks like the "
                        "end of an epoch; hint: give the column another name%s",
                        schema->field_count > 1 ? ", or set ignoreNullFields to false" : "");
}

/* A row that looks like the begin or the end of a batch would be taken for one. */
static int check_batch_schema(const struct lt_type *schema, struct lt_error *error)
{
    if (lt_type_field_index(schema, "batchId") < 0 || lt_type_field_index(schema, "event") < 0)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "sink foreachBatch: a row with columns \"batchId\" and \"event\" looks "
                        "like the begin or the end of a batch; hint: give one of them another "
                        "name");
}

static int foreach_bind(const struct lt_sink_type *type, const struct lt_options *options,
                        const struct lt_type *schema, struct lt_arena *arena, struct lt_sink **out,
                        struct lt_error *error)
{
    static const struct lt_sink_ops ops = {
        .open_writer = foreach_open_writer,
        .close = foreach_close,
    };
    static const struct lt_sink_ops batch_ops = {
        .resume = foreach_resume,
        .open_writer = foreach_open_writer,
        .close = foreach_close,
    };
    bool is_batch = type->needs_batches;
    const char *owner = is_batch ? "sink foreachBatch" : "sink foreach";
    (void)arena;
    *out = NULL;
    int code = lt_options_check(options, type->options, OPTION_COUNT, owner, error);
    if (code == 0)
        code = is_batch ? check_batch_schema(schema, error)
                        : check_schema(schema, options, error);
    if (code != 0)
        return code;
    struct lt_format_write_setup setup = setup_of(owner, options, schema);
    struct lt_format_writer *format; /* made to be checked; each lane has its own */
    code = lt_format_writer_create(&setup, &format, error);
    if (code != 0)
        return code;
    lt_format_writer_destroy(format);
    struct foreach_sink *sink = lt_alloc(sizeof *sink);
    sink->base.ops = is_batch ? &batch_ops : &ops;
    sink->base.type = type;
    sink->base.schema = schema;
    sink->base.guarantee = LT_AT_LEAST_ONCE;
    sink->base.one_lane = is_batch; /* one process has all of a batch */
    sink->is_batch = is_batch;
    sink->options = lt_options_clone(options);
    sink->command = lt_strdup(lt_options_text(options, type->options, OPTION_COUNT, "command"));
    sink->timeout_ns = lt_options_i64(options, type->options, OPTION_COUNT, "timeout");
    snprintf(sink->base.description, sizeof sink->base.description, "%s[%.200s]",
             is_batch ? "ForeachBatchSink" : "ForeachSink", sink->command);
    *out = &sink->base;
    return 0;
}

const struct lt_sink_type lt_foreach_sink_type = {
    .name = "foreach",
    .doc = "A process that is given rows as JSON lines and is told where epochs end.",
    .options = option_table,
    .option_count = OPTION_COUNT,
    .takes_plain_letters = true,
    .bind = foreach_bind,
};

const struct lt_sink_type lt_foreach_batch_sink_type = {
    .name = "foreachBatch",
    .doc = "A process that is given micro-batches as JSON lines, each with its number.",
    .options = batch_option_table,
    .option_count = OPTION_COUNT,
    .needs_batches = true,
    .has_one_writer = true,
    .takes_plain_letters = true,
    .bind = foreach_bind,
};
