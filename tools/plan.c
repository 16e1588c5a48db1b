/*
 * Building the query.
 */
#include "tools/plan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/leat_admin.h"
#include "tools/also.h"
#include "tools/commands.h"
#include "tools/formats.h"
#include "tools/resolve.h"

static int parse_duration(const struct lt_tool_settings *settings, enum lt_tool_setting setting,
                          int64_t *out_ns)
{
    char error[512];
    const char *text = lt_tool_settings_text(settings, setting);
    if (leat_admin_duration_ns(text, out_ns, error, sizeof error) == LEAT_OK)
        return 0;
    return lt_tool_wrong("%s: --%s: %s", lt_tool_settings_origin(settings, setting),
                         lt_tool_relay_flags[setting].name, error);
}

static int parse_durations(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    int status = parse_duration(settings, LT_TOOL_SET_EPOCH, &plan->epoch_ns);
    if (status == 0)
        status = parse_duration(settings, LT_TOOL_SET_STARTUP_TIMEOUT, &plan->startup_timeout_ns);
    if (status == 0 && plan->startup_timeout_ns < 1000 * 1000)
        status = lt_tool_wrong("%s: --startup-timeout is less than 1ms: nothing could answer",
                               lt_tool_settings_origin(settings, LT_TOOL_SET_STARTUP_TIMEOUT));
    if (status == 0)
        status =
            parse_duration(settings, LT_TOOL_SET_PROGRESS_INTERVAL, &plan->progress_interval_ns);
    if (status == 0 && plan->progress_interval_ns < 1000 * 1000)
        status = lt_tool_wrong("%s: --progress-interval is less than 1ms",
                               lt_tool_settings_origin(settings, LT_TOOL_SET_PROGRESS_INTERVAL));
    return status;
}

static int parse_url(const struct lt_tool_settings *settings, enum lt_tool_setting setting,
                     const char *what, struct lt_tool_url *out)
{
    const char *text = lt_tool_settings_text(settings, setting);
    if (text == NULL)
        return lt_tool_wrong("no %s; hint: leat relay SOURCE SINK, such as "
                             "kafka://127.0.0.1:9092/in kafka://127.0.0.1:9092/out",
                             what);
    return lt_tool_url_parse(text, what, out);
}

static int check_connector(enum leat_admin_kind kind, const char *what, const char *format)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX];
    size_t count = 0;
    while (count < NAMES_MAX && (names[count] = leat_admin_connector(kind, count, NULL)) != NULL)
        if (strcmp(names[count++], format) == 0)
            return 0;
    char *hint = lt_tool_hint(format, names, count);
    int status = lt_tool_wrong("unknown %s \"%s\"%s", what, format,
                               *hint != '\0' ? hint : "; hint: leat options lists them");
    free(hint);
    return status;
}

static int parse_dlq(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    const char *text = lt_tool_settings_text(settings, LT_TOOL_SET_DLQ);
    if (text == NULL)
        return 0;
    int status = lt_tool_url_parse(text, "dlq", &plan->dead_letters);
    if (status != 0)
        return status;
    lt_tool_plan_name_letters(plan);
    status = check_connector(LEAT_ADMIN_SINK, "dlq", plan->dead_letters.format);
    if (status != 0)
        return status;
    if (strcmp(plan->dead_letters.format, "kafka") == 0 && plan->dead_letters.topic_count != 1)
        return lt_tool_wrong("dlq \"%s\" is not one topic; hint: kafka://HOST:PORT/TOPIC", text);
    plan->dead_options = leat_options_create();
    return 0;
}

static int parse_urls(struct lt_tool_plan *plan, struct lt_tool_settings *settings)
{
    int status = parse_url(settings, LT_TOOL_SET_SOURCE, "source", &plan->source);
    if (status == 0)
        status = parse_url(settings, LT_TOOL_SET_SINK, "sink", &plan->sink);
    if (status == 0)
        status = lt_tool_plan_name_files(plan, settings);
    if (status == 0)
        status = check_connector(LEAT_ADMIN_SOURCE, "source", plan->source.format);
    if (status == 0)
        status = check_connector(LEAT_ADMIN_SINK, "sink", plan->sink.format);
    if (status == 0)
        status = lt_tool_resolve_urls(settings, &plan->source, &plan->sink);
    if (status == 0)
        status = parse_dlq(plan, settings);
    return status;
}

/* Whether records that go to `to` would be read from `source` again. */
static bool feeds(const struct lt_tool_url *to, const struct lt_tool_url *source)
{
    if (source->servers == NULL || to->servers == NULL || source->topics == NULL ||
        to->topics == NULL || strcmp(source->servers, to->servers) != 0)
        return false;
    char *sources = lt_tool_format(",%s,", source->topics);
    char *topic = lt_tool_format(",%s,", to->topics);
    bool is_among = strstr(sources, topic) != NULL;
    free(sources);
    free(topic);
    return is_among;
}

