/*
 * Parsing and printing a table of flags.
 */
#include "tools/flags.h"

#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"

enum { NAMES_MAX = 64, HELP_COLUMN = 28, HELP_WIDTH = 68 };

static int find_name(const struct lt_tool_flag *flags, size_t flag_count, const char *name,
                     size_t name_bytes)
{
    for (size_t i = 0; i < flag_count; i++)
        if (strlen(flags[i].name) == name_bytes && strncmp(flags[i].name, name, name_bytes) == 0)
            return (int)i;
    return -1;
}

static int find_letter(const struct lt_tool_flag *flags, size_t flag_count, char letter)
{
    for (size_t i = 0; i < flag_count; i++)
        if (flags[i].letter == letter)
            return (int)i;
    return -1;
}

static int fail_unknown(const struct lt_tool_flag *flags, size_t flag_count, const char *argument)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < flag_count && count < NAMES_MAX; i++)
        names[count++] = flags[i].name;
    char *bare = lt_tool_copy(argument + strspn(argument, "-"));
    bare[strcspn(bare, "=")] = '\0';
    const char *near = leat_admin_nearest(bare, names, count);
    int shown = (int)strcspn(argument, "=");
    int status = near != NULL
                     ? lt_tool_wrong("unknown option \"%.*s\"; hint: did you mean \"--%s\"?", shown,
                                     argument, near)
                     : lt_tool_wrong("unknown option \"%.*s\"; hint: --help lists them all", shown,
                                     argument);
    free(bare);
    return status;
}

/* One flag and, where it takes one, its value. *at moves on when that is an argument of its own. */
static int take_flag(const struct lt_tool_flag *flags, size_t flag_count, int count,
                     char **arguments, int *at, lt_tool_take_fn *take, void *user)
{
    const char *argument = arguments[*at], *value = NULL;
    bool is_long = argument[1] == '-';
    const char *equals = is_long ? strchr(argument, '=') : NULL;
    int index = -1;
    if (is_long)
        index = find_name(flags, flag_count, argument + 2,
                          equals != NULL ? (size_t)(equals - argument - 2) : strlen(argument + 2));
    else if (argument[2] == '\0')
        index = find_letter(flags, flag_count, argument[1]);
    if (index < 0)
        return fail_unknown(flags, flag_count, argument);
    if (flags[index].argument == NULL && equals != NULL)
        return lt_tool_wrong("option \"--%s\" takes no value", flags[index].name);
    if (flags[index].argument != NULL) {
        if (equals == NULL && *at + 1 >= count)
            return lt_tool_wrong("option \"--%s\" needs a value: %s", flags[index].name,
                                 flags[index].argument);
        value = equals != NULL ? equals + 1 : arguments[++*at];
    }
    return take(user, index, value);
}

int lt_tool_flags_parse(const struct lt_tool_flag *flags, size_t flag_count, int count,
                        char **arguments, lt_tool_take_fn *take, void *user)
{
    bool only_words = false;
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        int status = 0;
        if (!only_words && strcmp(argument, "--") == 0)
            only_words = true;
        else if (only_words || argument[0] != '-' || argument[1] == '\0')
            status = take(user, LT_TOOL_WORD, argument);
        else
            status = take_flag(flags, flag_count, count, arguments, &i, take, user);
        if (status != 0)
            return status;
    }
    return 0;
}

/* Breaks at blanks, so that help fits a terminal. */
static void print_wrapped(const char *text, FILE *out)
{
    while (strlen(text) > HELP_WIDTH) {
        int width = HELP_WIDTH;
        while (width > 0 && text[width] != ' ')
            width--;
        if (width == 0)
            break;
        fprintf(out, "%.*s\n%*s", width, text, HELP_COLUMN, "");
        text += width + 1;
    }
    fprintf(out, "%s\n", text);
}

void lt_tool_flags_print(const struct lt_tool_flag *flags, size_t flag_count, FILE *out)
{
    for (size_t i = 0; i < flag_count; i++) {
        const struct lt_tool_flag *flag = &flags[i];
        char *left = flag->letter != 0 ? lt_tool_format("  -%c, --%s", flag->letter, flag->name)
                                       : lt_tool_format("  --%s", flag->name);
        char *whole = flag->argument == NULL ? lt_tool_copy(left)
                                             : lt_tool_format("%s %s", left, flag->argument);
        if (strlen(whole) >= HELP_COLUMN - 1)
            fprintf(out, "%s\n%*s", whole, HELP_COLUMN, "");
        else
            fprintf(out, "%-*s", HELP_COLUMN, whole);
        print_wrapped(flag->help, out);
        free(whole);
        free(left);
    }
}
