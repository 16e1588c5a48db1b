/*
 * Each group of names that say the same thing is settled by itself: the topmost layer that says any
 * of them is found, what lower layers say is dropped, and what is left has to agree.
 */
#include "tools/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/commands.h"

enum { KEYS_MAX = 4 };

/* Options that say what one setting, or a part of it, says. */
struct group {
    enum lt_tool_setting setting;
    enum lt_tool_side side;
    bool is_same; /* the option's values are the flag's, so that it may take its place */
    const char *keys[KEYS_MAX];
};

static const struct group flags[] = {
    {LT_TOOL_SET_CHECKPOINT, LT_TOOL_QUERY_SIDE, true, {"checkpointLocation"}},
    {LT_TOOL_SET_LANES, LT_TOOL_QUERY_SIDE, true, {"lanes"}},
    {LT_TOOL_SET_STAGES, LT_TOOL_QUERY_SIDE, true, {"stages"}},
    {LT_TOOL_SET_CPUS, LT_TOOL_QUERY_SIDE, true, {"cpus"}},
    {LT_TOOL_SET_IDLE, LT_TOOL_QUERY_SIDE, true, {"idle"}},
    {LT_TOOL_SET_STARTUP_TIMEOUT, LT_TOOL_QUERY_SIDE, true, {"startupTimeout"}},
    {LT_TOOL_SET_DRAIN, LT_TOOL_QUERY_SIDE, true, {"drainTimeout"}},
    {LT_TOOL_SET_NAME, LT_TOOL_QUERY_SIDE, true, {"queryName"}},
    {LT_TOOL_SET_COUNTERS, LT_TOOL_QUERY_SIDE, true, {"counters"}},
    {LT_TOOL_SET_SPOOL, LT_TOOL_SOURCE_SIDE, true, {"spool"}},
    {LT_TOOL_SET_ACK, LT_TOOL_SOURCE_SIDE, true, {"ack"}},
    {LT_TOOL_SET_FROM,
     LT_TOOL_SOURCE_SIDE,
     false,
     {"startingOffsets", "startingTimestamp", "startingOffsetsByTimestamp"}},
    {LT_TOOL_SET_PARTITION, LT_TOOL_SINK_SIDE, false, {"partitioner"}},
};

static const char servers_key[] = "kafka.bootstrap.servers";
static const struct group source_servers = {
    LT_TOOL_SET_SOURCE, LT_TOOL_SOURCE_SIDE, false, {servers_key}};
static const struct group sink_servers = {
    LT_TOOL_SET_SINK, LT_TOOL_SINK_SIDE, false, {servers_key}};
static const struct group source_topics = {
    LT_TOOL_SET_SOURCE, LT_TOOL_SOURCE_SIDE, false, {"subscribe", "subscribePattern", "assign"}};
static const struct group sink_topics = {LT_TOOL_SET_SINK, LT_TOOL_SINK_SIDE, false, {"topic"}};

static bool is_of(const struct group *group, const struct lt_tool_pair *pair)
{
    if (pair->side != LT_TOOL_ANY_SIDE && pair->side != group->side)
        return false;
    for (size_t i = 0; i < KEYS_MAX && group->keys[i] != NULL; i++)
        if (strcasecmp(pair->key, group->keys[i]) == 0)
            return true;
    return false;
}

/* Drops the group's options of layers below `layer`. */
static void drop_below(struct lt_tool_settings *settings, const struct group *group, int layer)
{
    size_t kept = 0;
    for (size_t i = 0; i < settings->pair_count; i++) {
        struct lt_tool_pair *pair = &settings->pairs[i];
        if (!is_of(group, pair) || (int)pair->layer >= layer) {
            settings->pairs[kept++] = *pair;
            continue;
        }
        free(pair->key);
        free(pair->value);
        free(pair->origin);
    }
    settings->pair_count = kept;
}

/* Leaves the topmost layer's options of the group, where `layer` is that of the setting; returns
 * the one that holds among them, NULL if there is none. */
