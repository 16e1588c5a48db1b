/*
 * The command line's common ground: what a subcommand is, how programs end, how they speak to a
 * person. Everything a subcommand prints for programs goes to stdout; everything meant for a person
 * watching goes to stderr, one line beginning with the command's name.
 *
 * on: the main thread, as all of tools.
 */
#ifndef LT_TOOLS_COMMANDS_H
#define LT_TOOLS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a program ends. The table of the man page says the same. */
enum lt_tool_exit {
    LT_TOOL_OK = 0,         /* ended well */
    LT_TOOL_FAILED = 1,     /* failed while running */
    LT_TOOL_USAGE = 2,      /* command line, configuration or query are wrong */
    LT_TOOL_NOBODY = 3,     /* nobody answered at the start */
    LT_TOOL_CHECKPOINT = 4, /* the checkpoint was refused */
    LT_TOOL_DATA_LOSS = 5,  /* records that were to be read are gone */
    LT_TOOL_DRAIN = 6,      /* stopped, but not all was delivered in time: it is read again */
    LT_TOOL_SIGNAL = 128    /* plus the signal: ended at once by a second signal */
};

struct lt_tool_command {
    const char *name;
    const char *summary;
    /* `arguments[0]` is the subcommand's name. Returns an exit status. */
    int (*run)(int count, char **arguments);
};

int lt_tool_relay(int count, char **arguments);
int lt_tool_sql(int count, char **arguments);
int lt_tool_run(int count, char **arguments);
int lt_tool_check(int count, char **arguments);
int lt_tool_explain(int count, char **arguments);
int lt_tool_eval(int count, char **arguments);
int lt_tool_query(int count, char **arguments);
int lt_tool_stat(int count, char **arguments);
int lt_tool_options(int count, char **arguments);
int lt_tool_checkpoint(int count, char **arguments);
int lt_tool_state(int count, char **arguments);
int lt_tool_functions(int count, char **arguments);

/* Names whoever speaks in lt_tool_say: "leat relay". `name` must live on. */
void lt_tool_speaker(const char *name);
/* One line on stderr: "leat relay: ...". */
void lt_tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says it and returns LT_TOOL_USAGE. */
int lt_tool_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A number from 0 that is all of `text`: false if it is none. */
bool lt_tool_whole_number(const char *text, int64_t *out);
/* A copy for a terminal, the caller's to free: control characters, which could move its cursor or
 * change its colours, stand as \xNN. */
char *lt_tool_printable(const char *text);
/* A text on stdout, as JSON has it. */
void lt_tool_print_string(const char *text);
/* Flushes stdout; LT_TOOL_FAILED, with a line that says so, if anything printed was lost, else
 * `status`. */
int lt_tool_finish(int status);

/* Memory that is never NULL: without any the process ends with a line that says so. */
void *lt_tool_alloc(size_t size_bytes);
/* Room for one more of `count` elements; doubles at powers of two. */
void *lt_tool_grow(void *array, size_t count, size_t element_bytes);
char *lt_tool_copy(const char *text);
char *lt_tool_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "; hint: did you mean \"x\"?" for the nearest of `names`, or "". The caller's to free. */
char *lt_tool_hint(const char *name, const char *const *names, size_t count);

#endif
