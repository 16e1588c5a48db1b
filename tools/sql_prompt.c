/*
 * The prompt: lines are gathered until a statement ends in ';'. Words are completed from keywords
 * and functions; what was typed is kept between sessions in
 * ~/.leat_history (or the file that LEAT_HISTORY names).
 */
#include <ctype.h>
#include <editline/readline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/sql.h"

enum { HISTORY_LINES = 1000 };

static const char *const keywords[] = {
    "AS",           "BETWEEN",       "BY NAME",     "CASE",     "CAST",        "CREATE",
    "DELAY OF",     "DESCRIBE",      "DROP",        "ELSE",     "END",         "EXCEPT",
    "EXPLAIN",      "EXTENDED",      "FORMATTED",   "FROM",     "FUNCTION",    "FUNCTIONS",
    "IF EXISTS",    "IF NOT EXISTS", "INSERT INTO", "INTERVAL", "IS NOT NULL", "IS NULL",
    "LATERAL VIEW", "LIKE",          "NOT",         "OPTIONS",  "OR REPLACE",  "RESET",
    "SELECT",       "SET",           "SHOW",        "TABLE",    "TABLES",      "TEMPORARY",
    "THEN",         "UNION ALL",     "USING",       "VIEW",     "VIEWS",       "WATERMARK",
    "WHEN",         "WHERE",         "WITH",
};
enum { KEYWORD_COUNT = sizeof keywords / sizeof keywords[0] };

/* -------------------------------------------------------------------------------- completion */

/* The next candidate for `begun` after `*state`: keywords, then functions. NULL: none is left. */
static char *next_word(const char *begun, size_t *state)
{
    size_t size = strlen(begun);
    for (; *state < KEYWORD_COUNT; ++*state) {
        if (strncasecmp(keywords[*state], begun, size) == 0)
            return lt_tool_copy(keywords[(*state)++]);
    }
    leat_admin_function function = {.size = sizeof function};
    while (leat_admin_function_at(*state - KEYWORD_COUNT, &function)) {
        ++*state;
        if (isalpha((unsigned char)function.name[0]) &&
            strncasecmp(function.name, begun, size) == 0)
            return lt_tool_copy(function.name);
    }
    return NULL;
}

/* As the line editor asks: first with state 0, until NULL. */
static char *generate(const char *begun, int state)
{
    static size_t at;
    if (state == 0)
        at = 0;
    return next_word(begun, &at);
}

static char **complete(const char *begun, int begin, int end)
{
    (void)begin;
    (void)end;
    rl_attempted_completion_over = 1; /* never file names */
    return rl_completion_matches(begun, generate);
}

/* ------------------------------------------------------------------------------------- lines */

static char *history_path(void)
{
    const char *named = getenv("LEAT_HISTORY"), *home = getenv("HOME");
    if (named != NULL)
        return lt_tool_copy(named);
    return home == NULL ? NULL : lt_tool_format("%s/.leat_history", home);
}

/* Whether the text so far is whole: its last character is a ';'. */
static bool is_whole(const char *text)
{
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        size--;
    return size > 0 && text[size - 1] == ';';
}

static bool is_exit(const char *line)
{
    line += strspn(line, " \t");
    size_t size = strcspn(line, " \t;");
    return (size == 4 && strncasecmp(line, "exit", 4) == 0) ||
           (size == 4 && strncasecmp(line, "quit", 4) == 0);
}

/* Adds a line to the text so far; both are spent. */
static char *join(char *text, char *line)
{
    char *both = text == NULL ? lt_tool_copy(line) : lt_tool_format("%s\n%s", text, line);
    free(text);
    free(line);
    return both;
}

static void run_text(struct lt_tool_sql *sql, const char *text)
{
    char *line = lt_tool_copy(text);
    for (char *c = line; *c != '\0'; c++)
        *c = *c == '\n' ? ' ' : *c; /* one line of history for one statement */
    add_history(line);
    free(line);
    (void)lt_tool_sql_text(sql, text); /* what is wrong has been told, and the session goes on */
}

int lt_tool_sql_prompt(struct lt_tool_sql *sql)
{
    char *path = history_path(), *text = NULL, *line;
    sql->is_prompt = true;
    rl_initialize();
    rl_attempted_completion_function = complete;
    rl_completion_append_character = ' ';
    using_history();
    stifle_history(HISTORY_LINES);
    if (path != NULL)
        (void)read_history(path); /* there may be none yet */
    printf("leat %s; statements end in ';', exit or Ctrl-D ends the session\n", leat_version());
    while ((line = readline(text == NULL ? "leat> " : "    > ")) != NULL) {
        if (text == NULL && is_exit(line)) {
            free(line);
            break;
        }
        text = join(text, line);
        if (!is_whole(text) && text[strspn(text, " \t")] != '\0')
            continue;
        if (is_whole(text))
            run_text(sql, text);
        free(text);
        text = NULL;
        (void)lt_tool_sql_reap(sql); /* told there */
    }
    free(text);
    if (path != NULL && write_history(path) != 0)
        lt_tool_say("cannot write \"%s\": what was typed is not kept", path);
    free(path);
    return LT_TOOL_OK;
}
