/*
 * Completion at the prompt: keywords, functions, and what the session knows - its tables and views,
 * and their columns. Behind a word that a table follows, only tables.
 *
 * What was typed stays as it was typed, since names match without regard to case: a candidate is
 * that and the rest of the name. Names are asked for anew after each statement, at the first use.
 */
#include <ctype.h>
#include <editline/readline.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/sql.h"

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
static const char *const before_tables[] = {"FROM", "JOIN",     "INTO", "TABLE",
                                            "VIEW", "DESCRIBE", "DESC", "COLUMNS IN"};
enum {
    KEYWORD_COUNT = sizeof keywords / sizeof keywords[0],
    BEFORE_COUNT = sizeof before_tables / sizeof before_tables[0]
};

/* Completion is one at a time, as the line editor is. */
static struct {
    leat_context *context;
    char *names[2]; /* tables and views; those and all columns; NULL: to be asked for */
    bool only_tables;
    const char *name; /* the next */
    size_t keyword, function;
} state;

/* -------------------------------------------------------------------------------- candidates */

/* What was typed, and the rest of the name in the case of its beginning. */
static char *candidate(const char *begun, const char *name, size_t name_size, bool is_ours)
{
    size_t size = strlen(begun);
    char *made = lt_tool_format("%s%.*s", begun, (int)(name_size - size), name + size);
    for (char *c = made + size; is_ours && size > 0 && *c != '\0'; c++)
        *c = (char)(isupper((unsigned char)begun[0]) ? toupper((unsigned char)*c)
                                                     : tolower((unsigned char)*c));
    return made;
}

static bool is_plain(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return false;
    return size > 0;
}

/* Of a list of lines; state.name moves on. NULL: none is left. */
static char *next_name(const char *begun)
{
    size_t size = strlen(begun);
    while (*state.name != '\0') {
        const char *name = state.name;
        size_t name_size = strcspn(name, "\n");
        state.name += name_size + (name[name_size] == '\n');
        if (name_size >= size && strncasecmp(name, begun, size) == 0 && is_plain(name, name_size))
            return candidate(begun, name, name_size, false);
    }
    return NULL;
}

static char *next_word(const char *begun)
{
    size_t size = strlen(begun);
    char *name = next_name(begun);
    if (name != NULL || state.only_tables)
        return name;
    while (state.keyword < KEYWORD_COUNT) {
        const char *keyword = keywords[state.keyword++];
        if (strncasecmp(keyword, begun, size) == 0)
            return candidate(begun, keyword, strlen(keyword), true);
    }
    leat_admin_function function = {.size = sizeof function};
    while (leat_admin_function_at(state.function, &function)) {
        state.function++;
        if (isalpha((unsigned char)function.name[0]) &&
            strncasecmp(function.name, begun, size) == 0)
            return candidate(begun, function.name, strlen(function.name), true);
    }
    return NULL;
}

/* As the line editor asks: first with 0, until NULL. */
static char *generate(const char *begun, int is_next)
{
    char **names = &state.names[!state.only_tables];
    if (*names == NULL)
        *names = leat_admin_sql_names(state.context, !state.only_tables);
    if (is_next == 0) {
        state.name = *names;
        state.keyword = state.function = 0;
    }
    return next_word(begun);
}

/* Whether the text ends with the words, as words. */
static bool ends_with(const char *text, size_t size, const char *words)
{
    size_t words_size = strlen(words);
    return size >= words_size && strncasecmp(text + size - words_size, words, words_size) == 0 &&
           (size == words_size || isspace((unsigned char)text[size - words_size - 1]));
}

static char **complete(const char *begun, int begin, int end)
{
    size_t size = (size_t)begin;
    (void)end;
    while (size > 0 && isspace((unsigned char)rl_line_buffer[size - 1]))
        size--;
    state.only_tables = false;
    for (size_t i = 0; i < BEFORE_COUNT && size < (size_t)begin; i++)
        state.only_tables |= ends_with(rl_line_buffer, size, before_tables[i]);
    rl_attempted_completion_over = 1; /* never file names */
    return rl_completion_matches(begun, generate);
}

/* ------------------------------------------------------------------------------------ install */

void lt_tool_sql_complete(leat_context *context)
{
    static const char parts_words[] = " \t\n\"\\'`@$><=;|&{}()[],+-*/%:.!~^";
    state.context = context;
    rl_basic_word_break_characters = parts_words;
    rl_attempted_completion_function = complete;
    rl_completion_append_character = ' ';
}

void lt_tool_sql_complete_anew(void)
{
    for (size_t i = 0; i < sizeof state.names / sizeof state.names[0]; i++) {
        free(state.names[i]);
        state.names[i] = NULL;
    }
}