/* A relay that reads what it wrote would never come to rest. */
static int check_no_loop(const struct lt_tool_plan *plan)
{
    if (feeds(&plan->sink, &plan->source))
        return lt_tool_wrong("topic \"%s\" is both source and sink: the relay would feed itself",
                             plan->sink.topics);
    if (feeds(&plan->dead_letters, &plan->source))
        return lt_tool_wrong("topic \"%s\" is both source and dlq: each dead letter would be read "
                             "and fail again; hint: --dlq kafka://HOST:PORT/ANOTHER_TOPIC",
                             plan->dead_letters.topics);
    return 0;
}

/* What the source gives, as columns of the value where that is asked for. */
static int build_read(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                      leat_stream **out)
{
    const char *schema =
        plan->reads_bytes ? lt_tool_settings_text(settings, LT_TOOL_SET_SCHEMA) : NULL;
    leat_stream *stream =
        leat_read(plan->context, plan->source.format, plan->source_options, schema);
    plan->source_options = NULL;
    if (stream == NULL || (plan->source_schema = leat_stream_schema(stream)) == NULL)
        return lt_tool_wrong("%s", leat_context_error(plan->context));
    *out = stream;
    return lt_tool_plan_parse(plan, settings, out);
}

/* What a sink is given of that. */
static int build_stream(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                        leat_stream *read, leat_stream **out, bool *gives_topic)
{
    const char *where = lt_tool_settings_text(settings, LT_TOOL_SET_WHERE);
    leat_stream *stream = read;
    if (where != NULL)
        stream = leat_filter(stream, where);
    if (stream == NULL || leat_stream_schema(stream) == NULL)
        return lt_tool_wrong("--where: %s", leat_context_error(plan->context));
    int status = plan->is_parsed ? lt_tool_plan_compose(plan, settings, &stream, gives_topic)
                                 : lt_tool_plan_select(plan, settings, &stream, gives_topic);
    plan->headers = lt_tool_headers_create(settings);
    if (status == 0 && plan->headers != NULL) {
        stream = lt_tool_headers_apply(plan->headers, stream);
        status = stream != NULL ? 0 : LT_TOOL_USAGE;
    }
    if (status == 0 && (plan->sink_schema = leat_stream_schema(stream)) == NULL)
        status = lt_tool_wrong("%s", leat_context_error(plan->context));
    *out = stream;
    return status;
}

/* Whether an option chooses the sink's topic: it goes before the URL's. */
static bool has_topic_option(const struct lt_tool_settings *settings)
{
    for (size_t i = 0; i < settings->pair_count; i++) {
        const struct lt_tool_pair *pair = &settings->pairs[i];
        if ((pair->side == LT_TOOL_ANY_SIDE || pair->side == LT_TOOL_SINK_SIDE) &&
            strcasecmp(pair->key, "topic") == 0)
            return true;
    }
    return false;
}

static int build_sink(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                      leat_stream *stream, bool gives_topic)
{
    bool is_chosen = gives_topic || has_topic_option(settings);
    if (plan->sink.topics != NULL && !is_chosen &&
        leat_options_set(plan->sink_options, "topic", plan->sink.topics,
                         lt_tool_settings_origin(settings, LT_TOOL_SET_SINK)) != LEAT_OK)
        return lt_tool_wrong("sink \"%s\": the topic cannot be set", plan->sink.text);
    if (plan->sink.servers != NULL && plan->sink.topics == NULL && !is_chosen &&
        plan->source.servers != NULL && strcmp(plan->source.servers, plan->sink.servers) == 0)
        return lt_tool_wrong("sink \"%s\" names no topic, and records would go back to the one "
                             "they came from; hint: kafka://HOST:PORT/TOPIC",
                             plan->sink.text);
    leat_options *sink_options = plan->sink_options;
    plan->sink_options = NULL;
    if (leat_query_write(plan->query, stream, plan->sink.format, sink_options) != LEAT_OK)
        return lt_tool_wrong("%s", leat_query_error(plan->query));
    return 0;
}

static int build_dead_letters(struct lt_tool_plan *plan)
{
    leat_options *dead_options = plan->dead_options;
    plan->dead_options = NULL;
    if (dead_options != NULL &&
        leat_query_dead_letters(plan->query, plan->dead_letters.format, dead_options) != LEAT_OK)
        return lt_tool_wrong("%s", leat_query_error(plan->query));
    return 0;
}

static bool is_given_batches(const struct lt_tool_url *sink)
{
    return sink->format != NULL && strcmp(sink->format, "foreachBatch") == 0;
}

/* A sink that is given batches makes the relay one of batches: one each --epoch, if that is said,
 * else as soon as there is something. */
static bool is_in_batches(const struct lt_tool_plan *plan)
{
    bool is_any = is_given_batches(&plan->sink) || is_given_batches(&plan->dead_letters);
    for (size_t i = 0; i < plan->also_count && !is_any; i++)
        is_any = is_given_batches(&plan->also[i].sink);
    return is_any;
}

