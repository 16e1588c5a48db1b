/*
 * Reading the file: libyaml makes a tree of nodes with their places, and one walk with a stack of
 * bounded depth turns it into settings. Keys of options are checked against leat's own tables here,
 * since here their line and column are known; their values are checked where all layers are.
 */
#include "tools/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "tools/commands.h"

enum { DEPTH_MAX = 8 };

struct reading {
    const char *path;
    yaml_document_t document;
    struct lt_tool_settings *settings; /* those of a further sink while it is read */
    bool is_also;
};

static const char *const sections[] = {"source", "sink", "query", "relay", "also"};
enum { SECTION_COUNT = sizeof sections / sizeof sections[0] };

static int fail_at(const struct reading *reading, const yaml_node_t *node, const char *text,
                   const char *subject, const char *rest)
{
    return lt_tool_wrong("%s:%zu:%zu: %s \"%s\"%s", reading->path, node->start_mark.line + 1,
                         node->start_mark.column + 1, text, subject, rest);
}

static char *origin_of(const struct reading *reading, const yaml_node_t *node)
{
    return lt_tool_format("%s:%zu:%zu", reading->path, node->start_mark.line + 1,
                          node->start_mark.column + 1);
}

static const char *scalar_of(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* ------------------------------------------------------------------------------------ options */

/* Of a further sink: what is no option of it. */
static int find_own(const char *key)
{
    static const enum lt_tool_setting own[] = {LT_TOOL_SET_WHERE, LT_TOOL_SET_SELECT,
                                               LT_TOOL_SET_OUT_FORMAT, LT_TOOL_SET_PARTITION};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(lt_tool_relay_flags[own[i]].name, key) == 0)
            return (int)own[i];
    return -1;
}

static int take_pair(struct reading *reading, enum lt_tool_side side, const yaml_node_t *key_node,
                     const char *key, const char *value)
{
    char *origin = origin_of(reading, key_node);
    int own = reading->is_also ? find_own(key) : -1;
    if (own >= 0) {
        int set = lt_tool_settings_set(reading->settings, (enum lt_tool_setting)own, value,
                                       LT_TOOL_LAYER_FILE, origin);
        free(origin);
        return set;
    }
    if (reading->is_also && strcmp(key, "url") == 0) { /* taken before all others */
        free(origin);
        return 0;
    }
    bool is_url = strcmp(key, "url") == 0 && side != LT_TOOL_QUERY_SIDE;
    int status = is_url ? lt_tool_settings_set(reading->settings,
                                               side == LT_TOOL_SOURCE_SIDE ? LT_TOOL_SET_SOURCE
                                                                           : LT_TOOL_SET_SINK,
                                               value, LT_TOOL_LAYER_FILE, origin)
                        : lt_tool_settings_pair(reading->settings, side, key, value,
                                                LT_TOOL_LAYER_FILE, origin);
    free(origin);
    return status;
}

/* A list of scalars is one value with commas, as in `subscribe: [a, b]`. NULL: something else. */
static char *join_list(struct reading *reading, const yaml_node_t *list)
{
    char *joined = NULL;
    for (yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        const char *text = scalar_of(yaml_document_get_node(&reading->document, *item));
        char *before = joined;
        if (text != NULL)
            joined = lt_tool_format("%s%s%s", before != NULL ? before : "",
                                    before != NULL ? "," : "", text);
        free(before);
        if (text == NULL)
            return NULL;
    }
    return joined != NULL ? joined : lt_tool_copy("");
}

static int take_leaf(struct reading *reading, enum lt_tool_side side, const yaml_node_t *key_node,
                     const char *key, const yaml_node_t *value)
{
    if (scalar_of(value) != NULL)
        return take_pair(reading, side, key_node, key, scalar_of(value));
    char *joined = join_list(reading, value);
    if (joined == NULL)
        return fail_at(reading, value, "the list of", key, " may hold plain values only");
    int status = take_pair(reading, side, key_node, key, joined);
    free(joined);
    return status;
}

struct level {
    const yaml_node_t *map;
    yaml_node_pair_t *next;
    char *prefix; /* "kafka." */
};

static int push(struct reading *reading, struct level *levels, size_t *depth,
                const yaml_node_t *map, const char *prefix)
{
    if (*depth == DEPTH_MAX)
        return fail_at(reading, map, "too many levels below", prefix, "");
    levels[(*depth)++] = (struct level){map, map->data.mapping.pairs.start, lt_tool_copy(prefix)};
    return 0;
}

