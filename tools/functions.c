/*
 * `leat functions`: the function table of the expression language, for reading.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/flags.h"

enum { NAMES_MAX = 1024 };

static const struct lt_tool_flag flags[] = {{"help", 'h', NULL, "Print this and end."}};

struct request {
    const char *name; /* NULL: all */
    bool wants_help;
};

static int take(void *user, int index, const char *value)
{
    struct request *request = user;
    if (index != LT_TOOL_WORD)
        request->wants_help = true;
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
    int status = lt_tool_flags_parse(flags, 1, count, arguments, take, &request);
    if (status != 0)
        return status;
    if (request.wants_help) {
        printf("Usage: leat functions [NAME]\n"
               "The functions and operators of --where, --select and leat eval.\n\n");
        lt_tool_flags_print(flags, 1, stdout);
    } else if (request.name == NULL) {
        print_all();
    } else {
        status = print_named(request.name);
    }
    return lt_tool_finish(status);
}
