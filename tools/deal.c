/*
 * Dealing options to whoever understands them: source, sink, dead-letter sink and query.
 *
 * What the short forms say (a URL, --from, --partition, --lanes, ...) goes first, then the options
 * in their order: what is among them has won (tools/resolve.h). Whether a value is right is judged
 * by its owner when the query is checked; the origin goes along, so that its error can name the
 * place.
 */
#include "tools/plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/formats.h"

enum { NAMES_MAX = 256 };

static bool is_kafka(const struct lt_tool_url *url)
{
    return url->format != NULL && strcmp(url->format, "kafka") == 0;
}

int lt_tool_plan_put(leat_options *options, const char *key, const char *value,
                     const char *origin)
{
    if (leat_options_set(options, key, value, origin) == LEAT_OK)
        return 0;
    return lt_tool_wrong("%s: option \"%s\" cannot be set", origin, key);
}

/* --------------------------------------------------------------------------------------- from */

static bool is_number(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* False for 30 February, which timegm would take for a day in March. */
static bool is_day(struct tm parts)
{
    int month = parts.tm_mon, day = parts.tm_mday;
    return timegm(&parts) != (time_t)-1 && parts.tm_mon == month && parts.tm_mday == day;
}

/* "2026-08-20T12:00:00[.250](Z|+02:00|-02:00)"; the zone may be missing only with a date alone,
 * since what it would mean differs from machine to machine. */
static bool parse_time(const char *text, long long *ms)
{
    struct tm parts = {0};
    int hours = 0, minutes = 0, used = 0;
    long long fraction_ms = 0;
    const char *at = strptime(text, "%Y-%m-%d", &parts);
    if (at == NULL || !is_day(parts))
        return false;
    if (*at == '\0') {
        *ms = (long long)timegm(&parts) * 1000;
        return true;
    }
    at = *at == 'T' || *at == ' ' ? strptime(at + 1, "%H:%M:%S", &parts) : NULL;
    if (at == NULL)
        return false;
    if (*at == '.') {
        int scale = 100;
        for (at++; isdigit((unsigned char)*at); at++, scale /= 10)
            fraction_ms += scale * (*at - '0');
    }
    *ms = (long long)timegm(&parts) * 1000 + fraction_ms;
    if (strcmp(at, "Z") == 0)
        return true;
    if ((*at != '+' && *at != '-') || sscanf(at + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 ||
        at[1 + used] != '\0' || hours < 0 || hours > 18 || minutes < 0 || minutes > 59)
        return false;
    *ms += (*at == '+' ? -1 : 1) * (hours * 60LL + minutes) * 60 * 1000;
    return true;
}

static int deal_from(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    const char *from = lt_tool_settings_text(settings, LT_TOOL_SET_FROM);
    const char *origin = lt_tool_settings_origin(settings, LT_TOOL_SET_FROM);
    long long ms;
    if (from == NULL)
        return 0;
    if (leat_admin_knows_option(LEAT_ADMIN_SOURCE, plan->source.format, "startingPosition"))
        return lt_tool_plan_put(plan->source_options, "startingPosition", from, origin);
    if (!leat_admin_knows_option(LEAT_ADMIN_SOURCE, plan->source.format, "startingOffsets"))
        return lt_tool_wrong("%s: source %s cannot begin at a place of choice (option \"--from\")",
                             origin, plan->source.format);
    if (strcmp(from, "earliest") == 0 || strcmp(from, "latest") == 0 ||
        strcmp(from, "committed") == 0)
        return lt_tool_plan_put(plan->source_options, "startingOffsets", from, origin);
    if (is_number(from))
        return lt_tool_plan_put(plan->source_options, "startingTimestamp", from, origin);
    if (!parse_time(from, &ms))
        return lt_tool_wrong("%s: \"%s\" is no place to begin; hint: earliest, latest, committed, "
                             "milliseconds since 1970, or a time such as 2026-08-20T12:00:00Z",
                             origin, from);
    char *text = lt_tool_format("%lld", ms);
    int status = lt_tool_plan_put(plan->source_options, "startingTimestamp", text, origin);
    free(text);
    return status;
}

/* -------------------------------------------------------------------------------- short forms */

static int deal_address(const struct lt_tool_url *url, leat_options *options, const char *origin)
{
    int status = 0;
    for (size_t i = 0; i < url->option_count && status == 0; i++)
        status = lt_tool_plan_put(options, url->options[i].key, url->options[i].value, origin);
    return status;
}

static int deal_dead_letters(struct lt_tool_plan *plan, const char *origin)
{
    if (plan->dead_options == NULL)
        return 0;
    int status = deal_address(&plan->dead_letters, plan->dead_options, origin);
    if (status != 0 || !is_kafka(&plan->dead_letters))
        return status;
    status = lt_tool_plan_put(plan->dead_options, "kafka.bootstrap.servers",
                              plan->dead_letters.servers, origin);
    return status != 0 ? status
                       : lt_tool_plan_put(plan->dead_options, "topic", plan->dead_letters.topics,
                                          origin);
}

static int deal_urls(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    const char *from = lt_tool_settings_origin(settings, LT_TOOL_SET_SOURCE);
    const char *to = lt_tool_settings_origin(settings, LT_TOOL_SET_SINK);
    int status = deal_address(&plan->source, plan->source_options, from);
    if (status == 0)
        status = deal_address(&plan->sink, plan->sink_options, to);
    if (status != 0)
        return status;
    if (is_kafka(&plan->source)) {
        status = lt_tool_plan_put(plan->source_options, "kafka.bootstrap.servers",
                                  plan->source.servers, from);
        if (status == 0 && plan->source.topics != NULL)
            status = lt_tool_plan_put(plan->source_options, "subscribe", plan->source.topics, from);
        if (status == 0)
            status = lt_tool_plan_put(plan->source_options, "includeHeaders", "true", "relay");
    }
    if (status == 0 && is_kafka(&plan->sink))
        status = lt_tool_plan_put(plan->sink_options, "kafka.bootstrap.servers",
                                  plan->sink.servers, to);
    if (status == 0)
        status = deal_dead_letters(plan, lt_tool_settings_origin(settings, LT_TOOL_SET_DLQ));
    return status;
}

/* What makes of a source that cannot be read again one that can. */
static int deal_spool(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    static const struct {
        enum lt_tool_setting setting;
        const char *key;
    } rules[] = {{LT_TOOL_SET_SPOOL, "spool"}, {LT_TOOL_SET_ACK, "ack"}};
    int status = 0;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && status == 0; i++) {
        const char *text = lt_tool_settings_text(settings, rules[i].setting);
        const char *origin = lt_tool_settings_origin(settings, rules[i].setting);
        if (text == NULL || strcmp(text, "false") == 0)
            continue;
        if (!leat_admin_knows_option(LEAT_ADMIN_SOURCE, plan->source.format, rules[i].key))
            return lt_tool_wrong("%s: source %s has no use for --%s", origin, plan->source.format,
                                 rules[i].key);
        status = lt_tool_plan_put(plan->source_options, rules[i].key, text, origin);
    }
    return status;
}

static int deal_partition(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    static const char *const names[] = {"source", "key", "murmur2", "round-robin"};
    const char *how = lt_tool_settings_text(settings, LT_TOOL_SET_PARTITION);
    const char *origin = lt_tool_settings_origin(settings, LT_TOOL_SET_PARTITION);
    if (!is_kafka(&plan->sink))
        return how == NULL ? 0
                           : lt_tool_wrong("%s: sink %s has no partitions (option \"--partition\")",
                                           origin, plan->sink.format);
    if (how == NULL)
        return is_kafka(&plan->source) ? lt_tool_plan_put(plan->sink_options, "partitioner",
                                                          "source", "relay")
                                       : 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(how, names[i]) == 0)
            return lt_tool_plan_put(plan->sink_options, "partitioner", how, origin);
    char *hint = lt_tool_hint(how, names, sizeof names / sizeof names[0]);
    int status = lt_tool_wrong("%s: --partition \"%s\" is none of: source, key, murmur2, "
                               "round-robin%s",
                               origin, how, hint);
    free(hint);
    return status;
}