static int take_entry(struct reading *reading, enum lt_tool_side side, struct level *levels,
                      size_t *depth)
{
    struct level *level = &levels[*depth - 1];
    const yaml_node_pair_t *pair = level->next++;
    const yaml_node_t *key_node = yaml_document_get_node(&reading->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(&reading->document, pair->value);
    if (scalar_of(key_node) == NULL)
        return fail_at(reading, key_node, "no plain key in", level->prefix, "");
    char *key = lt_tool_format("%s%s", level->prefix, scalar_of(key_node));
    int status;
    if (value->type == YAML_MAPPING_NODE) {
        char *prefix = lt_tool_format("%s.", key);
        status = push(reading, levels, depth, value, prefix);
        free(prefix);
    } else {
        status = take_leaf(reading, side, key_node, key, value);
    }
    free(key);
    return status;
}

static int take_options(struct reading *reading, enum lt_tool_side side, const yaml_node_t *map)
{
    struct level levels[DEPTH_MAX];
    size_t depth = 0;
    int status = push(reading, levels, &depth, map, "");
    while (depth > 0) {
        const struct level *level = &levels[depth - 1];
        if (status == 0 && level->next < level->map->data.mapping.pairs.top) {
            status = take_entry(reading, side, levels, &depth);
            continue;
        }
        free(level->prefix);
        depth--;
    }
    return status;
}

/* -------------------------------------------------------------------------------------- flags */

static int fail_flag(struct reading *reading, const yaml_node_t *key)
{
    const char *names[LT_TOOL_SET_FLAGS];
    for (int i = 0; i < LT_TOOL_SET_FLAGS; i++)
        names[i] = lt_tool_relay_flags[i].name;
    char *hint = lt_tool_hint(scalar_of(key), names, LT_TOOL_SET_FLAGS);
    int status = fail_at(reading, key, "section \"relay\" has no key", scalar_of(key), hint);
    free(hint);
    return status;
}

static int set_flag(struct reading *reading, int setting, const yaml_node_t *value)
{
    char *origin = origin_of(reading, value);
    int status =
        scalar_of(value) == NULL
            ? fail_at(reading, value, "no plain value for", lt_tool_relay_flags[setting].name, "")
            : lt_tool_settings_set(reading->settings, (enum lt_tool_setting)setting,
                                   scalar_of(value), LT_TOOL_LAYER_FILE, origin);
    free(origin);
    return status;
}

static int take_flag(struct reading *reading, const yaml_node_t *key, const yaml_node_t *value)
{
    if (scalar_of(key) == NULL)
        return fail_at(reading, key, "no plain key in section", "relay", "");
    int setting = lt_tool_settings_find(scalar_of(key));
    if (setting < 0)
        return fail_flag(reading, key);
    if (!lt_tool_settings_may((enum lt_tool_setting)setting, LT_TOOL_LAYER_FILE))
        return fail_at(
            reading, key, "key", scalar_of(key),
            lt_tool_settings_may((enum lt_tool_setting)setting, LT_TOOL_LAYER_ENVIRONMENT)
                ? " is for the command line and the environment only"
                : " is for the command line only");
    bool is_list = setting == LT_TOOL_SET_DROP_HEADER || setting == LT_TOOL_SET_ADD_HEADER ||
                   setting == LT_TOOL_SET_FORMAT_OPTION ||
                   setting == LT_TOOL_SET_OPTION || setting == LT_TOOL_SET_SOURCE_OPTION ||
                   setting == LT_TOOL_SET_SINK_OPTION;
    if (!is_list || value->type != YAML_SEQUENCE_NODE)
        return set_flag(reading, setting, value);
    int status = 0;
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top && status == 0; item++)
        status = set_flag(reading, setting, yaml_document_get_node(&reading->document, *item));
    return status;
}

static int take_flags(struct reading *reading, const yaml_node_t *map)
{
    int status = 0;
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
         pair < map->data.mapping.pairs.top && status == 0; pair++)
        status = take_flag(reading, yaml_document_get_node(&reading->document, pair->key),
                           yaml_document_get_node(&reading->document, pair->value));
    return status;
}

/* -------------------------------------------------------------------------------------- also */

static const yaml_node_t *find_key(struct reading *reading, const yaml_node_t *map, const char *key)
{
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
         pair < map->data.mapping.pairs.top; pair++) {
        const char *name = scalar_of(yaml_document_get_node(&reading->document, pair->key));
        if (name != NULL && strcmp(name, key) == 0)
            return yaml_document_get_node(&reading->document, pair->value);
    }
    return NULL;
}

static int take_sink(struct reading *reading, const yaml_node_t *map)
{
    struct lt_tool_settings *relay = reading->settings;
    const yaml_node_t *url =
        map->type == YAML_MAPPING_NODE ? find_key(reading, map, "url") : NULL;
    if (url == NULL || scalar_of(url) == NULL)
        return fail_at(reading, map, "an element of section", "also",
                       " has no url; hint: - url: append:///var/log/alarms.jsonl");
    char *origin = origin_of(reading, url);
    struct lt_tool_settings *own =
        lt_tool_settings_also(relay, scalar_of(url), LT_TOOL_LAYER_FILE, origin);
    free(origin);
    if (own == NULL)
        return LT_TOOL_USAGE;
    reading->settings = own;
    reading->is_also = true;
    int status = take_options(reading, LT_TOOL_SINK_SIDE, map);
    reading->settings = relay;
    reading->is_also = false;
    return status;
}

static int take_also(struct reading *reading, const yaml_node_t *list)
{
    int status = 0;
    if (list->type != YAML_SEQUENCE_NODE)
        return fail_at(reading, list, "section", "also", " is no list of sinks");
    for (yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top && status == 0; item++)
        status = take_sink(reading, yaml_document_get_node(&reading->document, *item));
    return status;
}

