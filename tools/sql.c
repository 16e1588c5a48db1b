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

#include "tools/commands.h"
#include "tools/flags.h"
#include "tools/relay.h"

static const struct lt_tool_flag flags[] = {
    {"execute", 'e', "SQL", "Run these statements; may be given several times."},
    {"file", 'f', "FILE", "Run the statements of a file; - is stdin."},
    {"set", 's', "KEY=VALUE", "As SET KEY=VALUE in front; may be given several times."},
    {"help", 'h', NULL, "Print this and end."},
};
enum { FLAG_EXECUTE, FLAG_FILE, FLAG_SET, FLAG_HELP, FLAG_COUNT };

/* A part of what is to be run: a text, or a file's name. */
struct part {
    int flag;
    const char *value;
};

struct command {
    struct part *parts;
    size_t count;
    bool wants_help;
};

static int take(void *user, int index, const char *value)
{
    struct command *command = user;
    if (index == LT_TOOL_WORD)
        return lt_tool_wrong("\"%s\" is no option; hint: -e 'SQL' or -f FILE", value);
    if (index == FLAG_HELP) {
        command->wants_help = true;
        return 0;
    }
    command->parts = lt_tool_grow(command->parts, command->count, sizeof *command->parts);
    command->parts[command->count++] = (struct part){index, value};
    return 0;
}

char *lt_tool_sql_read(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        lt_tool_say("cannot open \"%s\": %s", path, strerror(errno));
        return NULL;
    }
    char *text = NULL;
    size_t capacity = 0;
    ssize_t size_bytes = getdelim(&text, &capacity, '\0', file);
    bool failed = ferror(file) != 0;
    bool has_nul = size_bytes > 0 && text[size_bytes - 1] == '\0';
    if (file != stdin)
        fclose(file);
    if (size_bytes >= 0 && !failed && !has_nul)
        return text;
    free(text);
    if (!failed && !has_nul)
        return lt_tool_copy("");
    lt_tool_say(has_nul ? "\"%s\" is no text: it has a zero byte" : "cannot read \"%s\"", path);
    return NULL;
}

static int run_file(struct lt_tool_sql *sql, const char *path)
{
    char *text = lt_tool_sql_read(path);
    if (text == NULL)
        return LT_TOOL_USAGE;
    int status = lt_tool_sql_text(sql, text);
    free(text);
    return status;
}

static int run_part(struct lt_tool_sql *sql, const struct part *part)
{
    if (part->flag == FLAG_FILE)
        return run_file(sql, part->value);
    if (part->flag == FLAG_EXECUTE)
        return lt_tool_sql_text(sql, part->value);
    char *text = lt_tool_format("SET %s", part->value);
    int status = strchr(part->value, '=') != NULL
                     ? lt_tool_sql_text(sql, text)
                     : lt_tool_wrong("\"%s\" is not KEY=VALUE (option \"--set\")", part->value);
    free(text);
    return status;
}

static int run_parts(struct lt_tool_sql *sql, const struct command *command)
{
    int status = LT_TOOL_OK;
    bool has_statements = false;
    for (size_t i = 0; i < command->count && status == LT_TOOL_OK; i++) {
        has_statements |= command->parts[i].flag != FLAG_SET;
        status = run_part(sql, &command->parts[i]);
    }
    if (status != LT_TOOL_OK)
        return status;
    if (has_statements)
        return lt_tool_sql_wait(sql);
    if (isatty(STDIN_FILENO) == 1)
        return lt_tool_sql_prompt(sql);
    status = run_file(sql, "-");
    return status == LT_TOOL_OK ? lt_tool_sql_wait(sql) : status;
}

static void print_help(void)
{
    printf("Usage: leat sql [-e 'SQL'] [-f FILE] [--set KEY=VALUE]\n"
           "Runs statements of Spark SQL: tables and views, INSERT INTO a sink, SELECT to the\n"
           "console. Without -e and -f there is a prompt.\n\n"
           "  leat sql -e \"CREATE TABLE s USING rate OPTIONS (rowsPerSecond '5');\n"
           "               SELECT value, value * 2 AS d FROM s WHERE value %% 2 = 0\"\n\n");
    lt_tool_flags_print(flags, FLAG_COUNT, stdout);
    printf("\nExit status:\n" LT_TOOL_EXIT_TABLE);
}

static void open_session(struct lt_tool_sql *sql, bool only_check)
{
    *sql = (struct lt_tool_sql){.context = leat_context_create(), .only_check = only_check};
    leat_set_log_level(LEAT_LOG_WARN);
}

int lt_tool_sql(int count, char **arguments)
{
    struct command command = {0};
    struct lt_tool_sql sql;
    int status = lt_tool_flags_parse(flags, FLAG_COUNT, count, arguments, take, &command);
    if (status == 0 && command.wants_help) {
        print_help();
    } else if (status == 0) {
        open_session(&sql, false);
        status = run_parts(&sql, &command);
        lt_tool_sql_fini(&sql);
    }
    free(command.parts);
    return lt_tool_finish(status);
}

/* ----------------------------------------------------------------------------------- run, check */

static bool ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text), tail = strlen(ending);
    return size >= tail && strcasecmp(text + size - tail, ending) == 0;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool is_configuration(const char *path)
{
    return ends_with(path, ".yaml") || ends_with(path, ".yml");
}

/* A configuration file is a relay's. */
static int run_configuration(char *path, bool only_check)
{
    char name[] = "relay", config[] = "--config", explain[] = "--explain";
    char *arguments[] = {name, config, path, only_check ? explain : NULL, NULL};
    return lt_tool_relay(only_check ? 4 : 3, arguments);
}

static int run_script(const char *path, bool only_check)
{
    struct lt_tool_sql sql;
    open_session(&sql, only_check);
    int status = run_file(&sql, path);
    if (status == LT_TOOL_OK && !only_check)
        status = lt_tool_sql_wait(&sql);
    lt_tool_sql_fini(&sql);
    return lt_tool_finish(status);
}

static void print_run_help(void)
{
    printf(
        "Usage: leat run FILE\n"
        "       leat run SOURCE SINK [OPTION]...\n"
        "Runs a job file: SQL, or a relay's configuration where its name ends in .yaml. With two\n"
        "URLs it is `leat relay SOURCE SINK`, and takes the same options: leat relay --help.\n\n"
        "  leat run job.sql\n"
        "  leat run rate: console: --select \"value, value * 2 as d\"\n\n"
        "Exit status:\n" LT_TOOL_EXIT_TABLE);
}

int lt_tool_run(int count, char **arguments)
{
    if (count == 2 && is_help(arguments[1])) {
        print_run_help();
        return lt_tool_finish(LT_TOOL_OK);
    }
    if (count < 2)
        return lt_tool_wrong("nothing to run; hint: leat run FILE, or leat run SOURCE SINK");
    if (count > 2)
        return lt_tool_relay(count, arguments);
    return is_configuration(arguments[1]) ? run_configuration(arguments[1], false)
                                          : run_script(arguments[1], false);
}

int lt_tool_check(int count, char **arguments)
{
    if (count == 2 && is_help(arguments[1])) {
        printf("Usage: leat check FILE\n"
               "Analyses a job file as `leat run` takes it, without starting or connecting to\n"
               "anything, and says what is wrong.\n\n"
               "Exit status: 0 when all is right, 2 when something is wrong.\n");
        return lt_tool_finish(LT_TOOL_OK);
    }
    if (count != 2)
        return lt_tool_wrong("one file is checked; hint: leat check FILE");
    return is_configuration(arguments[1]) ? run_configuration(arguments[1], true)
                                          : run_script(arguments[1], true);
}
