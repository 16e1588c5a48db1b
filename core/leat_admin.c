/*
 * The second public door: what there is to choose from (connectors, options, functions), and what a
 * query that was built would run with. Counters are in leat_admin_counters.c.
 */
#include "core/leat_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/leat_sql.h"
#include "core/run/pipeline.h"
#include "core/run/query_options.h"
#include "io/catalog.h"
#include "ops/catalog.h"

enum { SETTINGS_MAX = 128 };

struct table {
    const struct lt_option_spec *specs;
    size_t count;
    struct lt_option_spec settings[SETTINGS_MAX]; /* the specs, where they are made here */
};

/* ------------------------------------------------------------------------------------- options */

const char *leat_admin_connector(enum leat_admin_kind kind, size_t index, const char **doc)
{
    const struct lt_catalog *catalog = lt_io_catalog();
    const char *ignored;
    if (doc == NULL)
        doc = &ignored;
    if (kind == LEAT_ADMIN_SOURCE && index < catalog->source_count) {
        *doc = catalog->sources[index]->doc;
        return catalog->sources[index]->name;
    }
    if (kind == LEAT_ADMIN_SINK && index < catalog->sink_count) {
        *doc = catalog->sinks[index]->doc;
        return catalog->sinks[index]->name;
    }
    return NULL;
}

static void set_table(struct table *out, const struct lt_option_spec *specs, size_t count)
{
    out->specs = specs;
    out->count = count;
}

static void find_settings(struct table *out)
{
    out->specs = out->settings;
    out->count = 0;
    while (out->count < SETTINGS_MAX && lt_door_sql_setting(out->count, &out->settings[out->count]))
        out->count++;
}

static bool find_table(enum leat_admin_kind kind, const char *name, struct table *out)
{
    switch (kind) {
    case LEAT_ADMIN_QUERY:
        out->specs = lt_query_option_specs(&out->count);
        return true;
    case LEAT_ADMIN_JOB:
        out->specs = lt_door_sql_job_specs(&out->count);
        return true;
    case LEAT_ADMIN_SETTING:
        find_settings(out);
        return true;
    case LEAT_ADMIN_SOURCE:
    case LEAT_ADMIN_SINK:
        break;
    }
    if (name == NULL)
        return false;
    const struct lt_source_type *source =
        kind == LEAT_ADMIN_SOURCE ? lt_catalog_source(lt_io_catalog(), name, NULL) : NULL;
    const struct lt_sink_type *sink =
        kind == LEAT_ADMIN_SINK ? lt_catalog_sink(lt_io_catalog(), name, NULL) : NULL;
    if (source != NULL)
        set_table(out, source->options, source->option_count);
    else if (sink != NULL)
        set_table(out, sink->options, sink->option_count);
    return source != NULL || sink != NULL;
}

/* A stream that ends as text; the printers of core/base/options.h want one. */
struct memory_file {
    FILE *file;
    char *text;
    size_t size_bytes;
};

static void open_memory(struct memory_file *memory)
{
    *memory = (struct memory_file){0};
    memory->file = open_memstream(&memory->text, &memory->size_bytes);
    lt_assert(memory->file != NULL); /* fails without memory only */
}

static char *close_memory(struct memory_file *memory)
{
    bool failed = ferror(memory->file) != 0;
    lt_assert(fclose(memory->file) == 0 && !failed); /* as above */
    return memory->text;
}

char *leat_admin_option_reference(enum leat_admin_kind kind, const char *name)
{
    struct table table;
    struct memory_file memory;
    if (!find_table(kind, name, &table))
        return NULL;
    open_memory(&memory);
    lt_options_print_reference(table.specs, table.count, memory.file);
    return close_memory(&memory);
}

bool leat_admin_knows_option(enum leat_admin_kind kind, const char *name, const char *key)
{
    struct table table;
    if (key == NULL || !find_table(kind, name, &table))
        return false;
    for (size_t i = 0; i < table.count; i++) {
        const struct lt_option_spec *spec = &table.specs[i];
        if (spec->type == LT_OPTION_PREFIX ? lt_ascii_starts_with(key, spec->name)
                                           : lt_ascii_compare(key, spec->name) == 0)
            return true;
    }
    return false;
}

const char *leat_admin_option_name(enum leat_admin_kind kind, const char *name, size_t index)
{
    struct table table;
    return find_table(kind, name, &table) && index < table.count ? table.specs[index].name : NULL;
}

/* Prints one object's options, each line with who it belongs to in front. */
static void print_options(struct lt_text_buffer *out, const char *who, const char *name,
                          const struct lt_options *options, const struct table *table)
{
    struct memory_file memory;
    open_memory(&memory);
    lt_options_print_effective(options, table->specs, table->count, memory.file);
    char *text = close_memory(&memory), *rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        if (*line != '\0')
            lt_text_format(out, "%s%s%s: %s\n", who, *name != '\0' ? " " : "", name, line);
    free(text);
}

static void print_write(struct lt_text_buffer *out, const char *who,
                        const struct lt_plan_node *write)
{
    struct table table;
    set_table(&table, write->sink_type->options, write->sink_type->option_count);
    print_options(out, who, write->format, write->options, &table);
}

/* The READ at the end of the chain that one sink writes. */
static const struct lt_plan_node *read_of(const struct lt_plan_node *node)
{
    while (node->input_count > 0)
        node = node->inputs[0];
    return node;
}

char *leat_admin_effective_options(leat_query *query)
{
    struct lt_text_buffer out;
    struct table table;
    if (query == NULL)
        return NULL;
    lt_text_init(&out);
    if (query->sink_count > 0) {
        const struct lt_plan_node *read = read_of(query->sinks[0]);
        set_table(&table, read->source_type->options, read->source_type->option_count);
        print_options(&out, "source", read->format, read->options, &table);
    }
    for (uint32_t i = 0; i < query->sink_count; i++)
        print_write(&out, "sink", query->sinks[i]);
    if (query->dead_letters != NULL)
        print_write(&out, "dead letters", query->dead_letters);
    table.specs = lt_query_option_specs(&table.count);
    print_options(&out, "query", "", query->options, &table);
    return lt_text_take(&out);
}

int leat_admin_check(leat_query *query)
{
    if (query == NULL)
        return LEAT_ERROR_INVALID;
    if (query->running != NULL)
        return LEAT_OK; /* it has been started, so it was right */
    struct lt_error error;
    struct lt_query_spec spec;
    int code = lt_door_spec(query, &spec, &error);
    if (code == LT_OK)
        code = lt_query_check(&spec, &error);
    if (code == LT_OK)
        return LEAT_OK;
    lt_error_append(&error, "cannot start the query");
    query->error = error;
    return error.code;
}

/* ----------------------------------------------------------------------------------- functions */

bool leat_admin_function_at(size_t index, leat_admin_function *function)
{
    if (function == NULL || index >= lt_ops_function_count())
        return false;
    struct lt_ops_function from = lt_ops_function_at(index);
    leat_admin_function all = {
        .size = function->size,
        .name = from.name,
        .aliases = from.aliases,
        .usage = from.usage,
        .help = from.help,
        .example = from.example,
        .result = from.result,
        .group = from.group,
        .deterministic = from.deterministic,
    };
    memcpy(function, &all, function->size < sizeof all ? function->size : sizeof all);
    return true;
}