/* ----------------------------------------------------------------------------------- the file */

static int take_section(struct reading *reading, const yaml_node_t *key, const yaml_node_t *value)
{
    static const enum lt_tool_side sides[] = {LT_TOOL_SOURCE_SIDE, LT_TOOL_SINK_SIDE,
                                              LT_TOOL_QUERY_SIDE};
    const char *name = scalar_of(key);
    size_t index = 0;
    while (name != NULL && index < SECTION_COUNT && strcmp(name, sections[index]) != 0)
        index++;
    if (name == NULL || index == SECTION_COUNT) {
        char *hint = lt_tool_hint(name != NULL ? name : "", sections, SECTION_COUNT);
        int status = fail_at(reading, key, "unknown section", name != NULL ? name : "?",
                             *hint != '\0' ? hint : "; hint: source, sink, query, relay, also");
        free(hint);
        return status;
    }
    if (value->type == YAML_SCALAR_NODE && *scalar_of(value) == '\0')
        return 0;
    if (strcmp(name, "also") == 0)
        return take_also(reading, value);
    if (value->type != YAML_MAPPING_NODE)
        return fail_at(reading, value, "section", name, " is no map of keys and values");
    return index < sizeof sides / sizeof sides[0] ? take_options(reading, sides[index], value)
                                     : take_flags(reading, value);
}

/* A value is a text here, which would end at its first NUL. */
static int check_texts(struct reading *reading)
{
    yaml_node_t *node;
    for (int i = 1; (node = yaml_document_get_node(&reading->document, i)) != NULL; i++)
        if (scalar_of(node) != NULL && strlen(scalar_of(node)) != node->data.scalar.length)
            return fail_at(reading, node, "a NUL is in", scalar_of(node), "...");
    return 0;
}

/* Two equal keys in one map are a slip that YAML forbids and libyaml lets pass. */
static int check_doubles(struct reading *reading)
{
    for (int i = 1;; i++) {
        yaml_node_t *map = yaml_document_get_node(&reading->document, i);
        if (map == NULL)
            return 0;
        if (map->type != YAML_MAPPING_NODE)
            continue;
        yaml_node_pair_t *start = map->data.mapping.pairs.start;
        for (yaml_node_pair_t *a = start; a < map->data.mapping.pairs.top; a++)
            for (yaml_node_pair_t *b = start; b < a; b++) {
                const yaml_node_t *key = yaml_document_get_node(&reading->document, a->key);
                const char *first = scalar_of(yaml_document_get_node(&reading->document, b->key));
                if (first != NULL && scalar_of(key) != NULL && strcmp(first, scalar_of(key)) == 0)
                    return fail_at(reading, key, "key", first, " is there twice");
            }
    }
}

static int take_document(struct reading *reading)
{
    const yaml_node_t *root = yaml_document_get_root_node(&reading->document);
    if (root == NULL)
        return 0; /* an empty file says nothing */
    if (root->type != YAML_MAPPING_NODE)
        return lt_tool_wrong("%s: no map of sections; hint: source, sink, query, relay, also",
                             reading->path);
    int status = check_texts(reading);
    if (status == 0)
        status = check_doubles(reading);
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top && status == 0; pair++)
        status = take_section(reading, yaml_document_get_node(&reading->document, pair->key),
                              yaml_document_get_node(&reading->document, pair->value));
    return status;
}

static int fail_parse(const struct reading *reading, const yaml_parser_t *parser)
{
    return lt_tool_wrong("%s:%zu:%zu: %s", reading->path, parser->problem_mark.line + 1,
                         parser->problem_mark.column + 1,
                         parser->problem != NULL ? parser->problem : "it cannot be read");
}

/* A file is one document: what a second one says would be lost. */
static int check_end(const struct reading *reading, yaml_parser_t *parser)
{
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second))
        return fail_parse(reading, parser);
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    int status = root == NULL ? 0
                              : lt_tool_wrong("%s:%zu:%zu: a second document begins; hint: one "
                                              "file holds one, take out the line ---",
                                              reading->path, root->start_mark.line + 1,
                                              root->start_mark.column + 1);
    yaml_document_delete(&second);
    return status;
}

int lt_tool_config_load(const char *path, struct lt_tool_settings *settings)
{
    struct reading reading = {.path = path, .settings = settings};
    yaml_parser_t parser;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return lt_tool_wrong("cannot open \"%s\": %s", path, strerror(errno));
    if (!yaml_parser_initialize(&parser)) {
        fclose(file);
        return lt_tool_wrong("%s: out of memory", path);
    }
    yaml_parser_set_input_file(&parser, file);
    int status;
    if (yaml_parser_load(&parser, &reading.document)) {
        bool is_empty = yaml_document_get_root_node(&reading.document) == NULL;
        status = take_document(&reading);
        yaml_document_delete(&reading.document);
        if (status == 0 && !is_empty) /* after nothing the stream has ended */
            status = check_end(&reading, &parser);
    } else {
        status = fail_parse(&reading, &parser);
    }
    yaml_parser_delete(&parser);
    fclose(file);
    return status;
}
