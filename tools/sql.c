/*
 * `leat sql`, `leat run` and `leat check`: command lines and files.
 */
#include "tools/sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/flags.h"
#include "tools/relay.h"
#include "tools/signals.h"

#define SESSION_FLAGS                                                                              \
    {"set", 's', "KEY=VALUE", "As SET KEY=VALUE in front; may be given several times."},           \
        {"progress-interval", 0, "TIME",                                                           \
         "How often the live line, or a line of JSON progress, is printed; default 1s."},          \
        {"restarts", 0, "N",                                                                       \
         "How often in a row a query is started again that failed by what may pass; default 5."},  \
        {"quiet", 'q', NULL, "No live line and no progress."},                                     \
        {"log-level", 0, "LEVEL", "error, warn (the default), info or debug."},                    \
    {                                                                                              \
        "help", 'h', NULL, "Print this and end."                                                   \
    }

static const struct lt_tool_flag flags[] = {
    {"execute", 'e', "SQL", "Run these statements; may be given several times."},
    {"file", 'f', "FILE", "Run the statements of a file; - is stdin."},
    SESSION_FLAGS,
};
enum {
    FLAG_EXECUTE,
    FLAG_FILE,
    FLAG_SET,
    FLAG_PROGRESS_INTERVAL,
    FLAG_RESTARTS,
    FLAG_QUIET,
    FLAG_LOG_LEVEL,
    FLAG_HELP,
    FLAG_COUNT
};
/* Those of a script whose name is a word. */
static const struct lt_tool_flag *const script_flags = flags + FLAG_SET;
enum { SCRIPT_FLAG_COUNT = FLAG_COUNT - FLAG_SET };

/* A part of what is to be run: a text, or a file's name. */
struct part {
    int flag;
    const char *value;
};

struct command {
    struct part *parts;
    size_t count;
    const char *log_level, *progress_interval, *restarts; /* NULL: not given */
    bool is_quiet, wants_help;
};

static int add_part(struct command *command, int flag, const char *value)
{
    command->parts = lt_tool_grow(command->parts, command->count, sizeof *command->parts);
    command->parts[command->count++] = (struct part){flag, value};
    return 0;
}

static int take(void *user, int index, const char *value)
{
    struct command *command = user;
    switch (index) {
    case LT_TOOL_WORD:
        return lt_tool_wrong("\"%s\" is no option; hint: -e 'SQL' or -f FILE", value);
    case FLAG_HELP:
        command->wants_help = true;
        return 0;
    case FLAG_QUIET:
        command->is_quiet = true;
        return 0;
    case FLAG_LOG_LEVEL:
        command->log_level = value;
        return 0;
    case FLAG_PROGRESS_INTERVAL:
        command->progress_interval = value;
        return 0;
    case FLAG_RESTARTS:
        command->restarts = value;
        return 0;
    default:
        return add_part(command, index, value);
    }
}

/* Of a script: the one word is its name, and runs last. */
static int take_of_script(void *user, int index, const char *value)
{
    struct command *command = user;
    if (index != LT_TOOL_WORD)
        return take(user, index + FLAG_SET, value);
    for (size_t i = 0; i < command->count; i++) {
        if (command->parts[i].flag == FLAG_FILE)
            return lt_tool_wrong("\"%s\" is one word too many; hint: one file, or SOURCE SINK with "
                                 "a ':' each, as kafka://HOST:PORT/TOPIC or rate:",
                                 value);
    }
    return add_part(command, FLAG_FILE, value);
}

/* Editors of some systems put U+FEFF in front of a text. */
static char *without_mark(char *text)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (strncmp(text, mark, sizeof mark - 1) == 0)
        memmove(text, text + sizeof mark - 1, strlen(text) - (sizeof mark - 1) + 1);
    return text;
}

static char *read_text(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        lt_tool_say("cannot open \"%s\": %s", path, strerror(errno));
        return NULL;
    }
    char *text = NULL;
    size_t capacity = 0;
    errno = 0;
    ssize_t size_bytes = getdelim(&text, &capacity, '\0', file);
    int error = ferror(file) != 0 ? errno : 0;
    bool has_nul = size_bytes > 0 && text[size_bytes - 1] == '\0';
    if (file != stdin)
        fclose(file);
    if (size_bytes < 0 && error == 0) { /* it is empty */
        free(text);
        return lt_tool_copy("");
    }
    if (error == 0 && !has_nul)
        return without_mark(text);
    free(text);
    if (has_nul)
        lt_tool_say("\"%s\" is no text: it has a zero byte", path);
    else
        lt_tool_say("cannot read \"%s\": %s", path, strerror(error));
    return NULL;
}

int lt_tool_sql_file(struct lt_tool_sql *sql, const char *path)
{
    char *text = read_text(path);
    if (text == NULL)
        return LT_TOOL_USAGE;
    sql->path = strcmp(path, "-") == 0 ? NULL : path;
    int status = lt_tool_sql_text(sql, text);
    sql->path = NULL;
    free(text);
    return status;
}

