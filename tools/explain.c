/*
 * Printing a plan that was built and checked.
 */
#include "tools/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/ddl.h"

static void print_url(const char *what, const struct lt_tool_url *url, const char *origin)
{
    printf("relay: %s = %s   # %s%s\n", what, url->text, origin,
           url->overruled != NULL ? url->overruled : "");
}

/* Further sinks, each with what is its own. */
static void print_also(const struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    for (size_t i = 0; i < plan->also_count; i++) {
        const struct lt_tool_settings *own = &settings->also[i];
        print_url("also", &plan->also[i].sink, lt_tool_settings_origin(own, LT_TOOL_SET_SINK));
        for (int k = 0; k < LT_TOOL_SET_FLAGS; k++)
            if (own->values[k].text != NULL)
                printf("relay: also.%s = %s   # %s\n", lt_tool_relay_flags[k].name,
                       own->values[k].text, own->values[k].origin);
        for (size_t k = 0; k < own->pair_count; k++)
            printf("relay: also.%s = %s   # %s\n", own->pairs[k].key, own->pairs[k].value,
                   own->pairs[k].origin);
    }
}

int lt_tool_explain_config(const struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    char *effective = leat_admin_effective_options(plan->query);
    if (effective == NULL)
        return lt_tool_wrong("%s", leat_query_error(plan->query));
    print_url("source", &plan->source, lt_tool_settings_origin(settings, LT_TOOL_SET_SOURCE));
    print_url("sink", &plan->sink, lt_tool_settings_origin(settings, LT_TOOL_SET_SINK));
    print_also(plan, settings);
    for (int i = 0; i < LT_TOOL_SET_FLAGS; i++) {
        const char *text = lt_tool_settings_text(settings, (enum lt_tool_setting)i);
        if (text != NULL && i != LT_TOOL_SET_PRINT_CONFIG)
            printf("relay: %s = %s   # %s\n", lt_tool_relay_flags[i].name, text,
                   lt_tool_settings_origin(settings, (enum lt_tool_setting)i));
    }
    for (size_t i = 0; i < settings->item_count; i++)
        printf("relay: %s = %s   # %s\n", lt_tool_relay_flags[settings->items[i].setting].name,
               settings->items[i].text, settings->items[i].origin);
    printf("%s", effective);
    free(effective);
    return LT_TOOL_OK;
}

/* A column a line. */
static void print_schema(const char *ddl)
{
    struct lt_tool_schema schema;
    lt_tool_schema_parse(ddl, &schema);
    for (size_t i = 0; i < schema.count; i++)
        printf("       %-14s %s\n", schema.fields[i].name, schema.fields[i].type);
    lt_tool_schema_fini(&schema);
}

static void print_headers(const struct lt_tool_settings *settings)
{
    for (size_t i = 0; i < settings->item_count; i++)
        if (settings->items[i].setting != LT_TOOL_SET_FORMAT_OPTION)
            printf("%-6s header %s\n",
                   settings->items[i].setting == LT_TOOL_SET_DROP_HEADER ? "drop" : "add",
                   settings->items[i].text);
}

static void explain_also(const struct lt_tool_plan *plan, const struct lt_tool_plan *branch)
{
    printf("also   from the same read\n");
    if (branch->where != NULL)
        printf("where  %s\n", branch->where);
    if (branch->select != NULL)
        printf("select %s\n", branch->select);
    printf("write  %s\n", branch->sink.text);
    if (strcmp(plan->source_schema, branch->sink_schema) != 0)
        print_schema(branch->sink_schema);
}

int lt_tool_explain_plan(const struct lt_tool_plan *plan, const struct lt_tool_settings *settings)
{
    const char *where = lt_tool_settings_text(settings, LT_TOOL_SET_WHERE);
    const char *checkpoint = lt_tool_settings_text(settings, LT_TOOL_SET_CHECKPOINT);
    char *choices = leat_query_explain(plan->query);
    if (choices == NULL)
        return lt_tool_wrong("%s", leat_query_error(plan->query));
    printf("read   %s\n", plan->source.text);
    print_schema(plan->source_schema);
    if (plan->parse != NULL)
        printf("parse  %s\n", plan->parse);
    if (where != NULL)
        printf("where  %s\n", where);
    if (plan->select != NULL)
        printf("select %s\n", plan->select);
    print_headers(settings);
    printf("write  %s\n", plan->sink.text);
    if (strcmp(plan->source_schema, plan->sink_schema) == 0)
        printf("       the rows as they were read: no copy between source and sink\n");
    else
        print_schema(plan->sink_schema);
    for (size_t i = 0; i < plan->also_count; i++)
        explain_also(plan, &plan->also[i]);
    if (plan->dead_letters.text != NULL)
        printf("failed records go to %s\n", plan->dead_letters.text);
    else
        printf("a record that fails ends the relay; hint: --dlq URL\n");
    printf("epochs every %.3g s, %s%s\n", (double)plan->epoch_ns / 1e9,
           checkpoint != NULL ? "kept in " : "kept nowhere: a new start begins anew",
           checkpoint != NULL ? checkpoint : "");
    printf("\n%s", choices);
    free(choices);
    return LT_TOOL_OK;
}
