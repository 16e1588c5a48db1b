/*
 * The columns of a row as a value again.
 *
 * A list that names _key, _topic, _partition, _headers or _timestamp sets them; what it does not
 * name stays as it was. All other columns make the value. A record without a value, which deletes
 * its key in a compacted topic, stays one. A sink other than Kafka's takes the columns as they are.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/ddl.h"
#include "tools/shape.h"

/* What a sink of Kafka takes beside the value, and what the row calls it. */
static const char *const settable[] = {"_key", "_headers", "_timestamp", "_partition", "_topic"};
enum { SETTABLE_COUNT = sizeof settable / sizeof settable[0], KEPT_COUNT = 4 /* not topic */ };

/* What is known of the row that is to be written. */
struct row {
    const struct lt_tool_settings *settings;
    struct lt_tool_schema before, names; /* of the parsed row, and of the list */
    bool has_star;                       /* the list has * */
    bool is_kafka;
    bool is_record; /* it was a record's value: the rest of the record stands beside it */
};

static bool is_beside(const struct lt_tool_schema *source, const char *name)
{
    return name[0] == '_' && lt_tool_schema_find(source, name + 1) >= 0;
}

static bool is_settable(const char *name)
{
    for (size_t i = 0; i < SETTABLE_COUNT; i++)
        if (strcmp(settable[i], name) == 0)
            return true;
    return false;
}

/* Whether a column of the list is one of the value. */
static bool is_of_value(const struct row *row, const struct lt_tool_schema *source,
                        const char *name)
{
    if (!row->is_record)
        return !(row->is_kafka && is_settable(name));
    if (!is_beside(source, name))
        return true;
    return !row->has_star && !(row->is_kafka && is_settable(name));
}

static char *columns_of(const struct row *row, const struct lt_tool_schema *source, size_t *count)
{
    char *list = NULL;
    *count = 0;
    for (size_t i = 0; i < row->names.count; i++) {
        const char *name = row->names.fields[i].name;
        if (!is_of_value(row, source, name))
            continue;
        lt_tool_shape_append_new(&list, lt_tool_schema_quote(name));
        ++*count;
    }
    return list;
}

/* The value that the columns make, in *out. */
static int value_of(const struct row *row, const char *columns, size_t count, char **out)
{
    const char *in, *format;
    char *options = NULL;
    int status = lt_tool_shape_format(row->settings, LT_TOOL_SET_FORMAT, "json", &in);
    if (status == 0)
        status = lt_tool_shape_format(row->settings, LT_TOOL_SET_OUT_FORMAT,
                                      strcmp(in, "text") == 0 ? "text" : "json", &format);
    if (status != 0)
        return status;
    if (strcmp(format, "text") == 0 && count != 1)
        return lt_tool_wrong("the format text takes one column, and the row has %zu: %s; hint: "
                             "--out-format json",
                             count, columns);
    if (strcmp(format, "text") == 0) {
        *out = lt_tool_format("cast(%s as string)", columns);
        return 0;
    }
    if (strcmp(in, format) == 0)
        status = lt_tool_shape_options(row->settings, format, false, &options);
    *out = lt_tool_format("to_%s(struct(%s)%s)", format, columns, options != NULL ? options : "");
    free(options);
    return status;
}

/* What the sink of Kafka is given: the value, and each column beside it that the row has. */
static int compose(struct lt_tool_plan *plan, const struct row *row, const char *columns,
                   size_t count, bool gives_topic, leat_stream **stream)
{
    const char *time = lt_tool_settings_text(row->settings, LT_TOOL_SET_TIMESTAMP);
    bool is_now = strcmp(time, "now") == 0;
    char *value = NULL;
    int status = value_of(row, columns, count, &value);
    if (status != 0)
        return status;
    char *list =
        lt_tool_format(row->is_record ? "if(_value is null, null, %s) as value" : "%s as value",
                       value);
    free(value);
    for (size_t i = 0; i < SETTABLE_COUNT; i++) {
        const char *name = settable[i];
        bool is_there =
            lt_tool_schema_find(&row->names, name) >= 0 ||
            (row->is_record && lt_tool_schema_find(&row->before, name) >= 0);
        bool is_left = (is_now && strcmp(name, "_timestamp") == 0) ||
                       (!gives_topic && strcmp(name, "_topic") == 0);
        if (is_there && !is_left)
            lt_tool_shape_append_new(&list, lt_tool_format("%s as %s", name, name + 1));
    }
    plan->select = list;
    return lt_tool_shape_select(plan, stream, list, "--select");
}