static const struct lt_tool_pair *topmost(struct lt_tool_settings *settings,
                                          const struct group *group, enum lt_tool_layer layer)
{
    const struct lt_tool_pair *last = NULL;
    enum lt_tool_layer top = layer;
    for (size_t i = 0; i < settings->pair_count; i++)
        if (is_of(group, &settings->pairs[i]) && settings->pairs[i].layer > top)
            top = settings->pairs[i].layer;
    drop_below(settings, group, (int)top);
    for (size_t i = 0; i < settings->pair_count; i++)
        if (is_of(group, &settings->pairs[i]))
            last = &settings->pairs[i];
    return last;
}

/* --------------------------------------------------------------------------------------- flags */

static int compare_pairs(const struct lt_tool_pair *a, const struct lt_tool_pair *b)
{
    if (a->layer != b->layer)
        return a->layer < b->layer ? -1 : 1;
    bool a_is_wide = a->side == LT_TOOL_ANY_SIDE, b_is_wide = b->side == LT_TOOL_ANY_SIDE;
    return a_is_wide == b_is_wide ? 0 : a_is_wide ? -1 : 1;
}

/* By insertion: what compares equal keeps its order. */
static void sort_pairs(struct lt_tool_settings *settings)
{
    for (size_t i = 1; i < settings->pair_count; i++) {
        struct lt_tool_pair pair = settings->pairs[i];
        size_t at = i;
        for (; at > 0 && compare_pairs(&settings->pairs[at - 1], &pair) > 0; at--)
            settings->pairs[at] = settings->pairs[at - 1];
        settings->pairs[at] = pair;
    }
}

static int check_agrees(const struct lt_tool_settings *settings, const struct group *group)
{
    const struct lt_tool_value *value = &settings->values[group->setting];
    for (size_t i = 0; i < settings->pair_count; i++) {
        const struct lt_tool_pair *pair = &settings->pairs[i];
        if (is_of(group, pair) && strcmp(pair->value, value->text) != 0)
            return lt_tool_wrong("option \"%s\" (%s) and --%s (%s) disagree; hint: give one of "
                                 "them",
                                 pair->key, pair->origin, lt_tool_relay_flags[group->setting].name,
                                 value->origin);
    }
    return 0;
}

/* The option's value holds: it becomes the flag's, or leaves the flag unsaid. */
static void take_place(struct lt_tool_value *value, const struct lt_tool_pair *pair, bool is_same)
{
    free(value->text);
    free(value->origin);
    *value = (struct lt_tool_value){0};
    if (is_same)
        *value = (struct lt_tool_value){lt_tool_copy(pair->value), lt_tool_copy(pair->origin),
                                        pair->layer};
}

static int resolve_flag(struct lt_tool_settings *settings, const struct group *group)
{
    struct lt_tool_value *value = &settings->values[group->setting];
    const struct lt_tool_pair *pair = topmost(settings, group, value->layer);
    if (pair == NULL)
        return 0;
    bool is_flag_said = value->text != NULL && value->layer == pair->layer;
    int status = is_flag_said ? check_agrees(settings, group) : 0;
    if (!is_flag_said)
        take_place(value, pair, group->is_same);
    if (is_flag_said || group->is_same)
        drop_below(settings, group, LT_TOOL_LAYERS);
    return status;
}

int lt_tool_resolve_flags(struct lt_tool_settings *settings)
{
    int status = 0;
    sort_pairs(settings);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0] && status == 0; i++)
        status = resolve_flag(settings, &flags[i]);
    return status;
}

/* ---------------------------------------------------------------------------------------- URLs */

static bool is_servers(const struct lt_tool_pair *pair, enum lt_tool_side side)
{
    return pair->side == side && strcasecmp(pair->key, servers_key) == 0;
}

