/*
 * Command-line flags: one table per command parses, checks and documents them. A flag is
 * --name VALUE or --name=VALUE, a switch is --name alone, a letter is its short form, "--" ends
 * flags, and an unknown flag is an error with the nearest known one.
 *
 * on: main.
 */
#ifndef LT_TOOLS_FLAGS_H
#define LT_TOOLS_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct lt_tool_flag {
    const char *name;     /* without the dashes */
    char letter;          /* short form, or 0 */
    const char *argument; /* how help names its value; NULL: a switch */
    const char *help;     /* a sentence */
};

/* Takes a flag (its index in the table; `value` NULL for a switch), or a word that is no flag
 * (index LT_TOOL_WORD). Returns 0, or an exit status that ends the parse. */
enum { LT_TOOL_WORD = -1 };
typedef int lt_tool_take_fn(void *user, int index, const char *value);

/* Parses arguments[1..]. Returns 0, what `take` returned, or LT_TOOL_USAGE after saying why. */
int lt_tool_flags_parse(const struct lt_tool_flag *flags, size_t flag_count, int count,
                        char **arguments, lt_tool_take_fn *take, void *user);
/* The table as help text, in columns. */
void lt_tool_flags_print(const struct lt_tool_flag *flags, size_t flag_count, FILE *out);

#endif