/* The list, and what it leaves out of what must be known to write the row. */
static char *complete(const char *list, const struct row *row)
{
    char *all = lt_tool_copy(list);
    if (!row->is_record)
        return all;
    for (size_t i = 0; i < KEPT_COUNT && !row->has_star; i++)
        if (lt_tool_schema_find(&row->names, settable[i]) < 0 &&
            lt_tool_schema_find(&row->before, settable[i]) >= 0)
            lt_tool_shape_append(&all, settable[i]);
    if (lt_tool_schema_find(&row->names, "_value") < 0)
        lt_tool_shape_append(&all, "_value");
    return all;
}

static int read_row(struct lt_tool_plan *plan, const char *list, leat_stream *stream,
                    struct row *row)
{
    leat_stream *tried = leat_select(stream, list);
    const char *before = leat_stream_schema(stream);
    const char *names = tried != NULL ? leat_stream_schema(tried) : NULL;
    if (names == NULL)
        return lt_tool_wrong("--select: %s", leat_context_error(plan->context));
    lt_tool_schema_parse(before, &row->before);
    lt_tool_schema_parse(names, &row->names);
    row->has_star = row->is_record && lt_tool_schema_find(&row->names, "_value") >= 0;
    return 0;
}

static int write_row(struct lt_tool_plan *plan, const char *list, const struct row *row,
                     bool *gives_topic, leat_stream **stream)
{
    struct lt_tool_schema source;
    size_t count;
    lt_tool_schema_parse(plan->source_schema, &source);
    char *columns = columns_of(row, &source, &count);
    bool has_topic = lt_tool_schema_find(&row->names, "_topic") >= 0;
    *gives_topic = row->is_kafka && has_topic && (!row->has_star || plan->sink.topics == NULL);
    int status = 0;
    if (count == 0)
        status = lt_tool_wrong("--select \"%s\" leaves no column for the value", list);
    else if (row->is_kafka) {
        char *all = complete(list, row);
        status = lt_tool_shape_select(plan, stream, all, "--select");
        free(all);
        if (status == 0)
            status = compose(plan, row, columns, count, *gives_topic, stream);
    } else {
        status = lt_tool_shape_select(plan, stream, list, "--select");
        if (status == 0)
            status = lt_tool_shape_select(plan, stream, columns, "--select");
        plan->select = lt_tool_copy(list);
    }
    free(columns);
    lt_tool_schema_fini(&source);
    return status;
}

int lt_tool_plan_compose(struct lt_tool_plan *plan, const struct lt_tool_settings *settings,
                         leat_stream **stream, bool *gives_topic)
{
    const char *list = lt_tool_settings_text(settings, LT_TOOL_SET_SELECT);
    struct row row = {.settings = settings,
                      .is_kafka = strcmp(plan->sink.format, "kafka") == 0,
                      .is_record = !plan->reads_bytes};
    list = list != NULL ? list : "*";
    int status = lt_tool_plan_check_timestamp(settings);
    if (status == 0 && !row.is_kafka && !plan->writes_bytes &&
        lt_tool_settings_text(settings, LT_TOOL_SET_OUT_FORMAT) != NULL)
        return lt_tool_wrong("%s: sink %s takes columns as they are (option \"--out-format\")",
                             lt_tool_settings_origin(settings, LT_TOOL_SET_OUT_FORMAT),
                             plan->sink.format);
    if (status == 0)
        status = read_row(plan, list, *stream, &row);
    if (status == 0)
        status = write_row(plan, list, &row, gives_topic, stream);
    lt_tool_schema_fini(&row.before);
    lt_tool_schema_fini(&row.names);
    return status;
}