static int deal_query(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    static const struct {
        enum lt_tool_setting setting;
        const char *key;
    } rules[] = {
        {LT_TOOL_SET_CHECKPOINT, "checkpointLocation"},
        {LT_TOOL_SET_LANES, "lanes"},
        {LT_TOOL_SET_STAGES, "stages"},
        {LT_TOOL_SET_CPUS, "cpus"},
        {LT_TOOL_SET_IDLE, "idle"},
        {LT_TOOL_SET_STARTUP_TIMEOUT, "startupTimeout"},
        {LT_TOOL_SET_DRAIN, "drainTimeout"},
        {LT_TOOL_SET_NAME, "queryName"},
    };
    int status = 0;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && status == 0; i++) {
        const char *text = lt_tool_settings_text(settings, rules[i].setting);
        if (text != NULL)
            status = lt_tool_plan_put(plan->query_options, rules[i].key, text,
                         lt_tool_settings_origin(settings, rules[i].setting));
    }
    return status;
}

static int deal_counters(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    const char *where = lt_tool_settings_text(settings, LT_TOOL_SET_COUNTERS);
    const char *name = lt_tool_settings_text(settings, LT_TOOL_SET_NAME);
    const char *origin = lt_tool_settings_origin(settings, LT_TOOL_SET_COUNTERS);
    if (strcmp(where, "off") == 0)
        return 0;
    plan->counters_are_auto = strcmp(where, "auto") == 0;
    if (plan->counters_are_auto)
        plan->counters_path = leat_admin_counters_path(name != NULL ? name : "relay");
    else
        plan->counters_path = lt_tool_copy(where);
    return plan->counters_path == NULL
               ? 0
               : lt_tool_plan_put(plan->query_options, "counters", plan->counters_path, origin);
}

