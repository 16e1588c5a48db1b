/*
 * --select and --timestamp now, as one projection.
 *
 * The list that the user wrote is analysed by itself first, which tells its names without a parser
 * here. Then what a Kafka sink would miss is written behind it: "upper(...) as value" becomes
 * "upper(...) as value, key, headers, timestamp, partition".
 */
#include "tools/plan.h"

#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/ddl.h"

static const char *const written[] = {"key", "value", "headers", "timestamp", "partition", "topic"};
enum { WRITTEN_COUNT = sizeof written / sizeof written[0], KEPT_COUNT = 5 /* not topic */ };

/* A list that begins with a bare * says "and the rest as it is", which is what a list means here
 * anyway: the star is skipped, and a column that is named again is replaced, not doubled. */
static const char *skip_star(const char *list)
{
    const char *at = list + strspn(list, " \t\n");
    if (*at != '*')
        return list;
    at += 1 + strspn(at + 1, " \t\n");
    if (*at != ',' && *at != '\0')
        return list; /* * except (...), or a product */
    at += *at == ',';
    return at + strspn(at, " \t\n");
}

/* The schema of a stream; 0, or LT_TOOL_USAGE after saying the builder's error. */
static int schema_of(const struct lt_tool_plan *plan, leat_stream *stream, const char *what,
                     struct lt_tool_schema *out)
{
    const char *ddl = leat_stream_schema(stream);
    if (ddl == NULL)
        return lt_tool_wrong("%s: %s", what, leat_context_error(plan->context));
    lt_tool_schema_parse(ddl, out);
    return 0;
}

/* With * EXCEPT, the list says everything itself. */
static bool has_star(const struct lt_tool_schema *names)
{
    return lt_tool_schema_find(names, "offset") >= 0 &&
           lt_tool_schema_find(names, "timestampType") >= 0;
}

static int check_names(const struct lt_tool_schema *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->fields[i].name;
        bool is_written = false;
        for (size_t k = 0; k < WRITTEN_COUNT; k++)
            is_written = is_written || strcmp(name, written[k]) == 0;
        if (is_written)
            continue;
        char *hint = lt_tool_hint(name, written, WRITTEN_COUNT);
        int status = lt_tool_wrong(
            "--select: no sink column takes \"%s\"%s", name,
            *hint != '\0' ? hint
                          : "; hint: name it key, value, topic, partition, headers or timestamp: "
                            "\"... as value\"");
        free(hint);
        return status;
    }
    return 0;
}

static char *complete(const char *list, const struct lt_tool_schema *source,
                      const struct lt_tool_schema *names, bool is_now)
{
    char *all = lt_tool_copy(list);
    for (size_t i = 0; i < KEPT_COUNT && !has_star(names); i++) {
        bool is_dropped = is_now && strcmp(written[i], "timestamp") == 0;
        if (is_dropped || lt_tool_schema_find(names, written[i]) >= 0 ||
            lt_tool_schema_find(source, written[i]) < 0)
            continue;
        char *before = all;
        all = lt_tool_format("%s, %s", before, written[i]);
        free(before);
    }
    return all;
}

static int apply(struct lt_tool_plan *plan, leat_stream **stream, char *list)
{
    free(plan->select);
    plan->select = list;
    leat_stream *selected = leat_select(*stream, list);
    if (selected == NULL)
        return lt_tool_wrong("--select: %s", leat_context_error(plan->context));
    *stream = selected;
    return 0;
}

static int check_now(const struct lt_tool_settings *settings, const struct lt_tool_schema *names,
                     bool is_now)
{
    if (is_now && !has_star(names) && lt_tool_schema_find(names, "timestamp") >= 0)
        return lt_tool_wrong("%s: --timestamp now and a timestamp in --select cannot both be",
                             lt_tool_settings_origin(settings, LT_TOOL_SET_TIMESTAMP));
    return 0;
}

static int select_list(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                       const char *list, bool is_now, leat_stream **stream, bool *gives_topic)
{
    struct lt_tool_schema source = {0}, names = {0};
    bool is_kafka = strcmp(plan->sink.format, "kafka") == 0;
    leat_stream *tried = leat_select(*stream, list);
    int status = tried == NULL ? lt_tool_wrong("--select: %s", leat_context_error(plan->context))
                               : schema_of(plan, *stream, "source", &source);
    if (status == 0)
        status = schema_of(plan, tried, "--select", &names);
    if (status == 0 && is_kafka && !has_star(&names))
        status = check_names(&names);
    if (status == 0)
        status = check_now(settings, &names, is_now);
    if (status == 0)
        status = apply(plan, stream,
                       is_kafka ? complete(list, &source, &names, is_now) : lt_tool_copy(list));
    *gives_topic = lt_tool_schema_find(&names, "topic") >= 0 &&
                   (!has_star(&names) || plan->sink.topics == NULL);
    bool has_time = has_star(&names) && lt_tool_schema_find(&names, "timestamp") >= 0;
    lt_tool_schema_fini(&source);
    lt_tool_schema_fini(&names);
    if (status != 0 || !is_now || !has_time)
        return status;
    *stream = leat_select(*stream, "* except (timestamp)");
    return *stream != NULL ? 0 : lt_tool_wrong("%s", leat_context_error(plan->context));
}

int lt_tool_plan_check_timestamp(const struct lt_tool_settings *settings)
{
    const char *time = lt_tool_settings_text(settings, LT_TOOL_SET_TIMESTAMP);
    if (strcmp(time, "now") == 0 || strcmp(time, "source") == 0)
        return 0;
    return lt_tool_wrong("%s: --timestamp \"%s\" is none of: source, now",
                         lt_tool_settings_origin(settings, LT_TOOL_SET_TIMESTAMP), time);
}

int lt_tool_plan_select(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                        leat_stream **stream, bool *gives_topic)
{
    const char *list = lt_tool_settings_text(settings, LT_TOOL_SET_SELECT);
    const char *time = lt_tool_settings_text(settings, LT_TOOL_SET_TIMESTAMP);
    int status = lt_tool_plan_check_timestamp(settings);
    if (status != 0)
        return status;
    bool is_now = strcmp(time, "now") == 0;
    *gives_topic = false;
    if (list != NULL && strcmp(plan->sink.format, "kafka") == 0)
        list = skip_star(list);
    if (list != NULL && *list != '\0')
        return select_list(plan, settings, list, is_now, stream, gives_topic);
    return is_now ? apply(plan, stream, lt_tool_copy("* except (timestamp)")) : 0;
}
