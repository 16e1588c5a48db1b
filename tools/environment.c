/*
 * Settings from the environment.
 *
 *     LEAT_<FLAG>                  LEAT_UNTIL_END=true, LEAT_CHECKPOINT=/var/lib/relay
 *     LEAT_SOURCE, LEAT_SINK       the two URLs
 *     LEAT_OPTION_<KEY>            LEAT_OPTION_KAFKA_SASL_PASSWORD=... is kafka.sasl.password
 *     LEAT_SOURCE_OPTION_<KEY>, LEAT_SINK_OPTION_<KEY>
 *     LEAT_IO                      the option io
 *
 * In a key an underscore stands for a dot, and case does not matter. Flags that end the program
 * are for the command line only (tools/settings.h says which). Other programs may have variables
 * that begin with LEAT_ too; one that is nearly a name of ours is taken for a slip and is an error.
 */
#include "tools/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"

static const char prefix[] = "LEAT_";

static const struct {
    const char *prefix;
    enum lt_tool_side side;
} option_prefixes[] = {
    {"LEAT_OPTION_", LT_TOOL_ANY_SIDE},
    {"LEAT_SOURCE_OPTION_", LT_TOOL_SOURCE_SIDE},
    {"LEAT_SINK_OPTION_", LT_TOOL_SINK_SIDE},
};

/* "LEAT_UNTIL_END" for "until-end". */
static char *name_of(int setting)
{
    char *name = setting == LT_TOOL_SET_SOURCE ? lt_tool_copy("LEAT_SOURCE")
                 : setting == LT_TOOL_SET_SINK
                     ? lt_tool_copy("LEAT_SINK")
                     : lt_tool_format("%s%s", prefix, lt_tool_relay_flags[setting].name);
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return name;
}

static int take_option(struct lt_tool_settings *settings, enum lt_tool_side side,
                       const char *variable_key, const char *value, const char *origin)
{
    char *key = lt_tool_copy(variable_key);
    for (char *c = key; *c != '\0'; c++)
        *c = *c == '_' ? '.' : (char)tolower((unsigned char)*c);
    int status =
        lt_tool_settings_pair(settings, side, key, value, LT_TOOL_LAYER_ENVIRONMENT, origin);
    free(key);
    return status;
}

/* A name of ours that the environment may not say. */
static int fail_layer(const char *name, int setting)
{
    return lt_tool_settings_may((enum lt_tool_setting)setting, LT_TOOL_LAYER_FILE)
               ? lt_tool_wrong("environment variable \"%s\" names no option; hint: %s_KEY=VALUE",
                               name, name)
               : lt_tool_wrong("environment variable \"%s\" is not known: --%s is for the command "
                               "line only",
                               name, lt_tool_relay_flags[setting].name);
}

/* Names are compared without what all of them begin with, or LEAT_HOME would be near LEAT_NAME. */
static int fail_slip(const char *name, char *const *names)
{
    enum { PREFIX_BYTES = sizeof prefix - 1 };
    const char *bare[LT_TOOL_SET_COUNT];
    for (int i = 0; i < LT_TOOL_SET_COUNT; i++)
        bare[i] = names[i] + PREFIX_BYTES;
    const char *near = leat_admin_nearest(name + PREFIX_BYTES, bare, LT_TOOL_SET_COUNT);
    return near == NULL ? 0
                        : lt_tool_wrong("environment variable \"%s\" is not known; hint: did you "
                                        "mean \"%s%s\"?",
                                        name, prefix, near);
}

static int take_variable(struct lt_tool_settings *settings, const char *name, const char *value,
                         char *const *names)
{
    char *origin = lt_tool_format("environment %s", name);
    int status = -1;
    for (size_t i = 0; i < sizeof option_prefixes / sizeof option_prefixes[0]; i++) {
        size_t prefix_bytes = strlen(option_prefixes[i].prefix);
        if (strncmp(name, option_prefixes[i].prefix, prefix_bytes) == 0)
            status =
                take_option(settings, option_prefixes[i].side, name + prefix_bytes, value, origin);
    }
    if (strcmp(name, "LEAT_IO") == 0)
        status = lt_tool_settings_pair(settings, LT_TOOL_QUERY_SIDE, "io", value,
                                       LT_TOOL_LAYER_ENVIRONMENT, origin);
    for (int i = 0; i < LT_TOOL_SET_COUNT && status < 0; i++)
        if (strcmp(name, names[i]) == 0)
            status = !lt_tool_settings_may((enum lt_tool_setting)i, LT_TOOL_LAYER_ENVIRONMENT)
                         ? fail_layer(name, i)
                         : lt_tool_settings_set(settings, (enum lt_tool_setting)i, value,
                                                LT_TOOL_LAYER_ENVIRONMENT, origin);
    if (status < 0)
        status = fail_slip(name, names);
    free(origin);
    return status;
}

int lt_tool_settings_environment(struct lt_tool_settings *settings, char *const *environment)
{
    char *names[LT_TOOL_SET_COUNT];
    int status = 0;
    for (int i = 0; i < LT_TOOL_SET_COUNT; i++)
        names[i] = name_of(i);
    for (; *environment != NULL && status == 0; environment++) {
        const char *equals = strchr(*environment, '=');
        if (equals == NULL || strncmp(*environment, prefix, sizeof prefix - 1) != 0)
            continue;
        char *name = lt_tool_format("%.*s", (int)(equals - *environment), *environment);
        status = take_variable(settings, name, equals + 1, names);
        free(name);
    }
    for (int i = 0; i < LT_TOOL_SET_COUNT; i++)
        free(names[i]);
    return status;
}
