/*
 * The prompt: lines are gathered until a statement ends in ';', outside of strings and comments.
 * Ctrl-C drops what is typed, or ends what runs, and the session goes on. What was typed is kept
 * between sessions in ~/.leat_history (or the file that LEAT_HISTORY names).
 *
 * Keys are read here and not by the line editor, whose way with signals is to send them to every
 * process of the terminal again.
 */
#include <ctype.h>
#include <editline/readline.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/control.h"
#include "tools/signals.h"
#include "tools/sql.h"

enum { HISTORY_LINES = 1000, LOOK_MS = 1000 };

static bool is_cancelled; /* the line that is being read, by Ctrl-C */
static struct lt_tool_sql *session; /* whose queries others may ask about meanwhile */

/* ---------------------------------------------------------------------------------------- keys */

/* The next byte, or -1: the end. 0: a signal, and no byte. */
static int read_byte(void)
{
    unsigned char byte;
    while (lt_tool_signals_seen() == 0) {
        struct pollfd in[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                              {.fd = lt_tool_control_fd(session->control), .events = POLLIN}};
        int count = poll(in, 2, LOOK_MS); /* a signal between look and poll is seen by the next */
        if (count < 0 && errno != EINTR)
            return -1;
        lt_tool_control_step(session->control);
        if (count > 0 && in[0].revents != 0)
            return read(STDIN_FILENO, &byte, 1) == 1 ? byte : -1;
    }
    return 0;
}

/* A character of UTF-8, as the line editor wants it. Ctrl-C ends the line; SIGTERM the input. */
static int read_key(FILE *file)
{
    (void)file;
    int first = read_byte();
    if (first == 0 && lt_tool_signals_seen() == SIGINT) {
        lt_tool_signals_forget();
        is_cancelled = true;
        return '\n';
    }
    if (first <= 0)
        return -1;
    int more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    int key = more == 0 ? first : first & (0x3f >> more);
    for (; more > 0; more--) {
        int next = read_byte();
        if (next <= 0)
            return -1;
        key = key << 6 | (next & 0x3f);
    }
    return key;
}

/* --------------------------------------------------------------------------------------- lines */

/* Behind what begins at `at`, a string, a quoted name or a comment; NULL: it has no end yet. `at`
 * itself: it is none of these. */
static const char *skip(const char *at)
{
    if (*at == '\'' || *at == '"' || *at == '`') {
        const char *end = at + 1;
        for (; *end != '\0' && *end != *at; end++)
            end += *end == '\\' && *at != '`' && end[1] != '\0';
        return *end != '\0' ? end + 1 : NULL;
    }
    if (strncmp(at, "--", 2) == 0)
        return at + strcspn(at, "\n");
    if (strncmp(at, "/*", 2) == 0) {
        const char *end = strstr(at + 2, "*/");
        return end != NULL ? end + 2 : NULL;
    }
    return at;
}

/* Whether the text so far is whole: behind its last ';' there is nothing, or a comment. *is_empty:
 * there is nothing at all. */
static bool is_whole(const char *text, bool *is_empty)
{
    bool is_whole = false;
    *is_empty = true;
    while (*text != '\0') {
        const char *end = skip(text);
        bool is_comment = strncmp(text, "--", 2) == 0 || strncmp(text, "/*", 2) == 0;
        if (end == NULL) {
            *is_empty = false;
            return false;
        }
        if (!is_comment && !isspace((unsigned char)*text)) {
            is_whole = *text == ';';
            *is_empty = false;
        }
        text = end > text ? end : text + 1;
    }
    return is_whole;
}

/* One line for one statement, without its comments, which would take the rest with them. */
static char *line_of_history(const char *text)
{
    char *line = lt_tool_alloc(strlen(text) + 1), *out = line;
    while (*text != '\0') {
        const char *end = skip(text);
        bool is_comment = strncmp(text, "--", 2) == 0 || strncmp(text, "/*", 2) == 0;
        if (end == NULL || end == text)
            end = text + 1;
        for (; text < end; text++)
            if (!is_comment)
                *out++ = *text == '\n' ? ' ' : *text;
    }
    while (out > line && isspace((unsigned char)out[-1]))
        out--;
    *out = '\0';
    return line;
}

static bool is_exit(const char *line)
{
    line += strspn(line, " \t");
    size_t size = strcspn(line, " \t;");
    return size == 4 && (strncasecmp(line, "exit", 4) == 0 || strncasecmp(line, "quit", 4) == 0);
}

/* Adds a line to the text so far; both are spent. */
static char *join(char *text, char *line)
{
    char *both = text == NULL ? lt_tool_copy(line) : lt_tool_format("%s\n%s", text, line);
    free(text);
    free(line);
    return both;
}

/* ------------------------------------------------------------------------------------- session */

static char *history_path(void)
{
    const char *named = getenv("LEAT_HISTORY"), *home = getenv("HOME");
    if (named != NULL)
        return lt_tool_copy(named);
    return home == NULL ? NULL : lt_tool_format("%s/.leat_history", home);
}

/* Names and strings are UTF-8, whatever else the person's locale says. */
static void open_editor(struct lt_tool_sql *sql)
{
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* without it only ASCII can be typed */
    lt_tool_signals_install();
    lt_tool_signals_session(sql->context, true);
    rl_catch_signals = 0;
    rl_getc_function = read_key;
    session = sql;
    rl_initialize();
    lt_tool_sql_complete(sql->context);
    using_history();
    stifle_history(HISTORY_LINES);
}

static void run_text(struct lt_tool_sql *sql, const char *text)
{
    char *line = line_of_history(text);
    add_history(line);
    free(line);
    (void)lt_tool_sql_text(sql, text); /* what is wrong has been told, and the session goes on */
    if (lt_tool_signals_seen() == SIGINT)
        lt_tool_signals_forget();
    lt_tool_sql_complete_anew();
}

/* Takes a line to the text so far, and runs it when it is whole; what is left of it. */
static char *take_line(struct lt_tool_sql *sql, char *text, char *line)
{
    bool is_empty;
    text = join(text, line);
    if (!is_cancelled && !is_whole(text, &is_empty) && !is_empty)
        return text;
    if (is_cancelled)
        printf("^C\n");
    else if (!is_empty)
        run_text(sql, text);
    free(text);
    lt_tool_sql_reap(sql); /* told there */
    return NULL;
}

int lt_tool_sql_prompt(struct lt_tool_sql *sql)
{
    char *path = history_path(), *text = NULL, *line;
    sql->is_prompt = true;
    open_editor(sql);
    if (path != NULL)
        (void)read_history(path); /* there may be none yet */
    printf("leat %s; statements end in ';', exit or Ctrl-D ends the session\n", leat_version());
    for (;;) {
        is_cancelled = false;
        line = readline(text == NULL ? "leat> " : "    > ");
        if (line == NULL || (text == NULL && !is_cancelled && is_exit(line)))
            break;
        text = take_line(sql, text, line);
    }
    if (line == NULL)
        printf("\n");
    free(line);
    free(text);
    lt_tool_sql_complete_anew();
    (void)umask(S_IRWXG | S_IRWXO); /* there may be passwords in it */
    if (path != NULL && write_history(path) != 0)
        lt_tool_say("cannot write \"%s\": what was typed is not kept", path);
    free(path);
    return LT_TOOL_OK;
}
