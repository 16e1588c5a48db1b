/*
 * `leat state DIR --operator N`: rows of the state of a stateful operator, as JSON lines. Read from
 * the files of the checkpoint, whichever store the query has; nothing is written, so a query may be
 * running on it.
 *
 * on: main.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/flags.h"

static const struct lt_tool_flag flags[] = {
    {"operator", 'o', "N", "Whose state: the operator's number, in the order of the plan from 0."},
    {"partition", 'p', "P", "Only this partition."},
    {"store", 's', "NAME",
     "Which of the operator's stores, where it has several: leat checkpoint show names them."},
    {"key", 'k', "KEY",
     "Only this key: a JSON object of some or all of its columns, or the value of its only one."},
    {"batch", 'b', "N", "As of this batch, not the last; as long as it is kept."},
    {"help", 'h', NULL, "Print this and end."},
};
enum { FLAG_OPERATOR, FLAG_PARTITION, FLAG_STORE, FLAG_KEY, FLAG_BATCH, FLAG_HELP, FLAG_COUNT };

struct words {
    leat_admin_state_request request;
    bool has_operator, wants_help;
};

/* A number from 0 up to `most`. */
static int take_number(int index, const char *value, int64_t most, int64_t *out)
{
    if (lt_tool_whole_number(value, out) && *out <= most)
        return 0;
    return lt_tool_wrong("--%s \"%s\" is no number from 0", flags[index].name, value);
}

static int take(void *user, int index, const char *value)
{
    struct words *words = user;
    leat_admin_state_request *request = &words->request;
    int64_t number;
    switch (index) {
    case FLAG_OPERATOR:
        if (take_number(index, value, UINT32_MAX, &number) != 0)
            return LT_TOOL_USAGE;
        request->operator_id = (uint32_t)number;
        words->has_operator = true;
        return 0;
    case FLAG_PARTITION:
        return take_number(index, value, UINT32_MAX - 1, &request->partition);
    case FLAG_BATCH:
        return take_number(index, value, INT64_MAX - 1, &request->batch);
    case FLAG_STORE:
        request->store = value;
        return 0;
    case FLAG_KEY:
        request->key = value;
        return 0;
    case FLAG_HELP:
        words->wants_help = true;
        return 0;
    default:
        if (request->path != NULL)
            return lt_tool_wrong("\"%s\" is one word too many", value);
        request->path = value;
        return 0;
    }
}

static void print_help(void)
{
    printf("Usage: leat state DIR --operator N [--store NAME] [--partition P] [--key KEY] "
           "[--batch N]\n"
           "The rows of an operator's state in the checkpoint DIR, a JSON object a line, as "
           "Spark's\n"
           "state reader has them: {\"key\":{...},\"value\":{...},\"partition_id\":0}.\n\n");
    lt_tool_flags_print(flags, FLAG_COUNT, stdout);
}

/* Ends where nobody takes the rows any more. */
static bool print_row(void *user, const char *json)
{
    (void)user;
    return puts(json) >= 0;
}

static int print_rows(const struct words *words)
{
    char error[2048];
    int code = leat_admin_state(&words->request, error, sizeof error);
    if (code == LEAT_OK)
        return LT_TOOL_OK;
    lt_tool_say("%s", error);
    return code == LEAT_ERROR_CORRUPT ? LT_TOOL_CHECKPOINT : LT_TOOL_USAGE;
}

int lt_tool_state(int count, char **arguments)
{
    struct words words = {
        .request = {.size = sizeof words.request, .partition = -1, .batch = -1, .row = print_row}};
    int status = lt_tool_flags_parse(flags, FLAG_COUNT, count, arguments, take, &words);
    if (status != 0)
        return status;
    if (words.wants_help)
        print_help();
    else if (words.request.path == NULL)
        return lt_tool_wrong("no directory is given; hint: that which the query calls "
                             "checkpointLocation");
    else if (!words.has_operator)
        return lt_tool_wrong("whose state? hint: --operator 0; leat checkpoint show %s tells which "
                             "there are",
                             words.request.path);
    else
        status = print_rows(&words);
    return lt_tool_finish(status);
}
