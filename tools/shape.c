/*
 * --schema and --format: a record's value as columns. What Spark's users write by hand around their
 * work is written here and in compose.c:
 *
 *     from_json(cast(value as string), DDL, map('mode', 'FAILFAST')) as _row
 *     _row.*, key as _key, ...                        what --where and --select see
 *     to_json(struct(...)) as value, _key as key ...  what a Kafka sink gets
 *
 * The columns of the value have their own names; what else the record has stands beside them under
 * an underscore, so that no field of a value is in its way.
 */
#include "tools/shape.h"

#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/ddl.h"

static const char *const formats[] = {"json", "csv", "text"};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

/* By Spark's names; those of writing are among them. */
static const char *const json_options[] = {"mode",
                                           "columnNameOfCorruptRecord",
                                           "allowComments",
                                           "allowUnquotedFieldNames",
                                           "allowSingleQuotes",
                                           "allowNumericLeadingZeros",
                                           "allowNonNumericNumbers",
                                           "allowBackslashEscapingAnyCharacter",
                                           "allowUnquotedControlChars",
                                           "primitivesAsString",
                                           "ignoreNullFields",
                                           "dateFormat",
                                           "timestampFormat",
                                           "timestampNTZFormat",
                                           "timeZone",
                                           "locale"};
static const char *const csv_options[] = {"mode",
                                          "columnNameOfCorruptRecord",
                                          "sep",
                                          "delimiter",
                                          "quote",
                                          "escape",
                                          "charToEscapeQuoteEscaping",
                                          "escapeQuotes",
                                          "comment",
                                          "nullValue",
                                          "emptyValue",
                                          "nanValue",
                                          "positiveInf",
                                          "negativeInf",
                                          "ignoreLeadingWhiteSpace",
                                          "ignoreTrailingWhiteSpace",
                                          "maxColumns",
                                          "maxCharsPerColumn",
                                          "unescapedQuoteHandling",
                                          "quoteAll",
                                          "dateFormat",
                                          "timestampFormat",
                                          "timestampNTZFormat",
                                          "timeZone",
                                          "locale"};

/* --------------------------------------------------------------------------------------- texts */

void lt_tool_shape_append(char **text, const char *more)
{
    char *before = *text;
    *text = before == NULL ? lt_tool_copy(more) : lt_tool_format("%s, %s", before, more);
    free(before);
}

void lt_tool_shape_append_new(char **text, char *more)
{
    lt_tool_shape_append(text, more);
    free(more);
}

/* As a literal of SQL; the caller's to free. */
static char *literal(const char *text)
{
    char *made = lt_tool_alloc(2 * strlen(text) + 3), *out = made;
    *out++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            *out++ = '\\';
        *out++ = *text;
    }
    *out = '\'';
    return made;
}

/* "`_key`" of "key". */
char *lt_tool_shape_beside(const char *name)
{
    char *plain = lt_tool_format("_%s", name), *quoted = lt_tool_schema_quote(plain);
    free(plain);
    return quoted;
}

/* -------------------------------------------------------------------------------------- formats */

int lt_tool_shape_format(const struct lt_tool_settings *settings, enum lt_tool_setting setting,
                         const char *fallback, const char **out)
{
    const char *format = lt_tool_settings_text(settings, setting);
    *out = format != NULL ? format : fallback;
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i], *out) == 0)
            return 0;
    char *hint = lt_tool_hint(format, formats, FORMAT_COUNT);
    int status = lt_tool_wrong("%s: --%s \"%s\" is none of: json, csv, text%s",
                               lt_tool_settings_origin(settings, setting),
                               lt_tool_relay_flags[setting].name, format, hint);
    free(hint);
    return status;
}

static bool is_among(const char *key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], key) == 0)
            return true;
    return false;
}

static int check_option(const struct lt_tool_item *item, const char *key, const char *format)
{
    bool is_json = strcmp(format, "json") == 0;
    const char *const *names = is_json ? json_options : csv_options;
    size_t count = is_json ? sizeof json_options / sizeof json_options[0]
                           : sizeof csv_options / sizeof csv_options[0];
    if (strcmp(format, "text") != 0 && is_among(key, names, count))
        return 0;
    char *hint = lt_tool_hint(key, names, strcmp(format, "text") == 0 ? 0 : count);
    int status =
        lt_tool_wrong("%s: the format %s has no option \"%s\"%s", item->origin, format, key, hint);
    free(hint);
    return status;
}

/* ", map('mode', 'FAILFAST', ...)" in *out. */
int lt_tool_shape_options(const struct lt_tool_settings *settings, const char *format,
                          bool for_reading, char **out)
{
    char *list = NULL;
    bool has_mode = false;
    int status = 0;
    for (size_t i = 0; i < settings->item_count && status == 0; i++) {
        const struct lt_tool_item *item = &settings->items[i];
        if (item->setting != LT_TOOL_SET_FORMAT_OPTION)
            continue;
        char *key = lt_tool_format("%.*s", (int)strcspn(item->text, "="), item->text);
        bool is_mode = strcmp(key, "mode") == 0;
        has_mode |= is_mode;
        status = for_reading ? check_option(item, key, format) : 0;
        if (for_reading || !is_mode) {
            lt_tool_shape_append_new(&list, literal(key));
            lt_tool_shape_append_new(&list, literal(strchr(item->text, '=') + 1));
        }
        free(key);
    }
    if (for_reading && !has_mode)
        lt_tool_shape_append(&list, "'mode', 'FAILFAST'");
    *out = list != NULL ? lt_tool_format(", map(%s)", list) : lt_tool_copy("");
    free(list);
    return status;
}