static int build_trigger(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    bool has_epoch = settings->values[LT_TOOL_SET_EPOCH].text != NULL;
    int code = is_in_batches(plan)
                   ? leat_query_trigger_processing_time(plan->query, has_epoch ? plan->epoch_ns : 0)
                   : leat_query_trigger_continuous(plan->query, plan->epoch_ns);
    if (code == LEAT_OK && lt_tool_settings_switch(settings, LT_TOOL_SET_UNTIL_END))
        code = leat_query_trigger_available_now(plan->query);
    return code == LEAT_OK ? 0 : lt_tool_wrong("--epoch: %s", leat_query_error(plan->query));
}

static int build_query(struct lt_tool_plan *plan)
{
    plan->query = leat_query_create(plan->context, plan->query_options);
    plan->query_options = NULL;
    return plan->query != NULL ? 0 : lt_tool_wrong("%s", leat_context_error(plan->context));
}

static void begin(struct lt_tool_plan *plan, leat_context *context)
{
    *plan = (struct lt_tool_plan){.context = context,
                                  .source_options = leat_options_create(),
                                  .sink_options = leat_options_create(),
                                  .query_options = leat_options_create()};
}

/* A further sink over what the relay reads. What is of source and query is settled as for the
 * relay, and not used. */
static int build_branch(const struct lt_tool_plan *relay, leat_stream *read,
                        struct lt_tool_settings *settings, struct lt_tool_plan *branch)
{
    leat_stream *stream = read;
    bool gives_topic = false;
    int status = parse_urls(branch, settings);
    if (status == 0)
        status = check_no_loop(branch);
    if (status != 0)
        return status;
    lt_tool_also_drop_others(branch, settings);
    status = lt_tool_plan_deal(branch, settings);
    branch->query = relay->query;
    branch->source_schema = relay->source_schema;
    branch->is_parsed = relay->is_parsed;
    if (status == 0 && branch->reads_bytes) /* says only how the sink takes it */
        status = lt_tool_plan_parse(branch, settings, &stream);
    if (status == 0)
        status = build_stream(branch, settings, read, &stream, &gives_topic);
    return status == 0 ? build_sink(branch, settings, stream, gives_topic) : status;
}

static int build_also(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                      leat_stream *read)
{
    int status = 0;
    for (size_t i = 0; i < settings->also_count && status == 0; i++) {
        struct lt_tool_settings own;
        lt_tool_also_settings(settings, i, &own);
        plan->also = lt_tool_grow(plan->also, plan->also_count, sizeof *plan->also);
        struct lt_tool_plan *branch = &plan->also[plan->also_count++];
        begin(branch, plan->context);
        const char *where = lt_tool_settings_text(&own, LT_TOOL_SET_WHERE);
        branch->where = where != NULL ? lt_tool_copy(where) : NULL;
        status = build_branch(plan, read, &own, branch);
        if (status != 0)
            lt_tool_say("that is of --also \"%s\"", lt_tool_settings_text(&own, LT_TOOL_SET_SINK));
        lt_tool_settings_fini(&own);
    }
    return status;
}

int lt_tool_plan_build(struct lt_tool_plan *plan, struct lt_tool_settings *settings)
{
    leat_stream *read = NULL, *stream = NULL;
    bool gives_topic = false;
    begin(plan, leat_context_create());
    int status = parse_durations(plan, settings);
    if (status == 0)
        status = parse_urls(plan, settings);
    if (status == 0)
        status = check_no_loop(plan);
    if (status == 0)
        status = lt_tool_plan_deal(plan, settings);
    if (status == 0)
        status = build_read(plan, settings, &read);
    if (status == 0)
        status = build_stream(plan, settings, read, &stream, &gives_topic);
    if (status == 0)
        status = build_query(plan);
    if (status == 0)
        status = build_sink(plan, settings, stream, gives_topic);
    if (status == 0)
        status = build_also(plan, settings, read);
    if (status == 0)
        status = build_dead_letters(plan);
    return status != 0 ? status : build_trigger(plan, settings);
}

static void fini_own(struct lt_tool_plan *plan)
{
    leat_options_destroy(plan->source_options);
    leat_options_destroy(plan->sink_options);
    leat_options_destroy(plan->dead_options);
    leat_options_destroy(plan->query_options);
    lt_tool_headers_destroy(plan->headers);
    lt_tool_url_fini(&plan->source);
    lt_tool_url_fini(&plan->sink);
    lt_tool_url_fini(&plan->dead_letters);
    free(plan->parse);
    free(plan->select);
    free(plan->where);
    free(plan->counters_path);
}

void lt_tool_plan_fini(struct lt_tool_plan *plan)
{
    leat_query_destroy(plan->query);
    leat_context_destroy(plan->context);
    for (size_t i = 0; i < plan->also_count; i++)
        fini_own(&plan->also[i]);
    free(plan->also);
    fini_own(plan);
    *plan = (struct lt_tool_plan){0};
}