static int run_part(struct lt_tool_sql *sql, const struct part *part)
{
    if (part->flag == FLAG_FILE)
        return lt_tool_sql_file(sql, part->value);
    if (part->flag == FLAG_EXECUTE)
        return lt_tool_sql_text(sql, part->value);
    char *text = lt_tool_format("SET %s", part->value);
    int status = strchr(part->value, '=') != NULL
                     ? lt_tool_sql_text(sql, text)
                     : lt_tool_wrong("\"%s\" is not KEY=VALUE (option \"--set\")", part->value);
    free(text);
    return status;
}

/* No further statement is begun. The queries beside one that has failed run on; a statement that is
 * wrong is the end of all. */
static int end_parts(struct lt_tool_sql *sql, int status)
{
    if (sql->is_cut_short)
        (void)lt_tool_sql_wait(sql); /* the first status counts */
    return status;
}

/* SET comes first, wherever it stands. */
static int run_parts(struct lt_tool_sql *sql, const struct command *command)
{
    int status = LT_TOOL_OK;
    bool has_statements = false;
    for (size_t i = 0; i < command->count && status == LT_TOOL_OK; i++) {
        if (command->parts[i].flag == FLAG_SET)
            status = run_part(sql, &command->parts[i]);
    }
    for (size_t i = 0; i < command->count && status == LT_TOOL_OK; i++) {
        if (command->parts[i].flag == FLAG_SET)
            continue;
        has_statements = true;
        status = run_part(sql, &command->parts[i]);
    }
    if (status != LT_TOOL_OK)
        return end_parts(sql, status);
    if (has_statements || sql->only_check)
        return lt_tool_sql_wait(sql);
    if (isatty(STDIN_FILENO) == 1)
        return lt_tool_sql_prompt(sql);
    status = lt_tool_sql_file(sql, "-");
    return status == LT_TOOL_OK ? lt_tool_sql_wait(sql) : end_parts(sql, status);
}

static void print_help(void)
{
    printf("Usage: leat sql [-e 'SQL'] [-f FILE] [OPTION]...\n"
           "Runs statements of Spark SQL: tables and views, INSERT INTO a sink, SELECT to the\n"
           "console. Without -e and -f there is a prompt.\n\n"
           "  leat sql -e \"CREATE TABLE s USING rate OPTIONS (rowsPerSecond '5');\n"
           "               SELECT value, value * 2 AS d FROM s WHERE value %% 2 = 0\"\n\n");
    lt_tool_flags_print(flags, FLAG_COUNT, stdout);
    printf("\nExit status:\n" LT_TOOL_EXIT_TABLE);
}

static int read_restarts(const char *text, uint32_t *out)
{
    enum { RESTARTS_MAX = 1000000 };
    char *end;
    long count = text == NULL ? (long)*out : strtol(text, &end, 10);
    if (text != NULL && (end == text || *end != '\0' || count < 0 || count > RESTARTS_MAX))
        return lt_tool_wrong("--restarts \"%s\" is no number from 0 to %d", text, RESTARTS_MAX);
    *out = (uint32_t)count;
    return 0;
}

static int open_session(struct lt_tool_sql *sql, const struct command *command, bool only_check)
{
    char error[512];
    const char *interval = command->progress_interval;
    *sql = (struct lt_tool_sql){.context = leat_context_create(),
                                .progress_interval_ns = 1000 * 1000 * (int64_t)1000,
                                .restarts = LT_TOOL_RESTARTS,
                                .is_quiet = command->is_quiet,
                                .only_check = only_check};
    lt_tool_signals_session(sql->context, false);
    if (interval != NULL && leat_admin_duration_ns(interval, &sql->progress_interval_ns, error,
                                                   sizeof error) != LEAT_OK)
        return lt_tool_wrong("--progress-interval: %s", error);
    if (sql->progress_interval_ns < 1000 * 1000)
        return lt_tool_wrong("--progress-interval is less than 1ms");
    int status = read_restarts(command->restarts, &sql->restarts);
    return status != 0
               ? status
               : lt_tool_set_log_level(command->log_level != NULL ? command->log_level : "warn",
                                       "command line");
}

/* What went wrong first is the status. */
static int close_session(struct lt_tool_sql *sql, int status)
{
    int ended = lt_tool_sql_fini(sql);
    lt_tool_signals_session(NULL, false);
    return status == LT_TOOL_OK ? ended : status;
}

static int run_session(const struct command *command, bool only_check)
{
    struct lt_tool_sql sql;
    int status = open_session(&sql, command, only_check);
    if (status == LT_TOOL_OK)
        status = run_parts(&sql, command);
    return close_session(&sql, status);
}