/* Gives the side what pair `index` says to all; what the side says itself in that layer holds. */
static int copy_servers(struct lt_tool_settings *settings, size_t index, enum lt_tool_side side)
{
    enum lt_tool_layer layer = settings->pairs[index].layer;
    for (size_t i = 0; i < settings->pair_count; i++)
        if (is_servers(&settings->pairs[i], side) && settings->pairs[i].layer == layer)
            return 0;
    char *value = lt_tool_copy(settings->pairs[index].value);
    char *origin = lt_tool_copy(settings->pairs[index].origin);
    int status = lt_tool_settings_pair(settings, side, servers_key, value, layer, origin);
    free(value);
    free(origin);
    return status;
}

/* Addresses for all sides are to be settled on each by itself. With no side that has any they stay
 * as they are, and dealing refuses them. */
static int split_servers(struct lt_tool_settings *settings, const struct lt_tool_url *source,
                         const struct lt_tool_url *sink)
{
    static const struct group of_all = {LT_TOOL_SET_SOURCE, LT_TOOL_ANY_SIDE, false, {servers_key}};
    int status = 0;
    size_t count = settings->pair_count;
    if (source->servers == NULL && sink->servers == NULL)
        return 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        if (!is_servers(&settings->pairs[i], LT_TOOL_ANY_SIDE))
            continue;
        if (source->servers != NULL)
            status = copy_servers(settings, i, LT_TOOL_SOURCE_SIDE);
        if (sink->servers != NULL && status == 0)
            status = copy_servers(settings, i, LT_TOOL_SINK_SIDE);
    }
    drop_below(settings, &of_all, LT_TOOL_LAYERS);
    sort_pairs(settings);
    return status;
}

static int fail_url(const struct lt_tool_url *url, const struct lt_tool_pair *pair,
                    const struct lt_tool_value *value, const char *what)
{
    return lt_tool_wrong(
        "%s \"%s\" (%s) and option \"%s\" (%s) disagree about the %s; hint: give "
        "one of them",
        pair->side == LT_TOOL_SINK_SIDE || strcasecmp(pair->key, "topic") == 0 ? "sink" : "source",
        url->text, value->origin, pair->key, pair->origin, what);
}

/* One part of the URL; *part NULL: it does not say it. */
static int resolve_part(struct lt_tool_settings *settings, const struct group *group,
                        struct lt_tool_url *url, char **part, const char *what)
{
    const struct lt_tool_value *value = &settings->values[group->setting];
    const struct lt_tool_pair *pair =
        topmost(settings, group, *part != NULL ? value->layer : LT_TOOL_LAYER_NONE);
    if (pair == NULL)
        return 0;
    char *said = NULL;
    if (part == &url->servers)
        said = lt_tool_url_with_ports(pair->value);
    else if (strcasecmp(pair->key, "subscribePattern") != 0 && strcasecmp(pair->key, "assign") != 0)
        said = lt_tool_copy(pair->value);
    bool is_equal = *part != NULL && said != NULL && strcmp(said, *part) == 0;
    if (*part != NULL && value->layer == pair->layer && !is_equal) {
        free(said);
        return fail_url(url, pair, value, what);
    }
    free(*part);
    *part = said;
    lt_tool_url_rewrite(url, pair->key, pair->origin);
    return 0;
}

static int resolve_url(struct lt_tool_settings *settings, const struct group *servers,
                       const struct group *topics, struct lt_tool_url *url)
{
    if (url->servers == NULL) /* not Kafka's */
        return 0;
    int status = resolve_part(settings, servers, url, &url->servers, "address");
    return status == 0 ? resolve_part(settings, topics, url, &url->topics, "topic") : status;
}

int lt_tool_resolve_urls(struct lt_tool_settings *settings, struct lt_tool_url *source,
                         struct lt_tool_url *sink)
{
    int status = split_servers(settings, source, sink);
    if (status == 0)
        status = resolve_url(settings, &source_servers, &source_topics, source);
    return status == 0 ? resolve_url(settings, &sink_servers, &sink_topics, sink) : status;
}
