/*
 * `leat options`: connectors, and the option tables that the library checks against.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/flags.h"

static const struct lt_tool_flag flags[] = {{"help", 'h', NULL, "Print this and end."}};

struct words {
    const char *given[2];
    int count;
    bool wants_help;
};

static int take(void *user, int index, const char *value)
{
    struct words *words = user;
    if (index != LT_TOOL_WORD) {
        words->wants_help = true;
        return 0;
    }
    if (words->count == 2)
        return lt_tool_wrong("\"%s\" is one word too many", value);
    words->given[words->count++] = value;
    return 0;
}

static void print_help(void)
{
    printf(
        "Usage: leat options [source NAME | sink NAME | query | sql]\n"
        "Without words: the connectors. With them: every option of one, as a Markdown table.\n"
        "sql: how a table of SQL says how the query runs that writes it, and what SET knows.\n\n");
    lt_tool_flags_print(flags, 1, stdout);
}

static void print_connectors(const char *title, enum leat_admin_kind kind)
{
    const char *name, *doc;
    printf("%s\n", title);
    for (size_t i = 0; (name = leat_admin_connector(kind, i, &doc)) != NULL; i++)
        printf("  %-10s %s\n", name, doc);
}

static int fail_connector(enum leat_admin_kind kind, const char *what, const char *name)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX];
    size_t count = 0;
    while (count < NAMES_MAX && (names[count] = leat_admin_connector(kind, count, NULL)) != NULL)
        count++;
    char *hint = lt_tool_hint(name, names, count);
    int status = lt_tool_wrong("unknown %s \"%s\"%s", what, name,
                               *hint != '\0' ? hint : "; hint: leat options lists them");
    free(hint);
    return status;
}

static int print_reference(enum leat_admin_kind kind, const char *what, const char *name)
{
    char *reference = leat_admin_option_reference(kind, name);
    if (reference == NULL)
        return fail_connector(kind, what, name);
    printf("%s", reference);
    free(reference);
    return LT_TOOL_OK;
}

/* A table of SQL also takes the options of queries. */
static int print_sql(void)
{
    printf("Options of a table, beside those of its format and those of the query that writes it\n"
           "(leat options query):\n\n");
    (void)print_reference(LEAT_ADMIN_JOB, "sql", NULL); /* it is there */
    printf("\nSettings: SET name = value.\n\n");
    return print_reference(LEAT_ADMIN_SETTING, "sql", NULL);
}

static int print_of(const struct words *words)
{
    static const char *const kinds[] = {"source", "sink", "query", "sql"};
    static const enum leat_admin_kind values[] = {LEAT_ADMIN_SOURCE, LEAT_ADMIN_SINK,
                                                  LEAT_ADMIN_QUERY, LEAT_ADMIN_JOB};
    enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(words->given[0], kinds[i]) != 0)
            continue;
        bool has_name = values[i] == LEAT_ADMIN_SOURCE || values[i] == LEAT_ADMIN_SINK;
        if (has_name != (words->count == 2))
            return has_name ? lt_tool_wrong("which %s? hint: leat options lists them", kinds[i])
                            : lt_tool_wrong("\"%s\" takes no name", kinds[i]);
        return values[i] == LEAT_ADMIN_JOB
                   ? print_sql()
                   : print_reference(values[i], kinds[i], has_name ? words->given[1] : NULL);
    }
    char *hint = lt_tool_hint(words->given[0], kinds, KIND_COUNT);
    int status = lt_tool_wrong("\"%s\" is none of: source NAME, sink NAME, query, sql%s",
                               words->given[0], hint);
    free(hint);
    return status;
}

int lt_tool_options(int count, char **arguments)
{
    struct words words = {0};
    int status = lt_tool_flags_parse(flags, 1, count, arguments, take, &words);
    if (status != 0)
        return status;
    if (words.wants_help)
        print_help();
    else if (words.count > 0)
        status = print_of(&words);
    if (words.count == 0 && !words.wants_help) {
        print_connectors("Sources", LEAT_ADMIN_SOURCE);
        print_connectors("Sinks", LEAT_ADMIN_SINK);
        printf("leat options source NAME, sink NAME or query prints the options of one; sql, those "
               "of\n"
               "tables and settings.\n");
    }
    return lt_tool_finish(status);
}