/* ------------------------------------------------------------------------------------ options */

struct owner {
    enum leat_admin_kind kind;
    enum lt_tool_side side;
    const char *format;
    leat_options *options;
    const struct lt_tool_url *url; /* NULL: it has none */
    enum lt_tool_setting url_setting;
};

static int fail_nobody(const struct owner *owners, size_t owner_count,
                       const struct lt_tool_pair *pair)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    char *hint;
    for (size_t i = 0; i < owner_count; i++) {
        const char *name;
        for (size_t k = 0;
             count < NAMES_MAX &&
             (name = leat_admin_option_name(owners[i].kind, owners[i].format, k)) != NULL;
             k++)
            if (pair->side == LT_TOOL_ANY_SIDE || pair->side == owners[i].side)
                names[count++] = name;
    }
    hint = lt_tool_hint(pair->key, names, count);
    const char *who = pair->side == LT_TOOL_SOURCE_SIDE  ? "source "
                      : pair->side == LT_TOOL_SINK_SIDE  ? "sink "
                      : pair->side == LT_TOOL_QUERY_SIDE ? "query"
                                                         : "source, sink and query";
    const char *format = pair->side == LT_TOOL_SOURCE_SIDE ? owners[0].format
                         : pair->side == LT_TOOL_SINK_SIDE ? owners[1].format
                                                           : "";
    int status = lt_tool_wrong("%s: %s%s: unknown option \"%s\"%s", pair->origin, who, format,
                               pair->key, hint);
    free(hint);
    return status;
}

/* What expressions mean is of no side: spark.sql.session.timeZone and its like. */
static bool is_of_expressions(const struct lt_tool_pair *pair)
{
    bool is_for_all = pair->side == LT_TOOL_ANY_SIDE || pair->side == LT_TOOL_QUERY_SIDE;
    return is_for_all && strncasecmp(pair->key, "spark.sql.", 10) == 0;
}

/* Among an address and an option that say the same the layer decides; of one layer they agree. */
static int check_address(const struct lt_tool_settings *settings, const struct owner *owner,
                         const struct lt_tool_pair *pair, bool *is_overruled)
{
    const char *said = owner->url != NULL ? lt_tool_url_option(owner->url, pair->key) : NULL;
    *is_overruled = false;
    if (said == NULL || strcmp(said, pair->value) == 0)
        return 0;
    const struct lt_tool_value *value = &settings->values[owner->url_setting];
    *is_overruled = pair->layer < value->layer;
    if (pair->layer != value->layer)
        return 0;
    return lt_tool_wrong("%s \"%s\" (%s) and option \"%s\" (%s) disagree; hint: give one of them",
                         owner->side == LT_TOOL_SINK_SIDE ? "sink" : "source", owner->url->text,
                         value->origin, pair->key, pair->origin);
}

