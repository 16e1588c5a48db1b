/*
 * Keeping settings by layer, and reading those of the command line.
 */
#include "tools/settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/commands.h"

const struct lt_tool_flag lt_tool_relay_flags[LT_TOOL_SET_FLAGS] = {
#define FLAG(id, name, letter, argument, fallback, layers, help) {name, letter, argument, help},
    LT_TOOL_SETTINGS(FLAG)
#undef FLAG
};

static const struct {
    const char *fallback;
    enum lt_tool_layers layers;
} rules[LT_TOOL_SET_FLAGS] = {
#define RULE(id, name, letter, argument, fallback, layers, help)                                   \
    {fallback, LT_TOOL_LAYERS_##layers},
    LT_TOOL_SETTINGS(RULE)
#undef RULE
};

void lt_tool_settings_fini(struct lt_tool_settings *settings)
{
    for (size_t i = 0; i < LT_TOOL_SET_COUNT; i++) {
        free(settings->values[i].text);
        free(settings->values[i].origin);
    }
    for (size_t i = 0; i < settings->pair_count; i++) {
        free(settings->pairs[i].key);
        free(settings->pairs[i].value);
        free(settings->pairs[i].origin);
    }
    for (size_t i = 0; i < settings->item_count; i++) {
        free(settings->items[i].text);
        free(settings->items[i].origin);
    }
    for (size_t i = 0; i < settings->also_count; i++)
        lt_tool_settings_fini(&settings->also[i]);
    free(settings->pairs);
    free(settings->items);
    free(settings->also);
    *settings = (struct lt_tool_settings){0};
}

int lt_tool_settings_pair(struct lt_tool_settings *settings, enum lt_tool_side side,
                          const char *key, const char *value, enum lt_tool_layer layer,
                          const char *origin)
{
    if (*key == '\0')
        return lt_tool_wrong("%s: an option without a name", origin);
    for (size_t i = 0; i < settings->pair_count; i++) {
        const struct lt_tool_pair *pair = &settings->pairs[i];
        if (pair->layer == layer && pair->side == side && strcasecmp(pair->key, key) == 0 &&
            strcmp(pair->value, value) != 0)
            return lt_tool_wrong("%s: option \"%s\" is there twice, and the values differ (the "
                                 "other: %s); hint: give it once",
                                 origin, key, pair->origin);
    }
    settings->pairs = lt_tool_grow(settings->pairs, settings->pair_count, sizeof *settings->pairs);
    settings->pairs[settings->pair_count++] = (struct lt_tool_pair){
        side, lt_tool_copy(key), lt_tool_copy(value), lt_tool_copy(origin), layer};
    return 0;
}

/* "KEY=VALUE" for --option and its two relatives. */
static int set_pair(struct lt_tool_settings *settings, enum lt_tool_setting setting,
                    const char *text, enum lt_tool_layer layer, const char *origin)
{
    enum lt_tool_side side = setting == LT_TOOL_SET_SOURCE_OPTION ? LT_TOOL_SOURCE_SIDE
                             : setting == LT_TOOL_SET_SINK_OPTION ? LT_TOOL_SINK_SIDE
                                                                  : LT_TOOL_ANY_SIDE;
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return lt_tool_wrong("%s: \"%s\" is not KEY=VALUE (option \"--%s\")", origin, text,
                             lt_tool_relay_flags[setting].name);
    char *key = lt_tool_format("%.*s", (int)(equals - text), text);
    int status = lt_tool_settings_pair(settings, side, key, equals + 1, layer, origin);
    free(key);
    return status;
}

static void add_item(struct lt_tool_settings *settings, enum lt_tool_setting setting,
                     const char *text, enum lt_tool_layer layer, const char *origin)
{
    settings->items = lt_tool_grow(settings->items, settings->item_count, sizeof *settings->items);
    settings->items[settings->item_count++] =
        (struct lt_tool_item){setting, lt_tool_copy(text), lt_tool_copy(origin), layer};
}

static bool is_switch(enum lt_tool_setting setting)
{
    return setting < LT_TOOL_SET_FLAGS && lt_tool_relay_flags[setting].argument == NULL;
}

static int set_value(struct lt_tool_settings *settings, enum lt_tool_setting setting,
                     const char *text, enum lt_tool_layer layer, const char *origin)
{
    struct lt_tool_value *value = &settings->values[setting];
    if (value->layer > layer)
        return 0;
    if (value->layer == layer && !is_switch(setting))
        return lt_tool_wrong("%s: %s%s is there twice; hint: give it once", origin,
                             setting < LT_TOOL_SET_FLAGS ? "option --" : "a URL for the ",
                             setting < LT_TOOL_SET_FLAGS     ? lt_tool_relay_flags[setting].name
                             : setting == LT_TOOL_SET_SOURCE ? "source"
                                                             : "sink");
    free(value->text);
    free(value->origin);
    *value = (struct lt_tool_value){lt_tool_copy(text), lt_tool_copy(origin), layer};
    return 0;
}

/* Nothing at all would be taken for not having been said. */
static bool must_say_something(enum lt_tool_setting setting)
{
    return setting == LT_TOOL_SET_SELECT || setting == LT_TOOL_SET_WHERE ||
           setting == LT_TOOL_SET_DROP_HEADER || setting == LT_TOOL_SET_ADD_HEADER ||
           setting == LT_TOOL_SET_SCHEMA || setting == LT_TOOL_SET_FORMAT ||
           setting == LT_TOOL_SET_CHECKPOINT || setting == LT_TOOL_SET_COUNTERS;
}

int lt_tool_settings_set(struct lt_tool_settings *settings, enum lt_tool_setting setting,
                         const char *text, enum lt_tool_layer layer, const char *origin)
{
    if (is_switch(setting) && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return lt_tool_wrong("%s: \"%s\" is \"%s\"; hint: true or false", origin,
                             lt_tool_relay_flags[setting].name, text);
    if (must_say_something(setting) && text[strspn(text, " \t\n")] == '\0')
        return lt_tool_wrong("%s: option \"--%s\" is empty; hint: leave it out, or give it %s",
                             origin, lt_tool_relay_flags[setting].name,
                             lt_tool_relay_flags[setting].argument);
    switch ((int)setting) {
    case LT_TOOL_SET_OPTION:
    case LT_TOOL_SET_SOURCE_OPTION:
    case LT_TOOL_SET_SINK_OPTION:
        return set_pair(settings, setting, text, layer, origin);
    case LT_TOOL_SET_FORMAT_OPTION:
        if (strchr(text, '=') == NULL || *text == '=')
            return lt_tool_wrong("%s: \"%s\" is not KEY=VALUE (option \"--format-option\")", origin,
                                 text);
        add_item(settings, setting, text, layer, origin);
        return 0;
    case LT_TOOL_SET_DROP_HEADER:
    case LT_TOOL_SET_ADD_HEADER:
        add_item(settings, setting, text, layer, origin);
        return 0;
    default:
        return set_value(settings, setting, text, layer, origin);
    }
}

struct lt_tool_settings *lt_tool_settings_also(struct lt_tool_settings *settings, const char *url,
                                               enum lt_tool_layer layer, const char *origin)
{
    settings->also = lt_tool_grow(settings->also, settings->also_count, sizeof *settings->also);
    struct lt_tool_settings *own = &settings->also[settings->also_count++];
    *own = (struct lt_tool_settings){0};
    return lt_tool_settings_set(own, LT_TOOL_SET_SINK, url, layer, origin) == 0 ? own : NULL;
}

/* ------------------------------------------------------------------------------- command line */

/* Behind an --also these are of its sink. */
static struct lt_tool_settings *whose(struct lt_tool_settings *settings, int index)
{
    bool is_of_sink = index == LT_TOOL_SET_WHERE || index == LT_TOOL_SET_SELECT ||
                      index == LT_TOOL_SET_OUT_FORMAT || index == LT_TOOL_SET_PARTITION ||
                      index == LT_TOOL_SET_SINK_OPTION;
    return is_of_sink && settings->also_count > 0 ? &settings->also[settings->also_count - 1]
                                                  : settings;
}

static int take(void *user, int index, const char *value)
{
    static const char origin[] = "command line";
    struct lt_tool_settings *settings = user;
    if (index == LT_TOOL_SET_ALSO)
        return lt_tool_settings_also(settings, value, LT_TOOL_LAYER_COMMAND, origin) != NULL
                   ? 0
                   : LT_TOOL_USAGE;
    if (index != LT_TOOL_WORD)
        return lt_tool_settings_set(whose(settings, index), (enum lt_tool_setting)index,
                                    value != NULL ? value : "true", LT_TOOL_LAYER_COMMAND, origin);
    enum lt_tool_setting word =
        settings->values[LT_TOOL_SET_SOURCE].text == NULL ? LT_TOOL_SET_SOURCE : LT_TOOL_SET_SINK;
    if (settings->values[word].text != NULL)
        return lt_tool_wrong("\"%s\" is one word too many; hint: a relay has one source and one "
                             "sink, others stand behind --also, and an expression stands in "
                             "quotes",
                             value);
    return lt_tool_settings_set(settings, word, value, LT_TOOL_LAYER_COMMAND, origin);
}

int lt_tool_settings_command(struct lt_tool_settings *settings, int count, char **arguments)
{
    return lt_tool_flags_parse(lt_tool_relay_flags, LT_TOOL_SET_FLAGS, count, arguments, take,
                               settings);
}

/* ------------------------------------------------------------------------------------ reading */

const char *lt_tool_settings_text(const struct lt_tool_settings *settings,
                                  enum lt_tool_setting setting)
{
    const char *text = settings->values[setting].text;
    return text != NULL || setting >= LT_TOOL_SET_FLAGS ? text : rules[setting].fallback;
}

const char *lt_tool_settings_origin(const struct lt_tool_settings *settings,
                                    enum lt_tool_setting setting)
{
    const char *origin = settings->values[setting].origin;
    return origin != NULL ? origin : "default";
}

bool lt_tool_settings_switch(const struct lt_tool_settings *settings, enum lt_tool_setting setting)
{
    const char *text = lt_tool_settings_text(settings, setting);
    return text != NULL && strcmp(text, "true") == 0;
}

bool lt_tool_settings_may(enum lt_tool_setting setting, enum lt_tool_layer layer)
{
    if (setting >= LT_TOOL_SET_FLAGS || layer == LT_TOOL_LAYER_COMMAND)
        return true;
    enum lt_tool_layers layers = rules[setting].layers;
    return layers == LT_TOOL_LAYERS_ANY ||
           layers == (layer == LT_TOOL_LAYER_FILE ? LT_TOOL_LAYERS_NOT_ENVIRONMENT
                                                  : LT_TOOL_LAYERS_NOT_FILE);
}

int lt_tool_settings_find(const char *name)
{
    for (int i = 0; i < LT_TOOL_SET_FLAGS; i++)
        if (strcmp(lt_tool_relay_flags[i].name, name) == 0)
            return i;
    return -1;
}
