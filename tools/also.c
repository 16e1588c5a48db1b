#include "tools/also.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/leat_admin.h"
#include "tools/commands.h"

static const enum lt_tool_setting of_a_sink[] = {LT_TOOL_SET_SINK, LT_TOOL_SET_WHERE,
                                                 LT_TOOL_SET_SELECT, LT_TOOL_SET_OUT_FORMAT,
                                                 LT_TOOL_SET_PARTITION};
enum { OF_A_SINK = sizeof of_a_sink / sizeof of_a_sink[0] };

static char *copy_or_null(const char *text)
{
    return text == NULL ? NULL : lt_tool_copy(text);
}

static void put_value(struct lt_tool_settings *out, enum lt_tool_setting setting,
                      const struct lt_tool_value *value)
{
    free(out->values[setting].text);
    free(out->values[setting].origin);
    out->values[setting] = (struct lt_tool_value){copy_or_null(value->text),
                                                  copy_or_null(value->origin), value->layer};
}

static void add_pair(struct lt_tool_settings *out, const struct lt_tool_pair *pair)
{
    out->pairs = lt_tool_grow(out->pairs, out->pair_count, sizeof *out->pairs);
    out->pairs[out->pair_count++] =
        (struct lt_tool_pair){pair->side, lt_tool_copy(pair->key), lt_tool_copy(pair->value),
                              lt_tool_copy(pair->origin), pair->layer};
}

static void add_item(struct lt_tool_settings *out, const struct lt_tool_item *item)
{
    out->items = lt_tool_grow(out->items, out->item_count, sizeof *out->items);
    out->items[out->item_count++] = (struct lt_tool_item){item->setting, lt_tool_copy(item->text),
                                                          lt_tool_copy(item->origin), item->layer};
}

void lt_tool_also_settings(const struct lt_tool_settings *relay, size_t index,
                           struct lt_tool_settings *out)
{
    const struct lt_tool_settings *own = &relay->also[index];
    *out = (struct lt_tool_settings){0};
    for (int i = 0; i < LT_TOOL_SET_COUNT; i++)
        put_value(out, (enum lt_tool_setting)i, &relay->values[i]);
    for (size_t i = 0; i < OF_A_SINK; i++)
        put_value(out, of_a_sink[i], &own->values[of_a_sink[i]]);
    for (size_t i = 0; i < relay->pair_count; i++)
        if (relay->pairs[i].side != LT_TOOL_SINK_SIDE)
            add_pair(out, &relay->pairs[i]);
    for (size_t i = 0; i < own->pair_count; i++)
        add_pair(out, &own->pairs[i]);
    for (size_t i = 0; i < relay->item_count; i++)
        add_item(out, &relay->items[i]);
}

/* Whether dealing has somebody to give the option to. */
static bool is_known(const struct lt_tool_plan *branch, const char *key)
{
    return strncasecmp(key, "spark.sql.", 10) == 0 ||
           leat_admin_knows_option(LEAT_ADMIN_SOURCE, branch->source.format, key) ||
           leat_admin_knows_option(LEAT_ADMIN_SINK, branch->sink.format, key) ||
           leat_admin_knows_option(LEAT_ADMIN_QUERY, NULL, key);
}

static bool is_known_item(const struct lt_tool_plan *branch, const struct lt_tool_item *item)
{
    if (item->setting != LT_TOOL_SET_FORMAT_OPTION || !branch->reads_bytes)
        return true;
    char *key = lt_tool_format("%.*s", (int)strcspn(item->text, "="), item->text);
    bool is_known_here = is_known(branch, key);
    free(key);
    return is_known_here;
}

void lt_tool_also_drop_others(const struct lt_tool_plan *branch, struct lt_tool_settings *settings)
{
    size_t kept = 0;
    for (size_t i = 0; i < settings->pair_count; i++) {
        struct lt_tool_pair pair = settings->pairs[i];
        if (pair.side != LT_TOOL_ANY_SIDE || is_known(branch, pair.key)) {
            settings->pairs[kept++] = pair;
            continue;
        }
        free(pair.key);
        free(pair.value);
        free(pair.origin);
    }
    settings->pair_count = kept;
    kept = 0;
    for (size_t i = 0; i < settings->item_count; i++) {
        struct lt_tool_item item = settings->items[i];
        if (is_known_item(branch, &item)) {
            settings->items[kept++] = item;
            continue;
        }
        free(item.text);
        free(item.origin);
    }
    settings->item_count = kept;
}