static int deal_pair(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                     const struct lt_tool_pair *pair)
{
    if (is_of_expressions(pair))
        return leat_context_set(plan->context, pair->key, pair->value) == LEAT_OK
                   ? 0
                   : lt_tool_wrong("%s: %s", pair->origin, leat_context_error(plan->context));
    const struct owner owners[] = {
        {LEAT_ADMIN_SOURCE, LT_TOOL_SOURCE_SIDE, plan->source.format, plan->source_options,
         &plan->source, LT_TOOL_SET_SOURCE},
        {LEAT_ADMIN_SINK, LT_TOOL_SINK_SIDE, plan->sink.format, plan->sink_options, &plan->sink,
         LT_TOOL_SET_SINK},
        {LEAT_ADMIN_QUERY, LT_TOOL_QUERY_SIDE, NULL, plan->query_options, NULL, 0},
    };
    bool is_known = false;
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        const struct owner *owner = &owners[i];
        bool is_meant = pair->side == LT_TOOL_ANY_SIDE || pair->side == owner->side;
        if (!is_meant || !leat_admin_knows_option(owner->kind, owner->format, pair->key))
            continue;
        is_known = true;
        bool is_overruled;
        int status = check_address(settings, owner, pair, &is_overruled);
        if (status != 0)
            return status;
        if (is_overruled)
            continue;
        status = lt_tool_plan_put(owner->options, pair->key, pair->value, pair->origin);
        if (status != 0)
            return status;
    }
    if (!is_known)
        return fail_nobody(owners, sizeof owners / sizeof owners[0], pair);
    /* Dead letters go out as what was delivered does: same client, same secrets. */
    bool is_for_dead = pair->side == LT_TOOL_ANY_SIDE || pair->side == LT_TOOL_SINK_SIDE;
    if (plan->dead_options != NULL && is_kafka(&plan->dead_letters) && is_for_dead &&
        strncasecmp(pair->key, "kafka.", 6) == 0 &&
        strcasecmp(pair->key, "kafka.bootstrap.servers") != 0)
        return lt_tool_plan_put(plan->dead_options, pair->key, pair->value, pair->origin);
    return 0;
}

/* Whether options say what the source reads. */
static bool names_topics(const struct lt_tool_settings *settings)
{
    for (size_t i = 0; i < settings->pair_count; i++) {
        const struct lt_tool_pair *pair = &settings->pairs[i];
        if (pair->side <= LT_TOOL_SOURCE_SIDE && (strcasecmp(pair->key, "subscribe") == 0 ||
                                                  strcasecmp(pair->key, "subscribePattern") == 0 ||
                                                  strcasecmp(pair->key, "assign") == 0))
            return true;
    }
    return false;
}

static int check_topics(const struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    if (is_kafka(&plan->source) && plan->source.topics == NULL && !names_topics(settings))
        return lt_tool_wrong("source \"%s\" names no topic; hint: kafka://HOST:PORT/TOPIC, or "
                             "--source-option subscribePattern=...",
                             plan->source.text);
    if (plan->sink.topic_count > 1)
        return lt_tool_wrong("sink \"%s\" names %d topics; hint: --select \"... as topic\" "
                             "chooses one for each record",
                             plan->sink.text, plan->sink.topic_count);
    return 0;
}

int lt_tool_plan_deal(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    int status = check_topics(plan, settings);
    if (status == 0)
        status = deal_urls(plan, settings);
    if (status == 0)
        status = lt_tool_plan_deal_formats(plan, settings);
    if (status == 0)
        status = deal_from(plan, settings);
    if (status == 0)
        status = deal_spool(plan, settings);
    if (status == 0)
        status = deal_partition(plan, settings);
    if (status == 0)
        status = deal_query(plan, settings);
    if (status == 0)
        status = deal_counters(plan, settings);
    for (size_t i = 0; i < settings->pair_count && status == 0; i++)
        status = deal_pair(plan, settings, &settings->pairs[i]);
    return status;
}
