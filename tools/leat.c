/*
 * `leat`: one program, several subcommands. The table below is all it knows of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat.h"
#include "tools/commands.h"
#include "tools/relay.h"

static int help(int count, char **arguments);
static int version(int count, char **arguments);

static const struct lt_tool_command commands[] = {
    {"relay", "pass records on from one topic to another, and lose none", lt_tool_relay},
    {"sql", "run statements of SQL, from a file, the command line or a prompt", lt_tool_sql},
    {"run", "run a job file, or a source into a sink", lt_tool_run},
    {"check", "analyse a job file without running it", lt_tool_check},
    {"eval", "try an expression on sample rows", lt_tool_eval},
    {"query", "look at the queries that run, and stop them", lt_tool_query},
    {"stat", "print the counters of running and of dead relays", lt_tool_stat},
    {"checkpoint", "explain and verify what stands in a checkpoint", lt_tool_checkpoint},
    {"state", "print the rows of a query's state", lt_tool_state},
    {"explain", "print the plans of a job or a relay, without running it", lt_tool_explain},
    {"options", "list connectors and the options of each", lt_tool_options},
    {"functions", "list the functions of expressions", lt_tool_functions},
    {"help", "print this, or the help of a subcommand", help},
    {"version", "print the version", version},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static const struct lt_tool_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int fail_unknown(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    char *hint = lt_tool_hint(name, names, COMMAND_COUNT);
    int status = lt_tool_wrong("unknown subcommand \"%s\"%s", name,
                               *hint != '\0' ? hint : "; hint: leat help lists them");
    free(hint);
    return status;
}

static void print_help(FILE *out)
{
    fprintf(out, "Usage: leat SUBCOMMAND [ARGUMENT]...\n"
                 "Continuous stream processing with microseconds in mind.\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\nleat SUBCOMMAND --help says more.\n\nExit status:\n" LT_TOOL_EXIT_TABLE);
}

static int run_command(const struct lt_tool_command *command, int count, char **arguments)
{
    char speaker[64];
    snprintf(speaker, sizeof speaker, "leat %s", command->name);
    lt_tool_speaker(speaker);
    int status = command->run(count, arguments);
    lt_tool_speaker("leat");
    return status;
}

static bool is_help_flag(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int help(int count, char **arguments)
{
    char flag[] = "--help";
    if (count < 2) {
        print_help(stdout);
        return lt_tool_finish(LT_TOOL_OK);
    }
    if (is_help_flag(arguments[1]))
        return help(1, arguments);
    const struct lt_tool_command *command = find_command(arguments[1]);
    if (command == NULL)
        return fail_unknown(arguments[1]);
    if (command->run == help || command->run == version) {
        printf("leat %s: %s\n", command->name, command->summary);
        return lt_tool_finish(LT_TOOL_OK);
    }
    char *own[] = {arguments[1], flag, NULL};
    return run_command(command, 2, own);
}

static int version(int count, char **arguments)
{
    if (count > 1 && !is_help_flag(arguments[1]))
        return lt_tool_wrong("\"%s\" is one word too many", arguments[1]);
    printf("leat %s\n", leat_version());
    return lt_tool_finish(LT_TOOL_OK);
}

int main(int count, char **arguments)
{
    if (count < 2) {
        print_help(stderr);
        return LT_TOOL_USAGE;
    }
    const char *name = arguments[1];
    if (is_help_flag(name))
        return help(1, arguments);
    if (strcmp(name, "--version") == 0)
        return version(1, arguments);
    const struct lt_tool_command *command = find_command(name);
    return command == NULL ? fail_unknown(name) : run_command(command, count - 1, arguments + 1);
}
