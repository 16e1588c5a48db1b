/*
 * `leat functions`: the function table of the expression language, for reading: as a list, one
 * function, or as the tables of the reference page.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/flags.h"

enum { NAMES_MAX = 1024 };

enum flag { HELP, REFERENCE, FLAG_COUNT };
static const struct lt_tool_flag flags[FLAG_COUNT] = {
    [HELP] = {"help", 'h', NULL, "Print this and end."},
    [REFERENCE] = {"reference", 0, NULL, "Print all of each as Markdown tables."},
};

struct request {
    const char *name; /* NULL: all */
    bool wants_help, wants_reference;
};

static int take(void *user, int index, const char *value)
{
    struct request *request = user;
    if (index == HELP)
        request->wants_help = true;
    else if (index == REFERENCE)
        request->wants_reference = true;
    else if (request->name != NULL)
        return lt_tool_wrong("\"%s\" is one word too many", value);
    else
        request->name = value;
    return 0;
}

static bool function_at(size_t index, leat_admin_function *function)
{
    *function = (leat_admin_function){.size = sizeof *function};
    return leat_admin_function_at(index, function);
}

/* Operators and functions, group by group, in the table's order. */
static void print_all(void)
{
    leat_admin_function function;
    const char *group = "";
    for (size_t i = 0; function_at(i, &function); i++) {
        if (function.group != NULL && strcmp(group, function.group) != 0)
            printf("%s%s\n", *group != '\0' ? "\n" : "", function.group);
        group = function.group != NULL ? function.group : group;
        printf("  %-34s %s\n", function.usage, function.help);
    }
}

/* A text in a cell of a table. */
static void print_cell(const char *text, const char *quote)
{
    printf(" %s", quote);
    for (const char *at = text; *at != '\0'; at++)
        printf(*at == '|' ? "\\|" : "%c", *at);
    printf("%s |", quote);
}

static void print_row(const leat_admin_function *function)
{
    bool has_result = function->result != NULL && *function->result != '\0';
    printf("|");
    print_cell(function->usage, "`");
    print_cell(function->aliases != NULL ? function->aliases : "", "");
    print_cell(function->help, "");
    print_cell(function->example, "`");
    print_cell(has_result ? function->result : "", has_result ? "`" : "");
    printf("\n");
}

/* A table for each group, where its name comes first. */
static void print_reference(void)
{
    leat_admin_function function, other;
    for (size_t i = 0; function_at(i, &function); i++) {
        size_t first = 0;
        while (function_at(first, &other) && strcmp(other.group, function.group) != 0)
            first++;
        if (first != i)
            continue;
        printf("%s## %s\n\n| | also | | example | gives |\n|---|---|---|---|---|\n",
               i != 0 ? "\n" : "", function.group);
        for (size_t j = i; function_at(j, &other); j++) {
            if (strcmp(other.group, function.group) == 0)
                print_row(&other);
        }
    }
}

static bool is_alias(const char *aliases, const char *name)
{
    size_t size_bytes = strlen(name);
    for (const char *at = aliases; at != NULL && *at != '\0';) {
        size_t alias_bytes = strcspn(at, ",");
        if (alias_bytes == size_bytes && strncasecmp(at, name, size_bytes) == 0)
            return true;
        at += alias_bytes;
        at += strspn(at, ", ");
    }
    return false;
}

static void print_one(const leat_admin_function *function)
{
    printf("%s\n  %s\n", function->usage, function->help);
    if (function->aliases != NULL && *function->aliases != '\0')
        printf("  also: %s\n", function->aliases);
    if (function->example != NULL && *function->example != '\0')
        printf("  example: %s  ->  %s\n", function->example, function->result);
    if (!function->deterministic)
        printf("  not deterministic: a record that is read again may give another result\n");
}

static int print_named(const char *name)
{
    leat_admin_function function;
    const char *names[NAMES_MAX];
    size_t count = 0, found = 0;
    for (size_t i = 0; function_at(i, &function); i++) {
        if (count < NAMES_MAX)
            names[count++] = function.name;
        if (strcasecmp(function.name, name) != 0 && !is_alias(function.aliases, name))
            continue;
        print_one(&function);
        found++;
    }
    if (found > 0)
        return LT_TOOL_OK;
    char *hint = lt_tool_hint(name, names, count);
    int status = lt_tool_wrong("unknown function \"%s\"%s", name,
                               *hint != '\0' ? hint : "; hint: leat functions lists them");
    free(hint);
    return status;
}

int lt_tool_functions(int count, char **arguments)
{
    struct request request = {0};
    int status = lt_tool_flags_parse(flags, FLAG_COUNT, count, arguments, take, &request);
    if (status != 0)
        return status;
    if (request.name != NULL && request.wants_reference)
        return lt_tool_wrong("--reference prints all functions; \"%s\" is one word too many",
                             request.name);
    if (request.wants_help) {
        printf("Usage: leat functions [NAME | --reference]\n"
               "The functions and operators of --where, --select and leat eval.\n\n");
        lt_tool_flags_print(flags, FLAG_COUNT, stdout);
    } else if (request.wants_reference) {
        print_reference();
    } else if (request.name == NULL) {
        print_all();
    } else {
        status = print_named(request.name);
    }
    return lt_tool_finish(status);
}
