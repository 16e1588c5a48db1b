#include "bench/relay/programs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/relay/machine.h"

/* Cuts white space at both ends, in place. */
static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    return text;
}

static struct lt_bench_program *add(struct lt_bench_programs *programs, const char *name)
{
    if (programs->count == LT_BENCH_PROGRAMS_MAX)
        lt_bench_die("more than %d programs", LT_BENCH_PROGRAMS_MAX);
    struct lt_bench_program *program = &programs->list[programs->count++];
    if (strlen(name) >= sizeof program->name)
        lt_bench_die("the name \"%s\" is too long", name);
    snprintf(program->name, sizeof program->name, "%s", name);
    program->command[0] = '\0';
    return program;
}

static void add_line(struct lt_bench_programs *programs, const char *path, char *line)
{
    char *equals = strchr(line, '=');
    if (!equals)
        lt_bench_die("\"%s\": the line \"%s\" is not name = command", path, line);
    *equals = '\0';
    struct lt_bench_program *program = add(programs, trim(line));
    const char *command = trim(equals + 1);
    if (*command == '\0' || strlen(command) >= sizeof program->command)
        lt_bench_die("\"%s\": the command of \"%s\" is empty or too long", path, program->name);
    snprintf(program->command, sizeof program->command, "%s", command);
}

void lt_bench_programs_load(struct lt_bench_programs *programs, const char *path)
{
    char line[LT_BENCH_COMMAND_BYTES + 64];
    programs->count = 0;
    add(programs, "one-hop");
    FILE *file = fopen(path, "r");
    if (!file)
        lt_bench_die("cannot open \"%s\": %s", path, strerror(errno));
    while (fgets(line, sizeof line, file)) {
        char *text = trim(line);
        if (*text != '\0' && *text != '#')
            add_line(programs, path, text);
    }
    fclose(file);
}

const struct lt_bench_program *lt_bench_programs_find(const struct lt_bench_programs *programs,
                                                      const char *name)
{
    for (size_t i = 0; i < programs->count; i++)
        if (strcmp(programs->list[i].name, name) == 0)
            return &programs->list[i];
    fputs("relay_bench: known programs:", stderr);
    for (size_t i = 0; i < programs->count; i++)
        fprintf(stderr, " %s", programs->list[i].name);
    fputc('\n', stderr);
    lt_bench_die("there is no program \"%s\"", name);
}

static const char *value_of(const struct lt_bench_program *program,
                            const struct lt_bench_command_values *values, const char *name,
                            size_t name_bytes)
{
    const struct {
        const char *name;
        const char *value;
    } known[] = {
        {"bootstrap", values->bootstrap},
        {"in", values->in},
        {"out", values->out},
        {"from", values->from},
        {"floor", values->floor},
        {"build", values->build},
        {"checkpoint", values->checkpoint},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].name) == name_bytes && strncmp(known[i].name, name, name_bytes) == 0)
            return known[i].value;
    lt_bench_die("the command of \"%s\" names {%.*s}; hint: one of {bootstrap} {in} {out} {from} "
                 "{checkpoint} {floor} {build}",
                 program->name, (int)name_bytes, name);
}

void lt_bench_command_expand(const struct lt_bench_program *program,
                             const struct lt_bench_command_values *values, char *command,
                             size_t command_bytes)
{
    size_t used = 0;
    for (const char *at = program->command; *at != '\0';) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        int written;
        if (end) {
            const char *value = value_of(program, values, at + 1, (size_t)(end - at - 1));
            written = snprintf(command + used, command_bytes - used, "%s", value);
            at = end + 1;
        } else {
            written = snprintf(command + used, command_bytes - used, "%c", *at);
            at++;
        }
        used += (size_t)written;
        if (used >= command_bytes)
            lt_bench_die("the command of \"%s\" is too long", program->name);
    }
    command[used] = '\0';
}
