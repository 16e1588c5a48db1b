/*
 * What formats are said for connectors of bytes, and by whom.
 */
#include "tools/formats.h"

#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/address.h"
#include "tools/commands.h"

static const char *const formats[] = {"json", "csv", "text", "raw"};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

/* A format, and who says so. */
struct said {
    const char *format, *origin;
};

static bool is_files(const char *connector)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i], connector) == 0)
            return true;
    return strcmp(connector, LT_TOOL_FILES) == 0;
}

bool lt_tool_is_of_bytes(enum leat_admin_kind kind, const char *connector)
{
    return is_files(connector) || leat_admin_knows_option(kind, connector, "format");
}

static int check_format(const struct lt_tool_settings *settings, enum lt_tool_setting setting)
{
    const char *format = lt_tool_settings_text(settings, setting);
    for (size_t i = 0; i < FORMAT_COUNT && format != NULL; i++)
        if (strcmp(formats[i], format) == 0)
            return 0;
    if (format == NULL)
        return 0;
    char *hint = lt_tool_hint(format, formats, FORMAT_COUNT);
    int status = lt_tool_wrong("%s: --%s \"%s\" is none of: json, csv, text, raw%s",
                               lt_tool_settings_origin(settings, setting),
                               lt_tool_relay_flags[setting].name, format, hint);
    free(hint);
    return status;
}

static struct said said_by(const struct lt_tool_settings *settings, enum lt_tool_setting setting,
                           const char *format)
{
    return (struct said){format, lt_tool_settings_origin(settings, setting)};
}

static const char *format_of_name(const struct lt_tool_url *url)
{
    const char *path = lt_tool_url_option(url, "path");
    return path != NULL ? lt_tool_address_format(path) : NULL;
}

/* `setting` says the format of the side whose URL it is; `named` is what its name says. */
static struct said said_or_named(const struct lt_tool_settings *settings,
                                 enum lt_tool_setting setting, enum lt_tool_setting side,
                                 const char *named)
{
    const char *format = lt_tool_settings_text(settings, setting);
    if (format != NULL)
        return said_by(settings, setting, format);
    if (named != NULL)
        return said_by(settings, side, named);
    return said_by(settings, LT_TOOL_SET_SCHEMA, NULL);
}

static bool has_schema(const struct lt_tool_settings *settings)
{
    return lt_tool_settings_text(settings, LT_TOOL_SET_SCHEMA) != NULL;
}

static struct said of_source(const struct lt_tool_settings *settings, const struct lt_tool_url *url)
{
    const char *named = has_schema(settings) ? format_of_name(url) : NULL;
    struct said said = said_or_named(settings, LT_TOOL_SET_FORMAT, LT_TOOL_SET_SOURCE, named);
    if (said.format == NULL && has_schema(settings))
        said.format = "json";
    return said;
}

static struct said of_sink(const struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    bool are_lines = plan->reads_bytes && !has_schema(settings);
    const char *named = are_lines ? "text" : format_of_name(&plan->sink);
    struct said said = said_or_named(settings, LT_TOOL_SET_OUT_FORMAT, LT_TOOL_SET_SINK, named);
    if (said.format == NULL && has_schema(settings))
        said.format = "json";
    return said;
}

static void name_files(struct lt_tool_url *url, const char *format)
{
    if (strcmp(url->format, LT_TOOL_FILES) != 0)
        return;
    free(url->format);
    url->format = lt_tool_copy(format);
}

int lt_tool_plan_name_files(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    plan->reads_bytes = lt_tool_is_of_bytes(LEAT_ADMIN_SOURCE, plan->source.format);
    plan->writes_bytes = lt_tool_is_of_bytes(LEAT_ADMIN_SINK, plan->sink.format);
    int status = plan->reads_bytes ? check_format(settings, LT_TOOL_SET_FORMAT) : 0;
    if (status == 0 && plan->writes_bytes)
        status = check_format(settings, LT_TOOL_SET_OUT_FORMAT);
    if (status != 0)
        return status;
    const char *in = of_source(settings, &plan->source).format;
    const char *out = of_sink(plan, settings).format;
    name_files(&plan->source, in != NULL ? in : "text");
    name_files(&plan->sink, out != NULL ? out : "json");
    return 0;
}

/* Dead letters have columns, whatever else is written to files of such a name. */
static const char *format_of_letters(const struct lt_tool_url *url)
{
    const char *named = format_of_name(url);
    return named != NULL && strcmp(named, "csv") == 0 ? "csv" : "json";
}

void lt_tool_plan_name_letters(struct lt_tool_plan *plan)
{
    name_files(&plan->dead_letters, format_of_letters(&plan->dead_letters));
}

/* ------------------------------------------------------------------------------------- dealing */

/* One side's format, where the connector is not one of a single format. */
static int deal_format(leat_options *options, enum leat_admin_kind kind, const char *connector,
                       const struct said *said)
{
    if (said->format == NULL || !leat_admin_knows_option(kind, connector, "format"))
        return 0;
    return lt_tool_plan_put(options, "format", said->format, said->origin);
}

/* An option of the format goes to whoever knows it. */
static int deal_format_option(struct lt_tool_plan *plan, const struct lt_tool_item *item)
{
    char *key = lt_tool_format("%.*s", (int)strcspn(item->text, "="), item->text);
    const char *value = strchr(item->text, '=') + 1;
    bool is_read = plan->reads_bytes &&
                   leat_admin_knows_option(LEAT_ADMIN_SOURCE, plan->source.format, key);
    bool is_written =
        plan->writes_bytes && leat_admin_knows_option(LEAT_ADMIN_SINK, plan->sink.format, key);
    int status = is_read ? lt_tool_plan_put(plan->source_options, key, value, item->origin) : 0;
    if (status == 0 && is_written)
        status = lt_tool_plan_put(plan->sink_options, key, value, item->origin);
    if (status == 0 && plan->reads_bytes && !is_read && !is_written)
        status = lt_tool_wrong("%s: source %s has no option \"%s\"; hint: leat options source %s",
                               item->origin, plan->source.format, key, plan->source.format);
    free(key);
    return status;
}

static int deal_letters_format(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    const struct lt_tool_url *url = &plan->dead_letters;
    if (plan->dead_options == NULL)
        return 0;
    struct said said = said_by(settings, LT_TOOL_SET_DLQ, format_of_letters(url));
    return deal_format(plan->dead_options, LEAT_ADMIN_SINK, url->format, &said);
}

int lt_tool_plan_deal_formats(struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    struct said in = of_source(settings, &plan->source), out = of_sink(plan, settings);
    int status = deal_letters_format(plan, settings);
    if (status == 0 && plan->reads_bytes)
        status = deal_format(plan->source_options, LEAT_ADMIN_SOURCE, plan->source.format, &in);
    if (status == 0 && plan->writes_bytes)
        status = deal_format(plan->sink_options, LEAT_ADMIN_SINK, plan->sink.format, &out);
    for (size_t i = 0; i < settings->item_count && status == 0; i++)
        if (settings->items[i].setting == LT_TOOL_SET_FORMAT_OPTION)
            status = deal_format_option(plan, &settings->items[i]);
    return status;
}