/* ---------------------------------------------------------------------------------------- parse */

static int check_source(const struct lt_tool_plan *plan, const struct lt_tool_schema *source)
{
    int index = lt_tool_schema_find(source, "value");
    const char *type = index < 0 ? "none" : source->fields[index].type;
    if (strcmp(type, "BINARY") == 0 || strcmp(type, "STRING") == 0)
        return 0;
    return lt_tool_wrong("--schema needs a source whose column value is text; that of \"%s\" is %s",
                         plan->source.text, type);
}

static char *parser_of(const char *format, const char *schema, const char *options)
{
    if (schema == NULL)
        return lt_tool_copy("cast(value as string) as value");
    char *ddl = literal(schema);
    char *made =
        lt_tool_format("from_%s(cast(value as string), %s%s) as _row", format, ddl, options);
    free(ddl);
    return made;
}

int lt_tool_shape_select(struct lt_tool_plan *plan, leat_stream **stream, const char *list,
                         const char *what)
{
    leat_stream *selected = leat_select(*stream, list);
    if (selected == NULL || leat_stream_schema(selected) == NULL)
        return lt_tool_wrong("%s: %s", what, leat_context_error(plan->context));
    *stream = selected;
    return 0;
}

/* The source's columns beside the new ones: as they are called after `before`. */
static void append_beside(char **list, const struct lt_tool_schema *source, bool is_renamed)
{
    for (size_t i = 0; i < source->count; i++) {
        char *now = lt_tool_schema_quote(source->fields[i].name);
        char *then = lt_tool_shape_beside(source->fields[i].name);
        lt_tool_shape_append_new(list, is_renamed ? lt_tool_copy(then)
                                                  : lt_tool_format("%s as %s", now, then));
        free(now);
        free(then);
    }
}

static int parse(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                 const char *format, const char *schema, leat_stream **stream)
{
    struct lt_tool_schema source;
    char *options = NULL, *fields = NULL;
    lt_tool_schema_parse(plan->source_schema, &source);
    int status = check_source(plan, &source);
    if (status == 0)
        status = lt_tool_shape_options(settings, format, true, &options);
    if (status == 0) {
        plan->parse = parser_of(format, schema, options);
        fields = lt_tool_copy(plan->parse);
        append_beside(&fields, &source, false);
        status = lt_tool_shape_select(plan, stream, fields, "--schema");
        free(fields);
    }
    if (status == 0 && schema != NULL) {
        fields = lt_tool_copy("_row.*");
        append_beside(&fields, &source, true);
        status = lt_tool_shape_select(plan, stream, fields, "--schema");
        free(fields);
    }
    free(options);
    lt_tool_schema_fini(&source);
    return status;
}

int lt_tool_plan_parse(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                       leat_stream **stream)
{
    const char *schema = lt_tool_settings_text(settings, LT_TOOL_SET_SCHEMA);
    const char *format;
    if (plan->reads_bytes) {
        plan->is_parsed = schema != NULL && strcmp(plan->sink.format, "kafka") == 0;
        return 0;
    }
    int status = lt_tool_shape_format(settings, LT_TOOL_SET_FORMAT, "json", &format);
    plan->is_parsed = schema != NULL || lt_tool_settings_text(settings, LT_TOOL_SET_FORMAT) != NULL;
    if (status != 0)
        return status;
    if (!plan->is_parsed) {
        for (size_t i = 0; i < settings->item_count; i++)
            if (settings->items[i].setting == LT_TOOL_SET_FORMAT_OPTION)
                return lt_tool_wrong("%s: --format-option goes with --schema",
                                     settings->items[i].origin);
        return plan->writes_bytes || lt_tool_settings_text(settings, LT_TOOL_SET_OUT_FORMAT) == NULL
                   ? 0
                   : lt_tool_wrong("%s: --out-format goes with --schema or --format",
                                   lt_tool_settings_origin(settings, LT_TOOL_SET_OUT_FORMAT));
    }
    bool is_text = strcmp(format, "text") == 0;
    if (is_text && schema != NULL)
        return lt_tool_wrong("%s: the format text is one column, value; hint: leave --schema out",
                             lt_tool_settings_origin(settings, LT_TOOL_SET_SCHEMA));
    if (!is_text && schema == NULL)
        return lt_tool_wrong("%s: --format %s needs columns; hint: --schema \"sym string, price "
                             "double\"",
                             lt_tool_settings_origin(settings, LT_TOOL_SET_FORMAT), format);
    return parse(plan, settings, format, schema, stream);
}