int lt_tool_sql(int count, char **arguments)
{
    struct command command = {0};
    int status = lt_tool_flags_parse(flags, FLAG_COUNT, count, arguments, take, &command);
    if (status == 0 && command.wants_help)
        print_help();
    else if (status == 0)
        status = run_session(&command, false);
    free(command.parts);
    return lt_tool_finish(status);
}

/* ----------------------------------------------------------------------------------- run, check */

static bool ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text), tail = strlen(ending);
    return size >= tail && strcasecmp(text + size - tail, ending) == 0;
}

bool lt_tool_sql_is_configuration(const char *path)
{
    return ends_with(path, ".yaml") || ends_with(path, ".yml");
}

/* "kafka://h/t" and "rate:", but no file that happens to be called so. */
static bool is_url(const char *word)
{
    size_t size = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
    return size > 0 && word[size] == ':' && access(word, F_OK) != 0;
}

bool lt_tool_sql_is_relay(int count, char **arguments)
{
    bool is_relay = false;
    int dash_count = 0;
    for (int i = 1; i < count; i++)
        dash_count += strcmp(arguments[i], "-") == 0;
    for (int i = 1; i < count; i++)
        is_relay |= is_url(arguments[i]) || strncmp(arguments[i], "--config", 8) == 0;
    return is_relay || dash_count > 1;
}

int lt_tool_sql_run_configuration(int count, char **arguments, const char *last)
{
    char name[] = "relay", config[] = "--config";
    char *own_last = last != NULL ? lt_tool_copy(last) : NULL;
    char **all = lt_tool_alloc(((size_t)count + 3) * sizeof *all);
    int used = 0;
    all[used++] = name;
    all[used++] = config;
    for (int i = 1; i < count; i++)
        all[used++] = arguments[i];
    if (own_last != NULL)
        all[used++] = own_last;
    int status = lt_tool_relay(used, all);
    free(all);
    free(own_last);
    return status;
}

static const char *script_of(const struct command *command)
{
    for (size_t i = 0; i < command->count; i++) {
        if (command->parts[i].flag == FLAG_FILE)
            return command->parts[i].value;
    }
    return NULL;
}

static int run_script(int count, char **arguments, bool only_check, void (*help)(void))
{
    struct command command = {0};
    int status = lt_tool_flags_parse(script_flags, SCRIPT_FLAG_COUNT, count, arguments,
                                     take_of_script, &command);
    if (status == 0 && command.wants_help)
        help();
    else if (status == 0 && script_of(&command) == NULL)
        status = lt_tool_wrong("no file; hint: leat %s FILE", arguments[0]);
    else if (status == 0)
        status = run_session(&command, only_check);
    free(command.parts);
    return lt_tool_finish(status);
}

static void print_run_help(void)
{
    printf(
        "Usage: leat run FILE [OPTION]...\n"
        "       leat run SOURCE SINK [OPTION]...\n"
        "Runs a job file: SQL, or a relay's configuration where its name ends in .yaml; - is\n"
        "SQL on stdin. With two URLs it is `leat relay SOURCE SINK`, and takes the same\n"
        "options, as does a configuration: leat relay --help.\n\n"
        "  leat run job.sql\n"
        "  leat run relay.yaml --until-end\n"
        "  leat run kafka://127.0.0.1:9092/in console: --schema \"sym string, price double\" \\\n"
        "      --where \"price > 100\" --select \"sym, price * 2 as twice\"\n\n"
        "Options with a file of SQL:\n");
    lt_tool_flags_print(script_flags, SCRIPT_FLAG_COUNT, stdout);
    printf("\nExit status:\n" LT_TOOL_EXIT_TABLE);
}

int lt_tool_run(int count, char **arguments)
{
    if (count < 2)
        return lt_tool_wrong("nothing to run; hint: leat run FILE, or leat run SOURCE SINK");
    if (lt_tool_sql_is_relay(count, arguments))
        return lt_tool_relay(count, arguments);
    return lt_tool_sql_is_configuration(arguments[1])
               ? lt_tool_sql_run_configuration(count, arguments, NULL)
               : run_script(count, arguments, false, print_run_help);
}

static void print_check_help(void)
{
    printf("Usage: leat check FILE [OPTION]...\n"
           "Analyses a job file as `leat run` takes it, without starting or connecting to\n"
           "anything, and says what is wrong.\n\n"
           "Options with a file of SQL:\n");
    lt_tool_flags_print(script_flags, 1, stdout); /* --set */
    printf("\nExit status: 0 when all is right, 2 when something is wrong.\n");
}

int lt_tool_check(int count, char **arguments)
{
    if (count < 2)
        return lt_tool_wrong("nothing to check; hint: leat check FILE");
    return lt_tool_sql_is_configuration(arguments[1])
               ? lt_tool_sql_run_configuration(count, arguments, "--explain")
               : run_script(count, arguments, true, print_check_help);
}
